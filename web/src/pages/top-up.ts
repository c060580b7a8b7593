// Auto top-up: a pack that is bought by the saved card when the balance gets low.
import { html, nothing, type TemplateResult } from 'lit-html';
import type { TokenPack } from '../../../clients/typescript/src/index.ts';
import type { App } from '../app.ts';
import { askToSignIn } from '../sign-in.ts';
import { money, spelled, tokens, units } from '../words.ts';

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
    const shown = ({ data }: { data: Record<string, unknown> }) => {
      this.setting = (data['autoTopUp'] as Setting | undefined) ?? null;
      app.update();
    };
    // For visitors there is nothing to follow, and Firestore is not fetched.
    this.stop = user ? app.listen(({ followUser }) => followUser(user.uid, shown)) : () => undefined;
  }

  view(): TemplateResult | typeof nothing {
    const { setting, busy } = this;
    if (this.packs().length === 0) return nothing;
    const on = setting?.enabled === true;
    return html`<section class="card" aria-label="Auto top-up"><h2>Auto top-up</h2>
      <label class="switch">
        <input type="checkbox" role="switch" .checked=${on} ?disabled=${busy} @click=${this.toggle} />
        <span>Buy tokens automatically when I run low</span></label>
      ${on && setting ? html`<p>${this.terms(setting)}</p><p>${card(setting)}</p>
        <p><button ?disabled=${busy} @click=${() => this.ask()}>Change it</button></p>` : nothing}
    </section>`;
  }

  private terms({ packId, amount, currency, below, monthlyCeiling }: Setting): string {
    const name = this.packs().find(({ id }) => id === packId)?.name ?? packId;
    const [price, ceiling] = [money(amount, currency), money(monthlyCeiling, currency)];
    const when = `when an order leaves you with fewer than ${tokens(below)}`;
    return `${name} for ${price} ${when}, at most ${ceiling} a month.`;
  }

  /** The switch shows what is set, so it moves once the settings have. */
  private readonly toggle = (event: Event): void => {
    event.preventDefault();
    if (!this.app.user) return askToSignIn(this.app);
    if (this.setting?.enabled) void this.save({ enabled: false }, 'Auto top-up is off. We have forgotten your card.');
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
      const text = `Auto top-up is on.${setting?.card ? '' : ' Your next purchase of tokens saves your card.'}`;
      app.show(null);
      await this.save({ enabled: true, packId: pack.id, below, monthlyCeiling }, text);
    };
    app.show({ label: 'Auto top-up', view: () => this.question(wanted, change, submit) });
  }

  private question(
    { pack, below, most }: Wanted,
    change: (event: Event) => void,
    submit: (event: SubmitEvent) => void,
  ): TemplateResult {
    const price = money(pack.amount, pack.currency);
    return html`<h2>Buy tokens automatically?</h2>
      <form @input=${change} @submit=${submit}>
        <label>Pack<select name="pack">
          ${this.packs().map((each) => html`<option value=${each.id} ?selected=${each.id === pack.id}>
            ${each.name}: ${tokens(each.tokens)} for ${money(each.amount, each.currency)}</option>`)}
        </select></label>
        <label>When fewer than so many tokens are left
          <input name="below" type="number" required min="1" max=${pack.tokens} .value=${String(below)} /></label>
        <label>The most in a month (${pack.currency.toUpperCase()})
          <input name="most" type="number" required step="any" min=${pack.amount / units(pack.currency)} max="999999"
            .value=${String(most)} /></label>
        <p>Whenever an order leaves you with fewer than ${tokens(below)}, we charge <strong>${price}</strong> to your
          card for ${tokens(pack.tokens)}, without asking again. You can turn it off at any time.</p>
        <p class="row"><button class="main">Turn it on for ${price}</button>
          <button type="button" @click=${() => this.app.show(null)}>Not now</button></p>
      </form>`;
  }

  private async save(wanted: Parameters<App['studiox']['setAutoTopUp']>[0], text: string): Promise<void> {
    const { app } = this;
    this.busy = true;
    app.update();
    if (await app.attempt(() => app.studiox.setAutoTopUp(wanted))) app.say(text);
    this.busy = false;
    app.update();
  }
}

const card = ({ card: saved }: Setting): string =>
  saved ? `${spelled(saved.brand)} ending in ${saved.last4}` : 'Your next purchase of tokens saves your card.';
