// A table that a phone scrolls sideways, and the figures in its cells.
import { html, type TemplateResult } from 'lit-html';
import { locale, say } from '../language.ts';
import { money } from '../words.ts';
import { words } from './words.ts';

/** `number`: set to the end of its column. */
export interface Column {
  name: string;
  number?: boolean;
}

export function table(label: string, columns: readonly Column[], rows: readonly unknown[][]): TemplateResult {
  if (rows.length === 0) return html`<p class="muted">${words.none}</p>`;
  const style = (index: number) => (columns[index]?.number ? 'number' : '');
  return html`<div class="scroll" tabindex="0" role="region" aria-label=${say(words.table, { name: label })}>
    <table>
      <thead><tr>${columns.map(({ name }, index) => html`<th scope="col" class=${style(index)}>${name}</th>`)}</tr>
      </thead>
      <tbody>${rows.map((row) => html`<tr>${row.map((cell, i) => html`<td class=${style(i)}>${cell}</td>`)}</tr>`)}
      </tbody>
    </table></div>`;
}

/** What somebody has typed or a system has named: it keeps its own direction. */
export const typed = (text: string): TemplateResult => html`<span dir="auto">${text}</span>`;

const percent = new Intl.NumberFormat(locale, { style: 'percent', maximumFractionDigits: 1 });
const lasting = new Intl.NumberFormat(locale, { style: 'unit', unit: 'second', unitDisplay: 'narrow' });

/** Millionths of a dollar, to a hundredth of a cent. */
export const usd = (micro: number): string => money(micro / 10_000, 'usd', 4);
export const seconds = (value: number): string => lasting.format(value);

/** The part of the whole, or a dash without one. */
export const share = (part: number, whole: number): string => (whole > 0 ? percent.format(part / whole) : '–');
