// A reported post or comment, or an appeal: what it shows, what people said of it, and the form of the decision.
import { html, nothing, type TemplateResult } from 'lit-html';
import type { ModeratePost, ModerationItem } from '../../../clients/typescript/src/index.ts';
import { full } from '../media.ts';
import { REASONS } from '../moderation.ts';
import { ago, count, shortened, spelled, typeName } from '../words.ts';
import type { Desk } from './desk.ts';

type Action = ModeratePost['action'];
type Reason = keyof typeof REASONS;

/** What an action means for something that is `hidden` already. */
const ACTIONS: readonly [Action, (hidden: boolean) => string, string][] = [
  ['restore', (hidden) => (hidden ? 'Show it again' : 'Leave it as it is'), 'Decided: it is shown.'],
  ['hide', (hidden) => (hidden ? 'Keep it hidden' : 'Hide it'), 'Decided: it is hidden.'],
  ['remove', () => 'Remove it for good', 'Decided: it is removed.'],
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
      <h2>${label}</h2>
      ${told(item)}
      <form @submit=${submit}>
        <fieldset class="chips"><legend>Decision</legend>
          ${ACTIONS.map(([action, name]) => html`<label>
            <input type="radio" name="action" value=${action} required /><span>${name(hidden)}</span></label>`)}
        </fieldset>
        <label>Reason that its author reads<select name="reason">
          <option value="">as most reports say</option>
          ${Object.entries(REASONS).map(([id, name]) => html`<option value=${id}>${name}</option>`)}
        </select></label>
        <label>Note for the audit log <span class="muted">(optional)</span>
          <textarea name="note" rows="2" maxlength="1000"></textarea></label>
        <button class="main" ?disabled=${desk.busy}>Decide</button>
      </form>
    </div>
  </article>`;
}

function confirmRemoval(desk: Desk, label: string, isPost: boolean, remove: () => Promise<void>): void {
  const { app } = desk;
  const lost = isPost
    ? 'The post is deleted with its likes and comments. Its author cannot publish it again, unless an appeal succeeds.'
    : 'The comment is taken from its post.';
  app.show({
    label: 'Remove it for good',
    view: () => html`<h2>Remove it for good?</h2>
      <p>${label}</p>
      <p>${lost} Its author is told the reason.</p>
      <p class="row">
        <button class="bad" ?disabled=${desk.busy} @click=${remove}>Remove</button>
        <button @click=${() => app.show(null)}>Cancel</button>
      </p>`,
  });
}

function titled({ kind, commentText, caption, type }: ModerationItem): string {
  const what = commentText ?? caption ?? (type ? typeName(type) : 'Removed');
  return `${kind === 'appeals' ? 'Appeal' : commentText === undefined ? 'Post' : 'Comment'}: ${shortened(what, 80)}`;
}

function shown({ type, media = [], commentText }: ModerationItem, label: string): TemplateResult {
  if (media.length > 0) return full({ type: type ?? '', media, label }, () => '');
  return html`<p class="still quote">${commentText ?? 'There is no picture: its author has deleted it.'}</p>`;
}

function told(item: ModerationItem): TemplateResult {
  const { uid, postId, hidden, reportCount, reports = [], decision: last, appealText, appealedAt, commentText } = item;
  const link = uid ? html`<a href="/admin/people/${encodeURIComponent(uid)}">its author</a>` : 'a deleted account';
  return html`
    <p class="muted">by ${link} · <a href="/post/${postId}">the post</a> · ${hidden ? 'hidden' : 'shown'} now</p>
    ${commentText ? html`<blockquote>${commentText}</blockquote>` : nothing}
    ${last
      ? html`<p>${last.action === 'removed' ? 'Removed' : 'Hidden'} ${ago(last.at)} by
          ${last.by === 'reports' ? 'reports' : 'a moderator'}: ${REASONS[last.reason]}.</p>`
      : nothing}
    ${appealText
      ? html`<h3>The author’s appeal${appealedAt ? html`, <small>${ago(appealedAt)}</small>` : nothing}</h3>
          <blockquote>${appealText}</blockquote>`
      : nothing}
    <h3>Reports: ${count(reportCount ?? reports.length)}</h3>
    <ul class="plain">${reports.map(
      ({ reason, text, createdAt }) => html`<li><strong>${REASONS[reason] ?? spelled(reason)}</strong>
        <small>${ago(createdAt)}</small>${text ? html`<br />${text}` : nothing}</li>`,
    )}</ul>`;
}
