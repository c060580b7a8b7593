// The areas of the dictionary, as types: each page's file has the English words of its area.
import type { account } from './en/account.ts';
import type { admin } from './en/admin.ts';
import type { frame } from './en/frame.ts';
import type { library } from './en/library.ts';
import type { making } from './en/making.ts';
import type { money } from './en/money.ts';
import type { people } from './en/people.ts';
import type { refusals } from './en/refusals.ts';
import type { review } from './en/review.ts';
import type { terms } from './en/terms.ts';
import type { Translation } from './text.ts';

export interface Areas {
  account: typeof account;
  admin: typeof admin;
  frame: typeof frame;
  library: typeof library;
  making: typeof making;
  money: typeof money;
  people: typeof people;
  refusals: typeof refusals;
  review: typeof review;
  terms: typeof terms;
}

/** A whole translation: a type error names what it lacks. */
export type Whole = Translation<Areas>;
