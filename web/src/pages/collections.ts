// Collections of creations: the dialogs that make, rename, fill and delete them, and what is loaded of them.
import { html, nothing, type TemplateResult } from 'lit-html';
import type { CollectionItem } from '../../../clients/typescript/src/index.ts';
import type { App } from '../app.ts';
import { agreed } from '../ask.ts';
import { icon } from '../icons.ts';
import { count as number, say, translated } from '../language.ts';
import { library as english } from '../words/en/library.ts';

const words = translated('library', english);

/** As many as one call takes. */
export const AT_ONCE = 50;

const creations = (count: number): string => say(words.creations, { count });

/** The ids in parts that a call takes. */
export const parts = (ids: readonly string[]): string[][] =>
  Array.from({ length: Math.ceil(ids.length / AT_ONCE) }, (_, part) => ids.slice(part * AT_ONCE, (part + 1) * AT_ONCE));

/** All of the user's collections, last changed first; there are at most 200. */
export async function allCollections(app: App): Promise<CollectionItem[]> {
  const found: CollectionItem[] = [];
  let cursor: string | null = null;
  do {
    const page = await app.studiox.listCollections({ pageSize: 100, cursor });
    found.push(...page.collections);
    cursor = page.nextCursor;
  } while (cursor !== null);
  return found;
}

/** Ask for a name: of a new collection, or another one for `known`. `done` gets the collection's id. */
export function nameCollection(app: App, known: CollectionItem | null, done: (collectionId: string) => void): void {
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    const name = String(new FormData(event.currentTarget as HTMLFormElement).get('name')).trim();
    const which = known ? { collectionId: known.collectionId } : {};
    const saved = await app.attempt(() => app.studiox.saveCollection({ name, ...which }));
    if (!saved) return;
    app.show(null);
    done(saved.collectionId);
  };
  const label = known ? words.renameCollection : words.newCollection;
  app.show({
    label,
    view: () => html`<h2>${label}</h2>
      <form @submit=${submit}>
        <label>${words.name}
          <input name="name" required maxlength="60" autocomplete="off" autofocus .value=${known?.name ?? ''} /></label>
        <button class="main wide">${known ? words.rename : words.makeCollection}</button>
      </form>`,
  });
}

/** Put creations into a collection that the user chooses or makes. */
export async function putIntoCollection(
  app: App,
  ids: readonly string[],
  done: () => void = () => undefined,
): Promise<void> {
  const found = await app.attempt(() => allCollections(app));
  if (!found) return;
  const put = async (collectionId: string) => {
    app.show(null);
    for (const add of parts(ids))
      if (!(await app.attempt(() => app.studiox.changeCollection({ collectionId, add })))) return;
    app.say(say(words.wasPutIn, { count: ids.length }));
    done();
  };
  app.show({
    label: words.putIn,
    view: () => html`<h2>${say(words.putThese, { count: ids.length })}</h2>
      <ul class="plain choices">
        ${found.map(
          (each) => html`<li><button class="wide" @click=${() => put(each.collectionId)}>
            <span dir="auto">${each.name}</span><small>${creations(each.count)}</small></button></li>`,
        )}
        <li><button class="main wide" @click=${() => nameCollection(app, null, (id) => void put(id))}>
          ${icon('plus')}${words.newCollection}</button></li>
      </ul>`,
  });
}

/** Ask before a collection is deleted. */
export async function deleteCollection(
  app: App,
  { collectionId, name, count }: CollectionItem,
  done: () => void,
): Promise<void> {
  const title = say(words.deleteThisCollection, { name });
  const text = count > 0 ? say(words.staysInLibrary, { count }) : words.isEmpty;
  if (!(await agreed(app, { title, text, yes: words.deleteCollection, no: words.keep }))) return;
  if (!(await app.attempt(() => app.studiox.deleteCollection({ collectionId })))) return;
  app.say(words.collectionDeleted);
  done();
}

/** Delete creations, with an undo. `done` runs when they are gone in fact, or some could not be deleted. */
export function deleteCreations(app: App, ids: readonly string[], done: () => void): void {
  app.delete(say(words.wereDeleted, { count: ids.length }), ids, async () => {
    try {
      for (const creationIds of parts(ids)) await app.studiox.deleteCreations({ creationIds });
    } finally {
      done();
    }
  });
}

/** The collections of the library, and the one that it shows. */
export class Collections {
  chosenId: string | null = null;
  private all: CollectionItem[] = [];

  constructor(
    private readonly app: App,
    /** Another collection was chosen. */
    private readonly changed: () => void,
  ) {}

  async load(): Promise<void> {
    const again = () => void this.load();
    this.all = (await this.app.load(() => allCollections(this.app), again)) ?? this.all;
    this.app.update();
  }

  bar(): TemplateResult {
    const { app, all } = this;
    const chosen = all.find((each) => each.collectionId === this.chosenId) ?? null;
    const renamed = () => void this.load();
    return html`<div class="row wrap">
      <label>${words.collection}
        <select name="collection"
          @change=${(event: Event) => this.choose((event.currentTarget as HTMLSelectElement).value || null)}>
          <option value="" ?selected=${!chosen}>${words.everything}</option>
          ${all.map(
            ({ collectionId: id, name, count }) =>
              html`<option value=${id} dir="auto" ?selected=${id === this.chosenId}
                >${name} (${number(count)})</option>`,
          )}
        </select></label>
      ${chosen
        ? html`<button @click=${() => nameCollection(app, chosen, renamed)}>${words.rename}</button>
            <button class="bad" @click=${() => deleteCollection(app, chosen, () => this.choose(null))}>
              ${words.deleteCollection}
            </button>`
        : nothing}
      <button @click=${() => nameCollection(app, null, (id) => this.choose(id))}>
        ${icon('plus')}${words.newCollection}</button>
    </div>`;
  }

  private choose(collectionId: string | null): void {
    this.chosenId = collectionId;
    this.changed();
  }
}
