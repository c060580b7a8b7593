// A table that a phone scrolls sideways, and the figures in its cells.
import { html, type TemplateResult } from 'lit-html';

/** `number`: set to the right. */
export interface Column {
  name: string;
  number?: boolean;
}

export function table(label: string, columns: readonly Column[], rows: readonly unknown[][]): TemplateResult {
  if (rows.length === 0) return html`<p class="muted">None.</p>`;
  const style = (index: number) => (columns[index]?.number ? 'number' : '');
  return html`<div class="scroll" tabindex="0" role="region" aria-label="${label}, table">
    <table>
      <thead><tr>${columns.map(({ name }, index) => html`<th scope="col" class=${style(index)}>${name}</th>`)}</tr>
      </thead>
      <tbody>${rows.map((row) => html`<tr>${row.map((cell, i) => html`<td class=${style(i)}>${cell}</td>`)}</tr>`)}
      </tbody>
    </table></div>`;
}

const dollars = new Intl.NumberFormat('en', { style: 'currency', currency: 'usd', maximumFractionDigits: 4 });
const percent = new Intl.NumberFormat('en', { style: 'percent', maximumFractionDigits: 1 });

/** Millionths of a dollar. */
export const usd = (micro: number): string => dollars.format(micro / 1_000_000);

/** The part of the whole, or a dash without one. */
export const share = (part: number, whole: number): string => (whole > 0 ? percent.format(part / whole) : '–');
