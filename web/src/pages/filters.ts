// What the library is searched for: words, a model, a time, a kind, favourites.
import { html, type TemplateResult } from 'lit-html';
import type { GetUserCreations } from '../../../clients/typescript/src/index.ts';
import type { App } from '../app.ts';
import { say, translated } from '../language.ts';
import { typeName } from '../words.ts';
import { library as english } from '../words/en/library.ts';

const words = translated('library', english);

type Kind = NonNullable<GetUserCreations['type']>;
const KINDS: readonly Kind[] = ['image', 'edit', 'video', 'music', 'speech', 'lyrics', 'analysis'];
/** The times that can be chosen, and how many days back they reach. */
const TIMES: readonly [name: string, days: number][] = [
  [words.anyTime, 0],
  [words.lastDay, 1],
  [say(words.lastDays, { count: 7 }), 7],
  [say(words.lastDays, { count: 30 }), 30],
  [words.lastYear, 365],
];
const DAY_MS = 86_400_000;
const TYPING_MS = 300;

const chosen = (event: Event): string => (event.currentTarget as HTMLSelectElement).value;

export class Filters {
  private type: Kind | null = null;
  private favorite = false;
  private words = '';
  private model = '';
  private days = 0;
  private since: string | null = null;
  private typing = 0;

  constructor(
    private readonly app: App,
    private readonly changed: () => void,
  ) {}

  /** Whether anything is searched for. */
  get any(): boolean {
    return Boolean(this.type || this.favorite || this.words || this.model || this.days);
  }

  /** The fields of the request. The time is the same for all pages of a list. */
  asked(first: boolean): Omit<GetUserCreations, 'cursor'> {
    if (first) this.since = this.days ? new Date(Date.now() - this.days * DAY_MS).toISOString() : null;
    return {
      type: this.type,
      favorite: this.favorite || null,
      query: /[\p{L}\p{N}]/u.test(this.words) ? this.words : null,
      model: this.model || null,
      from: this.since,
    };
  }

  stop(): void {
    clearTimeout(this.typing);
  }

  view(): TemplateResult {
    return html`<form class="find" role="search" aria-label=${words.library} @submit=${this.searchNow}>
      <label class="grow"><span class="hidden">${words.search}</span>
        <input type="search" name="query" maxlength="200" autocomplete="off"
          placeholder=${words.searchWords} dir="auto" @input=${this.search} /></label>
      <label><span class="hidden">${words.model}</span>
        <select name="model" @change=${(event: Event) => this.set({ model: chosen(event) })}>
          <option value="">${words.anyModel}</option>
          ${(this.app.options?.models ?? []).map(({ id, label }) => html`<option value=${id}>${label}</option>`)}
        </select></label>
      <label><span class="hidden">${words.time}</span>
        <select name="time" @change=${(event: Event) => this.set({ days: Number(chosen(event)) })}>
          ${TIMES.map(([name, days]) => html`<option value=${days}>${name}</option>`)}
        </select></label>
    </form>`;
  }

  kinds(): TemplateResult {
    return html`<fieldset class="chips"><legend class="hidden">${words.kind}</legend>
        ${([null, ...KINDS] as const).map(
          (type) => html`<label>
            <input type="radio" name="kind" .checked=${type === this.type} @change=${() => this.set({ type })} />
            <span>${type ? typeName(type) : words.all}</span></label>`,
        )}
      </fieldset>
      <label class="switch">
        <input type="checkbox" role="switch" .checked=${this.favorite}
          @change=${() => this.set({ favorite: !this.favorite })} />
        <span>${words.favouritesOnly}</span></label>`;
  }

  private set(change: { type?: Kind | null; favorite?: boolean; model?: string; days?: number }): void {
    Object.assign(this, change);
    this.changed();
  }

  private readonly search = (event: Event): void => {
    this.words = chosen(event).trim();
    clearTimeout(this.typing);
    this.typing = window.setTimeout(this.changed, TYPING_MS);
  };

  private readonly searchNow = (event: SubmitEvent): void => {
    event.preventDefault();
    clearTimeout(this.typing);
    this.changed();
  };
}
