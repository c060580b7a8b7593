// The private library: a grid, and one creation at its own address.
import { html, nothing, type TemplateResult } from 'lit-html';
import { repeat } from 'lit-html/directives/repeat.js';
import type { CollectionItem, Creation } from '../../../clients/typescript/src/index.ts';
import type { App, Draft, Page } from '../app.ts';
import { icon } from '../icons.ts';
import { cover, full, madeWithAi, type Shown } from '../media.ts';
import { onward } from '../onward.ts';
import { askToSignIn } from '../sign-in.ts';
import { at, inputName, typeName } from '../words.ts';
import { allCollections, collectionBar, creations, deleteCollection, deleteCreations, nameCollection, parts, putIntoCollection } from './collections.ts';
import { List, One } from './list.ts';

type Kind = 'image' | 'edit' | 'video' | 'music' | 'speech' | 'lyrics' | 'analysis';
const FRESH_MS = 60_000;
const AGAIN_MS = 3_000;
const KINDS: readonly Kind[] = ['image', 'edit', 'video', 'music', 'speech', 'lyrics', 'analysis'];

export const shown = ({ type, media, text, title, prompt }: Creation): Shown => ({ type, media, text, label: title || prompt });

/** A page for signed-in users only. */
export function gate(app: App, title: string, why: string): Page {
  return {
    title,
    view: () => html`<h1>${title}</h1>
      <div class="empty"><span class="blob" aria-hidden="true"></span><p>${why}</p>
        <button class="main" @click=${() => askToSignIn(app, undefined, false)}>Sign in</button></div>`,
  };
}

/** The times that can be chosen, and how many days back they reach. */
const TIMES: readonly [name: string, days: number][] = [
  ['Any time', 0],
  ['Last 24 hours', 1],
  ['Last 7 days', 7],
  ['Last 30 days', 30],
  ['Last year', 365],
];
const TYPING_MS = 300;
/** Pages without a match that are asked for in a row before the list shows a button for more. */
const EMPTY_PAGES = 5;

