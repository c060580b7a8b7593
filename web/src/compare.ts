// What was made from pictures, with these beside it: an edit over its picture, anything else below its pictures.
import { html, nothing, type TemplateResult } from 'lit-html';
import type { App } from './app.ts';
import { say, translated } from './language.ts';
import { frame, full, image, isPicture, type Shown } from './media.ts';
import { percent } from './words.ts';
import { making as english } from './words/en/making.ts';

const words = translated('making', english);

/** All of its media, with the pictures that it was made from while they are there. `params`: its order's. */
export function withInputs(
  { files }: App,
  shown: Shown,
  params: Record<string, unknown>,
  played?: () => void,
): TemplateResult {
  const address = (path: string, bytes?: number) => files.private(path, bytes);
  const paths = ((params['inputPaths'] as string[] | undefined) ?? []).filter((path) => !files.isGone(path));
  const inputs = paths.map((path) => address(path));
  const [first, ...others] = shown.media;
  if (inputs.length === 1 && first && others.length === 0 && isPicture(first))
    return compared(image(first.url ?? address(first.path, first.bytes), shown.label, first), inputs[0]!, shown.label);
  return html`${inputs.length > 0 ? strip(inputs) : nothing} ${full(shown, address, played)}`;
}

/** Two pictures of which a slider shows more of one or of the other. */
function compared(after: TemplateResult, before: string, label: string): TemplateResult {
  const slide = ({ currentTarget }: Event) => {
    const slider = currentTarget as HTMLInputElement;
    slider.closest<HTMLElement>('.compare')!.style.setProperty('--at', `${slider.value}%`);
    slider.ariaValueText = part(slider.value);
  };
  const over = before ? html`<img class="before" src=${before} alt=${words.pictureBefore} />` : nothing;
  return html`<div class="media compare">
    ${frame(after, label, {}, over)}
    <label class="row"><span>${words.before}</span>
      <input type="range" min="0" max="100" value="50" aria-label=${words.beforeAndAfter} aria-valuetext=${part('50')}
        ?disabled=${!before} @input=${slide} />
      <span>${words.after}</span></label>
  </div>`;
}

/** `50% before`, for screen readers. */
const part = (before: string): string => say(words.partBefore, { part: percent(Number(before)) });

const strip = (inputs: readonly string[]): TemplateResult => html`<div class="row wrap inputs">
  <small>${words.madeFrom}</small>
  ${inputs.map((src, index) => {
    const name = inputs.length > 1 ? say(words.madeFromOne, { number: index + 1 }) : words.madeFromIt;
    return frame(image(src, name), name);
  })}
</div>`;
