// Prints the dictionary, `{language: {area: …}}`: its files are TypeScript, which Vite reads.
import { readdirSync } from 'node:fs';
import { runnerImport } from 'vite';

const words = new URL('../web/src/words/', import.meta.url);
const found = {};
for (const language of ['en', 'ar']) {
  found[language] = {};
  for (const file of readdirSync(new URL(language, words))) {
    if (file === 'index.ts') continue;
    const { module } = await runnerImport(new URL(`${language}/${file}`, words).pathname);
    Object.assign(found[language], module);
  }
}
process.stdout.write(JSON.stringify(found));
