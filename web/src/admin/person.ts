// One person: the account, what an administrator may do about it, the ledger, limits, and what was done before.
import { html, type TemplateResult } from 'lit-html';
import type { AuditEntry, FoundUser, SetPlan, Transaction } from '../../../clients/typescript/src/index.ts';
import { List, missing } from '../list.ts';
import { say, shown, translated } from '../language.ts';
import { worded } from '../ours.ts';
import { at, count, named, onDay, planName, signed, tokens } from '../words.ts';
import { money as englishMoney } from '../words/en/money.ts';
import { entries } from './audit.ts';
import { question, type Desk, type Section } from './desk.ts';
import { limitsOf } from './limits.ts';
import { PLANS } from './people.ts';
import { table, typed } from './table.ts';
import { words } from './words.ts';

const texts = words.person;
const { kinds } = translated('money', englishMoney);

export class Person implements Section {
  /** Undefined while loading; null: there is nobody of this uid. */
  private user: FoundUser | null | undefined;
  private failed = false;
  private readonly ledger: List<Transaction>;
  private readonly log: List<AuditEntry>;
  private readonly limits: ReturnType<typeof limitsOf>;

  constructor(
    private readonly desk: Desk,
    private readonly uid: string,
  ) {
    const { studiox } = desk;
    this.ledger = new List<Transaction>(desk, async (cursor) => {
      const { transactions, nextCursor } = await studiox.getUserLedger({ uid, cursor, pageSize: 10 });
      return { items: transactions, nextCursor };
    });
    this.log = new List<AuditEntry>(desk, async (cursor) => {
      const found = await studiox.getAuditLog({ target: `users/${uid}`, cursor, pageSize: 10 });
      return { items: found.entries, nextCursor: found.nextCursor };
    });
    this.limits = limitsOf(desk, uid);
  }

  async load(): Promise<void> {
    const found = await this.desk.attempt(() => this.desk.studiox.searchUsers({ uid: this.uid }));
    this.failed = found === null;
    if (found) this.user = found.users[0] ?? null;
    this.desk.update();
    if (this.user) await Promise.all([this.ledger.reload(), this.log.reload(), this.limits.load()]);
  }

  view(): TemplateResult {
    const { user, ledger, log } = this;
    if (user === undefined) return missing(this.failed, () => void this.load());
    const again = html`<a href="/admin/people">${texts.again}</a>`;
    if (user === null) return html`<p>${shown(texts.nobody, { again })}</p>`;
    return html`<p><a href="/admin/people">${words.sections.people}</a></p>
      <div class="columns">
        <section class="card" aria-label=${texts.account}>${account(user)}</section>
        <section class="card" aria-label=${texts.actions}><h2>${texts.actions}</h2>${this.actions(user)}</section>
      </div>
      <section aria-label=${texts.ledger}><h2>${texts.ledger}</h2>
        ${ledger.items === null ? ledger.missing() : entered(ledger.items)}${ledger.more()}</section>
      <section aria-label=${texts.limits}><h2>${texts.limitsInUse}</h2>${this.limits.view()}</section>
      <section aria-label=${texts.log}><h2>${texts.done}</h2>
        ${log.items === null ? log.missing() : entries(log.items)}${log.more()}</section>`;
  }

  private actions(user: FoundUser): TemplateResult {
    return html`<p class="row wrap">
      <button @click=${() => this.adjust(user)}>${words.adjust.title}</button>
      <button @click=${() => this.changePlan(user)}>${words.plan.title}</button>
      <button class=${user.suspended ? '' : 'bad'} @click=${() => this.suspend(user)}>
        ${user.suspended ? words.lift.title : words.suspend.act}</button>
    </p>`;
  }

  private adjust({ uid, balance }: FoundUser): void {
    const { title, amount, act, done } = words.adjust;
    const fields = html`<label>${amount}
      <input name="amount" type="number" step="1" min="-1000000000" max="1000000000" required /></label>`;
    const text = say(words.adjust.text, { name: this.name, tokens: tokens(balance) });
    question(
      this.desk,
      { title, text, act, fields, done },
      async ({ form, reason, requestId }) => {
        await this.desk.studiox.addTokens({ uid, amount: Number(form.get('amount')), reason, requestId });
        void this.load();
      },
    );
  }

  private changePlan({ uid, plan }: FoundUser): void {
    const { title, act, done } = words.plan;
    const fields = html`<label>${words.people.plan}<select name="plan">
      ${PLANS.map((each) => html`<option value=${each} ?selected=${each === plan}>${planName(each)}</option>`)}
    </select></label>`;
    const text = say(words.plan.text, { name: this.name, plan: planName(plan) });
    question(
      this.desk,
      { title, text, act, fields, done },
      async ({ form, reason }) => {
        await this.desk.studiox.setPlan({ uid, planId: form.get('plan') as SetPlan['planId'], reason });
        void this.load();
      },
    );
  }

  private suspend({ uid, suspended }: FoundUser): void {
    const { title, text, act, done } = suspended ? words.lift : words.suspend;
    const asked = { title, text: say(text, { name: this.name }), act, bad: !suspended, done };
    question(this.desk, asked, async ({ reason }) => {
      await this.desk.studiox.suspendUser({ uid, suspended: !suspended, reason });
      void this.load();
    });
  }

  private get name(): string {
    return this.user?.email ?? this.uid;
  }
}

function account(user: FoundUser): TemplateResult {
  const { uid, email, displayName, plan, isPremium, balance, suspended, createdAt } = user;
  const { name, balance: owned, since } = words.people;
  const facts: [string, string | TemplateResult][] = [
    [name, typed(displayName ?? '–')],
    [texts.uid, typed(uid)],
    [words.people.plan, isPremium ? say(texts.paidOrGiven, { plan: planName(plan) }) : planName(plan)],
    [owned, tokens(balance)],
    [since, onDay(createdAt)],
    [texts.state, suspended ? words.people.suspended : texts.active],
  ];
  return html`<h2 dir="auto">${email ?? uid}</h2>
    <dl class="params">${facts.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>`;
}

const entered = (found: readonly Transaction[]): TemplateResult =>
  table(
    texts.ledger,
    [{ name: texts.when }, { name: texts.what }, { name: words.reason }, { name: texts.tokens, number: true },
      { name: words.people.balance, number: true }],
    found.map(({ createdAt, type, reason, amount, balanceAfter }) => [
      at(createdAt), named(kinds, type), typed(worded(reason)), signed(amount), count(balanceAfter),
    ]),
  );
