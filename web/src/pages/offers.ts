// What is sold: packs of tokens and plans, and the user's subscription.
import { html, nothing, type TemplateResult } from 'lit-html';
import type { PlanOffer, Subscription, TokenPack } from '../../../clients/typescript/src/index.ts';
import type { App } from '../app.ts';
import { agreed, type Question } from '../ask.ts';
import { askToSignIn } from '../sign-in.ts';
import { count, elsewhere, money, onDay } from '../words.ts';
import { most } from '../worth.ts';
import { missing } from '../list.ts';
import { waitingCards } from '../waiting.ts';

export class Offers {
  packs: TokenPack[] = [];
  private plans: PlanOffer[] = [];
  private subscription: Subscription | null = null;
  private failed = false;
  private busy = false;

  constructor(
    private readonly app: App,
    /** The subscription was changed here. */
    private readonly changed: () => Promise<unknown>,
  ) {}

  async load(): Promise<void> {
    const { app } = this;
    void app.catalogue(); // what tokens buy
    const offers = await app.load(
      () => Promise.all([app.studiox.getTokenPacks(), app.studiox.getPlans()]),
      () => void this.load(),
    );
    if (offers) [this.packs, this.plans] = [offers[0].packs, offers[1].plans];
    this.failed = offers === null;
    app.update();
    // The link of a top-up that the bank wants to be confirmed: `/tokens?buy=starter`.
    const named = new URLSearchParams(location.search).get('buy');
    const pack = this.packs.find(({ id }) => id === named);
    if (pack) void this.propose(pack);
  }

  async loadSubscription(): Promise<void> {
    const found = await this.app.load(
      () => this.app.studiox.getSubscription(),
      () => void this.loadSubscription(),
    );
    this.subscription = found ?? this.subscription;
    this.app.update();
  }

  view(): TemplateResult {
    const { app, packs, plans, subscription, busy } = this;
    return html`
      <section aria-label="Packs"><h2>Buy tokens</h2>
        ${packs.length === 0
          ? missing(this.failed, () => void this.load(), waitingCards(3, 10.22))
          : html`<div class="offers">${packs.map((pack) => this.pack(pack))}</div>`}
      </section>
      <section aria-label="Plans"><h2>Plans</h2>
        ${plans.length === 0 && !this.failed
          ? waitingCards(3, 15.25)
          : html`<div class="offers">${plans.map((plan) => this.plan(plan))}</div>`}
        ${subscription && subscription.status !== 'none'
          ? html`<p class="row wrap">
              <span class="muted">${renewal(subscription)}</span>
              <button ?disabled=${busy} @click=${() => this.leave(() => app.studiox.createPortalSession())}>
                Cards and invoices
              </button>
            </p>`
          : nothing}
      </section>`;
  }

  private pack({ id, name, tokens, amount, currency, amounts }: TokenPack): TemplateResult {
    const price = money(amount, currency);
    const buy = () => this.leave(() => this.app.studiox.createCheckoutSession({ packId: id }));
    return html`<article class="card offer">
      <h3>${name}</h3>
      <p class="big">${count(tokens)} <span>tokens</span></p>
      ${this.worth(tokens, amount, currency)}
      <button class="main wide" ?disabled=${this.busy} aria-label="Buy ${name} for ${price}" @click=${buy}>
        ${price}
      </button>
      ${also(amounts, currency)}
    </article>`;
  }

  private async propose({ id, name, tokens, amount, currency }: TokenPack): Promise<void> {
    const price = money(amount, currency);
    const text = `${count(tokens)} tokens for ${price}. If auto top-up is on, the checkout saves your card for it.`;
    const question = { title: `Buy ${name}?`, text, yes: `Buy it for ${price}`, no: 'Not now', bad: false };
    if (!(await agreed(this.app, question))) return;
    await this.leave(() => this.app.studiox.createCheckoutSession({ packId: id }));
  }

  /** What so many tokens buy, and what a hundred of them cost: packs and plans can be compared. */
  private worth(tokens: number, amount: number, currency: string): TemplateResult {
    const each = amount > 0 ? `${money(Math.round((100 * amount) / tokens), currency)} for 100 tokens` : '';
    const number = most(this.app.options?.models ?? [], 'image', tokens);
    const facts = [number ? `up to ${count(number)} pictures` : '', each].filter(Boolean).join(' · ');
    return html`<p class="muted">${facts.charAt(0).toUpperCase()}${facts.slice(1)}</p>`;
  }

