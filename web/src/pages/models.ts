// The choice of a model: a card for each, with what it makes, what the order costs and how long it takes.
import { html, nothing, type TemplateResult } from 'lit-html';
import { live } from 'lit-html/directives/live.js';
import { ref } from 'lit-html/directives/ref.js';
import { repeat } from 'lit-html/directives/repeat.js';
import type { ModelOption } from '../../../clients/typescript/src/index.ts';
import type { App } from '../app.ts';
import { say, translated } from '../language.ts';
import { fitting, leastPrice, priceOf, type Values } from '../order.ts';
import { inputName, planName, soon, tokens } from '../words.ts';
import { making as english } from '../words/en/making.ts';

const words = translated('making', english);

export class ModelCards {
  /** The strip, and the model of it whose card was brought into sight. */
  private seen: [group?: Element, id?: string] = [];

  constructor(
    private readonly app: App,
    private readonly choose: (id: string) => void,
  ) {}

  view(models: ModelOption[], chosen: ModelOption, values: Values): TemplateResult {
    const pictured = models.some(({ sample }) => sample);
    const bring = (group?: Element) => {
      if (!group || (this.seen[0] === group && this.seen[1] === chosen.id)) return;
      this.seen = [group, chosen.id];
      queueMicrotask(() => intoSight(group)); // Lit has it before the page has
    };
    return html`<fieldset class="models" role="radiogroup"><legend>${inputName('model')}</legend>
      <div class="strip" ${ref(bring)}>
        ${repeat(models, ({ id }) => id, (model) => this.card(model, model.id === chosen.id, values, pictured))}
      </div>
    </fieldset>`;
  }

  /** `pictured`: there are samples, so a card without one has its place. */
  private card(model: ModelOption, isChosen: boolean, values: Values, pictured: boolean): TemplateResult {
    const { id, label, plan, typicalSeconds } = model;
    const price = priceOf(model, fitting(model, values));
    return html`<label class="model">
      <input type="radio" name="model" value=${id} .checked=${live(isChosen)} @change=${() => this.choose(id)} />
      ${pictured ? this.sample(model) : nothing}
      <strong><bdi>${label}</bdi></strong>
      <small>${price === null ? say(words.priceFrom, { tokens: tokens(leastPrice(model)) }) : tokens(price)}</small>
      ${typicalSeconds ? html`<small>${say(words.aboutTime, { time: soon(typicalSeconds.p50) })}</small>` : nothing}
      ${plan === 'free' ? nothing : html`<small class="tag">${say(words.ofPlan, { plan: planName(plan) })}</small>`}
    </label>`;
  }

  private sample({ sample }: ModelOption): TemplateResult {
    if (!sample) return html`<span class="still"></span>`;
    const src = sample.startsWith('https:') ? sample : this.app.files.public(sample);
    return html`<img class="still" src=${src} alt="" loading="lazy" />`;
  }
}

/** Scroll the strip, and not the page, until the chosen card is whole in it. */
function intoSight(group: Element): void {
  const card = group.querySelector(':checked')?.parentElement?.getBoundingClientRect();
  if (!card) return;
  const { left, right } = group.getBoundingClientRect();
  if (card.left < left || card.right > right) group.scrollLeft += card.left - left - (right - left - card.width) / 2;
}
