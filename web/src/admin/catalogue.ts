// The catalogue: what is offered, at which price and margin; a switch and the price of each entry.
import { html, nothing, type TemplateResult } from 'lit-html';
import type { CatalogueEntry, Rate } from '../../../clients/typescript/src/index.ts';
import { say } from '../language.ts';
import { missing } from '../list.ts';
import { count, tokens, typeName } from '../words.ts';
import { question, type Desk, type Section } from './desk.ts';
import { askForPrice } from './price.ts';
import { share, table, typed } from './table.ts';
import { words } from './words.ts';

const texts = words.catalogue;

const COLLECTIONS = ['models', 'features', 'sizes', 'styles', 'colors'] as const;

export class Catalogue implements Section {
  private found: CatalogueEntry[] | null = null;
  private failed = false;
  private shown: (typeof COLLECTIONS)[number] = COLLECTIONS[0];

  constructor(private readonly desk: Desk) {}

  async load(): Promise<void> {
    const found = await this.desk.attempt(() => this.desk.studiox.getCatalogue());
    this.failed = found === null;
    this.found = found?.entries ?? this.found;
    this.desk.update();
  }

  private readonly saved = (entry: CatalogueEntry): void => {
    this.found = this.found?.map((each) => (each.key === entry.key ? entry : each)) ?? null;
    this.desk.update();
  };

  private turn({ key, label, enabled }: CatalogueEntry): void {
    const name = { name: label };
    const { turnOff, offText, off, turnOn, onText, on, saved: done } = texts;
    const asked = enabled
      ? { title: say(turnOff, name), text: say(offText, name), act: off, bad: true, done }
      : { title: say(turnOn, name), text: say(onText, name), act: on, done };
    question(this.desk, asked, async ({ reason }) => {
      const changes = { enabled: !enabled };
      this.saved((await this.desk.studiox.saveCatalogueEntry({ key, changes, reason })).entry);
    });
  }

  view(): TemplateResult {
    if (!this.found) return missing(this.failed, () => void this.load());
    const entries = this.found.filter(({ key }) => key.startsWith(`${this.shown}/`));
    return html`<fieldset class="segments"><legend class="hidden">${texts.collection}</legend>
        ${COLLECTIONS.map((each) => html`<label>
          <input type="radio" name="collection" .checked=${each === this.shown}
            @change=${() => ((this.shown = each), this.desk.update())} />
          <span>${texts.collections[each]}</span></label>`)}
      </fieldset>
      ${table(
        texts.collections[this.shown],
        [{ name: texts.entry }, { name: texts.kind }, { name: texts.price, number: true },
          { name: texts.margin, number: true }, { name: texts.offered }, { name: texts.change }],
        entries.map((entry) => this.row(entry)),
      )}`;
  }

  private row(entry: CatalogueEntry): unknown[] {
    const { key, label, enabled, overridden, problem, type, provider, price, rates = [] } = entry;
    const fields = overridden.join(', ');
    const turn = () => this.turn(entry);
    const change = () => askForPrice(this.desk, entry, this.saved);
    return [
      html`${typed(label)}<br /><small dir="auto">${key.slice(key.indexOf('/') + 1)}</small>
        ${overridden.length > 0 ? html`<br /><small>${say(texts.changed, { fields })}</small>` : nothing}
        ${problem && enabled
          ? html`<br /><small class="wrong">${say(texts.notOffered, { problem })}</small>`
          : nothing}`,
      type ? html`${typeName(type)} <small>${provider}</small>` : '',
      priced(entry),
      margins(rates),
      enabled ? words.yes : words.no,
      html`<span class="row">
        <button aria-label=${say(enabled ? texts.turnOff : texts.turnOn, { name: label })} @click=${turn}>
          ${enabled ? texts.off : texts.on}</button>
        ${price
          ? html`<button aria-label=${say(words.of, { what: texts.price, name: label })} @click=${change}>
              ${texts.price}</button>`
          : nothing}
      </span>`,
    ];
  }
}

/** The lowest and the highest of these numbers, or the one number. */
function range(numbers: readonly number[], said: (value: number) => string): string {
  const [least, most] = [Math.min(...numbers), Math.max(...numbers)];
  return least === most ? said(least) : `${said(least)} – ${said(most)}`;
}

const TOKEN_MICRO_USD = 10_000;
const CHARACTERS = 1_000;

function priced({ tokens: fixed, price, rates = [] }: CatalogueEntry): string {
  if (fixed !== undefined) return tokens(fixed);
  if (!price || rates.length === 0) return '–';
  const amount = range(rates.map(({ earnedMicroUsd }) => earnedMicroUsd / TOKEN_MICRO_USD), count);
  const { second, minute, thousandCharacters } = texts.a;
  switch (price.per) {
    case 'second': return say(second, { price: amount });
    case 'minute': return say(minute, { price: amount });
    case 'thousandCharacters': return say(thousandCharacters, { price: amount, number: CHARACTERS });
    default: return amount;
  }
}

const margins = (rates: readonly Rate[]): string =>
  rates.length === 0
    ? '–'
    : range(
        rates.map(({ earnedMicroUsd, costMicroUsd }) => (earnedMicroUsd ? 1 - costMicroUsd / earnedMicroUsd : 0)),
        (value) => share(value, 1),
      );
