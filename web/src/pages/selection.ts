// The creations that are selected in the library, and what can be done with all of them at once.
import { html, nothing, type TemplateResult } from 'lit-html';
import type { Creation } from '../../../clients/typescript/src/index.ts';
import type { App } from '../app.ts';
import { icon } from '../icons.ts';
import { say, translated } from '../language.ts';
import { library as english } from '../words/en/library.ts';
import { deleteCreations, parts, putIntoCollection } from './collections.ts';

const words = translated('library', english);

type Chosen = ReadonlyMap<string, Creation>;

export class Selection {
  /** By their ids; null while nothing is being selected. */
  chosen: Map<string, Creation> | null = null;

  constructor(
    private readonly app: App,
    /** The collection that the library shows. */
    private readonly shown: () => string | null,
    /** What the library shows of it. */
    private readonly all: () => readonly Creation[],
    /** They have been moved or deleted. */
    private readonly changed: () => void,
  ) {}

  begin(): void {
    this.chosen = new Map();
    this.app.update();
  }

  /** The box that selects one. */
  box(creation: Creation, label: string): TemplateResult {
    const { creationId: id } = creation;
    const { chosen } = this;
    const toggle = () => {
      if (!chosen?.delete(id)) chosen?.set(id, creation);
      this.app.update();
    };
    return html`<label class="over pick"><span class="hidden">${say(words.selectThis, { name: label })}</span>
      <input type="checkbox" .checked=${chosen?.has(id) ?? false} @change=${toggle} /></label>`;
  }

  view(): TemplateResult | typeof nothing {
    const { app, chosen } = this;
    if (!chosen) return nothing;
    const none = chosen.size === 0;
    return html`<div class="selection card" role="region" aria-label=${words.selected}>
      <strong role="status">${say(words.areSelected, { count: chosen.size })}</strong>
      <div class="row wrap">
        <button @click=${() => this.chooseAll()}>${words.selectAll}</button>
        <button ?disabled=${none} @click=${() => putIntoCollection(app, [...chosen.keys()], this.done)}>
          ${words.putIn}
        </button>
        ${this.shown()
          ? html`<button ?disabled=${none} @click=${() => this.takeOut(chosen)}>${words.takeOut}</button>`
          : nothing}
        <button ?disabled=${none} @click=${() => this.save(chosen)}>${icon('download')}${words.download}</button>
        <button class="bad" ?disabled=${none} @click=${() => this.delete(chosen)}>
          ${icon('trash')}${words.delete}
        </button>
        <button @click=${() => this.end()}>${words.done}</button>
      </div>
    </div>`;
  }

  private chooseAll(): void {
    this.chosen = new Map(this.all().map((each) => [each.creationId, each]));
    this.app.update();
  }

  private end(): void {
    this.chosen = null;
    this.app.update();
  }

  private readonly done = (): void => {
    this.end();
    this.changed();
  };

  private delete(chosen: Chosen): void {
    this.end();
    deleteCreations(this.app, [...chosen.keys()], this.changed);
  }

  private save(chosen: Chosen): Promise<void | null> {
    return this.app.attempt(async () => (await import('../zip.ts')).saveZip(this.app, [...chosen.values()]));
  }

  private async takeOut(chosen: Chosen): Promise<void> {
    const { app } = this;
    const collectionId = this.shown()!;
    for (const remove of parts([...chosen.keys()]))
      if (!(await app.attempt(() => app.studiox.changeCollection({ collectionId, remove })))) return;
    app.say(say(words.wasTakenOut, { count: chosen.size }));
    this.done();
  }
}
