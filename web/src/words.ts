// Numbers, money and times as the reader writes them, the names of things, and why something was refused.
import { StudioXError, type FailureReason, type Failures } from '../../clients/typescript/src/errors.ts';
import type { FieldRule, QuoteRefusal, TypicalSeconds } from '../../clients/typescript/src/index.ts';
import { count, locale, rightToLeft, say, translated } from './language.ts';
import { refusals as englishRefusals } from './words/en/refusals.ts';
import { terms as englishTerms } from './words/en/terms.ts';

export { count };

const terms = translated('terms', englishTerms);
const refusals = translated('refusals', englishRefusals);

const day = new Intl.DateTimeFormat(locale, { day: 'numeric', month: 'short', year: 'numeric' });
const date = new Intl.DateTimeFormat(locale, { day: 'numeric', month: 'short', year: 'numeric', timeZone: 'UTC' });
const moment = new Intl.DateTimeFormat(locale, { day: 'numeric', month: 'short', hour: 'numeric', minute: '2-digit' });
const past = new Intl.RelativeTimeFormat(locale, { style: 'short' });
const signs = new Intl.NumberFormat(locale, { signDisplay: 'exceptZero' });

const parts = new Intl.NumberFormat(locale, { style: 'percent' });
/** `50%` */
export const percent = (value: number): string => parts.format(value / 100);
export const tokens = (value: number): string => say(terms.tokens, { count: value });
export const signed = (value: number): string => signs.format(value).replace('-', '−');

/** The day of a time where the reader is; a date without a time is that day everywhere. */
export const onDay = (time: string): string => (time.includes('T') ? day : date).format(new Date(time));

/** A time of this year with its hour; only the day of an older one. */
export function at(time: string, now = new Date()): string {
  const then = new Date(time);
  return (then.getFullYear() === now.getFullYear() ? moment : day).format(then);
}

/** The prices in other currencies than the first one's, which Stripe's page shows to buyers there. */
export const elsewhere = (amounts: Record<string, number>, currency: string): string[] =>
  Object.entries(amounts).filter(([other]) => other !== currency).map(([other, minor]) => money(minor, other));

const priced = (currency: string, digits?: number) => {
  const most = digits === undefined ? {} : { maximumFractionDigits: digits };
  return new Intl.NumberFormat(locale, { style: 'currency', currency, currencyDisplay: 'narrowSymbol', ...most });
};

/** How many of the minor unit are one of the currency: 100 cents, 1 yen. */
export const units = (currency: string): number =>
  10 ** (priced(currency).resolvedOptions().maximumFractionDigits ?? 2);

/** In a text from right to left an amount keeps its own order: `5.00 US$`, and not `$US 5.00`. With at most `digits`
 * after the point; by default as many as the currency has. */
export function money(minor: number, currency: string, digits?: number): string {
  const amount = priced(currency, digits).format(minor / units(currency));
  return rightToLeft ? `\u2066${amount.replace('\u200f', '')}\u2069` : amount;
}

/** How long ago, roughly. */
export function ago(time: string, now = Date.now()): string {
  const seconds = Math.max(0, (now - Date.parse(time)) / 1000);
  if (seconds < 60) return terms.justNow;
  if (seconds < 3600) return past.format(-Math.floor(seconds / 60), 'minute');
  if (seconds < 86_400) return past.format(-Math.floor(seconds / 3600), 'hour');
  return seconds < 7 * 86_400 ? past.format(-Math.floor(seconds / 86_400), 'day') : onDay(time);
}

/** `a, b or c`; with `and` for a conjunction. */
export const listed = (parts: readonly string[], type: 'conjunction' | 'disjunction'): string =>
  new Intl.ListFormat(locale, { type }).format(parts);

/** The text if it has at most `most` characters, else its first words and an ellipsis. */
export function shortened(text: string, most: number): string {
  if (text.length <= most) return text;
  const words = text.slice(0, most).replace(/\s+\S*$/u, '');
  return `${2 * words.length >= most ? words : text.slice(0, most - 1)}…`;
}

const lasting = (value: number, unit: 'second' | 'minute' | 'hour'): string =>
  new Intl.NumberFormat(locale, { style: 'unit', unit, unitDisplay: 'long' }).format(value);

export function soon(seconds: number): string {
  if (seconds < 90) return lasting(Math.max(1, Math.ceil(seconds)), 'second');
  return seconds < 5400 ? lasting(Math.ceil(seconds / 60), 'minute') : lasting(Math.ceil(seconds / 3600), 'hour');
}

/** The name of an id, `names[id]`; for one that the dictionary lacks, the id spelled out. */
export const named = (names: object, id: string): string => (names as Record<string, string>)[id] ?? spelled(id);

export const typeName = (type: string): string => named(terms.types, type);
/** An author's name. Whoever chose none is `Anonymous` in what is stored. */
export const nameOf = (name: string): string => (name === 'Anonymous' ? terms.anonymous : name);
export const planName = (plan: string): string => named(terms.plans, plan);
/** A field's name, for people. */
export const inputName = (name: string): string => named(terms.fields, name);
/** `Picture by Nano Banana` */
export const madeBy = (type: string, model: string): string => say(terms.madeBy, { type: typeName(type), model });

