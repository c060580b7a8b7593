// The inputs that a creation or a post was made with, as a list.
import { html, nothing, type TemplateResult } from 'lit-html';
import { translated } from './language.ts';
import { overruled } from './order.ts';
import { inputName } from './words.ts';
import { making as english } from './words/en/making.ts';

const words = translated('making', english);

/** The inputs that it was made with, for people. */
export function parameters(params: Record<string, unknown>): TemplateResult | typeof nothing {
  const { options, ...fields } = params as { options?: Record<string, unknown> };
  const said = (name: string) => !['prompt', 'inputPaths'].includes(name) && !overruled(name, fields);
  const rows = Object.entries({ ...fields, ...options }).filter(
    ([name, value]) => said(name) && value !== null && value !== '' && value !== false,
  );
  if (rows.length === 0) return nothing;
  return html`<dl class="params">
    ${rows.map(
      ([name, value]) => html`<div><dt>${inputName(name)}</dt>
        <dd dir="auto">${value === true ? words.yes : String(value)}</dd></div>`,
    )}
  </dl>`;
}
