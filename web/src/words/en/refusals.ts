// Why something was refused, by the refusal's reason.
import type { FailureReason } from '../../../../clients/typescript/src/errors.ts';
import type { Text } from '../text.ts';

export const refusals = {
  AccountSuspended: 'Your account is suspended, so you can’t do this. Contact us if you think this is a mistake.',
  AutoTopUpUnavailable: 'Automatic top-up is not available here.',
  AllowanceExceeded: {
    one:
      'You have used the one song that your plan includes this month. ' +
      'You get more on {day}, or with a larger plan.',
    other:
      'You have used all {count} songs that your plan includes this month. ' +
      'You get more on {day}, or with a larger plan.',
  },
  AlreadyAppealed: 'You have already appealed this decision. We will tell you what a moderator decides.',
  AlreadyClaimed: 'You have already claimed this.',
  AlreadySubscribed: 'You already have a subscription. Change it below instead.',
  ContentRejected:
    'This is not accepted here, so nothing was charged or published. Change the words or the pictures, and try again.',
  Contention: 'Too many requests arrived at once, so nothing was changed. Try again.',
  EmailNotVerified: 'Confirm your e-mail address first. We have sent you a message with a link.',
  Forbidden: 'You are not allowed to do this.',
  GenerationFailed: 'The generation failed. Your tokens were refunded.',
  InsufficientTokens: 'This costs {price}, and you have {balance}.',
  InvalidCursor: 'This list has changed. Load it again.',
  InvalidRequest: 'Something in this form is not valid.',
  LedgerBroken: 'This account needs our attention first. We have been notified.',
  MatureContent: 'This post is rated mature. Sign in and switch on mature posts on your account page to see it.',
  NoSubscription: 'You have no subscription.',
  NotCancellable: 'This job has already ended.',
  NotFound: 'We couldn’t find that.',
  NothingToAppeal: 'This is not hidden or removed, so there is nothing to appeal.',
  NotPublishable: 'This can’t be published, because it has no finished media.',
  PaymentsUnavailable: 'Payments are not available right now. You were not charged. Try again in a minute.',
  PlanRequired: 'This needs the {plan} plan.',
  PreviewOutdated: 'The amount may have changed, so nothing was charged. Look at it again.',
  PriceChanged: 'The price has changed to {price}. Order again to accept it.',
  ProviderRejected: 'The model refused this. Your tokens were refunded. Try other words or another model.',
  ProviderUnavailable: 'This model is not available right now. Try another one, or try again later.',
  ProviderUnavailableRefunded:
    'This model is not available right now, and your tokens were refunded. Try another one, or try again later.',
  RateLimited: 'You have done this too often. Try again in {time}.',
  RecentSignInRequired:
    'Sign out and sign in again first, to confirm that it is you. Then do this within ten minutes.',
  RemixDisabled: 'The author doesn’t share how this was made.',
  RequestIdReused: 'This was already sent with different content. Try again.',
  SpendLimitReached:
    'This would exceed {limit}, your daily limit. Change the limit on your account page, or order after midnight UTC.',
  TooManyBlocked: 'You have blocked as many people as possible. Unblock somebody first.',
  TooManyCollections: {
    one: 'There can be at most {count} collection.',
    other: 'There can be at most {count} collections.',
  },
  TooManyComments: 'This post has reached its maximum number of comments.',
  TooManyJobs: {
    one: 'You already have {count} job running. Wait for it to finish, or cancel it.',
    other: 'You already have {count} jobs running. Wait for one to finish, or cancel one.',
  },
  Unauthenticated: 'Sign in first.',
  Unavailable: 'Our database is not available. Try again in a moment. Nothing is charged twice.',
  NoAnswer: 'We got no answer. Check your connection and try again. Nothing is charged twice.',
  Internal: 'Something went wrong on our side. We have been notified.',
  /** About one field of a form, by the rule that it breaks. */
  field: {
    unnamed: 'This',
    invalid: '{name} is not valid.',
    empty: '{name} must not be empty.',
    missing: '{name} is missing.',
    tooShort: '{name} is too short: {least} characters at least.',
    tooLong: '{name} is too long: {most} at most.',
    tooFew: '{name}: {least} at least.',
    tooMany: '{name}: {most} at most.',
    tooSmall: '{name} must be {least} at least.',
    tooLarge: '{name} must be {most} at most.',
    outOfRange: '{name} must be from {least} to {most}.',
    characters: '{name}: not all of these characters are allowed here.',
    tooManyLinks: '{name} has too many links: {most} at most.',
    notOffered: '{name}: this is not offered.',
    excluded: '{name} does not go with the rest of what you chose.',
    mismatch: '{name} does not match.',
    own: '{name} must be somebody else’s.',
    tooLate: '{name} cannot be used any more.',
    notYours: '{name}: this file was deleted, or is not yours.',
    notAPicture: '{name}: this is not a PNG, JPEG, WebP or GIF picture.',
    wrongHost: '{name} must be at {allowed}.',
  },
  /** Of Firebase Auth and Storage. */
  emailInUse: 'There is already an account with this e-mail address. Sign in instead.',
  wrongPassword: 'The e-mail address or the password is wrong.',
  invalidEmail: 'This is not an e-mail address.',
  missingPassword: 'Enter your password.',
  weakPassword: 'A password needs at least six characters.',
  tooManyAttempts: 'Too many attempts. Wait a few minutes.',
  disabled: 'This account is disabled.',
  noAnswerFromAuth: 'We got no answer. Check your connection and try again.',
  signInAgain: 'Sign out and sign in again first.',
  refusedDomain: 'This e-mail address cannot be used here. Use another one.',
  noFile: 'The file could not be loaded. Try again.',
} as const satisfies Record<FailureReason, Text> & Record<string, unknown>;
