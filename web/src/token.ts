// The ID token of whoever is signed in, kept until it expires: a visit need not wait for Auth.
import { keptMine } from './kept.ts';

export interface KeptToken {
  token: string;
  /** When it expires, by this machine's clock, as `Date.now()` has it. */
  until: number;
}

const TOKEN = 'token';
/** It must last as long as a call is under way. */
const LEAST_MS = 120_000;

export const keepToken = (token: KeptToken | null): void => keptMine.write(TOKEN, token);

/** Null without one that is still valid. */
export function keptToken(): string | null {
  const kept = keptMine.read<KeptToken>(TOKEN);
  return kept && kept.until - LEAST_MS > Date.now() ? kept.token : null;
}
