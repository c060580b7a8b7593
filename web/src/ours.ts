// Texts of the bundled catalogue and of the ledger in the reader's language.
import { translated } from './language.ts';
import { money as english } from './words/en/money.ts';

const known: Record<string, string> = english.bundled;
const words: Record<string, string> = translated('money', english).bundled;
const KEYS = new Map(Object.entries(known).map(([key, text]) => [text, key]));

/** The text in the reader's language if it is one of ours. What a deployer wrote stays as it is: show it `dir=auto`. */
export function worded(text: string): string {
  const key = KEYS.get(text.replaceAll('\'', '’'));
  return key === undefined ? text : (words[key] ?? text);
}