  private plan(plan: PlanOffer): TemplateResult {
    const { id, name, amount, currency, amounts, features } = plan;
    const current = id === this.app.balance?.plan;
    return html`<article class="card offer ${current ? 'mine' : ''}">
      <h3>${name}${current ? html` <span class="tag">current</span>` : nothing}</h3>
      <p class="big">${amount === 0 ? 'Free' : html`${money(amount, currency)} <span>a month</span>`}</p>
      ${also(amounts, currency)}
      ${plan.monthlyTokens > 0 ? this.worth(plan.monthlyTokens, amount, currency) : nothing}
      <ul class="ticks">${features.map((each) => html`<li>${each}</li>`)}</ul>
      ${this.button(plan, current)}
    </article>`;
  }

  private button(plan: PlanOffer, current: boolean): TemplateResult | typeof nothing {
    const { subscription } = this;
    const { id, name, amount } = plan;
    const wide = (label: string, act: () => void) =>
      html`<button class="main wide" ?disabled=${this.busy} @click=${act}>${label}</button>`;
    const paying = subscription !== null && subscription.status !== 'none' && subscription.isPremium;
    if (current && paying)
      return subscription.cancelAtPeriodEnd
        ? wide(`Keep ${name}`, () => this.change(plan))
        : html`<button class="wide" @click=${() => this.end()}>End this plan</button>`;
    if (current || amount === 0) return nothing;
    if (paying) return wide(`Change to ${name}`, () => this.change(plan));
    return wide(`Choose ${name}`, () => this.leave(() => this.app.studiox.createCheckoutSession({ planId: id })));
  }

  /** Open Stripe's page, which returns to `/?checkout=…`. */
  private async leave(ask: () => Promise<{ url: string }>): Promise<void> {
    const { app } = this;
    if (!app.user) return askToSignIn(app);
    this.busy = true;
    app.update();
    const there = await app.attempt(ask);
    if (there) location.assign(there.url);
    this.busy = false;
    app.update();
  }

  private async change(plan: PlanOffer): Promise<void> {
    const { app, subscription } = this;
    const planId = plan.id;
    const current = this.plans.find(({ id }) => id === app.balance?.plan);
    if (current && current !== plan && subscription && !(await agreed(app, changing(current, plan, subscription))))
      return;
    if (!(await app.attempt(() => app.studiox.updateSubscription({ planId })))) return;
    const same = planId === app.balance?.plan;
    app.say(same ? 'Your plan continues.' : 'Your plan is changing. This takes a moment.');
    await this.changed();
  }

  private async end(): Promise<void> {
    const { app, subscription } = this;
    const until = subscription?.currentPeriodEnd;
    const text = `You keep it until ${until ? onDay(until) : 'the end of the month you paid for'} and are not charged
      again. You keep the tokens that you bought.`;
    if (!(await agreed(app, { title: 'End your plan?', text, yes: 'End it', no: 'Keep it' }))) return;
    if (!(await app.attempt(() => app.studiox.cancelSubscription()))) return;
    app.say('Your plan ends after the month that you paid for.');
    await this.changed();
  }
}

const MONTH_MS = 30.44 * 86_400_000;

/** What changing the plan costs: Stripe charges, or credits, the difference for the rest of the paid month at once. */
function changing(from: PlanOffer, to: PlanOffer, { currentPeriodEnd }: Subscription): Question {
  const left = currentPeriodEnd ? (Date.parse(currentPeriodEnd) - Date.now()) / MONTH_MS : 1;
  const difference = Math.round((to.amount - from.amount) * Math.min(1, Math.max(0, left)));
  const due = money(Math.abs(difference), to.currency);
  const now =
    difference > 0
      ? `Your card is charged about ${due} now, for the rest of this month.`
      : `About ${due} of what you paid for this month is credited towards your next payments.`;
  const [before, after] = [from, to].map(({ amount, currency }) => money(amount, currency));
  const later = `After that you pay ${after} a month instead of ${before}.`;
  const yes = difference > 0 ? `Pay about ${due}` : 'Change the plan';
  return { title: `Change to ${to.name}?`, text: `${now} ${later}`, yes, no: `Stay with ${from.name}`, bad: false };
}

/** The prices in other currencies. Stripe's page chooses by where the buyer is. */
function also(amounts: Record<string, number>, currency: string): TemplateResult | typeof nothing {
  const others = elsewhere(amounts, currency);
  return others.length === 0 ? nothing : html`<p class="muted">or ${others.join(', ')}, by where you are</p>`;
}

/** What comes next for the subscription. */
function renewal({ status, currentPeriodEnd, cancelAtPeriodEnd }: Subscription): string {
  if (status === 'past_due') return 'The last payment failed. Check your card to keep the plan.';
  if (!currentPeriodEnd) return '';
  return cancelAtPeriodEnd ? `It ends on ${onDay(currentPeriodEnd)}.` : `It renews on ${onDay(currentPeriodEnd)}.`;
}
