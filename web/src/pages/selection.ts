// The creations that are selected in the library, and what can be done with all of them at once.
import { html, nothing, type TemplateResult } from 'lit-html';
import type { App } from '../app.ts';
import { icon } from '../icons.ts';
import { creations, deleteCreations, parts, putIntoCollection } from './collections.ts';

export class Selection {
  /** The ids; null while nothing is being selected. */
  chosen: Set<string> | null = null;

  constructor(
    private readonly app: App,
    /** The collection that the library shows. */
    private readonly shown: () => string | null,
    /** They have been moved or deleted. */
    private readonly changed: () => void,
  ) {}

  begin(): void {
    this.chosen = new Set();
    this.app.update();
  }

  /** The box that selects one. */
  box(creationId: string, label: string): TemplateResult {
    const chosen = this.chosen ?? new Set();
    const toggle = () => {
      if (!chosen.delete(creationId)) chosen.add(creationId);
      this.app.update();
    };
    return html`<label class="over pick"><span class="hidden">Select: ${label}</span>
      <input type="checkbox" .checked=${chosen.has(creationId)} @change=${toggle} /></label>`;
  }

  view(): TemplateResult | typeof nothing {
    const { app, chosen } = this;
    if (!chosen) return nothing;
    const none = chosen.size === 0;
    return html`<div class="selection card" role="region" aria-label="Selected">
      <strong role="status">${creations(chosen.size)} selected</strong>
      <div class="row wrap">
        <button ?disabled=${none} @click=${() => putIntoCollection(app, [...chosen], this.done)}>
          Put into a collection
        </button>
        ${this.shown()
          ? html`<button ?disabled=${none} @click=${() => this.takeOut(chosen)}>Take out of this collection</button>`
          : nothing}
        <button class="bad" ?disabled=${none} @click=${() => this.delete(chosen)}>
          ${icon('trash')}Delete
        </button>
        <button @click=${() => this.end()}>Done</button>
      </div>
    </div>`;
  }

  private end(): void {
    this.chosen = null;
    this.app.update();
  }

  private readonly done = (): void => {
    this.end();
    this.changed();
  };

  private delete(chosen: ReadonlySet<string>): void {
    this.end();
    deleteCreations(this.app, [...chosen], this.changed);
  }

  private async takeOut(chosen: ReadonlySet<string>): Promise<void> {
    const { app } = this;
    const collectionId = this.shown()!;
    for (const remove of parts([...chosen]))
      if (!(await app.attempt(() => app.studiox.changeCollection({ collectionId, remove })))) return;
    app.say(`${creations(chosen.size)} taken out of the collection.`);
    this.done();
  }
}
