// The dialog in which the user picks a picture of their library. Fetched when it is opened.
import { html } from 'lit-html';
import type { Creation, MediaItem } from '../../../clients/typescript/src/index.ts';
import type { App } from '../app.ts';
import { translated } from '../language.ts';
import { List } from '../list.ts';
import { cover, isPicture, shownCreation } from '../media.ts';
import { making as english } from '../words/en/making.ts';

const words = translated('making', english);

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
    label: words.pickPicture,
    view: () => html`<h2>${words.pickPicture}</h2>
      ${list.items === null
        ? list.missing()
        : html`${list.items.length === 0 ? html`<p class="muted">${words.noPictures}</p>` : ''}
            <div class="picker">
              ${list.items.flatMap((each) => each.media.filter(isPicture).map((item) => tile(each, item)))}
            </div>
            ${list.more()}`}`,
  });
}
