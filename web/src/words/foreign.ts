// The translations, each in a file of its own. The first script asks for the page's, and language.ts waits for it.
import type { Whole } from './areas.ts';

const TRANSLATIONS: Record<string, () => Promise<Whole>> = {
  ar: async () => (await import('./ar/index.ts')).ar,
};

/** The words of this language; null for English, which is in the pages' own files, and if they cannot be had. */
export async function translation(language: string): Promise<Whole | null> {
  return (await TRANSLATIONS[language]?.().catch(() => null)) ?? null;
}
