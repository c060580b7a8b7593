// The button of a tile that opens its grid in the lightbox.
import { html, type TemplateResult } from 'lit-html';
import type { App } from './app.ts';
import { icon } from './icons.ts';
import type { Grid } from './lightbox.ts';

export function opener<T>(app: App, grid: Grid<T>, item: T): TemplateResult {
  const open = () => import('./lightbox.ts').then(({ gridLightbox }) => gridLightbox(app, grid, item));
  return html`<button class="round over start" aria-label="Full screen: ${grid.shown(item).label}"
    @click=${() => void open().catch((error) => app.fail(error))}>${icon('full')}</button>`;
}
