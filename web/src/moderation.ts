// Reporting, blocking, and what the author of a hidden post finds in its place: the reason, and the appeal.
import { html, nothing, type TemplateResult } from 'lit-html';
import type { Comment } from '../../clients/typescript/src/index.ts';
import type { App } from './app.ts';
import { agreed } from './ask.ts';
import { keptDraft } from './kept.ts';
import { say, translated } from './language.ts';
import { askToSignIn } from './sign-in.ts';
import { frame as englishFrame } from './words/en/frame.ts';
import { people as english } from './words/en/people.ts';

const words = translated('people', english);
const frame = translated('frame', englishFrame);
const texts = words.moderation;

export const REASONS = { ...texts.reasons, other: texts.otherReason };

/** Ask for a reason, and report the post, or the comment on it. */
export function report(app: App, postId: string, comment?: Comment): void {
  if (!app.user) return askToSignIn(app, () => report(app, postId, comment), false);
  const draft = keptDraft(app, `report.${comment?.commentId ?? postId}`);
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    const text = String(form.get('text')).trim();
    const given = { postId, reason: form.get('reason') as keyof typeof REASONS, ...(text ? { text } : {}) };
    const send = () =>
      comment
        ? app.studiox.reportComment({ ...given, commentId: comment.commentId })
        : app.studiox.reportPost(given);
    if (!(await app.attempt(send))) return;
    draft.forget();
    app.show(null);
    app.say(texts.reported);
  };
  app.show({
    label: words.report,
    view: () => html`<h2>${comment ? texts.wrongComment : texts.wrongPost}</h2>
      ${comment ? html`<p class="muted" dir="auto">${say(words.quoted, { text: comment.text })}</p>` : nothing}
      <form @submit=${submit} @input=${draft.keep}>
        <fieldset class="chips"><legend class="hidden">${texts.reason}</legend>
          ${Object.entries(REASONS).map(
            ([id, label]) => html`<label>
              <input type="radio" name="reason" value=${id} required .checked=${draft.text('reason') === id} />
              <span>${label}</span></label>`,
          )}
        </fieldset>
        <label>${texts.details} <span class="muted">${texts.optional}</span>
          <textarea name="text" dir="auto" rows="3" maxlength="2000" .value=${draft.text('text')}></textarea></label>
        <button class="main wide">${words.report}</button>
      </form>`,
  });
}

/** Ask once more, and block a person. */
export async function block(app: App, uid: string, name: string): Promise<void> {
  if (!app.user) return askToSignIn(app, () => void block(app, uid, name), false);
  const title = say(texts.blockAsk, { name });
  if (!(await agreed(app, { title, text: texts.blockLoss, yes: words.block, no: words.cancel }))) return;
  const set = (blocked: boolean) => app.attempt(() => app.studiox.blockUser({ uid, blocked }));
  if (!(await set(true))) return;
  const undo = { label: frame.undo, act: () => void set(false) };
  app.say(say(texts.blocked, { name }), false, undo);
}

/** Why a post of the user's is no longer shown, and the form of an appeal; nothing for anybody else. */
export function decided(app: App, postId: string): TemplateResult | typeof nothing {
  const notice = app.notifications.find((each) => each.postId === postId && !each.commentId && each.text);
  if (!notice) return nothing;
  const draft = keptDraft(app, `appeal.${postId}`);
  const appealed = async (event: SubmitEvent) => {
    event.preventDefault();
    const form = event.currentTarget as HTMLFormElement;
    const text = String(new FormData(form).get('text')).trim();
    if (!(await app.attempt(() => app.studiox.appealModeration({ postId, text })))) return;
    draft.forget();
    form.reset();
    app.say(texts.appealed);
  };
  const may = notice.type === 'content_hidden' || notice.type === 'content_removed';
  return html`<section aria-label=${texts.decision}>
    ${notice.text.split('\n').map((line) => html`<p dir="auto">${line}</p>`)}
    ${may
      ? html`<form @submit=${appealed} @input=${draft.keep}>
          <label>${texts.mistake}<textarea name="text" dir="auto" rows="3" maxlength="2000" required
            .value=${draft.text('text')}></textarea></label>
          <button class="main">${texts.appeal}</button>
        </form>`
      : nothing}
  </section>`;
}

/** Whom the user has blocked, with a button for each. */
export class Blocked {
  private people: Awaited<ReturnType<App['studiox']['getBlockedUsers']>>['users'] = [];

  constructor(private readonly app: App) {}

  async load(): Promise<void> {
    const found = await this.app.load(
      () => this.app.studiox.getBlockedUsers(),
      () => void this.load(),
    );
    this.people = found?.users ?? [];
    this.app.update();
  }

  private async unblock(uid: string): Promise<void> {
    if (await this.app.attempt(() => this.app.studiox.blockUser({ uid, blocked: false }))) await this.load();
  }

  view(): TemplateResult | typeof nothing {
    if (this.people.length === 0) return nothing;
    return html`<section class="card" aria-label=${texts.listLabel}>
      <h2>${texts.list}</h2>
      <ul class="plain">${this.people.map(
        ({ uid, displayName }) => html`<li class="row between"><bdi>${displayName}</bdi>
          <button class="link" aria-label=${say(texts.unblockName, { name: displayName })}
            @click=${() => this.unblock(uid)}>${texts.unblock}</button>
        </li>`,
      )}</ul>
    </section>`;
  }
}
