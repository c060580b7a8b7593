// The order form, built from the catalogue. It outlives its page, so that its values are kept.
import { html, nothing, type TemplateResult } from 'lit-html';
import { live } from 'lit-html/directives/live.js';
import { repeat } from 'lit-html/directives/repeat.js';
import {
  isRefusal,
  newRequestId,
  type ModelOption,
  type Quote,
  type StudioOptions,
} from '../../../clients/typescript/src/index.ts';
import type { App } from '../app.ts';
import { icon } from '../icons.ts';
import { affordable, arranged, complete, fitting, priceOf, request, restored, type Values } from '../order.ts';
import type { Draft } from '../page.ts';
import { Quotes } from '../quote.ts';
import { askToSignIn } from '../sign-in.ts';
import { count, refusalOf, said, shortened, spelled, tokens, typeName, typically } from '../words.ts';
import { field, type Filled } from './fields.ts';

const TYPES = ['image', 'edit', 'video', 'music', 'speech', 'lyrics', 'analysis'];

export class OrderForm {
  private type = 'image';
  private model: ModelOption | null = null;
  private values: Values = {};
  private sessionId = '';
  private from = '';
  private loading = false;
  /** The request ids of the orders that are not answered yet: a provider may take half a minute to take one. */
  private readonly sending = new Set<string>();
  private uploading = 0;
  private wrong = '';
  /** The request id, kept until the order is placed: a click after a lost answer is not a second order. */
  private requestId = newRequestId();
  private readonly quotes: Quotes;

  constructor(
    private readonly app: App,
    /** Called for each order that was placed. */
    public placed: (jobId: string) => void = () => undefined,
  ) {
    this.quotes = new Quotes(app);
    void this.load();
  }

  /** The balance or the jobs have changed, so the order may cost or be refused otherwise. */
  renew(): void {
    this.quotes.renew();
  }

  /** What the chosen order would cost now; null for visitors, for an incomplete order, and until it is known. */
  private quoted(): Quote | null {
    const { app, model, values } = this;
    if (!model || !app.user || !complete(model, values)) return this.quotes.of(null);
    return this.quotes.of({ ...request(model, values), ...(this.sessionId ? { sessionId: this.sessionId } : {}) });
  }

  private get options(): StudioOptions | null {
    return this.app.options;
  }

  async load(): Promise<void> {
    this.loading = true;
    this.app.update();
    await this.app.catalogue();
    this.loading = false;
    this.choose(this.type);
    if (this.app.draft) this.begin(this.app.draft);
    this.app.update();
  }

  /** Start with the settings of a remix, or of a creation that is used again. */
  begin(draft: Draft): void {
    if (!this.options) return; // `load` comes here again
    this.app.draft = null;
    const model = this.models(draft.type).find(({ id }) => id === draft.model);
    this.choose(draft.type, model?.id);
    this.values = this.model ? restored(this.model, draft.values) : {};
    this.sessionId = draft.sessionId ?? '';
    this.from = draft.from;
    this.changed();
  }

  view(): TemplateResult {
    const { options, model } = this;
    if (options && model) return this.form(this.filled(model, options));
    return html`<div class="card form">
      ${this.loading
        ? html`<p class="muted" role="status">Loading the models …</p>`
        : html`<p role="alert">The models could not be loaded.</p>
            <button @click=${() => this.load()}>Try again</button>`}
    </div>`;
  }

  private form(filled: Filled): TemplateResult {
    const { model, values } = filled;
    const { shown, more } = arranged(model, values);
    const one = (name: string) => field(filled, name);
    // Each field keeps its elements: one that is given to another field keeps what was chosen there.
    const fields = (names: string[]) => html`<div class="fields">${repeat(names, (name) => name, one)}</div>`;
    const types = TYPES.filter((type) => this.models(type).length > 0);
    const pick = (type: string) => () => (this.choose(type), this.changed());
    return html`<form class="card form" @submit=${this.submit} @keydown=${sendsIt} aria-label="Order">
      <fieldset class="segments">
        <legend class="hidden">What to make</legend>
        ${types.map(
          (type) => html`<label>
            <input type="radio" name="type" value=${type} .checked=${live(type === this.type)}
              @change=${pick(type)} />
            <span>${typeName(type)}</span></label>`,
        )}
      </fieldset>
      ${this.from
        ? html`<p class="note">${icon('remix')}<span>${this.from}</span>
            <button type="button" class="link" @click=${() => this.clear()}>Start over</button></p>`
        : nothing}
      ${this.modelChoice(model)}
      ${fields(shown)}
      ${more.length > 0 ? html`<details><summary>More choices</summary>${fields(more)}</details>` : nothing}
      ${this.footer(model)}
    </form>`;
  }

  private modelChoice(chosen: ModelOption): TemplateResult {
    const choose = (event: Event) => {
      this.choose(this.type, (event.target as HTMLSelectElement).value);
      this.changed();
    };
    return html`<label>Model
      <select @change=${choose}>
        ${this.models(this.type).map(
          ({ id, label, plan }) => html`<option value=${id} .selected=${id === chosen.id}>
            ${label}${plan === 'free' ? '' : ` · ${spelled(plan)} plan`}
          </option>`,
        )}
      </select>
    </label>`;
  }

