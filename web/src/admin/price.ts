// The dialog of a model's price: a number for each rate, the margins that would follow, and only then the change.
import { html, nothing, type TemplateResult } from 'lit-html';
import type { CatalogueEntry } from '../../../clients/typescript/src/index.ts';
import { inputName } from '../words.ts';
import type { Desk } from './desk.ts';
import { share, table, usd } from './table.ts';

/** The reason of a request that changes nothing. */
const LOOK = 'A look at the margin.';

/** The rates of a price: the table's keys on the way to each number. */
function leaves(rates: unknown, path: readonly string[] = []): [path: readonly string[], tokens: number][] {
  if (typeof rates === 'number') return [[path, rates]];
  if (typeof rates !== 'object' || rates === null) return [];
  return Object.entries(rates).flatMap(([key, inner]) => leaves(inner, [...path, key]));
}

/** The inputs that pick a rate, as `Length: 10`. */
const named = (inputs: readonly string[], values: readonly string[]): string =>
  values.map((value, index) => `${inputName(inputs[index] ?? '')}: ${YES_NO[value] ?? value}`).join(', ');

const YES_NO: Record<string, string> = { true: 'yes', false: 'no' };

/** The same table with other numbers, in the order of `leaves`. */
function withNumbers(rates: unknown, numbers: Iterator<number>): unknown {
  if (typeof rates !== 'object' || rates === null) return numbers.next().value;
  return Object.fromEntries(Object.entries(rates).map(([key, inner]) => [key, withNumbers(inner, numbers)]));
}

export function askForPrice(desk: Desk, entry: CatalogueEntry, saved: (entry: CatalogueEntry) => void): void {
  const { app, studiox } = desk;
  const { key, label, price } = entry;
  if (!price) return;
  const rates = leaves(price.tokens);
  /** What the numbers in the form would come to, and the numbers. */
  let shown: { price: object | null; entry: CatalogueEntry } | null = null;

  const given = (form: HTMLFormElement): object => {
    const numbers = new FormData(form).getAll('rate').map(Number);
    return { ...price, tokens: withNumbers(price.tokens, numbers.values()) };
  };
  const send = async (changed: object | null, reason: string, preview: boolean) => {
    const request = { key, changes: { price: changed }, reason, preview };
    const done = await desk.change(() => studiox.saveCatalogueEntry(request));
    if (!done) return;
    if (preview) shown = { price: changed, entry: done.entry };
    else {
      app.show(null);
      app.say(`Saved. The price of ${label} applies within a minute.`);
      saved(done.entry);
    }
    desk.update();
  };
  const look = (event: SubmitEvent) => {
    event.preventDefault();
    void send(given(event.currentTarget as HTMLFormElement), LOOK, true);
  };
  const save = (event: SubmitEvent) => {
    event.preventDefault();
    const reason = String(new FormData(event.currentTarget as HTMLFormElement).get('reason')).trim();
    if (shown) void send(shown.price, reason, false);
  };

  app.show({
    label: `The price of ${label}`,
    view: () => html`<h2>The price of ${label}</h2>
      <form @submit=${look} @input=${() => ((shown = null), desk.update())}>
        <fieldset class="rates"><legend class="hidden">Tokens</legend>
          ${rates.map(([path, tokens]) => html`<label>${named(price.by ?? [], path) || 'Tokens'}
            <input name="rate" type="number" min="0" max="1000000" step="1" required value=${tokens} /></label>`)}
        </fieldset>
        <p class="row wrap"><button class=${shown ? '' : 'main'} ?disabled=${desk.busy}>Show the margin</button>
          ${entry.overridden.includes('price')
            ? html`<button type="button" ?disabled=${desk.busy} @click=${() => send(null, LOOK, true)}>
                Show the bundled price</button>`
            : nothing}</p>
      </form>
      ${shown
        ? html`<h3>Margin with this price</h3>${compared(entry, shown.entry)}
            <form @submit=${save}>
              <label>Reason<textarea name="reason" rows="2" maxlength="500" required></textarea></label>
              <button class="main wide" ?disabled=${desk.busy}>Save this price</button>
            </form>`
        : html`<p class="muted">The margin is shown before anything is saved.</p>`}`,
  });
}

function compared(before: CatalogueEntry, after: CatalogueEntry): TemplateResult {
  const margin = (earned: number, cost: number) => share(earned - cost, earned);
  return table(
    'Margins',
    [{ name: 'Order' }, { name: 'We earn', number: true }, { name: 'It costs', number: true },
      { name: 'Margin', number: true }, { name: 'Until now', number: true }],
    (after.rates ?? []).map(({ chosen, earnedMicroUsd: earned, costMicroUsd: cost }, index) => {
      const was = before.rates?.[index];
      return [
        named(Object.keys(chosen), Object.values(chosen).map(String)) || 'any',
        usd(earned), usd(cost), margin(earned, cost),
        was ? margin(was.earnedMicroUsd, was.costMicroUsd) : '–',
      ];
    }),
  );
}
