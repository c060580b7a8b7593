// Tokens: the balance and its history, packs and plans, payments.
import { html, nothing, type TemplateResult } from 'lit-html';
import type {
  Balance,
  ConfirmedCheckout,
  GetTokenTransactions,
  Payment,
  PlanOffer,
  Subscription,
  TokenPack,
  Transaction,
  UsageAnalytics,
} from '../../../clients/typescript/src/index.ts';
import type { App, Page } from '../app.ts';
import { chart } from '../chart.ts';
import { askToSignIn } from '../sign-in.ts';
import { at, count, money, onDay, signed, spelled, tokens } from '../words.ts';
import { List, missing } from './list.ts';

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

/** The pause before a checkout's state is fetched (again). */
const CONFIRM_MS = [0, 2_000, 5_000, 10_000];
const CONFIRMED: Record<Exclude<ConfirmedCheckout['status'], 'open'>, (done: ConfirmedCheckout) => string> = {
  paid: ({ tokens: bought, plan }) => `Thank you! ${bought ? `${tokens(bought)} were added.` : `You are on the ${spelled(plan ?? '')} plan.`}`,
  processing: () => 'Thank you! You get it as soon as the payment arrives.',
  expired: () => 'Nothing was bought, and you were not charged.',
};
const STATES: Record<string, string> = { in_review: 'In review' };
const state = (status: string): string => STATES[status] ?? spelled(status);

/** The fields of the live document that the tables depend on. */
const standing = (live: Balance | null): string => (live ? `${live.balance} ${live.plan} ${live.isPremium}` : '');

