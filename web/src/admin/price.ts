// The dialog of a model's price: a number for each rate, the margins that would follow, and only then the change.
import { html, nothing, type TemplateResult } from 'lit-html';
import type { CatalogueEntry } from '../../../clients/typescript/src/index.ts';
import { say } from '../language.ts';
import { inputName } from '../words.ts';
import type { Desk } from './desk.ts';
import { share, table, usd } from './table.ts';
import { words } from './words.ts';

const texts = words.price;

/** The reason of a request that changes nothing. */
const LOOK = 'margin';

/** The rates of a price: the table's keys on the way to each number. */
function leaves(rates: unknown, path: readonly string[] = []): [path: readonly string[], tokens: number][] {
  if (typeof rates === 'number') return [[path, rates]];
  if (typeof rates !== 'object' || rates === null) return [];
  return Object.entries(rates).flatMap(([key, inner]) => leaves(inner, [...path, key]));
}

/** The inputs that pick a rate, as `Length: 10`. */
const named = (inputs: readonly string[], values: readonly string[]): string =>
  values.map((value, index) => `${inputName(inputs[index] ?? '')}: ${YES_NO[value] ?? value}`).join(', ');

const YES_NO: Record<string, string> = { true: words.yes, false: words.no };

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
  const title = say(texts.title, { name: label });
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
      app.say(say(texts.saved, { name: label }));
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
    label: title,
    view: () => html`<h2>${title}</h2>
      <form @submit=${look} @input=${() => ((shown = null), desk.update())}>
        <fieldset class="rates"><legend class="hidden">${texts.tokens}</legend>
          ${rates.map(([path, tokens]) => html`<label>${named(price.by ?? [], path) || texts.tokens}
            <input name="rate" type="number" min="0" max="1000000" step="1" required value=${tokens} /></label>`)}
        </fieldset>
        <p class="row wrap"><button class=${shown ? '' : 'main'} ?disabled=${desk.busy}>${texts.show}</button>
          ${entry.overridden.includes('price')
            ? html`<button type="button" ?disabled=${desk.busy} @click=${() => send(null, LOOK, true)}>
                ${texts.bundled}</button>`
            : nothing}</p>
      </form>
      ${shown
        ? html`<h3>${texts.with}</h3>${compared(entry, shown.entry)}
            <form @submit=${save}>
              <label>${words.reason}<textarea name="reason" rows="2" maxlength="500" required></textarea></label>
              <button class="main wide" ?disabled=${desk.busy}>${texts.save}</button>
            </form>`
        : html`<p class="muted">${texts.first}</p>`}`,
  });
}

function compared(before: CatalogueEntry, after: CatalogueEntry): TemplateResult {
  const margin = (earned: number, cost: number) => share(earned - cost, earned);
  return table(
    texts.margins,
    [{ name: texts.order }, { name: texts.earn, number: true }, { name: texts.cost, number: true },
      { name: texts.margin, number: true }, { name: texts.before, number: true }],
    (after.rates ?? []).map(({ chosen, earnedMicroUsd: earned, costMicroUsd: cost }, index) => {
      const was = before.rates?.[index];
      return [
        named(Object.keys(chosen), Object.values(chosen).map(String)) || texts.any,
        usd(earned), usd(cost), margin(earned, cost),
        was ? margin(was.earnedMicroUsd, was.costMicroUsd) : '–',
      ];
    }),
  );
}
