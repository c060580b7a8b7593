// What tokens buy.
import type { ModelOption } from '../../clients/typescript/src/index.ts';
import { priceOf } from './order.ts';

/** How many of a kind the tokens buy at most: of the cheapest model of the free plan, with its defaults. */
export function most(models: readonly ModelOption[], type: string, tokens: number): number {
  const prices = models
    .filter((each) => each.type === type && each.plan === 'free')
    .flatMap((each) => priceOf(each, {}) ?? []);
  return prices.length === 0 ? 0 : Math.floor(tokens / Math.max(1, Math.min(...prices)));
}
