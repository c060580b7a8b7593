// A reported post or comment, or an appeal: what it shows, what people said of it, and the form of the decision.
import { html, nothing, type TemplateResult } from 'lit-html';
import type { ModeratePost, ModerationItem } from '../../../clients/typescript/src/index.ts';
import { say, shown as filled } from '../language.ts';
import { full } from '../media.ts';
import { REASONS } from '../moderation.ts';
import { ago, shortened, spelled, typeName } from '../words.ts';
import type { Desk } from './desk.ts';
import { review, words } from './words.ts';

const texts = review.decision;

type Action = ModeratePost['action'];
type Reason = keyof typeof REASONS;

/** What an action means for something that is `hidden` already. */
const ACTIONS: readonly [Action, (hidden: boolean) => string, string][] = [
  ['restore', (hidden) => (hidden ? texts.showAgain : texts.leave), texts.restored],
  ['hide', (hidden) => (hidden ? texts.keepHidden : texts.hide), texts.hidden],
  ['remove', () => texts.remove, texts.removed],
];

export function decision(desk: Desk, item: ModerationItem, decided: (said: string) => void): TemplateResult {
  const { postId = '', commentId, hidden = false } = item;
  const label = titled(item);
  const send = async (request: ModeratePost) => {
    if (!(await desk.change(() => desk.studiox.moderatePost(request)))) return;
    desk.app.show(null);
    decided(ACTIONS.find(([each]) => each === request.action)![2]);
  };
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    const action = form.get('action') as Action;
    const reason = (form.get('reason') || null) as Reason | null;
    const note = String(form.get('note')).trim() || null;
    const request = { postId, commentId: commentId ?? null, action, reason, note };
    if (action === 'remove') confirmRemoval(desk, label, commentId === undefined, () => send(request));
    else void send(request);
  };
  return html`<article class="card case" aria-label=${label}>
    <div class="evidence">${shown(item, label)}</div>
    <div class="side">
      <h2 dir="auto">${label}</h2>
      ${told(item)}
      <form @submit=${submit}>
        <fieldset class="chips"><legend>${texts.label}</legend>
          ${ACTIONS.map(([action, name]) => html`<label>
            <input type="radio" name="action" value=${action} required /><span>${name(hidden)}</span></label>`)}
        </fieldset>
        <label>${texts.reason}<select name="reason">
          <option value="">${texts.asReported}</option>
          ${Object.entries(REASONS).map(([id, name]) => html`<option value=${id}>${name}</option>`)}
        </select></label>
        <label>${texts.note} <span class="muted">${texts.optional}</span>
          <textarea name="note" rows="2" maxlength="1000"></textarea></label>
        <button class="main" ?disabled=${desk.busy}>${texts.decide}</button>
      </form>
    </div>
  </article>`;
}

function confirmRemoval(desk: Desk, label: string, isPost: boolean, remove: () => Promise<void>): void {
  const { app } = desk;
  app.show({
    label: texts.remove,
    view: () => html`<h2>${texts.question}</h2>
      <p dir="auto">${label}</p>
      <p>${isPost ? texts.postLost : texts.commentLost}</p>
      <p class="row">
        <button class="bad" ?disabled=${desk.busy} @click=${remove}>${texts.yes}</button>
        <button @click=${() => app.show(null)}>${words.cancel}</button>
      </p>`,
  });
}

function titled({ kind, commentText, caption, type }: ModerationItem): string {
  const what = commentText ?? caption ?? (type ? typeName(type) : texts.gone);
  const named = kind === 'appeals' ? texts.appeal : commentText === undefined ? texts.post : texts.comment;
  return say(named, { what: shortened(what, 80) });
}

function shown({ type, media = [], commentText }: ModerationItem, label: string): TemplateResult {
  if (media.length > 0) return full({ type: type ?? '', media, label }, () => '');
  return html`<p class="still quote" dir="auto">${commentText ?? texts.noPicture}</p>`;
}

/** What was decided the last time. */
function before({ action, by, at, reason }: NonNullable<ModerationItem['decision']>): string {
  const [reports, moderator] =
    action === 'removed'
      ? [texts.removedByReports, texts.removedByModerator]
      : [texts.hiddenByReports, texts.hiddenByModerator];
  return say(by === 'reports' ? reports : moderator, { ago: ago(at), reason: REASONS[reason] });
}

function told(item: ModerationItem): TemplateResult {
  const { uid, postId, hidden, reportCount, reports = [], decision: last, appealText, appealedAt, commentText } = item;
  const author = uid
    ? html`<a href="/admin/people/${encodeURIComponent(uid)}">${texts.author}</a>`
    : texts.deletedAccount;
  return html`
    <p class="muted">${filled(texts.by, { author })} · <a href="/post/${postId}">${texts.thePost}</a> ·
      ${hidden ? texts.isHidden : texts.isShown}</p>
    ${commentText ? html`<blockquote dir="auto">${commentText}</blockquote>` : nothing}
    ${last ? html`<p>${before(last)}</p>` : nothing}
    ${appealText
      ? html`<h3>${texts.authorsAppeal}${appealedAt ? html`, <small>${ago(appealedAt)}</small>` : nothing}</h3>
          <blockquote dir="auto">${appealText}</blockquote>`
      : nothing}
    <h3>${say(texts.reports, { number: reportCount ?? reports.length })}</h3>
    <ul class="plain">${reports.map(
      ({ reason, text, createdAt }) => html`<li><strong>${REASONS[reason] ?? spelled(reason)}</strong>
        <small>${ago(createdAt)}</small>${text ? html`<br /><span dir="auto">${text}</span>` : nothing}</li>`,
    )}</ul>`;
}
