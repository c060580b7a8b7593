// The order form, built from the catalogue. It outlives its page, so that its values are kept.
import { html, nothing, type TemplateResult } from 'lit-html';
import { isRefusal, newRequestId, type ModelOption, type Quote, type StudioOptions } from '../../../clients/typescript/src/index.ts';
import type { App, Draft } from '../app.ts';
import { icon } from '../icons.ts';
import { asked, complete, fitting, priceOf, request, valueOf, type Values } from '../order.ts';
import { Quotes } from '../quote.ts';
import { askToSignIn } from '../sign-in.ts';
import { inputName, refusalOf, said, spelled, tokens, typeName, typically } from '../words.ts';
import { overruled } from './library.ts';

const ORDER = ['image', 'edit', 'video', 'music', 'speech', 'lyrics', 'analysis'];
/** The order of the fields. Others follow them. */
const FIELDS = ['prompt', 'inputPaths', 'aspectRatio', 'size', 'durationSeconds', 'quality', 'resolution', 'style', 'color'];
const LONG = 200;
const FEW = 5;
const PROMPTS: Record<string, string> = {
  image: 'A lighthouse at dawn, oil on canvas',
  edit: 'Make it winter',
  video: 'Waves under a lighthouse, slow motion',
  music: 'A calm song about the sea at night, piano and strings',
  speech: 'The words to speak',
  lyrics: 'What the song is about',
  analysis: 'What do you want to know about the picture?',
};
interface Chosen {
  id: string;
  label: string;
}

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

  /** What the chosen order would cost now; null for visitors, for an order that lacks something, and until it is known. */
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
    const { options = {}, ...fields } = draft.values as { options?: Values };
    this.values = this.model ? fitting(this.model, { ...fields, ...options }) : {};
    this.sessionId = draft.sessionId ?? '';
    this.from = draft.from;
    this.changed();
  }

  view(): TemplateResult {
    const { options, model, app } = this;
    if (!options || !model)
      return html`<div class="card form">
        ${this.loading
          ? html`<p class="muted" role="status">Loading the models …</p>`
          : html`<p role="alert">The models could not be loaded.</p><button @click=${() => this.load()}>Try again</button>`}
      </div>`;
    const place = (name: string) => (FIELDS.indexOf(name) + FIELDS.length + 1) % (FIELDS.length + 1);
    const names = Object.keys(model.inputs)
      .filter((name) => !asked(model, this.values, name).excluded && !overruled(name, this.values))
      .sort((a, b) => place(a) - place(b));
    const [shown, more] = [names.filter((name) => !this.isExtra(name)), names.filter((name) => this.isExtra(name))];
    const quote = this.quoted();
    const price = quote?.price ?? priceOf(model, this.values);
    const types = ORDER.filter((type) => this.models(type).length > 0);
    return html`<form class="card form" @submit=${this.submit} aria-label="Order">
      <fieldset class="segments">
        <legend class="hidden">What to make</legend>
        ${types.map(
          (type) => html`<label><input type="radio" name="type" value=${type} .checked=${type === this.type}
            @change=${() => (this.choose(type), this.changed())} /><span>${typeName(type)}</span></label>`,
        )}
      </fieldset>
      ${this.from
        ? html`<p class="note">${icon('remix')}<span>${this.from}</span>
            <button type="button" class="link" @click=${() => this.clear()}>Start over</button></p>`
        : nothing}
      <label>Model
        <select @change=${(event: Event) => (this.choose(this.type, (event.target as HTMLSelectElement).value), this.changed())}>
          ${this.models(this.type).map(
            (each) => html`<option value=${each.id} .selected=${each.id === model.id}>
              ${each.label}${each.plan === 'free' ? '' : ` · ${spelled(each.plan)} plan`}
            </option>`,
          )}
        </select>
      </label>
      <div class="fields">${shown.map((name) => this.field(model, name))}</div>
      ${more.length > 0
        ? html`<details><summary>More choices</summary><div class="fields">${more.map((name) => this.field(model, name))}</div></details>`
        : nothing}
      <div class="order"><p class="wrong" role="alert">${this.wrong}</p>
      <p class="terms" role="status">${quote && !this.busy ? foretold(quote) : nothing}</p>
      <button class="main wide" ?disabled=${this.busy || this.uploading > 0}>
        ${icon('spark')}
        ${this.busy ? 'Ordering …' : this.uploading > 0 ? 'Uploading …' : app.user ? 'Generate' : 'Sign up and generate'}
        ${price === null ? nothing : html`<span class="price">${tokens(price)}</span>`}
      </button></div>
    </form>`;
  }

  private models(type: string): ModelOption[] {
    return this.options?.models.filter((each) => each.type === type) ?? [];
  }

  private isExtra(name: string): boolean {
    const { kind, required } = asked(this.model!, this.values, name);
    return !required && !FIELDS.includes(name) && (kind === 'text' || kind === 'integer' || name === 'version');
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

  private choices(name: string): Chosen[] {
    const { catalogue = '', values = [] } = this.model!.inputs[name]!;
    if (catalogue === '') return values.map((value) => ({ id: String(value), label: name === 'durationSeconds' ? `${value} s` : String(value) }));
    return this.options![catalogue].map((each) => ({ id: String(each['id']), label: spelled(String(each['label'] ?? each['id'])) }));
  }

  private field(model: ModelOption, name: string): TemplateResult {
    const input = asked(model, this.values, name);
    const label = name === 'inputPaths' && this.type === 'analysis' ? 'Pictures to look at' : inputName(name);
    const value = valueOf(model, this.values, name);
    const title = html`<span>${label}${input.required ? nothing : html` <span class="muted">(optional)</span>`}</span>`;
    const write = (event: Event) => this.set(name, (event.target as HTMLInputElement).value);
    switch (input.kind) {
      case 'text': {
        const long = (input.max ?? LONG) > LONG;
        return html`<label>${title}
          ${long
            ? html`<textarea name=${name} rows=${name === 'prompt' ? 4 : 3} maxlength=${input.max ?? nothing} ?required=${input.required}
                placeholder=${name === 'prompt' ? (PROMPTS[this.type] ?? '') : ''} .value=${String(value ?? '')} @input=${write}></textarea>`
            : html`<input name=${name} maxlength=${input.max ?? nothing} ?required=${input.required} .value=${String(value ?? '')} @input=${write} />`}
        </label>`;
      }
      case 'choice':
        return this.choice(name, label, value, input.required === true || input.default != null);
      case 'integer':
        return html`<label>${title}
          <input name=${name} type="number" min=${input.min ?? 0} max=${input.max ?? nothing} ?required=${input.required}
            .value=${String(value ?? '')}
            @input=${(event: Event) => { const typed = (event.target as HTMLInputElement).value; this.set(name, typed === '' ? undefined : Number(typed)); }} />
        </label>`;
      case 'flag':
        return html`<label class="switch"><input name=${name} type="checkbox" role="switch" .checked=${value === true}
          @change=${(event: Event) => this.set(name, (event.target as HTMLInputElement).checked)} /><span>${label}</span></label>`;
      case 'files':
        return this.files(name, label, input.max ?? 1, input.required === true);
    }
  }

  private choice(name: string, label: string, value: unknown, always: boolean): TemplateResult {
    const choices = this.choices(name);
    const numbers = typeof this.model!.inputs[name]!.values?.[0] === 'number';
    const pick = (id: string) => this.set(name, id === '' ? undefined : numbers ? Number(id) : id);
    if (choices.length > FEW || ['styles', 'colors'].includes(this.model!.inputs[name]!.catalogue ?? ''))
      return html`<label class="half">${label}
        <select name=${name} @change=${(event: Event) => pick((event.target as HTMLSelectElement).value)}>
          ${always ? nothing : html`<option value="">Any</option>`}
          ${choices.map(({ id, label }) => html`<option value=${id} .selected=${String(value) === id}>${label}</option>`)}
        </select></label>`;
    return html`<fieldset class="chips"><legend>${label}</legend>
      ${(always ? choices : [{ id: '', label: name === 'aspectRatio' && this.model!.inputs['size'] ? 'By size' : 'Auto' }, ...choices]).map(
        ({ id, label }) => html`<label><input type="radio" name=${name} value=${id} .checked=${String(value ?? '') === id}
          @change=${() => pick(id)} /><span>${label}</span></label>`,
      )}
    </fieldset>`;
  }

  private files(name: string, label: string, most: number, required: boolean): TemplateResult {
    const paths = (this.values[name] as string[] | undefined) ?? [];
    const add = async (event: Event) => {
      const field = event.target as HTMLInputElement;
      const files = [...(field.files ?? [])].slice(0, most - paths.length);
      field.value = '';
      if (!this.app.user) return askToSignIn(this.app);
      this.uploading += 1;
      this.app.update();
      const added = await this.app.attempt(() => Promise.all(files.map((file) => this.app.studiox.uploadInput(file))));
      this.uploading -= 1;
      if (added) this.set(name, [...((this.values[name] as string[] | undefined) ?? []), ...added]);
      this.app.update();
    };
    return html`<fieldset class="uploads"><legend>${label}${required ? nothing : html` <span class="muted">(optional)</span>`}</legend>
      ${paths.map((path, index) => {
        const src = this.app.files.private(path);
        return html`<span class="thumb">
          ${src ? html`<img src=${src} alt="Upload ${index + 1}" />` : nothing}
          <button type="button" class="round" aria-label="Remove upload ${index + 1}"
            @click=${() => this.set(name, paths.filter((each) => each !== path))}>${icon('close')}</button>
        </span>`;
      })}
      ${paths.length < most
        ? html`<label class="drop">${icon('plus')}<span>${this.uploading > 0 ? 'Uploading …' : 'Add a picture'}</span>
            <input class="hidden" type="file" accept="image/*,audio/*,video/*" ?multiple=${most > 1} ?required=${required && paths.length === 0} @change=${add} />
          </label>`
        : nothing}
    </fieldset>`;
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
  return html`${balance === balanceAfter ? nothing : html`Leaves you ${tokens(balanceAfter)}.`} ${typicalSeconds ? typically(typicalSeconds) : nothing}`;
}
