// The order form, built from the catalogue.
import { html, nothing, type TemplateResult } from 'lit-html';
import { repeat } from 'lit-html/directives/repeat.js';
import type { ModelOption, Quote, StudioOptions } from '../../../clients/typescript/src/index.ts';
import type { App } from '../app.ts';
import { icon } from '../icons.ts';
import { translated } from '../language.ts';
import { affordable, arranged, complete, priceOf } from '../order.ts';
import { foretold, Quotes, short } from '../quote.ts';
import { askToSignIn } from '../sign-in.ts';
import { waiting } from '../waiting.ts';
import { tokens } from '../words.ts';
import { making as english } from '../words/en/making.ts';
import { field, sendsIt, typeField } from './fields.ts';
import { dragged, received, type Filled } from './inputs.ts';
import { ModelCards } from './models.ts';
import { OrderDraft } from './order-draft.ts';
import { Placing } from './placing.ts';

const words = translated('making', english);
const TYPES = ['image', 'edit', 'video', 'music', 'speech', 'lyrics', 'analysis'];

/** Empty until the balance is known. */
const standing = ({ balance, notifications }: App): string =>
  balance ? `${balance.balance} ${balance.plan} ${notifications[0]?.id ?? ''}` : '';

export class OrderForm {
  readonly draft: OrderDraft;
  readonly placing: Placing;
  private readonly quotes: Quotes;
  private readonly cards: ModelCards;
  private failed = false;
  private uploading = 0;
  /** What the last quote may have depended on. */
  private standing = '';

  constructor(private readonly app: App) {
    this.draft = new OrderDraft(app);
    this.placing = new Placing(app, this.draft);
    this.quotes = new Quotes(app);
    this.cards = new ModelCards(app, (id) => this.choose(this.draft.type, id));
  }

  /** The balance, the jobs or the catalogue have changed, so the order may cost or be refused otherwise. */
  renew(): void {
    const { app, draft } = this;
    if (app.options) draft.choose(draft.type);
    const before = this.standing;
    this.standing = standing(app);
    if (before && before !== this.standing) this.quotes.renew();
  }

  /** What the chosen order would cost now; null for visitors, for an incomplete order, and until it is known. */
  private quoted(): Quote | null {
    const { app, draft } = this;
    const { model, values } = draft;
    if (!model || !app.user || !complete(model, values)) return this.quotes.of(null);
    return this.quotes.of(draft.order(model));
  }

  /** Show the catalogue, and begin with the settings of a remix, or of a creation that is used again. */
  async load(): Promise<void> {
    const { app, draft } = this;
    this.failed = false;
    if (!app.options) await app.catalogue();
    else void app.catalogue(); // the last visit's until this one's is there
    this.failed = !app.options;
    if (!app.options) return app.update();
    const handed = app.draft;
    app.draft = null;
    draft.fill(handed);
    draft.choose(draft.type);
    if (handed) this.changed();
    app.update();
  }

  view(): TemplateResult {
    const { model } = this.draft;
    const { options } = this.app;
    if (options && model) return this.form(this.filled(model, options));
    return html`<div class="card form">
      ${this.failed
        ? html`<p role="alert">${words.noModels}</p>
            <button @click=${() => this.load()}>${words.tryAgain}</button>`
        : waiting(html``)}
    </div>`;
  }

