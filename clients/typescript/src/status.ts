// The states of a job.
const ENDED = new Set(['completed', 'failed', 'cancelled']);

/** Whether this status is final. */
export const hasEnded = (status: string): boolean => ENDED.has(status);
