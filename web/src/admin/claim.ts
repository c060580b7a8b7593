// A claim of a social task: its proof, and the decision.
import { html, nothing, type TemplateResult } from 'lit-html';
import type { ModerationItem } from '../../../clients/typescript/src/index.ts';
import { say, shown } from '../language.ts';
import { ago, spelled, tokens } from '../words.ts';
import type { Desk } from './desk.ts';
import { review, words } from './words.ts';

const texts = review.claim;

export function claim(desk: Desk, item: ModerationItem, decided: (said: string) => void): TemplateResult {
  const { uid, taskId = '', tokens: reward = 0, proofUrl = '', claimedAt } = item;
  const send = async (event: SubmitEvent) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement, event.submitter);
    const approve = form.get('approve') === 'yes';
    const note = String(form.get('note')).trim() || null;
    const review = () => desk.studiox.reviewSocialTask({ uid: uid ?? '', taskId, approve, note });
    if (await desk.change(review)) decided(approve ? say(texts.approved, { tokens: tokens(reward) }) : texts.rejected);
  };
  const label = say(texts.label, { task: spelled(taskId) });
  const person = html`<a href="/admin/people/${encodeURIComponent(uid ?? '')}">${uid}</a>`;
  const address = html`<a href=${proofUrl} dir="ltr" target="_blank" rel="noopener noreferrer">${proofUrl}</a>`;
  return html`<article class="card" aria-label=${say(words.of, { what: label, name: uid ?? '' })}>
    <h2>${label}</h2>
    <p class="muted">${shown(texts.by, { person })}
      ${claimedAt ? html` · ${ago(claimedAt)}` : nothing} · ${tokens(reward)}</p>
    <p>${shown(texts.proof, { address })}</p>
    <form @submit=${send}>
      <label>${texts.note} <span class="muted">${review.decision.optional}</span>
        <input name="note" maxlength="500" autocomplete="off" /></label>
      <p class="row">
        <button class="main" name="approve" value="yes" ?disabled=${desk.busy}>
          ${say(texts.approve, { tokens: tokens(reward) })}</button>
        <button class="bad" name="approve" value="no" ?disabled=${desk.busy}>${texts.reject}</button>
      </p>
    </form>
  </article>`;
}
