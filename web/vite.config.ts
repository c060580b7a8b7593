import { defineConfig } from 'vite';

// `npx vite web` serves the sources with hot reload; the functions it calls are those of a running `make serve`
// (VITE_OFFSET=N for one that was started with OFFSET=N).
export default defineConfig({
  root: import.meta.dirname,
  server: { host: '127.0.0.1' },
  build: {
    target: 'es2022',
    outDir: 'dist',
    emptyOutDir: true,
    // The SDK changes with the lock file alone: a browser keeps it when only the page has changed.
    rolldownOptions: {
      output: { manualChunks: (id) => (/node_modules\/@?firebase\//.test(id) ? 'firebase' : undefined) },
    },
    chunkSizeWarningLimit: 700,
  },
});