export function libraryPage(app: App): Page {
  if (!app.user) return gate(app, 'Library', 'Sign in to see what you have made.');
  let type: Kind | null = null;
  let favorite = false;
  let words = '';
  let model = '';
  let days = 0;
  let since: string | null = null;
  let collections: CollectionItem[] | null = null;
  let collectionId: string | null = null;
  /** The ids of the selected creations; null while nothing is being selected. */
  let selected: Set<string> | null = null;
  let typing = 0;

  const list = new List<Creation>(app, async (cursor) => {
    if (cursor === null) since = days ? new Date(Date.now() - days * 86_400_000).toISOString() : null; // the same for all pages
    const asked = {
      type,
      favorite: favorite || null,
      query: /[\p{L}\p{N}]/u.test(words) ? words : null,
      model: model || null,
      from: since,
      collectionId,
      pageSize: 24,
    };
    let page = await app.studiox.getUserCreations({ ...asked, cursor });
    for (let more = 0; page.creations.length === 0 && page.nextCursor !== null && more < EMPTY_PAGES; more++)
      page = await app.studiox.getUserCreations({ ...asked, cursor: page.nextCursor });
    return { items: page.creations, nextCursor: page.nextCursor };
  });
  const chosen = () => collections?.find((each) => each.collectionId === collectionId) ?? null;
  const loadCollections = async () => {
    collections = (await app.attempt(() => allCollections(app))) ?? collections;
    app.update();
  };
  const reload = () => {
    void list.reload();
    void loadCollections();
  };
  reload();
  void app.catalogue(); // the names of models
  // The thumbnail of something new comes some seconds after it.
  const unfinished = () =>
    list.items?.some(({ media: [first], createdAt }) => first && !first.thumbnail && Date.now() - Date.parse(createdAt) < FRESH_MS);
  const waiting = setInterval(() => {
    if (unfinished()) void list.reload();
  }, AGAIN_MS);
  const newest = () => app.notifications.find(({ type }) => type === 'job_completed')?.id;
  let seen = newest();

  const filter = (change: () => void) => () => {
    change();
    void list.reload();
  };
  const filtered = () => Boolean(type || favorite || words || model || days || collectionId);
  const search = (event: Event) => {
    words = (event.currentTarget as HTMLInputElement).value.trim();
    clearTimeout(typing);
    typing = window.setTimeout(() => void list.reload(), TYPING_MS);
  };
  const searchNow = (event: SubmitEvent) => {
    event.preventDefault();
    clearTimeout(typing);
    void list.reload();
  };
  const open = (id: string | null) => {
    collectionId = id;
    reload();
  };
  const star = async (creation: Creation) => {
    const done = await app.attempt(() => app.studiox.toggleFavorite({ creationId: creation.creationId, favorite: !creation.isFavorite }));
    if (done) creation.isFavorite = done.isFavorite;
    app.update();
  };
  const select = (creation: Creation) => {
    if (!selected!.delete(creation.creationId)) selected!.add(creation.creationId);
    app.update();
  };
  const stopSelecting = () => {
    selected = null;
    reload();
  };
  const takeOut = async () => {
    for (const remove of parts([...selected!]))
      if (!(await app.attempt(() => app.studiox.changeCollection({ collectionId: collectionId!, remove })))) return;
    app.say(`${creations(selected!.size)} taken out of the collection.`);
    stopSelecting();
  };

  const selection = (chosen: Set<string>): TemplateResult => html`<div class="selection card" role="region" aria-label="Selected">
    <strong role="status">${creations(chosen.size)} selected</strong>
    <div class="row wrap">
      <button ?disabled=${chosen.size === 0} @click=${() => putIntoCollection(app, [...chosen], stopSelecting)}>Put into a collection</button>
      ${collectionId ? html`<button ?disabled=${chosen.size === 0} @click=${takeOut}>Take out of this collection</button>` : nothing}
      <button class="bad" ?disabled=${chosen.size === 0} @click=${() => deleteCreations(app, [...chosen], stopSelecting)}>${icon('trash')}Delete</button>
      <button @click=${() => ((selected = null), app.update())}>Done</button>
    </div>
  </div>`;

  return {
    title: 'Library',
    changed: () => {
      if (newest() !== seen) void list.reload(); // something has just been made
      seen = newest();
    },
    stop: () => {
      clearInterval(waiting);
      clearTimeout(typing);
    },
    view: () => html`
      <div class="row between"><h1>Library</h1>
        ${selected === null && list.items?.length ? html`<button @click=${() => ((selected = new Set()), app.update())}>${icon('check')}Select</button>` : nothing}</div>
      <form class="find" role="search" aria-label="Library" @submit=${searchNow}>
        <label class="grow"><span class="hidden">Search</span>
          <input type="search" name="query" maxlength="200" autocomplete="off" placeholder="Words of the title or the prompt" @input=${search} /></label>
        <label><span class="hidden">Model</span>
          <select name="model" @change=${(event: Event) => filter(() => (model = (event.currentTarget as HTMLSelectElement).value))()}>
            <option value="">Any model</option>
            ${(app.options?.models ?? []).map(({ id, label }) => html`<option value=${id}>${label}</option>`)}
          </select></label>
        <label><span class="hidden">Time</span>
          <select name="time" @change=${(event: Event) => filter(() => (days = Number((event.currentTarget as HTMLSelectElement).value)))()}>
            ${TIMES.map(([name, each]) => html`<option value=${each}>${name}</option>`)}
          </select></label>
      </form>
      <div class="filters">
        <fieldset class="chips"><legend class="hidden">Kind</legend>
          ${([null, ...KINDS] as const).map(
            (each) => html`<label><input type="radio" name="kind" .checked=${each === type} @change=${filter(() => (type = each))} />
              <span>${each ? typeName(each) : 'All'}</span></label>`,
          )}
        </fieldset>
        <label class="switch"><input type="checkbox" role="switch" .checked=${favorite} @change=${filter(() => (favorite = !favorite))} />
          <span>Favourites only</span></label>
        ${collectionBar(collections, chosen(), {
          choose: open,
          add: () => nameCollection(app, null, open),
          rename: () => nameCollection(app, chosen(), () => void loadCollections()),
          remove: () => deleteCollection(app, chosen()!, () => open(null)),
        })}
      </div>
      ${list.items === null
        ? list.missing()
        : list.items.length === 0
          ? html`<div class="empty"><span class="blob" aria-hidden="true"></span>
              <p role="status">${filtered() ? 'No matches.' : 'Nothing yet.'}</p><a class="button main" href="/">Create something</a></div>${list.more()}`
          : html`<div class="grid">
              ${repeat(list.items, ({ creationId }) => creationId, (creation) => tile(app, creation, star, selected, select))}
            </div>${list.more()}`}
      ${selected ? selection(selected) : nothing}
    `,
  };
}

