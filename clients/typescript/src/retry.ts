// When a call is repeated, and how long it waits before: bounded, and never at the same moment as everybody else.
import type { StudioXError } from './errors.js';

export interface RetryOptions {
  /** How often a call is repeated at most. Default 4; 0 for never. */
  retries?: number;
  /** The longest wait before a repeat, in milliseconds. Default 5000. */
  maxDelay?: number;
}

export const DEFAULT_RETRIES = 4;
export const DEFAULT_MAX_DELAY = 5_000;
const FIRST_DELAY = 250;

/**
 * Whether repeating can help and can do no harm. After `Contention` nothing has happened; after `Unavailable` or no
 * answer that is not known, so only reads and calls with a requestId, which the functions recognize, are repeated.
 */
export function mayRepeat(error: StudioXError, repeatable: boolean): boolean {
  if (error.reason === 'Contention') return true;
  return repeatable && (error.reason === 'Unavailable' || error.reason === 'NoAnswer');
}

/** Milliseconds before repeat number `attempt` (from 0): doubling, at random between half and all of it. */
export function delayBefore(attempt: number, maxDelay: number, random: () => number = Math.random): number {
  return Math.min(maxDelay, FIRST_DELAY * 2 ** attempt) * (0.5 + random() / 2);
}

export const sleep = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, milliseconds);
  });

/** An idempotency key. `crypto.randomUUID` exists in secure contexts only; a phone in the local network has none. */
export function newRequestId(): string {
  if (typeof crypto.randomUUID === 'function') return crypto.randomUUID();
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
