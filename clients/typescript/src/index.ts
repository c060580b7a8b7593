// The typed client of StudioX: every callable by its name, live data, uploads, on top of the Firebase JS SDK.
import type { FirebaseApp } from 'firebase/app';
import { getFirestore } from 'firebase/firestore';
import { getFunctions, httpsCallable } from 'firebase/functions';
import { createCalls, type Arguments, type Calls, type ResponseOf } from './calls.js';
import type { Balance, FunctionName, Job } from './generated.js';
import { watchBalance, watchJob, type Unsubscribe } from './live.js';
import type { RetryOptions } from './retry.js';
import { hasEnded } from './status.js';
import { uploadInput, type InputFile } from './upload.js';

export type { Call, CallOptions, Calls, RequestOf, ResponseOf } from './calls.js';
export * from './errors.js';
export type * from './generated.js';
export type { Unsubscribe } from './live.js';
export { newRequestId, type RetryOptions } from './retry.js';
export { hasEnded } from './status.js';
export { MAX_UPLOAD_BYTES, type InputFile } from './upload.js';

/** The default region of the functions. */
export const REGION = 'us-central1';

export interface ClientOptions extends RetryOptions {
  /** The region of the functions: `REGION` of the deployment's `functions/.env`. */
  region?: string;
  /** The id of the Firestore database, if it is not the default one. */
  database?: string;
}

export interface Helpers {
  readonly app: FirebaseApp;
  /** Call a function by its name. */
  call<N extends FunctionName>(name: N, ...given: Arguments<N>): Promise<ResponseOf<N>>;
  /** Follow the signed-in user's balance; null while no user is signed in. */
  watchBalance(next: (balance: Balance | null) => void, error?: (error: Error) => void): Unsubscribe;
  /** Follow one of the caller's jobs until it has ended. Its media have a path and no `url`. */
  watchJob(jobId: string, next: (job: Job) => void, error?: (error: Error) => void): Unsubscribe;
  /** Wait until the job has completed, failed or was cancelled. Resolves to it, with addresses of its media. */
  waitForJob(jobId: string): Promise<Job>;
  /** Upload an input. Resolves to its path, for `inputPaths`. Throws a RangeError for a file that the rules would refuse. */
  uploadInput(file: Blob | InputFile): Promise<string>;
}

export type StudioX = Calls & Helpers;

/**
 * The client of a Firebase app. It repeats calls where that is safe: any call after `Contention`; reads and calls with a
 * `requestId`, which it makes if none is given, also after `Unavailable` or no answer.
 *
 * ```ts
 * const studiox = createStudioX(initializeApp(config));
 * const { jobId } = await studiox.createStudioJob({ type: 'image', model: 'z-image', prompt: 'A boat' });
 * const job = await studiox.waitForJob(jobId);
 * ```
 */
export function createStudioX(app: FirebaseApp, defaults: ClientOptions = {}): StudioX {
  const functions = getFunctions(app, defaults.region ?? REGION);
  const database = getFirestore(app, defaults.database ?? '(default)');

  const calls = createCalls(
    async (name, data, options) => (await httpsCallable(functions, name, options)(data)).data,
    defaults,
  );
  const call = <N extends FunctionName>(name: N, ...given: Arguments<N>): Promise<ResponseOf<N>> =>
    (calls[name] as (...given: Arguments<N>) => Promise<ResponseOf<N>>)(...given);

  const waitForJob = async (jobId: string): Promise<Job> => {
    await new Promise<void>((resolve, reject) => {
      watchJob(database, jobId, ({ status }) => hasEnded(status) && resolve(), reject);
    });
    return calls.getJobStatus({ jobId });
  };

  return {
    ...calls,
    app,
    call,
    watchBalance: (next, error) => watchBalance(app, database, next, error),
    watchJob: (jobId, next, error) => watchJob(database, jobId, next, error),
    waitForJob,
    uploadInput: (file) => uploadInput(app, file),
  };
}
