// Data of a page: one item, or a list in pages with a button for more.
import { html, nothing, type TemplateResult } from 'lit-html';
import { isRefusal } from '../../clients/typescript/src/index.ts';
import type { App } from './app.ts';

interface Piece<T> {
  items: T[];
  nextCursor: string | null;
}

/** A placeholder: loading, or failed to load. */
export const missing = (failed: boolean, again: () => void): TemplateResult =>
  failed
    ? html`<p class="more">It could not be loaded. <button @click=${again}>Try again</button></p>`
    : html`<p class="muted" role="status">Loading …</p>`;

/** One item with an address of its own. */
export class One<T> {
  /** Undefined while loading; null: it does not exist. */
  value: T | null | undefined;
  private failed = false;

  constructor(
    private readonly app: App,
    private readonly read: () => Promise<T>,
  ) {}

  async load(): Promise<void> {
    this.failed = false;
    try {
      this.value = await this.read();
    } catch (error) {
      if (isRefusal(error, 'NotFound')) this.value = null;
      else {
        this.failed = true;
        this.app.fail(error);
      }
    }
    this.app.update();
  }

  /** Shown while it is not loaded; `again` retries. */
  missing(again: () => Promise<void>): TemplateResult {
    return missing(this.failed, () => void again());
  }
}

export class List<T> {
  /** Null until the first page is loaded. */
  items: T[] | null = null;
  private cursor: string | null = null;
  private loading = false;
  private failed = false;
  private asked = 0;

  constructor(
    private readonly app: Pick<App, 'attempt' | 'update'>,
    private readonly read: (cursor: string | null) => Promise<Piece<T>>,
  ) {}

  /** Load the list from its start again. */
  async reload(): Promise<void> {
    await this.load(null, (found) => found);
  }

  /** Shown while `items` is null. */
  missing(): TemplateResult {
    return missing(this.failed, () => void this.reload());
  }

  more(): TemplateResult | typeof nothing {
    if (this.cursor === null) return nothing;
    const next = () => this.load(this.cursor, (found) => [...(this.items ?? []), ...found]);
    return html`<p class="more"><button ?disabled=${this.loading} @click=${next}>
      ${this.loading ? 'Loading …' : 'Show more'}</button></p>`;
  }

  private async load(cursor: string | null, joined: (found: T[]) => T[]): Promise<void> {
    const number = ++this.asked;
    this.loading = true;
    this.failed = false;
    this.app.update();
    const found = await this.app.attempt(() => this.read(cursor));
    if (number !== this.asked) return; // asked for something else meanwhile
    this.loading = false;
    this.failed = found === null;
    if (found) [this.items, this.cursor] = [joined(found.items), found.nextCursor];
    this.app.update();
  }
}
