// Cancelling a job, beside it and in the queue.
import type { App } from './app.ts';
import { say, translated } from './language.ts';
import { tokens } from './words.ts';
import { making as english } from './words/en/making.ts';

const words = translated('making', english);

/** `5 tokens refunded.` */
export const refunded = (credits: number): string => say(words.refunded, { tokens: tokens(credits) });

export async function cancel(app: App, jobId: string): Promise<void> {
  const done = await app.attempt(() => app.studiox.cancelStudioJob({ jobId }));
  if (done) app.say(done.refunded > 0 ? `${words.cancelled} ${refunded(done.refunded)}` : words.cancelled);
}
