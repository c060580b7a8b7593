// The button of a tile that opens its grid in the lightbox.
import { html, type TemplateResult } from 'lit-html';
import type { App } from './app.ts';
import { icon } from './icons.ts';
import { say, translated } from './language.ts';
import type { Grid } from './lightbox.ts';
import { library as english } from './words/en/library.ts';

const words = translated('library', english);

export function opener<T>(app: App, grid: Grid<T>, item: T): TemplateResult {
  const open = () => import('./lightbox.ts').then(({ gridLightbox }) => gridLightbox(app, grid, item));
  return html`<button class="round over start" aria-label=${say(words.fullScreenThis, { name: grid.shown(item).label })}
    @click=${() => void open().catch((error) => app.fail(error))}>${icon('full')}</button>`;
}
