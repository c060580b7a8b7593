// The private library: a grid of what the user has made, searched, filtered and selected from.
import { html, nothing, type TemplateResult } from 'lit-html';
import { repeat } from 'lit-html/directives/repeat.js';
import type { Creation } from '../../../clients/typescript/src/index.ts';
import type { App } from '../app.ts';
import { gate } from '../gate.ts';
import { opener, type Playable } from '../grid.ts';
import { icon } from '../icons.ts';
import { keptMine, type Shelf } from '../kept.ts';
import { say, translated } from '../language.ts';
import type { Grid } from '../lightbox.ts';
import { star } from '../like.ts';
import { List } from '../list.ts';
import { cover, ratio, shownCreation, tracks } from '../media.ts';
import type { Page } from '../page.ts';
import type { Track } from '../player.ts';
import { waitingTiles } from '../waiting.ts';
import { typeName } from '../words.ts';
import { library as english } from '../words/en/library.ts';
import { Collections } from './collections.ts';
import { Filters } from './filters.ts';
import { Selection } from './selection.ts';

const words = translated('library', english);

const FRESH_MS = 60_000;
const AGAIN_MS = 3_000;
const PAGE = 24;

export function libraryPage(app: App): Page {
  if (!app.user) return gate(app, words.library, words.toLibrary);
  const { uid } = app.user;
  const filters = new Filters(app, () => void list.reload());
  const collections = new Collections(app, () => reload());
  const keep = (): [Shelf, string] | undefined =>
    app.user?.uid === uid && !filters.any && collections.chosenId === null ? [keptMine, 'library'] : undefined;
  const list = new List<Creation>(app, async (cursor) => {
    const asked = { ...filters.asked(cursor === null), collectionId: collections.chosenId, pageSize: PAGE };
    const { creations, nextCursor } = await app.studiox.getUserCreations({ ...asked, cursor });
    return { items: creations, nextCursor };
  }, { loading: waitingTiles(8), keep });
  const reload = () => {
    void list.reload();
    void collections.load();
  };
  const refresh = () => {
    void list.refresh();
    void collections.load();
  };
  const hidden = ({ creationId }: Creation) => app.gone.has(creationId);
  const shown = () => list.items?.filter((each) => !hidden(each));
  const selection = new Selection(app, () => collections.chosenId, () => shown() ?? [], refresh);
  reload();
  void app.catalogue(); // the names of models

  // The thumbnail of something new comes some seconds after it.
  const unfinished = ({ media: [first], createdAt }: Creation) =>
    first && !first.thumbnail && Date.now() - Date.parse(createdAt) < FRESH_MS;
  const wait = () =>
    setInterval(() => {
      if (list.items?.some(unfinished)) void list.refresh();
    }, AGAIN_MS);
  let waiting = wait();
  const newest = () => app.notifications.find(({ type }) => type === 'job_completed')?.href;
  let seen = newest();
  const isListed = (href?: string) => list.items?.some((each) => grid.href(each) === href);

  const grid: Playable<Creation> = {
    list,
    hidden,
    shown: shownCreation,
    href: ({ creationId }) => `/library/${creationId}`,
    address: (path, bytes) => app.files.private(path, bytes),
    tracks: ({ creationId }) => songs(app, creationId),
  };
  const over = (creation: Creation): TemplateResult => {
    const { isFavorite } = creation;
    const { label } = shownCreation(creation);
    if (selection.chosen) return selection.box(creation, label);
    return html`${opener(app, grid, creation)}
      <button class="round over" aria-pressed=${isFavorite} aria-label=${say(words.favouriteThis, { name: label })}
        @click=${() => star(app, creation)}>${icon('star', isFavorite)}</button>`;
  };
  const tiles = (items: Creation[] | undefined): TemplateResult => {
    if (!items) return list.missing();
    if (items.length === 0) return html`${empty(filters.any || collections.chosenId !== null)}${list.more()}`;
    return html`<div class="grid">
      ${repeat(items, ({ creationId }) => creationId, (each) => tile(grid, each, over(each)))}
    </div>${list.more()}`;
  };

  return {
    title: words.library,
    changed: () => {
      const made = newest();
      if (made !== seen && !isListed(made)) void list.refresh(); // something has just been made
      seen = made;
    },
    resume: () => {
      waiting = wait();
      refresh();
    },
    stop: () => {
      clearInterval(waiting);
      filters.stop();
    },
    view: () => html`
      <div class="row between"><h1>${words.library}</h1>
        ${!selection.chosen && shown()?.length
          ? html`<button @click=${() => selection.begin()}>${icon('check')}${words.select}</button>`
          : nothing}</div>
      ${filters.view()}
      <div class="filters">${filters.kinds()} ${collections.bar()}</div>
      ${tiles(shown())}
      ${selection.view()}
    `,
  };
}

/** A creation's songs, at addresses that last an hour. They are about to be played, so that is counted. */
async function songs(app: App, creationId: string): Promise<Track[]> {
  const creation = await app.studiox.getCreation({ creationId });
  void app.studiox.incrementPlayCount({ creationId }).catch(() => undefined);
  return tracks(shownCreation(creation), () => '');
}

const empty = (filtered: boolean): TemplateResult => html`<div class="empty">
  <span class="blob" aria-hidden="true"></span>
  <p role="status">${filtered ? words.noMatches : words.nothingYet}</p>
  <a class="button main" href="/">${words.create}</a>
</div>`;

function tile({ shown, href, address }: Grid<Creation>, creation: Creation, over: TemplateResult): TemplateResult {
  const made = shown(creation);
  const type = typeName(made.type);
  return html`<article class="tile" style="--ratio:${ratio(made)}">
    <a href=${href(creation)}>
      ${cover(made, address)}
      <span class="caption">
        <strong dir="auto">${made.label}</strong>
        <small>${creation.postId ? say(words.inTheFeed, { type }) : type}</small>
      </span>
    </a>
    ${over}
  </article>`;
}
