// What tokens buy and what they cost, so that packs and plans can be compared.
import { html, nothing, type TemplateResult } from 'lit-html';
import type { ModelOption, PlanOffer, TokenPack } from '../../../clients/typescript/src/index.ts';
import { say, translated } from '../language.ts';
import { worded } from '../ours.ts';
import { listed, money, tokens } from '../words.ts';
import { money as english } from '../words/en/money.ts';
import { cheaper, typical } from '../worth.ts';

const words = translated('money', english).worth;
type Models = readonly ModelOption[];

/** What tokens are counted in. */
const KINDS = ['image', 'video'] as const;
/** Prices are compared by what so many tokens cost. */
const COMPARED = 100;

const counters = (models: Models) =>
  KINDS.flatMap((kind) => {
    const model = typical(models, kind);
    return model ? [{ kind, ...model }] : [];
  });

/** Which models the numbers of pictures and films are counted with. */
export function counted(models: Models): TemplateResult | typeof nothing {
  const names = counters(models).map(({ label, price }) => say(words.model, { model: label, tokens: tokens(price) }));
  if (names.length === 0) return nothing;
  return html`<p class="muted">${say(words.counted, { models: listed(names, 'conjunction') })}</p>`;
}

/** How much so many tokens buy, and what a hundred of them cost. */
export function worth(models: Models, bought: number, amount: number, currency: string): TemplateResult {
  const things = counters(models)
    .map(({ kind, price }) => [kind, Math.floor(bought / price)] as const)
    .filter(([, number]) => number > 0)
    .map(([kind, number]) => say(words[kind], { count: number }));
  return html`<p class="muted">
    ${things.length > 0 ? html`${say(words.about, { what: listed(things, 'disjunction') })}<br />` : nothing}
    ${amount > 0 ? say(words.each, { price: compared(bought, amount, currency), count: COMPARED }) : nothing}
  </p>`;
}

/** The warning that the tokens of a pack cost less than the plan's. */
export function dearer(plan: PlanOffer, packs: readonly TokenPack[]): TemplateResult | typeof nothing {
  const pack = cheaper(plan, packs);
  if (!pack) return nothing;
  const price = compared(pack.tokens, pack.amount, pack.currency);
  return html`<p class="note">${say(words.cheaper, { pack: worded(pack.name), price, count: COMPARED })}</p>`;
}

const compared = (bought: number, amount: number, currency: string): string =>
  money(Math.round((COMPARED * amount) / bought), currency);
