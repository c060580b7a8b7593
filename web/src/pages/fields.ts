// The fields of the order form: one for each input of the model, by its kind.
import { html, nothing, type TemplateResult } from 'lit-html';
import { live } from 'lit-html/directives/live.js';
import { repeat } from 'lit-html/directives/repeat.js';
import type { Input } from '../../../clients/typescript/src/index.ts';
import { say, translated } from '../language.ts';
import { asked, valueOf } from '../order.ts';
import { inputName, named, spelled, typeName } from '../words.ts';
import { making as english } from '../words/en/making.ts';
import { inputs, optional, type Filled } from './inputs.ts';

const words = translated('making', english);

const LONG = 200;
const FEW = 5;
const typed = (event: Event): string => (event.target as HTMLInputElement).value;

/** The choice of what to make. */
export const typeField = (types: string[], chosen: string, choose: (type: string) => void): TemplateResult =>
  html`<fieldset class="segments">
    <legend class="hidden">${words.whatToMake}</legend>
    ${types.map(
      (type) => html`<label>
        <input type="radio" name="type" value=${type} .checked=${live(type === chosen)} @change=${() => choose(type)} />
        <span>${typeName(type)}</span></label>`,
    )}
  </fieldset>`;

export function field(form: Filled, name: string): TemplateResult {
  const input = asked(form.model, form.values, name);
  const label = name === 'inputPaths' && form.type === 'analysis' ? words.picturesToLookAt : inputName(name);
  switch (input.kind) {
    case 'text':
      return text(form, name, input, label);
    case 'choice':
      return choice(form, name, input, label);
    case 'integer':
      return integer(form, name, input, label);
    case 'flag':
      return html`<label class="switch">
        <input name=${name} type="checkbox" role="switch" .checked=${valueOf(form.model, form.values, name) === true}
          @change=${(event: Event) => form.set(name, (event.target as HTMLInputElement).checked)} />
        <span>${label}</span></label>`;
    case 'files':
      return inputs(form, input, label);
  }
}

function text(form: Filled, name: string, { max, required }: Input, label: string): TemplateResult {
  const value = String(valueOf(form.model, form.values, name) ?? '');
  const write = (event: Event) => form.set(name, typed(event));
  const example = name === 'prompt' ? named(words.examples, form.type) : '';
  return html`<label><span>${label}${required ? nothing : optional}</span>
    ${(max ?? LONG) > LONG
      ? html`<textarea name=${name} dir="auto" rows=${name === 'prompt' ? 4 : 3} maxlength=${max ?? nothing}
          ?required=${required} placeholder=${example} .value=${value} @input=${write}></textarea>`
      : html`<input name=${name} dir="auto" maxlength=${max ?? nothing} ?required=${required} .value=${value}
          @input=${write} />`}
  </label>`;
}

function integer(form: Filled, name: string, { min, max, required }: Input, label: string): TemplateResult {
  const write = (event: Event) => form.set(name, typed(event) === '' ? undefined : Number(typed(event)));
  return html`<label><span>${label}${required ? nothing : optional}</span>
    <input name=${name} type="number" min=${min ?? 0} max=${max ?? nothing} ?required=${required}
      .value=${String(valueOf(form.model, form.values, name) ?? '')} @input=${write} />
  </label>`;
}

interface Choice {
  id: string;
  label: string;
}

function choices({ options }: Filled, name: string, { catalogue = '', values = [] }: Input): Choice[] {
  if (catalogue !== '')
    return options[catalogue].map((each) => ({
      id: String(each['id']),
      label: spelled(String(each['label'] ?? each['id'])),
    }));
  const labelled = (value: unknown) =>
    name === 'durationSeconds' ? say(words.seconds, { count: Number(value) }) : String(value);
  return values.map((value) => ({ id: String(value), label: labelled(value) }));
}

function choice(form: Filled, name: string, input: Input, label: string): TemplateResult {
  const found = choices(form, name, input);
  const always = input.required === true || input.default != null;
  const value = String(valueOf(form.model, form.values, name) ?? '');
  const numbers = typeof input.values?.[0] === 'number';
  const pick = (id: string) => form.set(name, id === '' ? undefined : numbers ? Number(id) : id);
  if (found.length > FEW || ['styles', 'colors'].includes(input.catalogue ?? ''))
    return html`<label class="half">${label}
      <select name=${name} @change=${(event: Event) => pick(typed(event))}>
        ${always ? nothing : html`<option value="">${words.any}</option>`}
        ${found.map(
          (each) => html`<option value=${each.id} .selected=${live(value === each.id)}>${each.label}</option>`,
        )}
      </select></label>`;
  const none = { id: '', label: name === 'aspectRatio' && form.model.inputs['size'] ? words.bySize : words.auto };
  return html`<fieldset class="chips"><legend>${label}</legend>
    ${repeat(
      always ? found : [none, ...found],
      ({ id }) => id,
      // `live`: the browser unchecks a radio without telling Lit.
      (each) => html`<label>
        <input type="radio" name=${name} value=${each.id} .checked=${live(value === each.id)}
          @change=${() => pick(each.id)} />
        <span dir="auto">${each.label}</span></label>`,
    )}
  </fieldset>`;
}

/** Ctrl+Enter, or ⌘+Enter, in any field. */
export function sendsIt(event: KeyboardEvent): void {
  if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey)) return;
  event.preventDefault();
  (event.currentTarget as HTMLFormElement).requestSubmit();
}
