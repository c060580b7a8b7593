import { defineConfig } from 'vite';

// `npx vite web` serves the sources with hot reload; the functions it calls are those of a running `make serve`
// (VITE_OFFSET=N for one that was started with OFFSET=N).
const SHARED = [
  /\/lit(-html)?\//,
  /web\/src\/(?!main|google|lightbox|zip)[\w-]+\.ts$/,
  /clients\/\S*\/(calls|errors|generated|retry|status)\.ts$/,
];

/** The pages' own parts are small, so what they share is one file. Each part of the SDK is another. */
function part(id: string): string | undefined {
  const [, name] = /node_modules\/@?firebase\/([\w-]+)/.exec(id) ?? [];
  if (name === 'webchannel-wrapper') return 'firebase-firestore';
  if (name) return ['auth', 'firestore', 'storage', 'app-check'].includes(name) ? `firebase-${name}` : 'firebase';
  return SHARED.some((each) => each.test(id)) ? 'shared' : undefined;
}

export default defineConfig({
  root: import.meta.dirname,
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
