// The playground's pure order.ts, asked from standard input: [{model, values}] → [{price, request}].
import { readFileSync } from 'node:fs';
import { transformWithOxc } from 'vite';

const source = new URL('../../web/src/order.ts', import.meta.url);
const { code } = await transformWithOxc(readFileSync(source, 'utf8'), 'order.ts');
const { priceOf, request } = await import(`data:text/javascript,${encodeURIComponent(code)}`);
const asked = JSON.parse(readFileSync(0, 'utf8'));
console.log(JSON.stringify(asked.map(({ model, values }) => ({ price: priceOf(model, values), request: request(model, values) }))));
