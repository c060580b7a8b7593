// The order form, built from the catalogue. What is in it is kept at this tab, also through a reload.
import { html, nothing, type TemplateResult } from 'lit-html';
import { repeat } from 'lit-html/directives/repeat.js';
import { isRefusal } from '../../../clients/typescript/src/errors.ts';
import type { ModelOption, Quote, StudioOptions } from '../../../clients/typescript/src/index.ts';
import { newRequestId } from '../../../clients/typescript/src/retry.ts';
import type { App } from '../app.ts';
import { icon } from '../icons.ts';
import { Drafted } from '../kept.ts';
import { affordable, arranged, complete, fitting, flat, priceOf, request, type Values } from '../order.ts';
import type { Draft } from '../page.ts';
import { foretold, Quotes, short } from '../quote.ts';
import { askToSignIn } from '../sign-in.ts';
import { waiting } from '../waiting.ts';
import { said, shortened, tokens } from '../words.ts';
import { field, modelField, sendsIt, typeField } from './fields.ts';
import { dragged, received, type Filled } from './inputs.ts';

const TYPES = ['image', 'edit', 'video', 'music', 'speech', 'lyrics', 'analysis'];

/** Empty until the balance is known. */
const standing = ({ balance, notifications }: App): string =>
  balance ? `${balance.balance} ${balance.plan} ${notifications[0]?.id ?? ''}` : '';

export class OrderForm {
  /** Who fills it in, also after the session's end; null: a visitor. */
  owner: string | null;
  /** Called for each order that was placed. */
  placed: (jobId: string) => void = () => undefined;
  private type = 'image';
  private modelId = '';
  private values: Values = {};
  private sessionId = '';
  private from = '';
  private failed = false;
  /** The request ids of the orders that are not answered yet: a provider may take half a minute to take one. */
  private readonly sending = new Set<string>();
  private uploading = 0;
  private wrong = '';
  /** The request id, kept until the order is placed: a click after a lost answer is not a second order. */
  private requestId = newRequestId();
  /** What the last quote may have depended on. */
  private standing = '';
  private readonly quotes: Quotes;
  private readonly draft: Drafted<Draft>;

  constructor(private readonly app: App) {
    this.quotes = new Quotes(app);
    this.draft = new Drafted<Draft>(app, 'order');
    this.owner = this.draft.owner;
    this.fill(this.draft.read());
  }

  /** The balance, the jobs or the catalogue have changed, so the order may cost or be refused otherwise. */
  renew(): void {
    if (this.options) this.choose(this.type);
    const before = this.standing;
    this.standing = standing(this.app);
    if (before && before !== this.standing) this.quotes.renew();
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

  /** Show the catalogue, and begin with the settings of a remix, or of a creation that is used again. */
  async load(): Promise<void> {
    this.failed = false;
    if (!this.options) await this.app.catalogue();
    else void this.app.catalogue(); // the last visit's until this one's is there
    this.failed = !this.options;
    const { draft } = this.app;
    if (!this.options) return this.app.update();
    this.app.draft = null;
    this.fill(draft);
    this.choose(this.type);
    if (draft) this.changed();
    this.app.update();
  }

  private fill(draft: Draft | null): void {
    if (!draft) return;
    this.type = draft.type;
    this.modelId = draft.model;
    this.values = flat(draft.values);
    this.sessionId = draft.sessionId ?? '';
    this.from = draft.from;
    this.requestId = draft.requestId ?? newRequestId();
  }

  view(): TemplateResult {
    const { options, model } = this;
    if (options && model) return this.form(this.filled(model, options));
    return html`<div class="card form">
      ${this.failed
        ? html`<p role="alert">The models could not be loaded.</p>
            <button @click=${() => this.load()}>Try again</button>`
        : waiting(html``)}
    </div>`;
  }

  private form(filled: Filled): TemplateResult {
    const { model, values } = filled;
    const { shown, more } = arranged(model, values);
    const one = (name: string) => field(filled, name);
    // Each field keeps its elements: one that is given to another field keeps what was chosen there.
    const fields = (names: string[]) => html`<div class="fields">${repeat(names, (name) => name, one)}</div>`;
    const types = TYPES.filter((type) => this.models(type).length > 0);
    const take = (event: DragEvent | ClipboardEvent) => received(event, filled, (why) => this.app.say(why, true));
    return html`<form class="card form" @submit=${this.submit} @keydown=${sendsIt} @paste=${take} @drop=${take}
      @dragover=${dragged} aria-label="Order">
      ${typeField(types, this.type, (type) => (this.choose(type), this.changed()))}
      ${this.from
        ? html`<p class="note">${icon('remix')}<span>${this.from}</span>
            <button type="button" class="link" @click=${() => this.clear()}>Start over</button></p>`
        : nothing}
      ${modelField(this.models(this.type), model, (id) => (this.choose(this.type, id), this.changed()))}
      ${fields(shown)}
      ${more.length > 0 ? html`<details><summary>More choices</summary>${fields(more)}</details>` : nothing}
      ${this.footer(model)}
    </form>`;
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

  private shortage(price: number | null): TemplateResult | null {
    const { app, wrong, values } = this;
    if (!app.user || !app.balance || price === null) return null;
    const other = affordable(this.models(this.type), values, app.balance);
    return short(price, app.balance.balance, wrong !== '', other, (id) => (this.choose(this.type, id), this.changed()));
  }

  private models(type: string): ModelOption[] {
    return this.options?.models.filter((each) => each.type === type) ?? [];
  }

  private get model(): ModelOption | null {
    const models = this.models(this.type);
    return models.find(({ id }) => id === this.modelId) ?? models[0] ?? null;
  }

  /** Keep the values that the chosen model accepts, or the first of this type without another choice. */
  private choose(type: string, id = this.modelId): void {
    [this.type, this.modelId] = [type, id];
    const { model } = this;
    if (!model) return;
    this.modelId = model.id;
    this.values = fitting(model, this.values);
  }

  /** Start another order, with a request id of its own. */
  private changed(): void {
    this.wrong = '';
    this.renumber();
    this.app.update();
  }

  /** With another request id the next press is another order. */
  private renumber(): void {
    this.requestId = newRequestId();
    const { type, modelId: model, values, sessionId, from, requestId } = this;
    this.draft.write({ type, model, values, sessionId, from, requestId });
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
      pick: (name) => void this.pick(name).catch((error: unknown) => this.app.fail(error)),
      address: (path) => this.app.files.private(path),
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
    this.set(name, [...new Set([...((this.values[name] as string[] | undefined) ?? []), ...paths])]);
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
      this.renumber();
      this.placed(jobId);
    } catch (error) {
      this.refused(error, requestId, String(values['prompt'] ?? ''));
      if (isRefusal(error, 'PriceChanged')) void this.app.loadCatalogue();
    } finally {
      this.sending.delete(requestId);
      this.app.update();
    }
  }

  private refused(error: unknown, requestId: string, prompt: string): void {
    if (this.requestId !== requestId) return this.app.say(`“${shortened(prompt, 40)}”: ${said(error)}`, true);
    this.wrong = said(error);
    // The same request id would return the same refusal, so the next try is another order.
    if (!isRefusal(error, 'NoAnswer') && !isRefusal(error, 'Unavailable')) this.renumber();
  }
}
