// Stripe's events: how many were handled, and those that failed.
import { html, type TemplateResult } from 'lit-html';
import type { WebhookStatus } from '../../../clients/typescript/src/index.ts';
import { missing } from '../list.ts';
import { at, count } from '../words.ts';
import type { Desk, Section } from './desk.ts';
import { table } from './table.ts';

export class Webhooks implements Section {
  private found: WebhookStatus | null = null;
  private failed = false;

  constructor(private readonly desk: Desk) {}

  async load(): Promise<void> {
    const found = await this.desk.attempt(() => this.desk.studiox.getWebhookStatus());
    this.failed = found === null;
    this.found = found ?? this.found;
    this.desk.update();
  }

  private async retry(eventIds: string[] | null): Promise<void> {
    const done = await this.desk.change(() => this.desk.studiox.retryWebhooks({ eventIds }));
    if (!done) return;
    this.desk.app.say(`${count(done.retried)} handled now, ${count(done.failed)} failed again.`, done.failed > 0);
    await this.load();
  }

  view(): TemplateResult {
    const { found } = this;
    const { busy } = this.desk;
    if (!found) return missing(this.failed, () => void this.load());
    const { counts, failed } = found;
    const again = (id: string, label: string) =>
      html`<button ?disabled=${busy} aria-label=${label} @click=${() => this.retry([id])}>Retry</button>`;
    return html`<dl class="tiles">${Object.entries(counts).map(
        ([name, number]) => html`<div class=${name === 'failed' && number > 0 ? 'tile wrong' : 'tile'}>
          <dt>${name === 'parked' ? 'In review' : name === 'failed' ? 'Failed' : 'Handled'}</dt>
          <dd>${count(number)}</dd></div>`,
      )}</dl>
      <section aria-label="Failed events"><div class="row between wrap"><h2>Failed events</h2>
        ${failed.length > 0
          ? html`<button class="main" ?disabled=${busy} @click=${() => this.retry(null)}>Retry up to 50</button>`
          : ''}</div>
        ${table('Failed events', ['Received', 'Type', 'Attempts', 'Error', 'Again'].map((name) => ({ name })),
          failed.map(({ eventId, type, attempts, error, receivedAt }) => [
            at(receivedAt), type, count(attempts), error, again(eventId, `Retry ${type} ${eventId}`),
          ]))}
      </section>`;
  }
}
