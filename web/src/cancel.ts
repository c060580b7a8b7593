// Cancelling a job, beside it and in the queue.
import type { App } from './app.ts';
import { tokens } from './words.ts';

export async function cancel(app: App, jobId: string): Promise<void> {
  const done = await app.attempt(() => app.studiox.cancelStudioJob({ jobId }));
  if (done) app.say(done.refunded > 0 ? `Cancelled. ${tokens(done.refunded)} refunded.` : 'Cancelled.');
}