function tile(
  app: App,
  creation: Creation,
  star: (creation: Creation) => void,
  selected: ReadonlySet<string> | null,
  select: (creation: Creation) => void,
): TemplateResult {
  const { creationId, title, prompt, type, isFavorite, postId } = creation;
  return html`<article class="tile">
    <a href="/library/${creationId}">
      ${cover(shown(creation), (path, bytes) => app.files.private(path, bytes))}
      <span class="caption"><strong>${title || prompt}</strong><small>${typeName(type)}${postId ? ' · in the feed' : ''}</small></span>
    </a>
    ${selected
      ? html`<label class="over pick"><span class="hidden">Select: ${title || prompt}</span>
          <input type="checkbox" .checked=${selected.has(creationId)} @change=${() => select(creation)} /></label>`
      : html`<button class="round over" aria-pressed=${isFavorite} aria-label="Favourite: ${title || prompt}" @click=${() => star(creation)}>
          ${icon('star', isFavorite)}
        </button>`}
  </article>`;
}

export function creationPage(app: App, creationId: string): Page {
  if (!app.user) return gate(app, 'Library', 'Sign in to see this.');
  const one = new One<Creation>(app, () => app.studiox.getCreation({ creationId }));
  let counted = false;
  void one.load();
  void app.catalogue(); // which models there are to go on with

  const rename = async (event: SubmitEvent) => {
    event.preventDefault();
    const title = String(new FormData(event.currentTarget as HTMLFormElement).get('title')).trim();
    const done = await app.attempt(() => app.studiox.updateCreation({ creationId, title }));
    if (done) {
      one.value!.title = done.title;
      app.say('The title was changed.');
    }
  };
  const star = async () => {
    const done = await app.attempt(() => app.studiox.toggleFavorite({ creationId, favorite: !one.value!.isFavorite }));
    if (done) one.value!.isFavorite = done.isFavorite;
    app.update();
  };
  const played = () => {
    if (counted) return;
    counted = true; // once a visit
    void app.studiox.incrementPlayCount({ creationId }).catch(() => undefined);
  };
  const begin = async (draft: Draft) => {
    const paths = (draft.values['inputPaths'] as string[] | undefined) ?? [];
    const kept = await app.files.kept(paths);
    if (kept.length < paths.length) app.say('A picture that it started from was deleted, so it is left out.');
    app.draft = { ...draft, values: { ...draft.values, ...(paths.length > 0 ? { inputPaths: kept } : {}) } };
    app.go('/');
  };
  const remove = () =>
    app.show({
      label: 'Delete',
      view: () => html`<h2>Delete this for good?</h2>
        <p>This also deletes its files${one.value?.postId ? ', and its post with all likes and comments' : ''}.</p>
        <p class="row"><button class="bad" @click=${reallyRemove}>Delete</button><button @click=${() => app.show(null)}>Keep it</button></p>`,
    });
  const reallyRemove = async () => {
    app.show(null);
    if (await app.attempt(() => app.studiox.deleteCreation({ creationId }))) {
      app.say('Deleted.');
      app.go('/library');
    }
  };

  return {
    title: 'Creation',
    view: () => {
      const creation = one.value;
      if (creation === undefined) return html`<h1 class="hidden">Creation</h1>${one.missing(() => one.load())}`;
      if (creation === null) return html`<h1>This is not in your library</h1><p><a href="/library">Back to the library</a></p>`;
      const { title, prompt, type, model, media, isFavorite, postId, createdAt, playCount, params, sources = [] } = creation;
      return html`<p><a href="/library">‹ Library</a></p>
        <article class="detail">
          <div class="stage">${full(shown(creation), (path, bytes) => app.files.private(path, bytes), played)}</div>
          <div class="side">
            <h1>${title || prompt}</h1>
            <p>${madeWithAi}</p>
            <p class="muted">${typeName(type)} by ${app.modelName(model)} · ${at(createdAt)}${playCount ? ` · played ${playCount} ×` : ''}</p>
            ${sources.length > 0
              ? html`<p class="muted">Made from ${sources.map((id, index) => html`${index > 0 ? ', ' : nothing}<a href="/library/${id}">earlier picture${sources.length > 1 ? ` ${index + 1}` : ''}</a>`)}</p>`
              : nothing}
            ${title && title !== prompt ? html`<p class="prompt">${prompt}</p>` : nothing}
            <div class="row wrap">
              <button aria-pressed=${isFavorite} @click=${star}>${icon('star', isFavorite)}Favourite</button>
              <button @click=${() => putIntoCollection(app, [creationId])}>${icon('plus')}Collection</button>
              ${onward(creation, app.options?.models ?? []).map(
                ({ label, icon: name, draft }) => html`<button @click=${() => begin(draft)}>${icon(name)}${label}</button>`,
              )}
              ${media.map(
                ({ url }, index) =>
                  url ? html`<a class="button" href=${url} target="_blank" rel="noopener">${icon('download')}${media.length > 1 ? `File ${index + 1}` : 'Open the file'}</a>` : nothing,
              )}
              ${postId
                ? html`<a class="button" href="/post/${postId}">${icon('feed')}See it in the feed</a>`
                : media.length > 0
                  ? html`<button class="main" @click=${() => publish(app, creation)}>${icon('share')}Publish</button>`
                  : nothing}
              <button class="bad" @click=${remove}>${icon('trash')}Delete</button>
            </div>
            <form class="row" @submit=${rename}>
              <label class="grow">Title<input name="title" required maxlength="100" .value=${title} /></label>
              <button>Rename</button>
            </form>
            ${parameters(params)}
          </div>
        </article>`;
    },
  };
}