export function tokensPage(app: App): Page {
  let packs: TokenPack[] = [];
  let plans: PlanOffer[] = [];
  let subscription: Subscription | null = null;
  let usage: UsageAnalytics | null = null;
  let offered = true; // what has been asked for could be had
  let told = true;
  let busy = false;
  let kind: Kind | null = null;
  let seen = standing(app.balance);
  const ledger = new List<Transaction>(app, async (cursor) => {
    const { transactions, nextCursor } = await app.studiox.getTokenTransactions({ cursor, type: kind, pageSize: 10 });
    return { items: transactions, nextCursor };
  });
  const payments = new List<Payment>(app, async (cursor) => {
    const { payments: items, nextCursor } = await app.studiox.getBillingHistory({ cursor, pageSize: 10 });
    return { items, nextCursor };
  });

  const loadOffers = async () => {
    const offers = await app.attempt(() => Promise.all([app.studiox.getTokenPacks(), app.studiox.getPlans()]));
    if (offers) [packs, plans] = [offers[0].packs, offers[1].plans];
    offered = offers !== null;
  };
  const loadAccount = async () => {
    const found = await app.attempt(() => Promise.all([app.studiox.getSubscription(), app.studiox.getUsageAnalytics()]));
    if (found) [subscription, usage] = found;
    told = found !== null;
  };
  const loadMoney = () => Promise.all([ledger.reload(), payments.reload(), loadAccount()]);
  /** After the return from Stripe: settle the purchase now, even if Stripe's event is late. */
  const confirm = async (sessionId: string) => {
    for (const pause of CONFIRM_MS) {
      await new Promise((resolve) => setTimeout(resolve, pause));
      const done = await app.attempt(() => app.studiox.confirmCheckout({ sessionId }));
      if (done?.status === 'open') continue;
      if (done) app.say(CONFIRMED[done.status](done));
      if (done?.status === 'paid') void loadMoney();
      return;
    }
  };
  void loadOffers();
  if (app.user) void loadMoney();
  if (app.user && app.bought) void confirm(app.bought);
  if (app.user) app.bought = null;

  /** Open Stripe's page, which returns to `/?checkout=…`. */
  const leave = async (ask: () => Promise<{ url: string }>) => {
    if (!app.user) return askToSignIn(app);
    busy = true;
    app.update();
    const there = await app.attempt(ask);
    if (there) location.assign(there.url);
    busy = false;
    app.update();
  };
  const change = async (planId: PlanOffer['id']) => {
    const done = await app.attempt(() => app.studiox.updateSubscription({ planId }));
    if (!done) return;
    app.say(planId === app.balance?.plan ? 'Your plan continues.' : 'Your plan is changing. This takes a moment.');
    await loadMoney();
  };
  const end = () =>
    app.show({
      label: 'End the plan',
      view: () => html`<h2>End your plan?</h2>
        <p>You keep it until ${subscription?.currentPeriodEnd ? onDay(subscription.currentPeriodEnd) : 'the end of the month you paid for'} and are not charged again. You keep the tokens that you bought.</p>
        <p class="row"><button class="bad" @click=${reallyEnd}>End it</button><button @click=${() => app.show(null)}>Keep it</button></p>`,
    });
  const reallyEnd = async () => {
    app.show(null);
    if (!(await app.attempt(() => app.studiox.cancelSubscription()))) return;
    app.say('Your plan ends after the month that you paid for.');
    await loadMoney();
  };

  return {
    title: 'Tokens',
    // Tokens have moved: the live balance triggers a reload of the tables.
    changed: () => {
      const now = standing(app.balance);
      if (app.user && now && now !== seen) void loadMoney();
      seen = now || seen;
    },
    view: () => html`
        <h1>Tokens</h1>
        ${app.user && app.balance ? wallet(app.balance) : nothing}
        <section aria-label="Packs"><h2>Buy tokens</h2>
          ${packs.length === 0 ? missing(!offered, () => void loadOffers()) : nothing}
          <div class="offers">${packs.map((pack) => packCard(pack, busy, () => leave(() => app.studiox.createCheckoutSession({ packId: pack.id }))))}</div>
        </section>
        <section aria-label="Plans"><h2>Plans</h2>
          <div class="offers">
            ${plans.map((plan) => planCard(plan, app.balance?.plan, subscription, busy, {
              buy: () => leave(() => app.studiox.createCheckoutSession({ planId: plan.id })),
              change: () => change(plan.id),
              end,
            }))}
          </div>
          ${subscription && subscription.status !== 'none'
            ? html`<p class="row wrap">
                <span class="muted">${renewal(subscription)}</span>
                <button ?disabled=${busy} @click=${() => leave(() => app.studiox.createPortalSession())}>Cards and invoices</button>
              </p>`
            : nothing}
        </section>
        ${app.user ? account() : html`<p><button class="main" @click=${() => askToSignIn(app)}>Sign up to begin</button></p>`}
      `,
  };

  function account(): TemplateResult {
    return html`
      <section aria-label="Use"><h2>The last 30 days</h2>
        ${usage
          ? html`<p class="muted">${count(usage.total.jobs.total)} ordered · ${tokens(usage.total.tokens.spent)} spent · ${count(usage.total.tokens.refunded)} given back · ${count(usage.total.tokens.earned)} received</p>
              ${chart('Tokens spent a day', 'tokens', usage.days.map(({ date, tokens: { spent } }) => ({ date, value: spent })))}`
          : missing(!told, () => void loadAccount())}
      </section>
      <section aria-label="Ledger"><div class="row between wrap"><h2>Token history</h2>
        <label class="row">Show
          <select @change=${(event: Event) => { kind = ((event.target as HTMLSelectElement).value || null) as Kind | null; void ledger.reload(); }}>
            <option value="">everything</option>
            ${Object.entries(KINDS).map(([id, name]) => html`<option value=${id}>${name}</option>`)}
          </select></label></div>
        ${table(
          'Ledger',
          ['When', 'What', 'Tokens', 'Balance'],
          ledger,
          ledger.items?.map(({ createdAt, type, reason, amount, balanceAfter }) => [
            at(createdAt),
            html`${KINDS[type] ?? spelled(type)}${reason && !reason.startsWith(KINDS[type] ?? '') ? html` <small>${reason}</small>` : nothing}`,
            html`<span class=${amount < 0 ? 'minus' : 'plus'}>${signed(amount)}</span>`,
            count(balanceAfter),
          ]),
        )}
        ${ledger.more()}
      </section>
      <section aria-label="Payments"><h2>Payments</h2>
        ${table(
          'Payments',
          ['When', 'What', 'Amount', 'State'],
          payments,
          payments.items?.map(({ createdAt, kind: what, tokens: bought, amount, currency, status, invoiceUrl }) => [
            at(createdAt),
            html`${what === 'pack' ? 'Tokens' : 'Plan'}${bought ? html` <small>${tokens(bought)}</small>` : nothing}`,
            money(amount, currency),
            invoiceUrl ? html`<a href=${invoiceUrl} target="_blank" rel="noopener">${state(status)}</a>` : state(status),
          ]),
        )}
        ${payments.more()}
      </section>`;
  }
}

