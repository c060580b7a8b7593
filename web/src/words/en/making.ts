// Making: the home, the form, jobs and the queue.
export const making = {} as const;
