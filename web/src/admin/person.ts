// One person: the account, what an administrator may do about it, the ledger, limits, and what was done before.
import { html, type TemplateResult } from 'lit-html';
import type { AuditEntry, FoundUser, SetPlan, Transaction } from '../../../clients/typescript/src/index.ts';
import { List, missing } from '../list.ts';
import { at, count, onDay, signed, spelled, tokens } from '../words.ts';
import { entries } from './audit.ts';
import { question, type Desk, type Section } from './desk.ts';
import { limitsOf } from './limits.ts';
import { PLANS } from './people.ts';
import { table } from './table.ts';

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
    if (user === null) return html`<p>There is nobody with this uid. <a href="/admin/people">Search again</a></p>`;
    return html`<p><a href="/admin/people">‹ People</a></p>
      <div class="columns">
        <section class="card" aria-label="Account">${account(user)}</section>
        <section class="card" aria-label="Actions"><h2>Actions</h2>${this.actions(user)}</section>
      </div>
      <section aria-label="Ledger"><h2>Ledger</h2>
        ${ledger.items === null ? ledger.missing() : entered(ledger.items)}${ledger.more()}</section>
      <section aria-label="Limits"><h2>Rate limits in use</h2>${this.limits.view()}</section>
      <section aria-label="Audit log"><h2>What was done about this account</h2>
        ${log.items === null ? log.missing() : entries(log.items)}${log.more()}</section>`;
  }

  private actions(user: FoundUser): TemplateResult {
    return html`<p class="row wrap">
      <button @click=${() => this.adjust(user)}>Give or take tokens</button>
      <button @click=${() => this.changePlan(user)}>Change the plan</button>
      <button class=${user.suspended ? '' : 'bad'} @click=${() => this.suspend(user)}>
        ${user.suspended ? 'Lift the suspension' : 'Suspend'}</button>
    </p>`;
  }

  private adjust({ uid, balance }: FoundUser): void {
    const fields = html`<label>Tokens (below zero: to take)
      <input name="amount" type="number" step="1" min="-1000000000" max="1000000000" required /></label>`;
    const text = `${this.name} has ${tokens(balance)}. The ledger gets an entry with your reason, which they can read.`;
    question(
      this.desk,
      { title: 'Give or take tokens', text, act: 'Change the balance', fields, done: 'The balance was changed.' },
      async ({ form, reason, requestId }) => {
        await this.desk.studiox.addTokens({ uid, amount: Number(form.get('amount')), reason, requestId });
        void this.load();
      },
    );
  }

  private changePlan({ uid, plan }: FoundUser): void {
    const fields = html`<label>Plan<select name="plan">
      ${PLANS.map((each) => html`<option value=${each} ?selected=${each === plan}>${spelled(each)}</option>`)}
    </select></label>`;
    const text = `${this.name} is on the ${spelled(plan)} plan. The new plan applies at once and costs them nothing.
      Its monthly tokens come with the next reset. A change of a paid subscription sets the plan again.`;
    question(
      this.desk,
      { title: 'Change the plan', text, act: 'Set the plan', fields, done: 'The plan was set.' },
      async ({ form, reason }) => {
        await this.desk.studiox.setPlan({ uid, planId: form.get('plan') as SetPlan['planId'], reason });
        void this.load();
      },
    );
  }

  private suspend({ uid, suspended }: FoundUser): void {
    const text = suspended
      ? `${this.name} can use the studio again, and their posts are shown again.`
      : `${this.name} is signed out everywhere, cannot spend or publish, and their posts are hidden while it lasts.
        They are told the reason: write it for them.`;
    const title = suspended ? 'Lift the suspension' : 'Suspend this person';
    const done = suspended ? 'The suspension was lifted.' : 'The person is suspended.';
    const act = suspended ? 'Lift it' : 'Suspend';
    question(this.desk, { title, text, act, bad: !suspended, done }, async ({ reason }) => {
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
  const facts: [string, string][] = [
    ['Name', displayName ?? '–'],
    ['uid', uid],
    ['Plan', isPremium ? `${spelled(plan)}, paid or given` : spelled(plan)],
    ['Balance', tokens(balance)],
    ['Since', onDay(createdAt)],
    ['State', suspended ? 'suspended' : 'active'],
  ];
  return html`<h2>${email ?? uid}</h2>
    <dl class="params">${facts.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>`;
}

const entered = (found: readonly Transaction[]): TemplateResult =>
  table(
    'Ledger',
    [{ name: 'When' }, { name: 'What' }, { name: 'Reason' }, { name: 'Tokens', number: true },
      { name: 'Balance', number: true }],
    found.map(({ createdAt, type, reason, amount, balanceAfter }) => [
      at(createdAt), spelled(type), reason, signed(amount), count(balanceAfter),
    ]),
  );
