// Tokens: the balance, what can be bought, and what has happened so far.
import { html, nothing, type TemplateResult } from 'lit-html';
import type { Balance, ConfirmedCheckout } from '../../../clients/typescript/src/index.ts';
import type { App } from '../app.ts';
import { say, translated } from '../language.ts';
import type { Page } from '../page.ts';
import { askToSignIn } from '../sign-in.ts';
import { waiting } from '../waiting.ts';
import { count, onDay, tokens } from '../words.ts';
import { frame } from '../words/en/frame.ts';
import { money as english } from '../words/en/money.ts';
import { History } from './history.ts';
import { Offers } from './offers.ts';
import { TopUp } from './top-up.ts';

const words = translated('money', english);

/** The pause before a checkout's state is fetched (again). */
const CONFIRM_MS = [0, 2_000, 5_000, 10_000];

/** What came of a checkout that is no longer open. */
function outcome({ status, tokens: bought, plan }: ConfirmedCheckout, nameOf: (id: string) => string): string {
  if (status === 'expired') return translated('frame', frame).nothingBought;
  if (status === 'processing') return words.confirmed.processing;
  return bought
    ? say(words.confirmed.tokens, { tokens: tokens(bought) })
    : say(words.confirmed.plan, { plan: nameOf(plan ?? '') });
}

/** The fields of the live document that the tables depend on. */
const standing = (live: Balance | null): string => (live ? `${live.balance} ${live.plan} ${live.isPremium}` : '');

export function tokensPage(app: App): Page {
  const offers = new Offers(app, () => loadMoney());
  const history = new History(app, (id) => offers.nameOf(id));
  const topUp = new TopUp(app, () => offers.packs);
  let seen = standing(app.balance);

  const loadMoney = () => Promise.all([history.load(), offers.loadSubscription()]);
  /** After the return from Stripe: settle the purchase now, even if Stripe's event is late. */
  const confirm = async (sessionId: string) => {
    for (const pause of CONFIRM_MS) {
      await new Promise((resolve) => setTimeout(resolve, pause));
      const done = await app.attempt(() => app.studiox.confirmCheckout({ sessionId }));
      if (done?.status === 'open') continue;
      if (done) app.say(outcome(done, (id) => offers.nameOf(id)));
      if (done?.status === 'paid') void loadMoney();
      return;
    }
  };
  void offers.load();
  if (app.user) {
    void loadMoney();
    if (app.bought) void confirm(app.bought);
    app.bought = null;
  }

  return {
    title: words.title,
    // Tokens have moved: the live balance triggers a reload of the tables.
    changed: () => {
      const now = standing(app.balance);
      if (app.user && now && seen && now !== seen) void loadMoney();
      seen = now || seen;
    },
    stop: topUp.stop,
    view: () => html`
      <h1>${words.title}</h1>
      ${app.user ? (app.balance ? wallet(app.balance, offers.nameOf(app.balance.plan)) : waitingWallet) : nothing}
      ${offers.view()}
      ${app.user ? topUp.view() : nothing}
      ${app.user
        ? history.view()
        : html`<p><button class="main" @click=${() => askToSignIn(app)}>${words.signUp}</button></p>`}
    `,
  };
}

const waitingWallet = waiting(html`<div class="card wallet"></div>`);

function wallet({ balance, buckets, creditResetAt }: Balance, plan: string): TemplateResult {
  const names = words.wallet;
  const parts = [
    [names.monthly, buckets.monthly, 'monthly'],
    [names.bonus, buckets.bonus, 'bonus'],
    [names.purchased, buckets.purchased, 'purchased'],
  ] as const;
  const sum = Math.max(1, parts.reduce((all, [, value]) => all + Math.max(0, value), 0));
  const share = (value: number) => `width:${(Math.max(0, value) / sum) * 100}%`;
  return html`<section class="card wallet" aria-label=${names.label}>
    <p class="big"><output>${count(balance)}</output> <span>${say(names.unit, { count: balance })}</span></p>
    <div class="bar" aria-hidden="true">
      ${parts.map(([, value, name]) => html`<span class=${name} style=${share(value)}></span>`)}
    </div>
    <ul class="legend">
      ${parts.map(([label, value, name]) => html`<li class=${name}>${label} <strong>${count(value)}</strong></li>`)}
    </ul>
    <p class="muted">${say(names.adds, { plan, day: onDay(creditResetAt) })}</p>
  </section>`;
}
