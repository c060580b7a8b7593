// What people see of each other: feed, posts, comments, notifications, moderation.
export const people = {} as const;
