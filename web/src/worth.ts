// What tokens buy.
import type { ModelOption, PlanOffer, TokenPack } from '../../clients/typescript/src/index.ts';
import { priceOf } from './order.ts';

/** The free plan's models of a kind with the prices of their defaults, the cheapest first. */
const priced = (models: readonly ModelOption[], type: string): { label: string; price: number }[] =>
  models
    .filter((each) => each.type === type && each.plan === 'free')
    .map((each) => ({ label: each.label, price: priceOf(each, {}) }))
    .filter((each): each is { label: string; price: number } => each.price !== null && each.price > 0)
    .sort((a, b) => a.price - b.price);

/** How many of a kind the tokens buy at most: of the cheapest model. */
export function most(models: readonly ModelOption[], type: string, tokens: number): number {
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
