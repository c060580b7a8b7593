// Reporting, blocking, and what the author of a hidden post finds in its place: the reason, and the appeal.
import { html, nothing, type TemplateResult } from 'lit-html';
import type { Comment } from '../../clients/typescript/src/index.ts';
import type { App } from './app.ts';
import { agreed } from './ask.ts';
import { keptDraft } from './kept.ts';
import { askToSignIn } from './sign-in.ts';

export const REASONS = {
  spam: 'Spam',
  sexual: 'Sexual',
  violence: 'Violence',
  hate: 'Hate',
  copyright: 'Somebody else’s work',
  other: 'Something else',
};

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
    app.say('Thank you. We will review it, and tell you what came of it.');
  };
  app.show({
    label: 'Report',
    view: () => html`<h2>What is wrong with this ${comment ? 'comment' : 'post'}?</h2>
      ${comment ? html`<p class="muted" dir="auto">“${comment.text}”</p>` : nothing}
      <form @submit=${submit} @input=${draft.keep}>
        <fieldset class="chips"><legend class="hidden">Reason</legend>
          ${Object.entries(REASONS).map(
            ([id, label]) => html`<label>
              <input type="radio" name="reason" value=${id} required .checked=${draft.text('reason') === id} />
              <span>${label}</span></label>`,
          )}
        </fieldset>
        <label>Details <span class="muted">(optional)</span>
          <textarea name="text" dir="auto" rows="3" maxlength="2000" .value=${draft.text('text')}></textarea></label>
        <button class="main wide">Report</button>
      </form>`,
  });
}

/** Ask once more, and block a person. */
export async function block(app: App, uid: string, name: string): Promise<void> {
  if (!app.user) return askToSignIn(app, () => void block(app, uid, name), false);
  const text = `They can no longer comment on your posts, and neither of you sees the other’s posts in the feed.
    They are not told.`;
  if (!(await agreed(app, { title: `Block ${name}?`, text, yes: 'Block', no: 'Cancel' }))) return;
  const set = (blocked: boolean) => app.attempt(() => app.studiox.blockUser({ uid, blocked }));
  if (!(await set(true))) return;
  const undo = { label: 'Undo', act: () => void set(false) };
  app.say(`You have blocked ${name}. Your account page lists whom you have blocked.`, false, undo);
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
    app.say('A moderator will look at it again. We will tell you what they decide.');
  };
  const may = notice.type === 'content_hidden' || notice.type === 'content_removed';
  return html`<section aria-label="Our decision">
    ${notice.text.split('\n').map((line) => html`<p>${line}</p>`)}
    ${may
      ? html`<form @submit=${appealed} @input=${draft.keep}>
          <label>Why is this a mistake?<textarea name="text" dir="auto" rows="3" maxlength="2000" required
            .value=${draft.text('text')}></textarea></label>
          <button class="main">Appeal</button>
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
    return html`<section class="card" aria-label="People whom you have blocked">
      <h2>Blocked</h2>
      <ul class="plain">${this.people.map(
        ({ uid, displayName }) => html`<li class="row between"><bdi>${displayName}</bdi>
          <button class="link" aria-label="Unblock ${displayName}" @click=${() => this.unblock(uid)}>Unblock</button>
        </li>`,
      )}</ul>
    </section>`;
  }
}
