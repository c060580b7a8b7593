// Data of a page: one item, or a list in pages with a button for more.
import { html, nothing, type TemplateResult } from 'lit-html';
import { isRefusal } from '../../clients/typescript/src/errors.ts';
import type { App } from './app.ts';
import type { Shelf } from './kept.ts';
import { translated } from './language.ts';
import { waitingDetail, waitingLines } from './waiting.ts';
import { library as english } from './words/en/library.ts';

const words = translated('library', english);

interface Piece<T> {
  items: T[];
  nextCursor: string | null;
}

/** Pages of which the reader may see nothing that are asked for in a row before there is a button for more. */
const EMPTY_PAGES = 5;

/** In place of data: what is shown while it loads, or a button after a failure. */
export const missing = (failed: boolean, again: () => void, loading = waitingLines(4)): TemplateResult =>
  failed ? html`<p class="more">${words.failed} <button @click=${again}>${words.tryAgain}</button></p>` : loading;

/** One item with an address of its own. The catalogue is there before it: the names of models, and what they can do. */
export class One<T> {
  /** Undefined while loading; null: it does not exist. */
  value: T | null | undefined;
  private failed = false;

  constructor(
    private readonly app: App,
    private readonly read: () => Promise<T>,
    /** Called when it is loaded. */
    private readonly loaded: () => void = () => undefined,
  ) {}

  async load(): Promise<void> {
    this.failed = false;
    const found = await this.app.load(
      async () => {
        try {
          const [value] = await Promise.all([this.read(), this.app.catalogue()]);
          return { value };
        } catch (error) {
          if (isRefusal(error, 'NotFound')) return { value: null };
          throw error;
        }
      },
      () => void this.load(),
    );
    this.failed = found === null;
    if (found) this.value = found.value;
    if (this.value) this.loaded();
    this.app.update();
  }

  /** Shown while it is not loaded. */
  missing(): TemplateResult {
    return missing(this.failed, () => void this.load(), waitingDetail());
  }
}

interface Looks {
  /** Shown while the first page is loaded. */
  loading?: TemplateResult;
  /** Where the first page is kept for the next visit, and its name there; nowhere what it may not show at once then. */
  keep?: () => [shelf: Shelf, name: string] | undefined;
}

export class List<T> {
  /** Null until the first page is loaded. */
  items: T[] | null = null;
  private cursor: string | null = null;
  private loading = false;
  private failed = false;
  private asked = 0;
  /** What is being loaded. */
  private coming = Promise.resolve();

  constructor(
    private readonly app: Pick<App, 'load' | 'update'>,
    private readonly read: (cursor: string | null) => Promise<Piece<T>>,
    private readonly looks: Looks = {},
  ) {
    const [shelf, name] = looks.keep?.() ?? [];
    this.items = shelf?.read<T[]>(name!) ?? null;
  }

  /** Load the list from its start again. */
  async reload(): Promise<void> {
    await (this.coming = this.load(null, (found) => found));
    const [shelf, name] = this.looks.keep?.() ?? [];
    if (!this.failed) shelf?.write(name!, this.items);
  }

  /** Read again all that is shown, and replace it at once, so that the reader keeps the place. */
  async refresh(): Promise<void> {
    if (this.loading) return; // what comes is new
    const number = ++this.asked;
    const items: T[] = [];
    let cursor: string | null = null;
    do {
      const piece: Piece<T> | null = await this.read(cursor).catch(() => null);
      if (!piece || number !== this.asked) return; // what is shown is complete without it
      items.push(...piece.items);
      cursor = piece.nextCursor;
    } while (cursor !== null && items.length < (this.items?.length ?? 0));
    [this.items, this.cursor] = [items, cursor];
    this.app.update();
  }

  /** Shown while `items` is null. */
  missing(): TemplateResult {
    return missing(this.failed, () => void this.reload(), this.looks.loading);
  }

  /** Whether there are more than `items` has. */
  get hasMore(): boolean {
    return this.cursor !== null;
  }

  /** Load the next page, if there is one. Resolves when it is here, or what was being loaded already. */
  async next(): Promise<void> {
    if (this.cursor !== null && !this.loading)
      this.coming = this.load(this.cursor, (found) => [...(this.items ?? []), ...found]);
    await this.coming;
  }

  more(): TemplateResult | typeof nothing {
    if (!this.hasMore) return nothing;
    return html`<p class="more"><button ?disabled=${this.loading} @click=${() => this.next()}>
      ${this.loading ? words.loading : words.showMore}</button></p>`;
  }

  private async load(cursor: string | null, joined: (found: T[]) => T[]): Promise<void> {
    const number = ++this.asked;
    this.loading = true;
    this.failed = false;
    this.app.update();
    const found = await this.app.load(
      () => this.some(cursor),
      () => number === this.asked && void this.load(cursor, joined),
    );
    if (number !== this.asked) return; // asked for something else meanwhile
    this.loading = false;
    this.failed = found === null;
    if (found) [this.items, this.cursor] = [joined(found.items), found.nextCursor];
    this.app.update();
  }

  /** The next page that holds something: what somebody may not see, or does not look for, is left out of a page. */
  private async some(cursor: string | null): Promise<Piece<T>> {
    let piece = await this.read(cursor);
    for (let more = 0; piece.items.length === 0 && piece.nextCursor !== null && more < EMPTY_PAGES; more++)
      piece = await this.read(piece.nextCursor);
    return piece;
  }
}
