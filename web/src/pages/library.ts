// The private library: a grid, and one creation at its own address.
import { html, nothing, type TemplateResult } from 'lit-html';
import { repeat } from 'lit-html/directives/repeat.js';
import type { Creation } from '../../../clients/typescript/src/index.ts';
import type { App, Draft, Page } from '../app.ts';
import { icon } from '../icons.ts';
import { cover, full, madeWithAi, type Shown } from '../media.ts';
import { onward } from '../onward.ts';
import { askToSignIn } from '../sign-in.ts';
import { at, inputName, typeName } from '../words.ts';
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

export function libraryPage(app: App): Page {
  if (!app.user) return gate(app, 'Library', 'Sign in to see what you have made.');
  let type: Kind | null = null;
  let favorite = false;
  const list = new List<Creation>(app, async (cursor) => {
    const { creations, nextCursor } = await app.studiox.getUserCreations({ cursor, type, favorite: favorite || null, pageSize: 24 });
    return { items: creations, nextCursor };
  });
  void list.reload();
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
  const star = async (creation: Creation) => {
    const done = await app.attempt(() => app.studiox.toggleFavorite({ creationId: creation.creationId, favorite: !creation.isFavorite }));
    if (done) creation.isFavorite = done.isFavorite;
    app.update();
  };

  return {
    title: 'Library',
    stop: () => clearInterval(waiting),
    changed: () => {
      if (newest() !== seen) void list.reload(); // something has just been made
      seen = newest();
    },
    view: () => html`
      <h1>Library</h1>
      <div class="filters">
        <fieldset class="chips"><legend class="hidden">Kind</legend>
          ${([null, ...KINDS] as const).map(
            (each) => html`<label><input type="radio" name="kind" .checked=${each === type} @change=${filter(() => (type = each))} />
              <span>${each ? typeName(each) : 'All'}</span></label>`,
          )}
        </fieldset>
        <label class="switch"><input type="checkbox" role="switch" .checked=${favorite} @change=${filter(() => (favorite = !favorite))} />
          <span>Favourites only</span></label>
      </div>
      ${list.items === null
        ? list.missing()
        : list.items.length === 0
          ? html`<div class="empty"><span class="blob" aria-hidden="true"></span>
              <p>${type || favorite ? 'No matches.' : 'Nothing yet.'}</p><a class="button main" href="/">Create something</a></div>`
          : html`<div class="grid">
              ${repeat(list.items, ({ creationId }) => creationId, (creation) => tile(app, creation, star))}
            </div>${list.more()}`}
    `,
  };
}

function tile(app: App, creation: Creation, star: (creation: Creation) => void): TemplateResult {
  const { creationId, title, prompt, type, isFavorite, postId } = creation;
  return html`<article class="tile">
    <a href="/library/${creationId}">
      ${cover(shown(creation), (path, bytes) => app.files.private(path, bytes))}
      <span class="caption"><strong>${title || prompt}</strong><small>${typeName(type)}${postId ? ' · in the feed' : ''}</small></span>
    </a>
    <button class="round over" aria-pressed=${isFavorite} aria-label="Favourite: ${title || prompt}" @click=${() => star(creation)}>
      ${icon('star', isFavorite)}
    </button>
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
