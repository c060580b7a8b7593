import { defineConfig } from 'vite';

// `npx vite web` serves the sources with hot reload; the functions it calls are those of a running `make serve`.
export default defineConfig({
  root: import.meta.dirname,
  server: { host: '127.0.0.1' },
  build: { target: 'es2022', outDir: 'dist', emptyOutDir: true },
});
