// When a call is repeated, and after which pause: bounded, with jitter.
import type { StudioXError } from './errors.js';

export interface RetryOptions {
  /** The most repeats of a call. Default 4; 0: never. */
  retries?: number;
  /** The longest wait before a repeat, in milliseconds. Default 5000. */
  maxDelay?: number;
}

export const DEFAULT_RETRIES = 4;
export const DEFAULT_MAX_DELAY = 5_000;
const FIRST_DELAY = 250;

/**
 * Whether a repeat can help and is safe. After `Contention` nothing has happened. After `Unavailable` or no answer the
 * outcome is unknown, so only reads and calls with a `requestId`, which the functions recognize, are repeated.
 */
export function mayRepeat(error: StudioXError, repeatable: boolean): boolean {
  if (error.reason === 'Contention') return true;
  return repeatable && (error.reason === 'Unavailable' || error.reason === 'NoAnswer');
}

/** Milliseconds before repeat number `attempt` (from 0): doubling, shortened at random by up to half. */
export function delayBefore(attempt: number, maxDelay: number, random: () => number = Math.random): number {
  return Math.min(maxDelay, FIRST_DELAY * 2 ** attempt) * (0.5 + random() / 2);
}

export const sleep = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, milliseconds);
  });

/** An idempotency key. `crypto.randomUUID` exists in secure contexts only; a phone that opens a local address has no `randomUUID`. */
export function newRequestId(): string {
  if (typeof crypto.randomUUID === 'function') return crypto.randomUUID();
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