  /** What it costs, what is wrong with it, and the button. */
  private footer(model: ModelOption): TemplateResult {
    const { uploading, wrong } = this;
    const busy = this.sending.has(this.requestId);
    const quote = this.quoted();
    const price = quote?.price ?? priceOf(model, this.values);
    const ready = this.app.user ? 'Generate' : 'Sign up and generate';
    return html`<div class="order">
      <p class="wrong" role="alert">${wrong}</p>
      <p class="terms" role="status">${busy ? nothing : (this.shortage(price) ?? foretold(quote, wrong !== ''))}</p>
      <button class="main wide" ?disabled=${busy || uploading > 0}>
        ${icon('spark')}
        ${busy ? 'Ordering …' : uploading > 0 ? 'Uploading …' : ready}
        ${price === null ? nothing : html`<span class="price">${tokens(price)}</span>`}
      </button></div>`;
  }

  /** What to do if the price is more than the user has; null if it is not. */
  private shortage(price: number | null): TemplateResult | null {
    const { app, wrong, values } = this;
    const owned = app.balance?.balance;
    if (!app.user || owned === undefined || price === null || price <= owned) return null;
    const other = affordable(this.models(this.type), values, app.balance!);
    const use = (id: string) => () => (this.choose(this.type, id), this.changed());
    return html`${wrong ? nothing : html`<strong>This costs ${tokens(price)}, and you have ${count(owned)}.</strong> `}
      <a href="/tokens">Get tokens</a>${other
        ? html` or <button type="button" class="link" @click=${use(other.id)}>
            use ${other.label} for ${tokens(other.price)}</button>`
        : nothing}.`;
  }

  private models(type: string): ModelOption[] {
    return this.options?.models.filter((each) => each.type === type) ?? [];
  }

  private choose(type: string, id?: string): void {
    const models = this.models(type);
    this.type = type;
    this.model = models.find((each) => each.id === (id ?? this.model?.id)) ?? models[0] ?? null;
    if (this.model) this.values = fitting(this.model, this.values);
  }

  /** Start another order, with a request id of its own. */
  private changed(): void {
    this.requestId = newRequestId();
    this.wrong = '';
    this.app.update();
  }

  private set(name: string, value: unknown): void {
    this.values = { ...this.values, [name]: value };
    this.changed();
  }

  private clear(): void {
    [this.values, this.sessionId, this.from] = [{}, '', ''];
    this.changed();
  }

  /** The form as its fields see it. */
  private filled(model: ModelOption, options: StudioOptions): Filled {
    return {
      type: this.type,
      model,
      values: this.values,
      options,
      uploading: this.uploading,
      set: (name, value) => this.set(name, value),
      upload: (name, files) => void this.upload(name, files),
      address: (path) => this.app.files.private(path),
    };
  }

  private async upload(name: string, files: File[]): Promise<void> {
    const { app } = this;
    if (!app.user) return askToSignIn(app);
    this.uploading += 1;
    app.update();
    const send = async (file: File) => {
      await mustBePicture(file);
      return app.studiox.uploadInput(file);
    };
    const added = await app.attempt(() => Promise.all(files.map(send)));
    this.uploading -= 1;
    if (added) this.set(name, [...((this.values[name] as string[] | undefined) ?? []), ...added]);
    app.update();
  }

  private readonly submit = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    const { app, model, values } = this;
    if (!model || this.sending.has(this.requestId)) return;
    if (!app.user) return askToSignIn(app, () => void this.order(model, values));
    await this.order(model, values);
  };

  /** Place the order. Until it is answered, the form takes another one as soon as anything in it was changed. */
  private async order(model: ModelOption, values: Values): Promise<void> {
    const { requestId } = this;
    this.sending.add(requestId);
    this.wrong = '';
    this.app.update();
    try {
      const price = this.quoted()?.price ?? priceOf(model, values);
      const { jobId } = await this.app.studiox.createStudioJob({
        ...request(model, values),
        requestId,
        ...(price === null ? {} : { maxPrice: price }),
        ...(this.sessionId ? { sessionId: this.sessionId } : {}),
      });
      if (this.requestId !== requestId) return; // the form holds another order by now
      this.requestId = newRequestId();
      this.placed(jobId);
    } catch (error) {
      this.refused(error, requestId, String(values['prompt'] ?? ''));
      if (isRefusal(error, 'PriceChanged')) {
        this.app.options = null;
        void this.load();
      }
    } finally {
      this.sending.delete(requestId);
      this.app.update();
    }
  }

  private refused(error: unknown, requestId: string, prompt: string): void {
    if (this.requestId !== requestId) return this.app.say(`“${shortened(prompt, 40)}”: ${said(error)}`, true);
    this.wrong = said(error);
    // The same request id would return the same refusal, so the next try is another order.
    if (!isRefusal(error, 'NoAnswer') && !isRefusal(error, 'Unavailable')) this.requestId = newRequestId();
  }
}

/** Ctrl+Enter, or ⌘+Enter, in any field. */
function sendsIt(event: KeyboardEvent): void {
  if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey)) return;
  event.preventDefault();
  (event.currentTarget as HTMLFormElement).requestSubmit();
}

/** Refuses, with a RangeError, a file that the browser cannot show as a picture: an order would be refused with it. */
async function mustBePicture(file: File): Promise<void> {
  const shown = await createImageBitmap(file).catch(() => null);
  if (!shown) throw new RangeError(`“${shortened(file.name, 40)}” is not a picture that can be used.`);
  shown.close();
}

/** What the quote says beside the price. `refused`: the order was, and the form says why. */
function foretold(quote: Quote | null, refused: boolean): TemplateResult | typeof nothing {
  if (!quote) return nothing;
  const { refusal, balance, balanceAfter, typicalSeconds } = quote;
  if (refusal) return refused ? nothing : html`<strong>${refusalOf(refusal)}</strong>`;
  const leaves = balance === balanceAfter ? '' : `Leaves you ${tokens(balanceAfter)}. `;
  return html`${leaves}${typicalSeconds ? typically(typicalSeconds) : nothing}`;
}
