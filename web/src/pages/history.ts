// What has happened with the user's tokens and money: use by day, the ledger, payments.
import { html, nothing, type TemplateResult } from 'lit-html';
import type {
  GetTokenTransactions,
  Payment,
  Transaction,
  UsageAnalytics,
} from '../../../clients/typescript/src/index.ts';
import type { App } from '../app.ts';
import { chart } from '../chart.ts';
import { waitingCards } from '../waiting.ts';
import { List, missing } from '../list.ts';
import { at, count, money, signed, spelled, tokens } from '../words.ts';

const KINDS: Record<string, string> = {
  welcome_bonus: 'Welcome',
  deduction: 'Order',
  refund: 'Refund',
  purchase: 'Bought',
  plan_grant: 'From the plan',
  plan_expiry: 'Expired',
  reward: 'Reward',
  admin_adjustment: 'From us',
  clawback: 'Payment reversed',
  restore: 'Payment restored',
};
type Kind = NonNullable<GetTokenTransactions['type']>;

const WHAT: Record<Payment['kind'], string> = { pack: 'Tokens', top_up: 'Auto top-up', subscription: 'Plan' };
const STATES: Record<string, string> = { in_review: 'In review' };
const state = (status: string): string => STATES[status] ?? spelled(status);

export class History {
  private usage: UsageAnalytics | null = null;
  private failed = false;
  private kind: Kind | null = null;
  private readonly ledger: List<Transaction>;
  private readonly payments: List<Payment>;

  constructor(private readonly app: App) {
    const { studiox } = app;
    this.ledger = new List<Transaction>(app, async (cursor) => {
      const found = await studiox.getTokenTransactions({ cursor, type: this.kind, pageSize: 10 });
      return { items: found.transactions, nextCursor: found.nextCursor };
    });
    this.payments = new List<Payment>(app, async (cursor) => {
      const found = await studiox.getBillingHistory({ cursor, pageSize: 10 });
      return { items: found.payments, nextCursor: found.nextCursor };
    });
  }

  async load(): Promise<void> {
    await Promise.all([this.ledger.reload(), this.payments.reload(), this.loadUsage()]);
  }

  view(): TemplateResult {
    return html`
      <section aria-label="Use"><h2>The last 30 days</h2>
        ${this.usage ? used(this.usage) : missing(this.failed, () => void this.loadUsage(), waitingCards(1, 14))}
      </section>
      <section aria-label="Ledger"><div class="row between wrap"><h2>Token history</h2>
        <label class="row">Show
          <select @change=${this.choose}>
            <option value="">everything</option>
            ${Object.entries(KINDS).map(([id, name]) => html`<option value=${id}>${name}</option>`)}
          </select></label></div>
        ${table('Ledger', ['When', 'What', 'Tokens', 'Balance'], this.ledger, this.ledger.items?.map(entry))}
        ${this.ledger.more()}
      </section>
      <section aria-label="Payments"><h2>Payments</h2>
        ${table('Payments', ['When', 'What', 'Amount', 'State'], this.payments, this.payments.items?.map(paid))}
        ${this.payments.more()}
      </section>`;
  }

  private readonly choose = (event: Event): void => {
    this.kind = ((event.target as HTMLSelectElement).value || null) as Kind | null;
    void this.ledger.reload();
  };

  private async loadUsage(): Promise<void> {
    const found = await this.app.load(
      () => this.app.studiox.getUsageAnalytics(),
      () => void this.loadUsage(),
    );
    this.usage = found ?? this.usage;
    this.failed = found === null;
    this.app.update();
  }
}

function used({ total, days }: UsageAnalytics): TemplateResult {
  const { spent, refunded, earned } = total.tokens;
  const bars = days.map(({ date, tokens }) => ({ date, value: tokens.spent }));
  const sums = [
    `${count(total.jobs.total)} ordered`,
    `${tokens(spent)} spent`,
    `${count(refunded)} given back`,
    `${count(earned)} received`,
  ];
  return html`<p class="muted">${sums.join(' · ')}</p>
    ${chart('Tokens spent a day', 'tokens', bars)}`;
}

function entry({ createdAt, type, reason, amount, balanceAfter }: Transaction): unknown[] {
  const what = KINDS[type] ?? spelled(type);
  return [
    at(createdAt),
    html`${what}${reason && !reason.startsWith(KINDS[type] ?? '') ? html` <small>${reason}</small>` : nothing}`,
    html`<span class=${amount < 0 ? 'minus' : 'plus'}>${signed(amount)}</span>`,
    count(balanceAfter),
  ];
}

function paid(payment: Payment): unknown[] {
  const { createdAt, kind, tokens: bought, amount, currency, status, invoiceUrl, discount, tax } = payment;
  const parts = [
    discount ? `less ${money(discount, currency)}` : '',
    tax ? `with ${money(tax, currency)} tax` : '',
  ].filter(Boolean);
  return [
    at(createdAt),
    html`${WHAT[kind]}${bought ? html` <small>${tokens(bought)}</small>` : nothing}`,
    html`${money(amount, currency)}${parts.length > 0 ? html` <small>${parts.join(', ')}</small>` : nothing}`,
    invoiceUrl ? html`<a href=${invoiceUrl} target="_blank" rel="noopener">${state(status)}</a>` : state(status),
  ];
}

function table(
  label: string,
  heads: string[],
  list: { missing(): TemplateResult },
  rows: unknown[][] | undefined,
): TemplateResult {
  if (rows === undefined) return list.missing();
  if (rows.length === 0) return html`<p class="muted">None yet.</p>`;
  const style = (index: number) => (index === 2 || (index === 3 && label === 'Ledger') ? 'number' : '');
  const cells = (row: unknown[]) => row.map((cell, index) => html`<td class=${style(index)}>${cell}</td>`);
  return html`<div class="scroll" tabindex="0" role="group" aria-label="${label}, table">
    <table>
      <thead><tr>${heads.map((head, index) => html`<th scope="col" class=${style(index)}>${head}</th>`)}</tr></thead>
      <tbody>${rows.map((row) => html`<tr>${cells(row)}</tr>`)}</tbody>
    </table>
  </div>`;
}
