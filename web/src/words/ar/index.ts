// Arabic, all of it.
import type { Whole } from '../areas.ts';
import { account } from './account.ts';
import { admin } from './admin.ts';
import { frame } from './frame.ts';
import { library } from './library.ts';
import { making } from './making.ts';
import { money } from './money.ts';
import { people } from './people.ts';
import { refusals } from './refusals.ts';
import { review } from './review.ts';
import { terms } from './terms.ts';

export const ar: Whole = { account, admin, frame, library, making, money, people, refusals, review, terms };
