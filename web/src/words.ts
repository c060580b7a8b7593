// How things are said to people: refusals, numbers, times.
import { StudioXError, type FailureReason, type Failures } from '../../clients/typescript/src/index.ts';

const number = new Intl.NumberFormat('en');
const day = new Intl.DateTimeFormat('en', { day: 'numeric', month: 'short', year: 'numeric' });
const moment = new Intl.DateTimeFormat('en', { day: 'numeric', month: 'short', hour: 'numeric', minute: '2-digit' });

export const count = (value: number): string => number.format(value);
export const tokens = (value: number): string => `${count(value)} ${Math.abs(value) === 1 ? 'token' : 'tokens'}`;
export const signed = (value: number): string => (value > 0 ? `+${count(value)}` : count(value).replace('-', '−'));
export const onDay = (time: string): string => day.format(new Date(time));

/** A time of this year with its hour, an older one by its day. */
export function at(time: string, now = new Date()): string {
  const then = new Date(time);
  return (then.getFullYear() === now.getFullYear() ? moment : day).format(then);
}

export function money(minor: number, currency: string): string {
  const format = new Intl.NumberFormat('en', { style: 'currency', currency });
  const { maximumFractionDigits: digits = 2 } = format.resolvedOptions();
  return format.format(minor / 10 ** digits);
}

