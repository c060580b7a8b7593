// The language of the page, which public/assets/early.js has chosen: its dictionary, its plurals, the reader's locale.
import type { Areas } from './words/areas.ts';
import { translation } from './words/foreign.ts';
import type { Plural, Slots, Text } from './words/text.ts';

/** The languages of the dictionary, by their own names. Their directions are in public/assets/early.js. */
export const LANGUAGES = { en: 'English', ar: 'العربية' } as const;
export type Language = keyof typeof LANGUAGES;

const root = document.documentElement;
// English is in the pages' own files. Another language is one file, which is here before any module is run.
const foreign = await translation(root.lang);
if (!foreign) [root.lang, root.dir] = ['en', 'ltr'];

export const language = root.lang as Language;
export const rightToLeft = root.dir === 'rtl';

/** The reader's own locale of this language, `en-US`, which decides how numbers and dates are written. */
export const locale =
  navigator.languages.find((each) => each.split('-')[0] === language) ?? (language === 'en' ? 'en-GB' : language);

/** Show the page in another language when it is loaded next. */
export const remember = (chosen: Language): void => localStorage.setItem('language', chosen);

/** Show the page in another language from now on. */
export function speak(chosen: Language): void {
  remember(chosen);
  location.reload();
}

/** An area's words: its English ones, or their translation. */
export function translated<A extends keyof Areas, En extends Areas[A]>(area: A, english: En): En {
  return (foreign?.[area] as En | undefined) ?? english;
}

const plurals = new Intl.PluralRules(locale);
const numbers = new Intl.NumberFormat(locale);
export const count = (value: number): string => numbers.format(value);

const pieces = (text: Text, values: Record<string, unknown>): string[] => {
  const form = typeof text === 'string' ? text : (text[plurals.select(values.count as number)] ?? text.other);
  return form.split(/[{}]/);
};

const written = (value: string | number): string => {
  if (typeof value === 'number') return count(value);
  return rightToLeft ? `\u2068${value}\u2069` : value; // a name of the other direction keeps its own order
};

/** A text with its slots filled. `count` chooses among a plural's forms; numbers are written as the reader does. */
export function say<T extends Text>(text: T, values: Record<Slots<T>, string | number>): string {
  const given = values as Record<string, string | number>;
  return pieces(text, given).map((piece, i) => (i % 2 ? written(given[piece]!) : piece)).join('');
}

/** As `say`, for slots that are elements. */
export function shown<T extends Text>(text: T, values: Record<Slots<T>, unknown>): unknown[] {
  const given = values as Record<string, unknown>;
  return pieces(text, given).map((piece, i) => {
    const value = given[piece];
    return i % 2 ? (typeof value === 'string' || typeof value === 'number' ? written(value) : value) : piece;
  });
}

export type { Plural, Text };
