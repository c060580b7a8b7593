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
import { say, translated } from '../language.ts';
import { List, missing } from '../list.ts';
import { worded } from '../ours.ts';
import { waitingCards } from '../waiting.ts';
import { at, count, madeBy, money, named, onDay, signed, tokens } from '../words.ts';
import { money as english } from '../words/en/money.ts';

const words = translated('money', english);

type Kind = NonNullable<GetTokenTransactions['type']>;

export class History {
  private usage: UsageAnalytics | null = null;
  private failed = false;
  private kind: Kind | null = null;
  private readonly ledger: List<Transaction>;
  private readonly payments: List<Payment>;

  constructor(
    private readonly app: App,
    /** The name of a pack or plan. */
    private readonly nameOf: (id: string) => string,
  ) {
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
    const { use, ledger, payments, table } = words;
    const { when, what, balance, amount, state } = table;
    return html`
      <section aria-label=${use.label}><h2>${use.title}</h2>
        ${this.usage ? used(this.usage) : missing(this.failed, () => void this.loadUsage(), waitingCards(1, 14))}
      </section>
      <section aria-label=${ledger.label}><div class="row between wrap"><h2>${ledger.title}</h2>
        <label class="row">${ledger.show}
          <select @change=${this.choose}>
            <option value="">${ledger.everything}</option>
            ${Object.entries(words.kinds).map(([id, name]) => html`<option value=${id}>${name}</option>`)}
          </select></label></div>
        ${tabled(ledger.label, [when, what, table.tokens, balance], this.ledger, this.ledger.items?.map(entry))}
        ${this.ledger.more()}
      </section>
      <section aria-label=${payments.label}><h2>${payments.title}</h2>
        ${tabled(
          payments.label,
          [when, what, amount, state, payments.receipt],
          this.payments,
          this.payments.items?.map((each) => paid(each, this.item(each))),
        )}
        ${this.payments.more()}
      </section>`;
  }

  /** What a payment was for. */
  private item({ kind, itemId }: Payment): string {
    const { topUp, plan, unknown } = words.payments;
    if (!itemId) return unknown;
    const name = this.nameOf(itemId);
    if (kind === 'pack') return name;
    return say(kind === 'top_up' ? topUp : plan, { name });
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
  const { use } = words;
  const sums = [
    say(use.ordered, { count: total.jobs.total }),
    say(use.spent, { tokens: tokens(spent) }),
    say(use.refunded, { count: refunded }),
    say(use.earned, { count: earned }),
  ];
  return html`<p class="muted">${sums.join(' · ')}</p>
    ${chart(use.chart, use.unit, bars)}`;
}

/** What an entry of the ledger is about; empty if its type says it. An administrator's reason is as it was typed. */
function about({ type, ref, reason }: Transaction): string {
  if (type === 'welcome_bonus') return '';
  const days = ref.kind === 'streak' ? Number.parseInt(reason, 10) : 0;
  if (days > 0) return say(words.ledger.days, { count: days });
  const [, model, made] = (type === 'deduction' && ref.kind === 'job' && /^(.+): (\w+)$/.exec(reason)) || [];
  return model && made ? madeBy(made, model) : worded(reason);
}

function entry(each: Transaction): unknown[] {
  const more = about(each);
  return [
    at(each.createdAt),
    html`${named(words.kinds, each.type)}${more ? html` <small dir="auto">${more}</small>` : nothing}`,
    html`<span class=${each.amount < 0 ? 'minus' : 'plus'}>${signed(each.amount)}</span>`,
    count(each.balanceAfter),
  ];
}

function paid(payment: Payment, item: string): unknown[] {
  const { createdAt, tokens: bought, amount, currency, status, invoiceUrl, discount, tax, refunded } = payment;
  const names = words.payments;
  const parts = [
    discount ? say(names.discount, { amount: money(discount, currency) }) : '',
    tax ? say(names.tax, { amount: money(tax, currency) }) : '',
    refunded ? say(names.refunded, { amount: money(refunded, currency) }) : '',
  ].filter(Boolean);
  const day = onDay(createdAt);
  return [
    html`<time datetime=${createdAt}>${day}</time>`,
    html`<span dir="auto">${item}</span>${bought ? html` <small>${tokens(bought)}</small>` : nothing}`,
    html`${money(amount, currency)}${parts.length > 0 ? html` <small>${parts.join(' · ')}</small>` : nothing}`,
    named(words.states, status),
    invoiceUrl
      ? html`<a href=${invoiceUrl} target="_blank" rel="noopener"
          aria-label=${say(names.receiptOf, { what: item, day })}>${names.receipt}</a>`
      : nothing,
  ];
}

function tabled(
  label: string,
  heads: string[],
  list: { missing(): TemplateResult },
  rows: unknown[][] | undefined,
): TemplateResult {
  if (rows === undefined) return list.missing();
  if (rows.length === 0) return html`<p class="muted">${words.table.none}</p>`;
  const style = (index: number) => (index === 2 || (index === 3 && label === words.ledger.label) ? 'number' : '');
  const cells = (row: unknown[]) => row.map((cell, index) => html`<td class=${style(index)}>${cell}</td>`);
  return html`<div class="scroll" tabindex="0" role="group" aria-label=${say(words.table.label, { name: label })}>
    <table>
      <thead><tr>${heads.map((head, index) => html`<th scope="col" class=${style(index)}>${head}</th>`)}</tr></thead>
      <tbody>${rows.map((row) => html`<tr>${cells(row)}</tr>`)}</tbody>
    </table>
  </div>`;
}
