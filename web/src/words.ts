// Texts for people: refusals, numbers, times.
import { StudioXError, type FailureReason, type Failures } from '../../clients/typescript/src/errors.ts';
import type { QuoteRefusal, TypicalSeconds } from '../../clients/typescript/src/index.ts';

// The interface is in British English, and so are its dates.
const number = new Intl.NumberFormat('en-GB');
const day = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', year: 'numeric' });
const moment = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', hour: 'numeric', minute: '2-digit' });

export const count = (value: number): string => number.format(value);
/** `2 likes`, `1 like`. */
export const several = (value: number, noun: string): string =>
  `${count(value)} ${noun}${Math.abs(value) === 1 ? '' : 's'}`;
export const tokens = (value: number): string => several(value, 'token');
export const signed = (value: number): string => (value > 0 ? `+${count(value)}` : count(value).replace('-', '−'));
export const onDay = (time: string): string => day.format(new Date(time));

/** A time of this year with its hour; only the day of an older one. */
export function at(time: string, now = new Date()): string {
  const then = new Date(time);
  return (then.getFullYear() === now.getFullYear() ? moment : day).format(then);
}

/** The prices in other currencies than the first one's, which Stripe's page shows to buyers there. */
export const elsewhere = (amounts: Record<string, number>, currency: string): string[] =>
  Object.entries(amounts).filter(([other]) => other !== currency).map(([other, minor]) => money(minor, other));

const priced = (currency: string) => new Intl.NumberFormat('en', { style: 'currency', currency });

/** How many of the minor unit are one of the currency: 100 cents, 1 yen. */
export const units = (currency: string): number =>
  10 ** (priced(currency).resolvedOptions().maximumFractionDigits ?? 2);

export const money = (minor: number, currency: string): string => priced(currency).format(minor / units(currency));

