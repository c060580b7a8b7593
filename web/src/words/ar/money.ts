// Money: packs, plans, top-ups, receipts, history, in Arabic.
import type { money as english } from '../en/money.ts';
import type { Translation } from '../text.ts';

export const money = {} as const satisfies Translation<typeof english>;
