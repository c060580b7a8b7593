import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { defineConfig, type HtmlTagDescriptor, type Plugin } from 'vite';

// `npx vite web` serves the sources with hot reload; the functions it calls are those of a running `make serve`
// (VITE_OFFSET=N for one that was started with OFFSET=N).
const FIRST = /web\/src\/(main|kept|project|routes|send|token|words\/foreign)\.ts$|\/preload-helper/;
const SHARED = [
  /\/lit(-html)?\//,
  /web\/src\/(?!(google|lightbox|zip|chart|compare|limits|moderation|onward|ours|publish|quote)\.)[\w-]+\.ts$/,
  /web\/src\/words\/en\/(frame|refusals|terms)\.ts$/,
  /clients\/\S*\/(calls|errors|generated|retry|status)\.ts$/,
];

/**
 * What most pages share is one file, and so is each part of the SDK. What one or two pages need, such as the chart, is
 * left to the bundler.
 */
function part(id: string): string | undefined {
  const [, name] = /node_modules\/@?firebase\/([\w-]+)/.exec(id) ?? [];
  if (name === 'webchannel-wrapper') return 'firebase-firestore';
  if (name) return ['auth', 'firestore', 'storage', 'app-check'].includes(name) ? `firebase-${name}` : 'firebase';
  if (FIRST.test(id)) return 'first';
  return SHARED.some((each) => each.test(id)) ? 'shared' : undefined;
}

/** The document names what every page needs, so that the browser asks for all of it at once. */
const atOnce: Plugin = {
  name: 'at-once',
  apply: 'build',
  transformIndexHtml: {
    order: 'post',
    handler: (html, { bundle }) => {
      const shared = Object.keys(bundle ?? {}).filter((each) => /^assets\/shared-.*\.js$/.test(each));
      const tags = shared.map((each): HtmlTagDescriptor => ({
        tag: 'link',
        attrs: { rel: 'modulepreload', crossorigin: true, href: `/${each}` },
        injectTo: 'head',
      }));
      // What lies in /assets/ is kept by browsers for good, so a changed file needs another address.
      const early = readFileSync(`${import.meta.dirname}/public/assets/early.js`);
      const version = createHash('sha256').update(early).digest('hex').slice(0, 8);
      return { html: html.replace('/assets/early.js', `/assets/early.js?${version}`), tags };
    },
  },
};

export default defineConfig({
  root: import.meta.dirname,
  plugins: [atOnce],
  server: { host: '127.0.0.1' },
  build: {
    target: 'es2022',
    outDir: 'dist',
    emptyOutDir: true,
    // The SDK changes with the lock file alone: a browser keeps its parts when only the page has changed.
    rolldownOptions: { output: { manualChunks: part } },
    assetsInlineLimit: 0,
  },
});
