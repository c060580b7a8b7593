// A bar chart of days, as SVG, with the same figures in a table for screen readers.
import { html, svg, type TemplateResult } from 'lit-html';
import { count, onDay } from './words.ts';

export interface Day {
  date: string;
  value: number;
}

const [WIDTH, HEIGHT, GAP] = [720, 160, 0.25];

export function chart(label: string, unit: string, days: readonly Day[]): TemplateResult {
  const top = Math.max(1, ...days.map(({ value }) => value));
  const step = WIDTH / Math.max(1, days.length);
  const bars = days.map(({ date, value }, index) => {
    const height = value === 0 ? 2 : Math.max(4, (value / top) * HEIGHT);
    return svg`<rect class=${value === 0 ? 'none' : ''} rx="3"
      x=${(index + GAP / 2) * step} y=${HEIGHT - height} width=${step * (1 - GAP)} height=${height}>
      <title>${onDay(date)}: ${count(value)} ${unit}</title></rect>`;
  });
  const [first, last] = [days[0], days[days.length - 1]];
  return html`<figure class="chart">
    <svg viewBox="0 0 ${WIDTH} ${HEIGHT}" preserveAspectRatio="none" role="img"
      aria-label="${label}, at most ${count(top)} ${unit} a day">${bars}</svg>
    <figcaption class="row between">
      <small>${first ? onDay(first.date) : ''}</small><small>${last ? onDay(last.date) : ''}</small>
    </figcaption>
    <details><summary>As a table</summary>
      <div class="scroll" tabindex="0" role="region" aria-label="${label} as a table">
        <table><thead><tr><th scope="col">Day</th><th scope="col" class="number">${unit}</th></tr></thead>
          <tbody>${days.filter(({ value }) => value > 0).map(
            ({ date, value }) => html`<tr><td>${onDay(date)}</td><td class="number">${count(value)}</td></tr>`,
          )}</tbody>
        </table></div>
    </details>
  </figure>`;
}
