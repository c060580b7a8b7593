// The order form, built from the catalogue. It outlives its page, so that its values are kept.
import { html, nothing, type TemplateResult } from 'lit-html';
import {
  isRefusal,
  newRequestId,
  type ModelOption,
  type Quote,
  type StudioOptions,
} from '../../../clients/typescript/src/index.ts';
import type { App } from '../app.ts';
import { icon } from '../icons.ts';
import { arranged, complete, fitting, priceOf, request, restored, type Values } from '../order.ts';
import type { Draft } from '../page.ts';
import { Quotes } from '../quote.ts';
import { askToSignIn } from '../sign-in.ts';
import { refusalOf, said, spelled, tokens, typeName, typically } from '../words.ts';
import { field, type Filled } from './fields.ts';

const TYPES = ['image', 'edit', 'video', 'music', 'speech', 'lyrics', 'analysis'];

export class OrderForm {
  private type = 'image';
  private model: ModelOption | null = null;
  private values: Values = {};
  private sessionId = '';
  private from = '';
  private loading = false;
  private busy = false;
  private uploading = 0;
  private wrong = '';
  /** The request id, kept until the order is placed: a click after a lost answer is not a second order. */
  private requestId = newRequestId();
  private readonly quotes: Quotes;

  constructor(
    private readonly app: App,
    /** Called for each order that was placed. */
    public placed: (jobId: string, prompt: string) => void = () => undefined,
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
    const fields = (names: string[]) => html`<div class="fields">${names.map((name) => field(filled, name))}</div>`;
    const types = TYPES.filter((type) => this.models(type).length > 0);
    const pick = (type: string) => () => (this.choose(type), this.changed());
    return html`<form class="card form" @submit=${this.submit} aria-label="Order">
      <fieldset class="segments">
        <legend class="hidden">What to make</legend>
        ${types.map(
          (type) => html`<label>
            <input type="radio" name="type" value=${type} .checked=${type === this.type} @change=${pick(type)} />
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
    const { busy, uploading } = this;
    const quote = this.quoted();
    const price = quote?.price ?? priceOf(model, this.values);
    const ready = this.app.user ? 'Generate' : 'Sign up and generate';
    return html`<div class="order">
      <p class="wrong" role="alert">${this.wrong}</p>
      <p class="terms" role="status">${quote && !busy ? foretold(quote) : nothing}</p>
      <button class="main wide" ?disabled=${busy || uploading > 0}>
        ${icon('spark')}
        ${busy ? 'Ordering …' : uploading > 0 ? 'Uploading …' : ready}
        ${price === null ? nothing : html`<span class="price">${tokens(price)}</span>`}
      </button></div>`;
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
    const added = await app.attempt(() => Promise.all(files.map((file) => app.studiox.uploadInput(file))));
    this.uploading -= 1;
    if (added) this.set(name, [...((this.values[name] as string[] | undefined) ?? []), ...added]);
    app.update();
  }

  private readonly submit = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    const { app, model, values } = this;
    if (!model || this.busy) return;
    if (!app.user) return askToSignIn(app, () => void this.order(model, values));
    await this.order(model, values);
  };

  private async order(model: ModelOption, values: Values): Promise<void> {
    this.busy = true;
    this.wrong = '';
    this.app.update();
    try {
      const price = this.quoted()?.price ?? priceOf(model, values);
      const { jobId } = await this.app.studiox.createStudioJob({
        ...request(model, values),
        requestId: this.requestId,
        ...(price === null ? {} : { maxPrice: price }),
        ...(this.sessionId ? { sessionId: this.sessionId } : {}),
      });
      this.requestId = newRequestId();
      this.placed(jobId, String(values['prompt'] ?? ''));
    } catch (error) {
      this.wrong = said(error);
      // The same request id would return the same refusal, so the next try is another order.
      if (!isRefusal(error, 'NoAnswer') && !isRefusal(error, 'Unavailable')) this.requestId = newRequestId();
      if (isRefusal(error, 'PriceChanged')) {
        this.app.options = null;
        void this.load();
      }
    } finally {
      this.busy = false;
      this.app.update();
    }
  }
}

/** What the quote says beside the price. */
function foretold({ refusal, balance, balanceAfter, typicalSeconds }: Quote): TemplateResult {
  if (refusal) return html`<strong>${refusalOf(refusal)}</strong>`;
  const leaves = balance === balanceAfter ? '' : `Leaves you ${tokens(balanceAfter)}. `;
  return html`${leaves}${typicalSeconds ? typically(typicalSeconds) : nothing}`;
}
