// What people see of each other: feed, posts, comments, notifications, moderation, in Arabic.
import type { people as english } from '../en/people.ts';
import type { Translation } from '../text.ts';

export const people = {} as const satisfies Translation<typeof english>;
