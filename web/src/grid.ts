// Grids whose items can be opened in the lightbox, or played, without leaving the grid.
import { html, nothing, type TemplateResult } from 'lit-html';
import type { Post } from '../../clients/typescript/src/index.ts';
import type { App } from './app.ts';
import { icon } from './icons.ts';
import { say, translated } from './language.ts';
import type { Grid } from './lightbox.ts';
import type { List } from './list.ts';
import { isSound, shownPost, tracks } from './media.ts';
import type { Track } from './player.ts';
import { library as english } from './words/en/library.ts';

const words = translated('library', english);

/** A grid, and the songs of its items. */
export interface Playable<T> extends Grid<T> {
  tracks(item: T): readonly Track[] | Promise<readonly Track[]>;
}

/** A grid of posts. One that is veiled is seen on its own page only. */
export function postGrid({ files }: App, list: List<Post>): Playable<Post> {
  const address = (path: string) => files.public(path);
  return {
    list,
    hidden: ({ rating }) => rating === 'mature',
    shown: shownPost,
    href: ({ postId }) => `/post/${postId}`,
    address,
    tracks: (post) => tracks(shownPost(post), address),
  };
}

/** The button of a tile that opens it in the lightbox, or plays its songs. */
export function opener<T>(app: App, grid: Playable<T>, item: T): TemplateResult | typeof nothing {
  if (grid.hidden?.(item)) return nothing;
  const { label: name, media } = grid.shown(item);
  if (media.some(isSound)) {
    const play = async () => app.player.play(await grid.tracks(item));
    return html`<button class="round over start play" aria-label=${say(words.playThis, { name })}
      @click=${() => app.attempt(play)}>${icon('play', true)}</button>`;
  }
  const open = () => import('./lightbox.ts').then(({ gridLightbox }) => gridLightbox(app, grid, item));
  return html`<button class="round over start" aria-label=${say(words.fullScreenThis, { name })}
    @click=${() => void open().catch((error) => app.fail(error))}>${icon('full')}</button>`;
}
