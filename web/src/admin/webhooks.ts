// Stripe's events: how many were handled, and those that failed.
import { html, type TemplateResult } from 'lit-html';
import type { WebhookStatus } from '../../../clients/typescript/src/index.ts';
import { say } from '../language.ts';
import { missing } from '../list.ts';
import { at, count, named } from '../words.ts';
import type { Desk, Section } from './desk.ts';
import { table, typed } from './table.ts';
import { words } from './words.ts';

const texts = words.webhooks;
const COLUMNS = [texts.received, texts.type, texts.attempts, texts.error, texts.again];

/** The most events that one call retries. */
const AT_ONCE = 50;

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
    this.desk.app.say(say(texts.retried, { handled: done.retried, failed: done.failed }), done.failed > 0);
    await this.load();
  }

  view(): TemplateResult {
    const { found } = this;
    const { busy } = this.desk;
    if (!found) return missing(this.failed, () => void this.load());
    const { counts, failed } = found;
    const again = (id: string, label: string) =>
      html`<button ?disabled=${busy} aria-label=${label} @click=${() => this.retry([id])}>${texts.retry}</button>`;
    return html`<dl class="tiles">${Object.entries(counts).map(
        ([name, number]) => html`<div class=${name === 'failed' && number > 0 ? 'tile wrong' : 'tile'}>
          <dt>${named(texts.counts, name)}</dt>
          <dd>${count(number)}</dd></div>`,
      )}</dl>
      <section aria-label=${texts.failed}><div class="row between wrap"><h2>${texts.failed}</h2>
        ${failed.length > 0
          ? html`<button class="main" ?disabled=${busy} @click=${() => this.retry(null)}>
              ${say(texts.retryAll, { number: AT_ONCE })}</button>`
          : ''}</div>
        ${table(texts.failed, COLUMNS.map((name) => ({ name })),
          failed.map(({ eventId, type, attempts, error, receivedAt }) => [
            at(receivedAt), typed(type), count(attempts), typed(error),
            again(eventId, say(texts.retryThis, { type, id: eventId })),
          ]))}
      </section>`;
  }
}
