// The administrators' pages, in Arabic.
import type { admin as english } from '../en/admin.ts';
import type { Translation } from '../text.ts';

export const admin = {} as const satisfies Translation<typeof english>;
