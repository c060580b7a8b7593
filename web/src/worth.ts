// What tokens buy, in pictures.
import type { ModelOption } from '../../clients/typescript/src/index.ts';
import { priceOf } from './order.ts';
import { count } from './words.ts';

/** About how many pictures so many tokens buy: of the model that the form begins with, at its usual price. */
export function pictures(tokens: number, models: ModelOption[]): string {
  const model = models.find(({ type, provider }) => type === 'image' && provider !== 'mock');
  const price = model ? priceOf(model, {}) : null;
  const number = price ? Math.floor(tokens / price) : 0;
  return number > 1 ? `about ${count(number < 100 ? number : Number(number.toPrecision(2)))} pictures` : '';
}
