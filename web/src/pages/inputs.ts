// The pictures that an order starts from: chosen, dropped, pasted, or taken from the library.
import { html, nothing, type TemplateResult } from 'lit-html';
import type { Input, ModelOption, StudioOptions } from '../../../clients/typescript/src/index.ts';
import { icon } from '../icons.ts';
import { say, translated } from '../language.ts';
import { asked, type Values } from '../order.ts';
import { making as english } from '../words/en/making.ts';

const words = translated('making', english);

/** What the fields need of the form. */
export interface Filled {
  readonly type: string;
  readonly model: ModelOption;
  readonly values: Values;
  readonly options: StudioOptions;
  /** How many uploads are under way. */
  readonly uploading: number;
  set(name: string, value: unknown): void;
  upload(name: string, files: File[]): void;
  /** Ask for a picture of the library. */
  pick(name: string): void;
  /** The address of an upload; empty until it is fetched. */
  address(path: string): string;
}

/** What an order takes; a phone converts its pictures to one of these. */
const PICTURES = 'image/png,image/jpeg,image/webp,image/gif';
/** The input's name in every model. */
const NAME = 'inputPaths';

const pathsOf = ({ values }: Filled): string[] => (values[NAME] as string[] | undefined) ?? [];

/** Beside the label of an input that may be left out. */
export const optional = html` <span class="muted">${words.optional}</span>`;

export function inputs(form: Filled, { max, required = false }: Input, label: string): TemplateResult {
  const paths = pathsOf(form);
  const most = max ?? 1;
  const add = (event: Event) => {
    const chosen = event.target as HTMLInputElement;
    form.upload(NAME, [...(chosen.files ?? [])].slice(0, most - paths.length));
    chosen.value = '';
  };
  const remove = (path: string) => form.set(NAME, paths.filter((each) => each !== path));
  return html`<fieldset class="uploads"><legend>${label}${required ? nothing : optional}</legend>
    ${paths.map((path, index) => {
      const src = form.address(path);
      return html`<span class="thumb">
        ${src ? html`<img src=${src} alt=${say(words.upload, { number: index + 1 })} />` : nothing}
        <button type="button" class="round" aria-label=${say(words.removeUpload, { number: index + 1 })}
          @click=${() => remove(path)}>
          ${icon('close')}
        </button>
      </span>`;
    })}
    ${paths.length < most
      ? html`<label class="drop">${icon('plus')}<span>${form.uploading > 0 ? words.uploading : words.addPicture}</span>
          <input class="hidden" type="file" accept=${PICTURES} ?multiple=${most > 1}
            ?required=${required && paths.length === 0} @change=${add} />
        </label>
        <button type="button" class="drop" @click=${() => form.pick(NAME)}>
          ${icon('book')}<span>${words.fromLibrary}</span></button>
        <small class="wide">${words.dropOrPaste}</small>`
      : nothing}
  </fieldset>`;
}

/** Let files be dropped on the form. */
export function dragged(event: DragEvent): void {
  if (event.dataTransfer?.types.includes('Files')) event.preventDefault();
}

/** Upload the files that were dropped on the form or pasted into it, if the model takes them. */
export function received(event: DragEvent | ClipboardEvent, form: Filled, refuse: (why: string) => void): void {
  const data = event instanceof ClipboardEvent ? event.clipboardData : event.dataTransfer;
  const files = [...(data?.files ?? [])];
  if (files.length === 0 || data?.types.includes('text/plain')) return; // text that comes with a picture of itself
  event.preventDefault(); // else the browser leaves the page for a dropped file
  const input = form.model.inputs[NAME] && asked(form.model, form.values, NAME);
  if (!input || input.excluded) return refuse(words.startsFromNone);
  const room = (input.max ?? 1) - pathsOf(form).length;
  if (room <= 0) return refuse(words.takesNoMore);
  form.upload(NAME, files.slice(0, room));
}