function wallet({ balance, buckets, creditResetAt, plan }: Balance): TemplateResult {
  const parts = [
    ['From your plan', buckets.monthly, 'monthly'],
    ['Bonus', buckets.bonus, 'bonus'],
    ['Bought', buckets.purchased, 'purchased'],
  ] as const;
  const sum = Math.max(1, parts.reduce((all, [, value]) => all + Math.max(0, value), 0));
  return html`<section class="card wallet" aria-label="Your balance">
    <p class="big"><output>${count(balance)}</output> <span>${balance === 1 ? 'token' : 'tokens'}</span></p>
    <div class="bar" aria-hidden="true">
      ${parts.map(([, value, name]) => html`<span class=${name} style="width:${(Math.max(0, value) / sum) * 100}%"></span>`)}
    </div>
    <ul class="legend">${parts.map(([label, value, name]) => html`<li class=${name}>${label} <strong>${count(value)}</strong></li>`)}</ul>
    <p class="muted">The ${spelled(plan)} plan adds new tokens on ${onDay(creditResetAt)}.</p>
  </section>`;
}

const packCard = (pack: TokenPack, busy: boolean, buy: () => void): TemplateResult => html`<article class="card offer">
  <h3>${pack.name}</h3>
  <p class="big">${count(pack.tokens)} <span>tokens</span></p>
  <button class="main wide" ?disabled=${busy} aria-label="Buy ${pack.name} for ${money(pack.amount, pack.currency)}" @click=${buy}>${money(pack.amount, pack.currency)}</button>
</article>`;

interface Ways {
  buy: () => void;
  change: () => void;
  end: () => void;
}

function planCard(plan: PlanOffer, mine: string | undefined, subscription: Subscription | null, busy: boolean, ways: Ways): TemplateResult {
  const current = plan.id === mine;
  const paying = subscription !== null && subscription.status !== 'none' && subscription.isPremium;
  const wide = (label: string, act: () => void) => html`<button class="main wide" ?disabled=${busy} @click=${act}>${label}</button>`;
  const changed = (label: string) => wide(`${label} ${plan.name}`, ways.change);
  const mineToPay = () => (subscription?.cancelAtPeriodEnd ? changed('Keep') : html`<button class="wide" @click=${ways.end}>End this plan</button>`);
  const another = () => (paying ? changed('Change to') : wide(`Choose ${plan.name}`, ways.buy));
  const button = current && paying ? mineToPay() : current || plan.amount === 0 ? nothing : another();
  return html`<article class="card offer ${current ? 'mine' : ''}">
    <h3>${plan.name}${current ? html` <span class="tag">current</span>` : nothing}</h3>
    <p class="big">${plan.amount === 0 ? 'Free' : html`${money(plan.amount, plan.currency)} <span>a month</span>`}</p>
    <ul class="ticks">${plan.features.map((each) => html`<li>${each}</li>`)}</ul>
    ${button}
  </article>`;
}

function renewal({ status, currentPeriodEnd, cancelAtPeriodEnd }: Subscription): string {
  if (status === 'past_due') return 'The last payment failed. Check your card to keep the plan.';
  if (!currentPeriodEnd) return '';
  return cancelAtPeriodEnd ? `It ends on ${onDay(currentPeriodEnd)}.` : `It renews on ${onDay(currentPeriodEnd)}.`;
}

function table(label: string, heads: string[], list: { missing(): TemplateResult }, rows: unknown[][] | undefined): TemplateResult {
  if (rows === undefined) return list.missing();
  if (rows.length === 0) return html`<p class="muted">None yet.</p>`;
  const style = (index: number) => (index === 2 || (index === 3 && label === 'Ledger') ? 'number' : '');
  return html`<div class="scroll" tabindex="0" role="group" aria-label="${label}, table">
    <table>
      <thead><tr>${heads.map((head, index) => html`<th scope="col" class=${style(index)}>${head}</th>`)}</tr></thead>
      <tbody>${rows.map((row) => html`<tr>${row.map((cell, index) => html`<td class=${style(index)}>${cell}</td>`)}</tr>`)}</tbody>
    </table>
  </div>`;
}
