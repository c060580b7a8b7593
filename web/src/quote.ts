// The quote of the order in the form: what it would cost now, and whether it would be refused.
import type { Quote, QuoteStudioJob } from '../../clients/typescript/src/index.ts';
import type { App } from './app.ts';
import { remember } from './under-way.ts';

const REST_MS = 400;

export class Quotes {
  private order: QuoteStudioJob | null = null;
  private key = '';
  private found: Quote | null = null;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly app: App) {}

  /** The quote of this order; null until it has arrived. Asked for when the order has not changed for a moment. */
  of(order: QuoteStudioJob | null): Quote | null {
    // A prompt decides by its length alone, in thousands of characters.
    const key = order === null ? '' : JSON.stringify({ ...order, prompt: Math.ceil([...order.prompt].length / 1000) });
    if (key !== this.key) {
      [this.key, this.found] = [key, null];
      this.ask(order);
    }
    return this.found;
  }

  /** Ask again: the balance has changed, or a job has ended. */
  renew(): void {
    this.ask(this.order);
  }

  private ask(order: QuoteStudioJob | null): void {
    clearTimeout(this.timer);
    this.order = order;
    if (order === null) return;
    const { key } = this;
    this.timer = setTimeout(async () => {
      // Without an answer the catalogue's price stays, and the order tells what is wrong.
      const found = await this.app.studiox.quoteStudioJob(order).catch(() => null);
      if (key !== this.key) return;
      this.found = found;
      if (found) remember(order.model, found.typicalSeconds);
      this.app.update();
    }, REST_MS);
  }
}
