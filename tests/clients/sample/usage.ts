// What a client developer may write and what not: compiled by test_fresh.py, never run.
import type { FirebaseApp } from 'firebase/app';
import {
  createStudioX,
  isRefusal,
  StudioXError,
  type Balance,
  type Job,
  type RefusalOf,
} from '../../../clients/typescript/src/index.js';

export async function right(app: FirebaseApp, file: File): Promise<void> {
  const studiox = createStudioX(app, { retries: 2 });
  const created = await studiox.createStudioJob({ type: 'image', model: 'z-image', prompt: 'A boat', style: null });
  const price: number = created.price;
  await studiox.createStudioJob(
    { requestId: crypto.randomUUID(), type: 'image', model: 'z-image', prompt: 'A boat', maxPrice: price },
    { retries: 0, timeout: 5_000 },
  );
  const job: Job = await studiox.waitForJob(created.jobId);
  const url: string | undefined = job.media[0]?.url;
  const stop: () => void = studiox.watchBalance((balance: Balance | null) => balance?.buckets.monthly);
  studiox.watchJob(created.jobId, ({ progress }) => progress.toFixed());
  const path: string = await studiox.uploadInput(file);
  await studiox.uploadInput({ data: new Uint8Array(1), contentType: 'image/png' });
  const { plan } = await studiox.getProfile();
  const { posts, nextCursor } = await studiox.getFeed({ pageSize: 10 });
  await studiox.call('getFeed', { cursor: nextCursor });
  const reason: RefusalOf<'createStudioJob'> = 'InsufficientTokens';
  void [url, stop, path, plan, posts, reason];
}

export function refused(error: unknown): number | string {
  if (isRefusal(error, 'InsufficientTokens')) return error.details.price - error.details.balance;
  if (error instanceof StudioXError && error.is('RateLimited')) return error.details.retryAfterSeconds;
  if (error instanceof StudioXError && error.is('InvalidRequest')) return error.details.fields['prompt'] ?? '';
  if (isRefusal(error, 'ProviderUnavailable')) return error.details.jobId ?? 'there was no job';
  return 0;
}

export async function wrong(app: FirebaseApp): Promise<void> {
  const studiox = createStudioX(app);
  // @ts-expect-error a field is missing
  await studiox.createStudioJob({ type: 'image', model: 'z-image' });
  // @ts-expect-error the request is missing
  await studiox.getJobStatus();
  // @ts-expect-error no such type of job
  await studiox.createStudioJob({ type: 'sculpture', model: 'z-image', prompt: 'A boat' });
  // @ts-expect-error an unknown field would be refused
  await studiox.createStudioJob({ type: 'image', model: 'z-image', prompt: 'A boat', price: 0 });
  // @ts-expect-error a number is no id
  await studiox.getJobStatus({ jobId: 7 });
  // @ts-expect-error it takes no fields
  await studiox.getProfile({ uid: 'somebody' });
  // @ts-expect-error no such function
  await studiox.createJob({});
  // @ts-expect-error no such function
  await studiox.call('settleStudioJob', {});
  // @ts-expect-error an answer has no such field
  (await studiox.getProfile()).password;
  // @ts-expect-error getProfile spends nothing
  const reason: RefusalOf<'getProfile'> = 'InsufficientTokens';
  try {
    void reason;
  } catch (error) {
    // @ts-expect-error this refusal has no price
    if (isRefusal(error, 'RateLimited')) return error.details.price;
    // @ts-expect-error no such reason
    if (isRefusal(error, 'TooPoor')) return;
  }
}
