// The quote of the order in the form: what it would cost now, and whether it would be refused.
import { html, nothing, type TemplateResult } from 'lit-html';
import type { Quote, QuoteStudioJob } from '../../clients/typescript/src/index.ts';
import type { App } from './app.ts';
import { say, shown, translated } from './language.ts';
import { refusalOf, tokens, typically } from './words.ts';
import { making as english } from './words/en/making.ts';

const words = translated('making', english);

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
      this.app.update();
    }, REST_MS);
  }
}

/** What the quote says beside the price. `refused`: the order was, and the form says why. */
export function foretold(quote: Quote | null, refused: boolean): TemplateResult | typeof nothing {
  if (!quote) return nothing;
  const { refusal, balance, balanceAfter, typicalSeconds } = quote;
  if (refusal) return refused ? nothing : html`<strong>${refusalOf(refusal)}</strong>`;
  const leaves = balance === balanceAfter ? '' : `${say(words.leaves, { tokens: tokens(balanceAfter) })} `;
  return html`${leaves}${typicalSeconds ? typically(typicalSeconds) : nothing}`;
}

/** What to do if the price is more than the user has; null if it is not. `refused`: the form says so already. */
export function short(
  price: number,
  owned: number,
  refused: boolean,
  other: { id: string; label: string; price: number } | null,
  use: (id: string) => void,
): TemplateResult | null {
  if (price <= owned) return null;
  const why = refusalOf({ reason: 'InsufficientTokens', details: { price, balance: owned } });
  const get = html`<a href="/tokens">${words.getTokens}</a>`;
  const instead = ({ id, label: model, price: tokensOf }: NonNullable<typeof other>) =>
    html`<button type="button" class="link" @click=${() => use(id)}>
      ${say(words.useOther, { model, tokens: tokens(tokensOf) })}</button>`;
  const ways = other ? shown(words.eitherWay, { get, use: instead(other) }) : shown(words.oneWay, { get });
  return html`${refused ? nothing : html`<strong>${why}</strong> `}${ways}`;
}
