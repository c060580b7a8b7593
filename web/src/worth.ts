// What tokens buy.
import type { ModelOption, PlanOffer, StudioOptions, TokenPack } from '../../clients/typescript/src/index.ts';
import { say, translated } from './language.ts';
import { priceOf } from './order.ts';
import { listed } from './words.ts';
import { making as english } from './words/en/making.ts';

const words = translated('making', english);
const KINDS = ['image', 'video', 'music'] as const;

/** The free plan's models of a kind with the prices of their defaults, the cheapest first. */
const priced = (models: readonly ModelOption[], type: string): { label: string; price: number }[] =>
  models
    .filter((each) => each.type === type && each.plan === 'free')
    .map((each) => ({ label: each.label, price: priceOf(each, {}) }))
    .filter((each): each is { label: string; price: number } => each.price !== null && each.price > 0)
    .sort((a, b) => a.price - b.price);

/** How many of a kind the tokens buy at most: of the cheapest model. */
function most(models: readonly ModelOption[], type: string, tokens: number): number {
  const [cheapest] = priced(models, type);
  return cheapest ? Math.floor(tokens / cheapest.price) : 0;
}

/** The model of a kind with the median price, by which it is said what tokens buy; undefined if there is none. */
export function typical(models: readonly ModelOption[], type: string): { label: string; price: number } | undefined {
  const all = priced(models, type);
  return all[Math.floor((all.length - 1) / 2)];
}

/** The smallest pack whose tokens cost less than the plan's; undefined if there is none. */
export const cheaper = (plan: PlanOffer, packs: readonly TokenPack[]): TokenPack | undefined =>
  packs
    .filter(({ currency }) => currency === plan.currency)
    .filter(({ amount, tokens }) => amount * plan.monthlyTokens < plan.amount * tokens)
    .sort((a, b) => a.amount - b.amount)[0];

/** `up to 100 pictures, up to 10 films or up to 20 songs`; without numbers until the prices are known. */
export function bought(options: StudioOptions | null, tokens: number): string {
  const parts = KINDS.map((type) => [most(options?.models ?? [], type, tokens), words.upTo[type]] as const);
  const some = parts.filter(([count]) => count > 0).map(([count, text]) => say(text, { count }));
  return some.length > 0 ? listed(some, 'disjunction') : words.someOfEach;
}