/** A model with aspect ratios ignores the size in pixels: it only selects the nearest ratio. */
export const overruled = (name: string, values: Record<string, unknown>): boolean => name === 'size' && Boolean(values['aspectRatio']);

/** The inputs that it was made with, for people. */
export function parameters(params: Record<string, unknown>): TemplateResult | typeof nothing {
  const { options, ...fields } = params as { options?: Record<string, unknown> };
  const rows = Object.entries({ ...fields, ...options }).filter(
    ([name, value]) => !['prompt', 'inputPaths'].includes(name) && !overruled(name, fields) && value !== null && value !== '' && value !== false,
  );
  if (rows.length === 0) return nothing;
  return html`<dl class="params">
    ${rows.map(([name, value]) => html`<div><dt>${inputName(name)}</dt><dd>${value === true ? 'Yes' : String(value)}</dd></div>`)}
  </dl>`;
}

function publish(app: App, creation: Creation): void {
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    const tags = String(form.get('tags')).split(/[\s,#]+/).filter(Boolean).slice(0, 10);
    const done = await app.attempt(() =>
      app.studiox.publishPost({
        creationId: creation.creationId,
        caption: String(form.get('caption')).trim(),
        tags,
        shareParams: form.get('share') === 'on',
      }),
    );
    if (!done) return;
    app.say('Published to the feed.');
    app.go(`/post/${done.postId}`);
  };
  app.show({
    label: 'Publish',
    view: () => html`<h2>Publish “${creation.title || creation.prompt}”</h2>
      <form @submit=${submit}>
        <label>Caption<textarea name="caption" rows="3" maxlength="2000" autofocus></textarea></label>
        <label>Tags <span class="muted">(separated by spaces)</span><input name="tags" maxlength="300" placeholder="sea dawn" /></label>
        <label class="switch"><input type="checkbox" role="switch" name="share" checked /><span>Share how it was made, so that others can remix it</span></label>
        <button class="main wide">Publish</button>
      </form>`,
  });
}