/** How long ago, roughly. */
export function ago(time: string, now = Date.now()): string {
  const seconds = Math.max(0, (now - Date.parse(time)) / 1000);
  if (seconds < 60) return 'just now';
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h ago`;
  return seconds < 7 * 86_400 ? `${Math.floor(seconds / 86_400)} d ago` : onDay(time);
}

/** The text if it has at most `most` characters, else its first words and an ellipsis. */
export function shortened(text: string, most: number): string {
  if (text.length <= most) return text;
  const words = text.slice(0, most).replace(/\s+\S*$/u, '');
  return `${2 * words.length >= most ? words : text.slice(0, most - 1)}…`;
}

export function soon(seconds: number): string {
  if (seconds < 90) return seconds <= 1 ? '1 second' : `${Math.ceil(seconds)} seconds`;
  return seconds < 5400 ? `${Math.ceil(seconds / 60)} minutes` : `${Math.ceil(seconds / 3600)} hours`;
}

const TYPES: Record<string, string> = {
  image: 'Picture',
  edit: 'Edit',
  video: 'Video',
  music: 'Music',
  speech: 'Speech',
  analysis: 'Analysis',
  lyrics: 'Lyrics',
};
export const typeName = (type: string): string => TYPES[type] ?? type;

/** Labels of inputs whose name is not a good label itself. */
const INPUTS: Record<string, string> = {
  color: 'Colours',
  customMode: 'Choose style and title',
  durationSeconds: 'Length',
  generateAudio: 'With sound',
  inputPaths: 'Pictures to start from',
  instrumental: 'Without singing',
  multiShots: 'Several shots',
  negativePrompt: 'What to leave out',
  presetType: 'Kind of song',
  sound: 'With sound',
  vocalGender: 'Voice',
};

/** A field's name, for people. */
export const inputName = (name: string): string => INPUTS[name] ?? spelled(name);

/** Labels of fields in other forms than orders. */
const FIELDS: Record<string, string> = {
  confirm: 'Confirmation',
  displayName: 'Name',
  proofUrl: 'Address',
  text: 'Text',
};

/** Why a field was refused. The functions' own message is for developers. */
function refusal(field: string, why: string): string {
  const name = FIELDS[field] ?? (inputName(field.replace('options.', '')) || 'This');
  const [, sign, length] = /length (>=|<=) (\d+)/.exec(why) ?? [];
  if (sign === '>=') return `${name} must not be empty.`;
  if (sign === '<=') return `${name} is too long: ${count(Number(length))} at most.`;
  return /^(Expected|Invalid|Object) /.test(why) ? `${name} is not valid.` : `${name}: ${why}.`;
}

/** `partially_refunded` → `Partially refunded`. */
export function spelled(name: string): string {
  const words = name
    .replace(/[_-]/g, ' ')
    .replace(/([a-z0-9])([A-Z])/g, (_, a: string, b: string) => `${a} ${b.toLowerCase()}`);
  return words.charAt(0).toUpperCase() + words.slice(1);
}

type Sayings = { [K in FailureReason]: (details: Failures[K]) => string };

const SAYINGS: Sayings = {
  AccountSuspended: () => 'Your account is suspended, so you can’t do this. Contact us if you think this is a mistake.',
  AutoTopUpUnavailable: () => 'Automatic top-up is not available here.',
  AllowanceExceeded: ({ limit, resetsAt }) =>
    `You have used all ${count(limit)} songs that your plan includes this month. ` +
    `You get more on ${onDay(resetsAt)}, or with a larger plan.`,
  AlreadyAppealed: () => 'You have already appealed this decision. We will tell you what a moderator decides.',
  AlreadyClaimed: () => 'You have already claimed this.',
  AlreadySubscribed: () => 'You already have a subscription. Change it below instead.',
  ContentRejected: () =>
    'This is not accepted here, so nothing was charged or published. Change the words or the pictures, and try again.',
  Contention: () => 'Too many requests arrived at once, so nothing was changed. Try again.',
  EmailNotVerified: () => 'Confirm your e-mail address first. We have sent you a message with a link.',
  Forbidden: () => 'You are not allowed to do this.',
  GenerationFailed: () => 'The generation failed. Your tokens were refunded.',
  InsufficientTokens: ({ balance, price }) => `This costs ${tokens(price)}, and you have ${count(balance)}.`,
  InvalidCursor: () => 'This list has changed. Load it again.',
  InvalidRequest: ({ fields }) => {
    const wrong = Object.entries(fields);
    if (wrong.length === 0) return 'Something in this form is not valid.';
    return wrong.map(([field, why]) => refusal(field, why)).join(' ');
  },
  LedgerBroken: () => 'This account needs our attention first. We have been notified.',
  MatureContent: () =>
    'This post is rated mature. Sign in and switch on mature posts on your account page to see it.',
  NoSubscription: () => 'You have no subscription.',
  NotCancellable: () => 'This job has already ended.',
  NotFound: () => 'We couldn’t find that.',
  NothingToAppeal: () => 'This is not hidden or removed, so there is nothing to appeal.',
  NotPublishable: () => 'This can’t be published, because it has no finished media.',
  PaymentsUnavailable: () => 'Payments are not available right now. You were not charged. Try again in a minute.',
  PlanRequired: ({ plan }) => `This needs the ${spelled(plan)} plan.`,
  PriceChanged: ({ price }) => `The price has changed to ${tokens(price)}. Order again to accept it.`,
  ProviderRejected: () => 'The model refused this. Your tokens were refunded. Try other words or another model.',
  ProviderUnavailable: ({ refunded }) =>
    `This model is not available right now${refunded ? ', and your tokens were refunded' : ''}. ` +
    'Try another one, or try again later.',
  RateLimited: ({ retryAfterSeconds }) => `You have done this too often. Try again in ${soon(retryAfterSeconds)}.`,
  RecentSignInRequired: () =>
    'Sign out and sign in again first, to confirm that it is you. Then do this within ten minutes.',
  RemixDisabled: () => 'The author doesn’t share how this was made.',
  RequestIdReused: () => 'This was already sent with different content. Try again.',
  SpendLimitReached: ({ limit }) =>
    `This would exceed ${tokens(limit)}, your daily limit. ` +
    'Change the limit on your account page, or order after midnight UTC.',
  TooManyBlocked: () => 'You have blocked as many people as possible. Unblock somebody first.',
  TooManyCollections: ({ limit }) => `There can be at most ${count(limit)} collections.`,
  TooManyComments: () => 'This post has reached its maximum number of comments.',
  TooManyJobs: ({ limit }) => `You already have ${count(limit)} jobs running. Wait for one to finish, or cancel one.`,
  Unauthenticated: () => 'Sign in first.',
  Unavailable: () => 'Our database is not available. Try again in a moment. Nothing is charged twice.',
  NoAnswer: () => 'We got no answer. Check your connection and try again. Nothing is charged twice.',
  Internal: () => 'Something went wrong on our side. We have been notified.',
};

// https://firebase.google.com/docs/auth/admin/errors and the SDK's own AuthErrorCodes.
const SIGN_IN: Record<string, string> = {
  'auth/email-already-in-use': 'There is already an account with this e-mail address. Sign in instead.',
  'auth/invalid-credential': 'The e-mail address or the password is wrong.',
  'auth/invalid-login-credentials': 'The e-mail address or the password is wrong.',
  'auth/user-not-found': 'The e-mail address or the password is wrong.',
  'auth/wrong-password': 'The e-mail address or the password is wrong.',
  'auth/invalid-email': 'This is not an e-mail address.',
  'auth/missing-password': 'Enter your password.',
  'auth/weak-password': 'A password needs at least six characters.',
  'auth/too-many-requests': 'Too many attempts. Wait a few minutes.',
  'auth/user-disabled': 'This account is disabled.',
  'auth/network-request-failed': 'We got no answer. Check your connection and try again.',
  'auth/requires-recent-login': 'Sign out and sign in again first.',
};

/** Why an order would be refused, in a sentence for people. */
export const refusalOf = ({ reason, details }: QuoteRefusal): string =>
  ((SAYINGS as Record<string, (details: unknown) => string>)[reason] ?? SAYINGS.Internal)(details as never);

/** How long such jobs take. */
export const typically = ({ p50, p90 }: TypicalSeconds): string =>
  soon(p50) === soon(p90)
    ? `Usually ready in ${soon(p50)}.`
    : `Usually ready in ${soon(p50)}, and nearly always in ${soon(p90)}.`;

/** How much longer a job takes that was ordered so many seconds ago. */
export function timeLeft({ p50, p90 }: TypicalSeconds, elapsed: number): string {
  if (elapsed < p50) return `about ${soon(p50 - elapsed)} left`;
  return elapsed < p90 ? `at most ${soon(p90 - elapsed)} left` : 'takes longer than usual';
}

/** What went wrong, in a sentence for people: no code, no stack. */
export function said(error: unknown): string {
  if (error instanceof StudioXError) return (SAYINGS[error.reason] as (details: unknown) => string)(error.details);
  if (error instanceof RangeError) return error.message; // an upload of the wrong kind or size
  const { code = '', message = '' } = (error ?? {}) as { code?: string; message?: string };
  // Auth wraps the sign-up trigger's refusal: https://cloud.google.com/identity-platform/docs/blocking-functions
  if (message.includes('e-mail domain cannot sign up'))
    return 'This e-mail address cannot be used here. Use another one.';
  if (code.startsWith('storage/')) return 'The file could not be loaded. Try again.';
  return SIGN_IN[code] ?? SAYINGS.Internal({});
}
