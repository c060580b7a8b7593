// Making: the home, the form, jobs and the queue, in Arabic.
import type { making as english } from '../en/making.ts';
import type { Translation } from '../text.ts';

export const making = {} as const satisfies Translation<typeof english>;
