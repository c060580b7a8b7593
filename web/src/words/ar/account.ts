// The account: sign-in, profile, security, rewards, limits, in Arabic.
import type { account as english } from '../en/account.ts';
import type { Translation } from '../text.ts';

export const account = {} as const satisfies Translation<typeof english>;
