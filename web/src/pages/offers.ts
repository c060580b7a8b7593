// What is sold: packs of tokens and plans, and the user's subscription.
import { html, nothing, type TemplateResult } from 'lit-html';
import type { ModelOption, PlanOffer, Subscription, TokenPack } from '../../../clients/typescript/src/index.ts';
import type { App } from '../app.ts';
import { agreed, type Question } from '../ask.ts';
import { say, translated } from '../language.ts';
import { missing } from '../list.ts';
import { worded } from '../ours.ts';
import { askToSignIn } from '../sign-in.ts';
import { waitingCards } from '../waiting.ts';
import { count, elsewhere, money, onDay, spelled, tokens } from '../words.ts';
import { money as english } from '../words/en/money.ts';
import { changePlan } from './plan-change.ts';
import { counted, dearer, worth } from './value.ts';

const words = translated('money', english);

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
    const catalogue = app.catalogue(); // what tokens buy: the cards have their height with it
    const offers = await app.load(
      () => Promise.all([app.studiox.getTokenPacks(), app.studiox.getPlans()]),
      () => void this.load(),
    );
    await catalogue;
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

  /** The name of a pack or plan; its id until they are loaded, and of one that is no longer sold. */
  nameOf(id: string): string {
    return worded([...this.packs, ...this.plans].find((each) => each.id === id)?.name ?? spelled(id));
  }

  private get models(): readonly ModelOption[] {
    return this.app.options?.models ?? [];
  }

  view(): TemplateResult {
    const { app, packs, plans, subscription, busy } = this;
    const offered = html`<div class="offers">${packs.map((pack) => this.pack(pack))}</div>`;
    return html`
      <section aria-label=${words.packs.label}><h2>${words.packs.title}</h2>
        ${packs.length === 0 ? missing(this.failed, () => void this.load(), waitingCards(3, 14.02)) : offered}
      </section>
      <section aria-label=${words.plans.label}><h2>${words.plans.title}</h2>
        ${plans.length === 0 && !this.failed
          ? waitingCards(3, 24.52)
          : html`<div class="offers">${plans.map((plan) => this.plan(plan))}</div>${counted(this.models)}`}
        ${subscription && subscription.status !== 'none'
          ? html`<p class="row wrap">
              <span class="muted">${renewal(subscription)}</span>
              <button ?disabled=${busy} @click=${() => this.leave(() => app.studiox.createPortalSession())}>
                ${words.plans.cards}
              </button>
            </p>`
          : nothing}
      </section>`;
  }

  private pack({ id, name, tokens: bought, amount, currency, amounts }: TokenPack): TemplateResult {
    const price = money(amount, currency);
    const buy = () => this.leave(() => this.app.studiox.createCheckoutSession({ packId: id }));
    return html`<article class="card offer">
      <h3 dir="auto">${worded(name)}</h3>
      <p class="big">${count(bought)} <span>${say(words.wallet.unit, { count: bought })}</span></p>
      ${worth(this.models, bought, amount, currency)}
      <button class="main wide" ?disabled=${this.busy} @click=${buy}
        aria-label=${say(words.packs.buy, { name: worded(name), price })}>${price}</button>
      ${also(amounts, currency)}
    </article>`;
  }

  private async propose({ id, name, tokens: bought, amount, currency }: TokenPack): Promise<void> {
    const price = money(amount, currency);
    const question: Question = {
      title: say(words.packs.question, { name: worded(name) }),
      text: say(words.packs.what, { tokens: tokens(bought), price }),
      yes: say(words.packs.yes, { price }),
      no: words.notNow,
      bad: false,
    };
    if (!(await agreed(this.app, question))) return;
    await this.leave(() => this.app.studiox.createCheckoutSession({ packId: id }));
  }

  private plan(plan: PlanOffer): TemplateResult {
    const { id, name, amount, currency, amounts, features } = plan;
    const current = id === this.app.balance?.plan;
    const { models, packs } = this;
    return html`<article class="card offer ${current ? 'mine' : ''}">
      <h3><span dir="auto">${worded(name)}</span>
        ${current ? html` <span class="tag">${words.plans.current}</span>` : nothing}</h3>
      <p class="big">${amount === 0
        ? words.plans.free
        : html`${money(amount, currency)} <span>${words.plans.aMonth}</span>`}</p>
      ${also(amounts, currency)}
      ${plan.monthlyTokens > 0 ? worth(models, plan.monthlyTokens, amount, currency) : nothing}
      ${dearer(plan, packs)}
      <ul class="ticks">${features.map((feature) => html`<li dir="auto">${worded(feature)}</li>`)}</ul>
      ${this.button(plan, current)}
    </article>`;
  }

  private button(plan: PlanOffer, current: boolean): TemplateResult | typeof nothing {
    const { subscription } = this;
    const { id, amount } = plan;
    const name = worded(plan.name);
    const wide = (label: string, act: () => void) =>
      html`<button class="main wide" ?disabled=${this.busy} @click=${act}>${label}</button>`;
    const paying = subscription !== null && subscription.status !== 'none' && subscription.isPremium;
    if (current && paying)
      return subscription.cancelAtPeriodEnd
        ? wide(say(words.plans.keep, { name }), () => this.change(plan))
        : html`<button class="wide" @click=${() => this.end()}>${words.plans.end}</button>`;
    if (current || amount === 0) return nothing;
    if (paying) return wide(say(words.plans.change, { name }), () => this.change(plan));
    const choose = () => this.leave(() => this.app.studiox.createCheckoutSession({ planId: id }));
    return wide(say(words.plans.choose, { name }), choose);
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
    if (await changePlan(this.app, plan)) await this.changed();
  }

  private async end(): Promise<void> {
    const { app, subscription } = this;
    const { question: title, until, untilLater, yes, no, ended } = words.ending;
    const day = subscription?.currentPeriodEnd;
    const text = day ? say(until, { day: onDay(day) }) : untilLater;
    if (!(await agreed(app, { title, text, yes, no }))) return;
    if (!(await app.attempt(() => app.studiox.cancelSubscription()))) return;
    app.say(ended);
    await this.changed();
  }
}

/** The prices in other currencies. Stripe's page chooses by where the buyer is. */
function also(amounts: Record<string, number>, currency: string): TemplateResult | typeof nothing {
  const others = elsewhere(amounts, currency);
  return others.length === 0 ? nothing : html`<p class="muted">${say(words.others, { prices: others.join(', ') })}</p>`;
}

/** What comes next for the subscription. */
function renewal({ status, currentPeriodEnd, cancelAtPeriodEnd }: Subscription): string {
  const { pastDue, ends, renews } = words.plans;
  if (status === 'past_due') return pastDue;
  if (!currentPeriodEnd) return '';
  return say(cancelAtPeriodEnd ? ends : renews, { day: onDay(currentPeriodEnd) });
}