  private form(filled: Filled): TemplateResult {
    const { app, draft, cards } = this;
    const { model, values } = filled;
    const { shown, more } = arranged(model, values);
    const one = (name: string) => field(filled, name);
    // Each field keeps its elements: one that is given to another field keeps what was chosen there.
    const fields = (names: string[]) => html`<div class="fields">${repeat(names, (name) => name, one)}</div>`;
    const types = TYPES.filter((type) => draft.models(type).length > 0);
    const take = (event: DragEvent | ClipboardEvent) => received(event, filled, (why) => app.say(why, true));
    return html`<form class="card form" @submit=${this.submit} @keydown=${sendsIt} @paste=${take} @drop=${take}
      @dragover=${dragged} aria-label=${words.order}>
      ${typeField(types, draft.type, (type) => this.choose(type))}
      ${draft.from
        ? html`<p class="note">${icon('remix')}<span dir="auto">${draft.from}</span>
            <button type="button" class="link" @click=${() => (draft.clear(), this.changed())}>
              ${words.startOver}</button></p>`
        : nothing}
      ${cards.view(draft.models(), model, values)}
      ${fields(shown)}
      ${more.length > 0 ? html`<details><summary>${words.moreChoices}</summary>${fields(more)}</details>` : nothing}
      ${this.footer(model)}
    </form>`;
  }

  /** What it costs, what is wrong with it, and the button. */
  private footer(model: ModelOption): TemplateResult {
    const { uploading } = this;
    const { busy, wrong } = this.placing;
    const quote = this.quoted();
    const price = quote?.price ?? priceOf(model, this.draft.values);
    const ready = this.app.user ? words.generate : words.signUpAndGenerate;
    return html`<div class="order">
      <p class="wrong" role="alert">${wrong}</p>
      <p class="terms" role="status">${busy ? nothing : (this.shortage(price) ?? foretold(quote, wrong !== ''))}</p>
      <button class="main wide" ?disabled=${busy || uploading > 0}>
        ${icon('spark')}
        ${busy ? words.ordering : uploading > 0 ? words.uploading : ready}
        ${price === null ? nothing : html`<span class="price">${tokens(price)}</span>`}
      </button></div>`;
  }

  private shortage(price: number | null): TemplateResult | null {
    const { app, draft, placing } = this;
    if (!app.user || !app.balance || price === null) return null;
    const other = affordable(draft.models(), draft.values, app.balance);
    return short(price, app.balance.balance, placing.wrong !== '', other, (id) => this.choose(draft.type, id));
  }

  private choose(type: string, id?: string): void {
    this.draft.choose(type, id);
    this.changed();
  }

  /** Start another order, with a request id of its own. */
  private changed(): void {
    this.placing.wrong = '';
    this.draft.renumber();
    this.app.update();
  }

  private set(name: string, value: unknown): void {
    this.draft.set(name, value);
    this.changed();
  }

  /** The form as its fields see it. */
  private filled(model: ModelOption, options: StudioOptions): Filled {
    const { app, draft, uploading } = this;
    return {
      type: draft.type,
      model,
      values: draft.values,
      options,
      uploading,
      set: (name, value) => this.set(name, value),
      upload: (name, files) => void this.upload(name, files),
      pick: (name) => void this.pick(name).catch((error: unknown) => app.fail(error)),
      address: (path) => app.files.private(path),
    };
  }

  private async upload(name: string, files: File[]): Promise<void> {
    const { app } = this;
    if (!app.user) return askToSignIn(app);
    this.uploading += 1;
    app.update();
    const added = await app.attempt(() => Promise.all(files.map((file) => app.upload(file))));
    this.uploading -= 1;
    if (added) this.add(name, added);
    app.update();
  }

  private async pick(name: string): Promise<void> {
    const { app } = this;
    if (!app.user) return askToSignIn(app);
    const { pickPicture } = await import('./picker.ts');
    pickPicture(app, (path) => this.add(name, [path]));
  }

  private add(name: string, paths: string[]): void {
    this.set(name, [...new Set([...((this.draft.values[name] as string[] | undefined) ?? []), ...paths])]);
  }

  private readonly submit = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    const { app, draft, placing } = this;
    const { model, values } = draft;
    if (!model || placing.busy) return;
    const order = draft.order(model);
    const place = () => placing.place(order, this.quoted()?.price ?? priceOf(model, values));
    if (!app.user) return askToSignIn(app, () => void place());
    await place();
  };
}
