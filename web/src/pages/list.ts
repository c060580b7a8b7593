// A list that comes in pages: what is there so far, and the button for more.
import { html, nothing, type TemplateResult } from 'lit-html';
import type { App } from '../app.ts';

interface Piece<T> {
  items: T[];
  nextCursor: string | null;
}

export class List<T> {
  /** Null until the first page is there. */
  items: T[] | null = null;
  private cursor: string | null = null;
  private loading = false;
  private asked = 0;

  constructor(
    private readonly app: App,
    private readonly read: (cursor: string | null) => Promise<Piece<T>>,
  ) {}

  /** From the start, in place of what is there. */
  async reload(): Promise<void> {
    this.cursor = null;
    await this.load((found) => found);
  }

  more(): TemplateResult | typeof nothing {
    if (this.cursor === null) return nothing;
    return html`<p class="more"><button ?disabled=${this.loading} @click=${() => this.load((found) => [...(this.items ?? []), ...found])}>
      ${this.loading ? 'Loading …' : 'Show more'}</button></p>`;
  }

  private async load(joined: (found: T[]) => T[]): Promise<void> {
    const number = ++this.asked;
    this.loading = true;
    this.app.update();
    const found = await this.app.attempt(() => this.read(this.cursor));
    if (number !== this.asked) return; // asked for something else meanwhile
    this.loading = false;
    this.items = found ? joined(found.items) : (this.items ?? []);
    this.cursor = found?.nextCursor ?? null;
    this.app.update();
  }
}
