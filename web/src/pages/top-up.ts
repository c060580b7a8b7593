// Auto top-up: a pack that is bought by the saved card when the balance gets low.
import { html, nothing, type TemplateResult } from 'lit-html';
import type { TokenPack } from '../../../clients/typescript/src/index.ts';
import type { App } from '../app.ts';
import { say, shown, translated } from '../language.ts';
import { worded } from '../ours.ts';
import { askToSignIn } from '../sign-in.ts';
import { money, spelled, tokens, units } from '../words.ts';
import { money as english } from '../words/en/money.ts';

const words = translated('money', english).topUp;
const { notNow } = translated('money', english);

/** The field `autoTopUp` of the user's document, as far as it is shown. */
interface Setting {
  enabled: boolean;
  packId: string;
  amount: number;
  currency: string;
  below: number;
  monthlyCeiling: number;
  card?: { brand: string; last4: string };
}

/** What the dialog asks for. `most` is in whole units of the currency, dollars for example. */
interface Wanted {
  pack: TokenPack;
  below: number;
  most: number;
}

export class TopUp {
  private setting: Setting | null = null;
  private busy = false;
  readonly stop: () => void;

  constructor(
    private readonly app: App,
    private readonly packs: () => readonly TokenPack[],
  ) {
    const { user } = app;
    const hold = ({ data }: { data: Record<string, unknown> }) => {
      this.setting = (data['autoTopUp'] as Setting | undefined) ?? null;
      app.update();
    };
    // For visitors there is nothing to follow, and Firestore is not fetched.
    this.stop = user ? app.listen(({ followUser }) => followUser(user.uid, hold)) : () => undefined;
  }

  view(): TemplateResult | typeof nothing {
    const { setting, busy } = this;
    if (this.packs().length === 0) return nothing;
    const on = setting?.enabled === true;
    return html`<section class="card" aria-label=${words.title}><h2>${words.title}</h2>
      <label class="switch">
        <input type="checkbox" role="switch" .checked=${on} ?disabled=${busy} @click=${this.toggle} />
        <span>${words.onOff}</span></label>
      ${on && setting ? html`<p>${this.terms(setting)}</p><p>${card(setting)}</p>
        <p><button ?disabled=${busy} @click=${() => this.ask()}>${words.change}</button></p>` : nothing}
    </section>`;
  }

  private terms({ packId, amount, currency, below, monthlyCeiling }: Setting): string {
    const name = worded(this.packs().find(({ id }) => id === packId)?.name ?? packId);
    const [price, ceiling] = [money(amount, currency), money(monthlyCeiling, currency)];
    return say(words.terms, { name, price, below: tokens(below), ceiling });
  }

  /** The switch shows what is set, so it moves once the settings have. */
  private readonly toggle = (event: Event): void => {
    event.preventDefault();
    if (!this.app.user) return askToSignIn(this.app);
    if (this.setting?.enabled) void this.save({ enabled: false }, words.isOff);
    else this.ask();
  };

  private ask(): void {
    const { app, setting } = this;
    const first = this.packs().find(({ id }) => id === setting?.packId) ?? this.packs()[0];
    if (!first) return;
    const [sum, of] = setting ? [setting.monthlyCeiling, setting.currency] : [4 * first.amount, first.currency];
    const most = sum / units(of);
    let wanted: Wanted = { pack: first, below: Math.min(setting?.below ?? 50, first.tokens), most };
    const change = (event: Event) => {
      const form = new FormData((event.currentTarget as HTMLFormElement));
      const pack = this.packs().find(({ id }) => id === form.get('pack')) ?? first;
      wanted = { pack, below: Number(form.get('below')), most: Number(form.get('most')) };
      app.update();
    };
    const submit = async (event: SubmitEvent) => {
      event.preventDefault();
      const { pack, below } = wanted;
      const monthlyCeiling = Math.round(wanted.most * units(pack.currency));
      const text = setting?.card ? words.isOn : words.isOnWithoutCard;
      // What was entered stays if it is refused.
      if (await this.save({ enabled: true, packId: pack.id, below, monthlyCeiling }, text)) app.show(null);
    };
    app.show({ label: words.title, view: () => this.question(wanted, change, submit) });
  }

  private question(
    { pack, below, most }: Wanted,
    change: (event: Event) => void,
    submit: (event: SubmitEvent) => void,
  ): TemplateResult {
    const price = money(pack.amount, pack.currency);
    const option = (each: TokenPack) =>
      say(words.option, {
        name: worded(each.name),
        tokens: tokens(each.tokens),
        price: money(each.amount, each.currency),
      });
    return html`<h2>${words.question}</h2>
      <form @input=${change} @submit=${submit}>
        <label>${words.pack}<select name="pack">
          ${this.packs().map(
            (each) => html`<option value=${each.id} ?selected=${each.id === pack.id}>${option(each)}</option>`,
          )}
        </select></label>
        <label>${words.below}
          <input name="below" type="number" required min="1" max=${pack.tokens} .value=${String(below)} /></label>
        <label>${say(words.most, { currency: pack.currency.toUpperCase() })}
          <input name="most" type="number" required step="any" min=${pack.amount / units(pack.currency)} max="999999"
            .value=${String(most)} /></label>
        <p>${shown(words.agreement, {
          below: tokens(below),
          price: html`<strong>${price}</strong>`,
          tokens: tokens(pack.tokens),
        })}</p>
        <p class="row"><button class="main">${say(words.turnOn, { price })}</button>
          <button type="button" @click=${() => this.app.show(null)}>${notNow}</button></p>
      </form>`;
  }

  private async save(wanted: Parameters<App['studiox']['setAutoTopUp']>[0], text: string): Promise<boolean> {
    const { app } = this;
    this.busy = true;
    app.update();
    const done = await app.attempt(() => app.studiox.setAutoTopUp(wanted));
    if (done) app.say(text);
    this.busy = false;
    app.update();
    return done !== null;
  }
}

const card = ({ card: saved }: Setting): string =>
  saved ? say(words.card, { brand: spelled(saved.brand), digits: saved.last4 }) : words.noCard;
