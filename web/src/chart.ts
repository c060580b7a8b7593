// A bar chart as SVG, with the same figures in a table for screen readers.
import { html, nothing, svg, type TemplateResult } from 'lit-html';
import { say, translated } from './language.ts';
import { count, onDay } from './words.ts';
import { terms as english } from './words/en/terms.ts';

const words = translated('terms', english).chart;

export interface Day {
  date: string;
  value: number;
}

/** One bar: its label, and the height of each of its parts, from the bottom up. */
export interface Bar {
  label: string;
  values: readonly number[];
}

const [WIDTH, HEIGHT, GAP] = [720, 160, 0.25];
const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

/** Bars of days. */
export const chart = (label: string, name: string, days: readonly Day[]): TemplateResult =>
  stacked(label, [name], days.map(({ date, value }) => ({ label: onDay(date), values: [value] })));

/** Bars whose parts are called `names`; `each`: what a bar stands for. */
export function stacked(
  label: string,
  names: readonly string[],
  bars: readonly Bar[],
  each: 'day' | 'hour' = 'day',
): TemplateResult {
  const top = Math.max(1, ...bars.map(({ values }) => sum(values)));
  const [first, last] = [bars[0], bars[bars.length - 1]];
  return html`<figure class="chart">
    <svg viewBox="0 0 ${WIDTH} ${HEIGHT}" preserveAspectRatio="none" role="img"
      aria-label=${say(words.most, { label, number: top })}>
      ${bars.map((bar, index) => column(bar, index, WIDTH / bars.length, HEIGHT / top, names))}</svg>
    <figcaption class="row between"><small>${first?.label ?? ''}</small><small>${last?.label ?? ''}</small></figcaption>
    ${names.length > 1
      ? html`<ul class="legend">${names.map((name, part) => html`<li class="part${part}">${name}</li>`)}</ul>`
      : nothing}
    <details><summary>${words.table}</summary>
      <div class="scroll" tabindex="0" role="region" aria-label=${say(words.tableOf, { label })}>
        <table><thead><tr><th scope="col">${words[each]}</th>
            ${names.map((name) => html`<th scope="col" class="number">${name}</th>`)}</tr></thead>
          <tbody>${bars.filter(({ values }) => sum(values) > 0).map(
            (bar) => html`<tr><td>${bar.label}</td>
              ${bar.values.map((value) => html`<td class="number">${count(value)}</td>`)}</tr>`,
          )}</tbody>
        </table></div>
    </details>
  </figure>`;
}

function column({ label, values }: Bar, index: number, step: number, scale: number, names: readonly string[]) {
  const [x, width] = [(index + GAP / 2) * step, step * (1 - GAP)];
  if (sum(values) === 0)
    return [svg`<rect class="none" rx="3" x=${x} y=${HEIGHT - 2} width=${width} height="2">
      <title>${label}: ${count(0)}</title></rect>`];
  let y = HEIGHT;
  return values.map((value, part) => {
    const height = value === 0 ? 0 : Math.max(4, value * scale);
    y -= height;
    return svg`<rect class="part${part}" rx="3" x=${x} y=${y} width=${width} height=${height}>
      <title>${label}, ${names[part]}: ${count(value)}</title></rect>`;
  });
}