/** How long ago, roughly. */
export function ago(time: string, now = Date.now()): string {
  const seconds = Math.max(0, (now - Date.parse(time)) / 1000);
  if (seconds < 60) return 'just now';
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h ago`;
  return seconds < 7 * 86_400 ? `${Math.floor(seconds / 86_400)} d ago` : onDay(time);
}

function soon(seconds: number): string {
  if (seconds < 90) return `${Math.max(1, Math.ceil(seconds))} seconds`;
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

/** The inputs of models for which their name is not what people say. */
const INPUTS: Record<string, string> = {
  color: 'Colours',
  customMode: 'With a style and a title of my own',
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

/** Other fields, of forms that are no order. */
const FIELDS: Record<string, string> = { confirm: 'What you typed', displayName: 'Name', proofUrl: 'Address', text: 'What you write' };

/** Why a field was refused; what the functions' decoder says of it is for developers. */
function refusal(field: string, why: string): string {
  const name = FIELDS[field] ?? (inputName(field.replace('options.', '')) || 'This');
  const [, sign, length] = /length (>=|<=) (\d+)/.exec(why) ?? [];
  if (sign === '>=') return `${name} must not be empty.`;
  if (sign === '<=') return `${name} is too long: ${count(Number(length))} at most.`;
  return /^(Expected|Invalid|Object) /.test(why) ? `${name} is not right.` : `${name}: ${why}.`;
}

/** `partially_refunded` → `Partially refunded`. */
export function spelled(name: string): string {
  const words = name.replace(/[_-]/g, ' ').replace(/([a-z0-9])([A-Z])/g, (_, a: string, b: string) => `${a} ${b.toLowerCase()}`);
  return words.charAt(0).toUpperCase() + words.slice(1);
}

type Sayings = { [K in FailureReason]: (details: Failures[K]) => string };

const SAYINGS: Sayings = {
  AccountSuspended: () => 'Your account is suspended, so this is not possible. Write to us if you think that is wrong.',
  AllowanceExceeded: ({ limit, resetsAt }) =>
    `Your plan includes ${count(limit)} of these a month, and you have had them. The next ones come on ${onDay(resetsAt)}, or with a larger plan.`,
  AlreadyClaimed: () => 'You have claimed this already.',
  AlreadySubscribed: () => 'You have a subscription already. Change it below instead.',
  Contention: () => 'Too much happened at once, and nothing was changed. Try again.',
  EmailNotVerified: () => 'Confirm your e-mail address first: we have sent you a message with a link.',
  Forbidden: () => 'You may not do this.',
  GenerationFailed: () => 'That did not work. Your tokens are back.',
  InsufficientTokens: ({ balance, price }) => `This costs ${tokens(price)}, and you have ${count(balance)}.`,
  InvalidCursor: () => 'This list has changed. Load it again.',
  InvalidRequest: ({ fields }) => {
    const wrong = Object.entries(fields);
    if (wrong.length === 0) return 'Something in this form is not right.';
    return wrong.map(([field, why]) => refusal(field, why)).join(' ');
  },
  LedgerBroken: () => 'This account needs our attention first. We have been told.',
  NoSubscription: () => 'You have no subscription.',
  NotCancellable: () => 'It had ended already.',
  NotFound: () => 'That is not here any more.',
  NotPublishable: () => 'There is nothing in this that can be shown in the feed.',
  PaymentsUnavailable: () => 'Payments are not available just now. Nothing was charged; try again in a minute.',
  PlanRequired: ({ plan }) => `This comes with the ${spelled(plan)} plan.`,
  PriceChanged: ({ price }) => `The price has just changed to ${tokens(price)}. Order again if that is fine.`,
  ProviderRejected: () => 'The model would not make this. Your tokens are back; try other words or another model.',
  ProviderUnavailable: ({ refunded }) =>
    `This model cannot be reached just now${refunded ? ', and your tokens are back' : ''}. Try another one, or try later.`,
  RateLimited: ({ retryAfterSeconds }) => `That was a lot at once. Try again in ${soon(retryAfterSeconds)}.`,
  RecentSignInRequired: () => 'Sign out and in again first, to show that it is you. Then do this within ten minutes.',
  RemixDisabled: () => 'Its maker keeps to themselves how this was made.',
  RequestIdReused: () => 'That was sent before with something else in it. Try again.',
  TooManyComments: () => 'So many have commented on this that it takes no more.',
  TooManyJobs: ({ limit }) => `You have ${count(limit)} at work already. Wait for one to end, or cancel one.`,
  Unauthenticated: () => 'Sign in first.',
  Unavailable: () => 'We could not reach our own database. Try again in a moment; nothing is charged twice.',
  NoAnswer: () => 'No answer came. Look at your connection and try again; nothing is charged twice.',
  Internal: () => 'Something went wrong on our side. We have been told.',
};

// https://firebase.google.com/docs/auth/admin/errors and the SDK's own AuthErrorCodes.
const SIGN_IN: Record<string, string> = {
  'auth/email-already-in-use': 'There is an account with this e-mail address. Sign in instead.',
  'auth/invalid-credential': 'E-mail address and password do not belong together.',
  'auth/invalid-login-credentials': 'E-mail address and password do not belong together.',
  'auth/user-not-found': 'E-mail address and password do not belong together.',
  'auth/wrong-password': 'E-mail address and password do not belong together.',
  'auth/invalid-email': 'This is not an e-mail address.',
  'auth/missing-password': 'Type your password.',
  'auth/weak-password': 'A password has at least six characters.',
  'auth/too-many-requests': 'That was tried too often. Wait a few minutes.',
  'auth/user-disabled': 'This account is closed.',
  'auth/network-request-failed': 'No answer came. Look at your connection and try again.',
  'auth/requires-recent-login': 'Sign out and in again first.',
};

/** What went wrong, as a person would say it: no code, no stack. */
export function said(error: unknown): string {
  if (error instanceof StudioXError) return (SAYINGS[error.reason] as (details: unknown) => string)(error.details);
  if (error instanceof RangeError) return error.message; // an upload of the wrong kind or size
  const { code = '', message = '' } = (error ?? {}) as { code?: string; message?: string };
  // What the sign-up trigger refuses comes wrapped by Auth: https://cloud.google.com/identity-platform/docs/blocking-functions
  if (message.includes('e-mail domain cannot sign up')) return 'This e-mail address cannot be used here. Take another one.';
  if (code.startsWith('storage/')) return 'The file could not be loaded. Try again.';
  return SIGN_IN[code] ?? SAYINGS.Internal({});
}
