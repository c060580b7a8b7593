// The dialog in which the user picks a picture of their library. Fetched when it is opened.
import { html } from 'lit-html';
import type { Creation, MediaItem } from '../../../clients/typescript/src/index.ts';
import type { App } from '../app.ts';
import { List } from '../list.ts';
import { cover, isPicture, shownCreation } from '../media.ts';

const PAGE = 48;

/** Ask for a picture. `done` gets its path. */
export function pickPicture(app: App, done: (path: string) => void): void {
  const list = new List<Creation>(app, async (cursor) => {
    const { creations, nextCursor } = await app.studiox.getUserCreations({ cursor, pageSize: PAGE });
    return { items: creations.filter(({ media }) => media.some(isPicture)), nextCursor };
  });
  void list.reload();
  const picked = (path: string) => () => {
    app.show(null);
    done(path);
  };
  const tile = (creation: Creation, item: MediaItem) => html`<button class="tile" @click=${picked(item.path)}>
    ${cover({ ...shownCreation(creation), media: [item] }, (path, bytes) => app.files.private(path, bytes))}
  </button>`;
  app.show({
    label: 'Pick a picture',
    view: () => html`<h2>Pick a picture</h2>
      ${list.items === null
        ? list.missing()
        : html`${list.items.length === 0 ? html`<p class="muted">There are no pictures here yet.</p>` : ''}
            <div class="picker">
              ${list.items.flatMap((each) => each.media.filter(isPicture).map((item) => tile(each, item)))}
            </div>
            ${list.more()}`}`,
  });
}
