// The catalogue: what is offered, at which price and margin; a switch and the price of each entry.
import { html, nothing, type TemplateResult } from 'lit-html';
import type { CatalogueEntry, Rate } from '../../../clients/typescript/src/index.ts';
import { missing } from '../list.ts';
import { count, spelled, tokens, typeName } from '../words.ts';
import { question, type Desk, type Section } from './desk.ts';
import { askForPrice } from './price.ts';
import { share, table } from './table.ts';

const COLLECTIONS = ['models', 'features', 'sizes', 'styles', 'colors'] as const;

export class Catalogue implements Section {
  private found: CatalogueEntry[] | null = null;
  private failed = false;
  private shown: string = COLLECTIONS[0];

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
    const text = enabled
      ? `Nobody can order ${label} from within a minute on. Orders that were made go on.`
      : `Everybody can order ${label} from within a minute on, at the price that is shown.`;
    const [title, act] = enabled ? [`Switch off ${label}`, 'Switch off'] : [`Switch on ${label}`, 'Switch on'];
    const done = 'Saved. It applies within a minute.';
    question(this.desk, { title, text, act, bad: enabled, done }, async ({ reason }) => {
      const changes = { enabled: !enabled };
      this.saved((await this.desk.studiox.saveCatalogueEntry({ key, changes, reason })).entry);
    });
  }

  view(): TemplateResult {
    if (!this.found) return missing(this.failed, () => void this.load());
    const entries = this.found.filter(({ key }) => key.startsWith(`${this.shown}/`));
    return html`<fieldset class="segments"><legend class="hidden">Collection</legend>
        ${COLLECTIONS.map((each) => html`<label>
          <input type="radio" name="collection" .checked=${each === this.shown}
            @change=${() => ((this.shown = each), this.desk.update())} /><span>${spelled(each)}</span></label>`)}
      </fieldset>
      ${table(
        spelled(this.shown),
        [{ name: 'Entry' }, { name: 'Kind' }, { name: 'Price', number: true }, { name: 'Margin', number: true },
          { name: 'Offered' }, { name: 'Change' }],
        entries.map((entry) => this.row(entry)),
      )}`;
  }

  private row(entry: CatalogueEntry): unknown[] {
    const { key, label, enabled, overridden, problem, type, provider, price, rates = [] } = entry;
    const change = () => askForPrice(this.desk, entry, this.saved);
    return [
      html`${label} <small>${key.slice(key.indexOf('/') + 1)}</small>
        ${overridden.length > 0 ? html`<br /><small>changed: ${overridden.join(', ')}</small>` : nothing}
        ${problem && enabled ? html`<br /><small class="wrong">not offered: ${problem}</small>` : nothing}`,
      type ? html`${typeName(type)} <small>${provider}</small>` : '',
      priced(entry),
      margins(rates),
      enabled ? 'yes' : 'no',
      html`<span class="row"><button @click=${() => this.turn(entry)}>
          ${enabled ? 'Switch off' : 'Switch on'}<span class="hidden"> ${label}</span></button>
        ${price ? html`<button @click=${change}>Price<span class="hidden"> of ${label}</span></button>` : nothing}
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
const UNITS: Record<string, string> = { job: '', second: ' a second', minute: ' a minute' };

function priced({ tokens: fixed, price, rates = [] }: CatalogueEntry): string {
  if (fixed !== undefined) return tokens(fixed);
  if (!price || rates.length === 0) return '–';
  const unit = UNITS[price.per ?? 'job'] ?? ' for 1,000 characters';
  return range(rates.map(({ earnedMicroUsd }) => earnedMicroUsd / TOKEN_MICRO_USD), count) + unit;
}

const margins = (rates: readonly Rate[]): string =>
  rates.length === 0
    ? '–'
    : range(
        rates.map(({ earnedMicroUsd, costMicroUsd }) => (earnedMicroUsd ? 1 - costMicroUsd / earnedMicroUsd : 0)),
        (value) => share(value, 1),
      );
