// A claim of a social task: its proof, and the decision.
import { html, nothing, type TemplateResult } from 'lit-html';
import type { ModerationItem } from '../../../clients/typescript/src/index.ts';
import { ago, spelled, tokens } from '../words.ts';
import type { Desk } from './desk.ts';

export function claim(desk: Desk, item: ModerationItem, decided: (said: string) => void): TemplateResult {
  const { uid, taskId = '', tokens: reward = 0, proofUrl = '', claimedAt } = item;
  const send = async (event: SubmitEvent) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement, event.submitter);
    const approve = form.get('approve') === 'yes';
    const note = String(form.get('note')).trim() || null;
    const review = () => desk.studiox.reviewSocialTask({ uid: uid ?? '', taskId, approve, note });
    if (await desk.change(review)) decided(approve ? `Approved: ${tokens(reward)} were given.` : 'Rejected.');
  };
  const label = `Claim: ${spelled(taskId)}`;
  return html`<article class="card" aria-label="${label} of ${uid}">
    <h2>${label}</h2>
    <p class="muted">by <a href="/admin/people/${encodeURIComponent(uid ?? '')}">${uid}</a>
      ${claimedAt ? html` · ${ago(claimedAt)}` : nothing} · ${tokens(reward)}</p>
    <p>Proof: <a href=${proofUrl} target="_blank" rel="noopener noreferrer">${proofUrl}</a></p>
    <form @submit=${send}>
      <label>Note that they read <span class="muted">(optional)</span>
        <input name="note" maxlength="500" autocomplete="off" /></label>
      <p class="row">
        <button class="main" name="approve" value="yes" ?disabled=${desk.busy}>Approve, give ${tokens(reward)}</button>
        <button class="bad" name="approve" value="no" ?disabled=${desk.busy}>Reject</button>
      </p>
    </form>
  </article>`;
}