/** `partially_refunded` → `Partially refunded`. */
export function spelled(name: string): string {
  const words = name
    .replace(/[_-]/g, ' ')
    .replace(/([a-z0-9])([A-Z])/g, (_, a: string, b: string) => `${a} ${b.toLowerCase()}`);
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** Why a field was refused: by the rule that it breaks, if the dictionary has words for it. */
function refusal(field: string, { rule, least = 0, most = 0, allowed = [] }: FieldRule): string {
  const { unnamed, invalid, empty, ...named } = refusals.field;
  const name = inputName(field.replace('options.', '')) || unnamed;
  const words = rule === 'tooShort' && least <= 1 ? empty : (named as { [R in FieldRule['rule']]?: string })[rule];
  return say(words ?? invalid, { name, least, most, allowed: allowed.join(', ') });
}

type Sayings = { [K in FailureReason]?: (details: Failures[K]) => string };

/** The refusals whose sentence depends on their details. */
const SAYINGS: Sayings = {
  AllowanceExceeded: ({ limit, resetsAt }) =>
    say(refusals.AllowanceExceeded, { count: limit, day: onDay(resetsAt) }),
  InsufficientTokens: ({ balance, price }) => say(refusals.InsufficientTokens, { price: tokens(price), balance }),
  InvalidRequest: ({ rules }) =>
    Object.entries(rules).map(([field, rule]) => refusal(field, rule)).join(' ') || refusals.InvalidRequest,
  PlanRequired: ({ plan }) => say(refusals.PlanRequired, { plan: planName(plan) }),
  PriceChanged: ({ price }) => say(refusals.PriceChanged, { price: tokens(price) }),
  ProviderUnavailable: ({ refunded }) =>
    refunded ? refusals.ProviderUnavailableRefunded : refusals.ProviderUnavailable,
  RateLimited: ({ retryAfterSeconds }) => say(refusals.RateLimited, { time: soon(retryAfterSeconds) }),
  SpendLimitReached: ({ limit }) => say(refusals.SpendLimitReached, { limit: tokens(limit) }),
  TooManyCollections: ({ limit }) => say(refusals.TooManyCollections, { count: limit }),
  TooManyJobs: ({ limit }) => say(refusals.TooManyJobs, { count: limit }),
};

/** A refusal in a sentence for people. An unknown reason is a newer one than this page. */
function refused(reason: string, details: unknown): string {
  const worded = (SAYINGS as Record<string, (details: unknown) => string>)[reason];
  return worded?.(details) ?? (refusals as unknown as Record<string, string>)[reason] ?? refusals.Internal;
}

// https://firebase.google.com/docs/auth/admin/errors and the SDK's own AuthErrorCodes.
const SIGN_IN: Record<string, string> = {
  'auth/email-already-in-use': refusals.emailInUse,
  'auth/invalid-credential': refusals.wrongPassword,
  'auth/invalid-login-credentials': refusals.wrongPassword,
  'auth/user-not-found': refusals.wrongPassword,
  'auth/wrong-password': refusals.wrongPassword,
  'auth/invalid-email': refusals.invalidEmail,
  'auth/missing-password': refusals.missingPassword,
  'auth/weak-password': refusals.weakPassword,
  'auth/too-many-requests': refusals.tooManyAttempts,
  'auth/user-disabled': refusals.disabled,
  'auth/network-request-failed': refusals.noAnswerFromAuth,
  'auth/requires-recent-login': refusals.signInAgain,
};

/** Why an order would be refused, in a sentence for people. */
export const refusalOf = ({ reason, details }: QuoteRefusal): string => refused(reason, details);

/** How long such jobs take. */
export function typically({ p50, p90 }: TypicalSeconds): string {
  const [usual, nearlyAlways] = [soon(p50), soon(p90)];
  return usual === nearlyAlways
    ? say(terms.usuallyIn, { usual })
    : say(terms.usuallyAndNearlyAlways, { usual, nearlyAlways });
}

/** How much longer a job takes that was ordered so many seconds ago. */
export function timeLeft({ p50, p90 }: TypicalSeconds, elapsed: number): string {
  if (elapsed < p50) return say(terms.aboutLeft, { time: soon(p50 - elapsed) });
  return elapsed < p90 ? say(terms.atMostLeft, { time: soon(p90 - elapsed) }) : terms.longerThanUsual;
}

/** What went wrong, in a sentence for people: no code, no stack. */
export function said(error: unknown): string {
  if (error instanceof StudioXError) return refused(error.reason, error.details);
  if (error instanceof RangeError) return error.message; // an upload of the wrong kind or size
  const { code = '', message = '' } = (error ?? {}) as { code?: string; message?: string };
  // Auth wraps the sign-up trigger's refusal: https://cloud.google.com/identity-platform/docs/blocking-functions
  if (message.includes('e-mail domain cannot sign up')) return refusals.refusedDomain;
  if (code.startsWith('storage/')) return refusals.noFile;
  return SIGN_IN[code] ?? refusals.Internal;
}
