// What is shown where data will come: boxes of the size that the data will have, so that nothing moves.
import { html, type TemplateResult } from 'lit-html';
import { translated } from './language.ts';
import { library as english } from './words/en/library.ts';

const words = translated('library', english);

/** With a word for screen readers. */
export const waiting = (shape: TemplateResult): TemplateResult =>
  html`<p class="hidden" role="status">${words.loading}</p><div class="waiting" aria-hidden="true">${shape}</div>`;

const times = <T>(number: number, make: () => T): T[] => Array.from({ length: number }, make);

/** A grid of tiles: a square, two lines of a caption, and a row below it. */
export const waitingTiles = (number: number, row = false): TemplateResult =>
  waiting(html`<div class="grid">
    ${times(number, () => html`<div class="tile ${row ? 'post' : ''}"><div class="still"></div></div>`)}
  </div>`);

/** Lines of a table or a list. */
export const waitingLines = (number: number): TemplateResult =>
  waiting(html`${times(number, () => html`<div class="line"></div>`)}`);

/** Cards of a height in rem, side by side where there is room. */
export const waitingCards = (number: number, height: number): TemplateResult =>
  waiting(html`<div class="offers">
    ${times(number, () => html`<div class="card" style="height:${height}rem"></div>`)}
  </div>`);

/** A picture with text beside it. */
export const waitingDetail = (): TemplateResult =>
  waiting(html`<div class="detail"><div class="still"></div><div class="side">
    ${times(6, () => html`<div class="line"></div>`)}</div></div>`);
