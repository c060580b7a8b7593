// The typed client of StudioX: every callable by its name, live data, uploads, on top of the Firebase JS SDK.
import type { FirebaseApp } from 'firebase/app';
import { getFirestore } from 'firebase/firestore';
import { getFunctions, httpsCallable } from 'firebase/functions';
import { asStudioXError } from './errors.js';
import { FUNCTIONS, type Balance, type FunctionName, type Functions, type Job } from './generated.js';
import { hasEnded, uploadInput, watchBalance, watchJob, type InputFile, type Unsubscribe } from './live.js';
import {
  DEFAULT_MAX_DELAY,
  DEFAULT_RETRIES,
  delayBefore,
  mayRepeat,
  newRequestId,
  sleep,
  type RetryOptions,
} from './retry.js';

export * from './errors.js';
export type * from './generated.js';
export { hasEnded, MAX_UPLOAD_BYTES, type InputFile, type Unsubscribe } from './live.js';
export { newRequestId, type RetryOptions } from './retry.js';

/** The default region of the functions. */
export const REGION = 'us-central1';

export interface ClientOptions extends RetryOptions {
  /** The region of the functions: `REGION` of the deployment's `functions/.env`. */
  region?: string;
  /** The id of the Firestore database, if it is not the default one. */
  database?: string;
}

export interface CallOptions extends RetryOptions {
  /** The timeout of one call, in milliseconds; by default a little longer than the function may run. */
  timeout?: number;
}

export type RequestOf<N extends FunctionName> = Functions[N]['request'];
export type ResponseOf<N extends FunctionName> = Functions[N]['response'];

/** The request may be omitted if it has no required field. */
type Arguments<N extends FunctionName> =
  Record<string, never> extends RequestOf<N>
    ? [request?: RequestOf<N>, options?: CallOptions]
    : [request: RequestOf<N>, options?: CallOptions];

/** Call one function. Throws a StudioXError. */
export type Call<N extends FunctionName> = (...given: Arguments<N>) => Promise<ResponseOf<N>>;

/** Every callable by its name. */
export type Calls = { [N in keyof Functions]: Call<N> };

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

  async function call<N extends FunctionName>(name: N, ...given: Arguments<N>): Promise<ResponseOf<N>> {
    const [request, options = {}] = given;
    const { timeout, takesRequestId, repeatable, consumesToken } = FUNCTIONS[name];
    const data: Record<string, unknown> = { ...request };
    if (takesRequestId) data['requestId'] ??= newRequestId();
    const requestId = data['requestId'] as string | undefined;
    const callable = httpsCallable<unknown, ResponseOf<N>>(functions, name, {
      timeout: options.timeout ?? timeout,
      limitedUseAppCheckTokens: consumesToken,
    });
    const retries = options.retries ?? defaults.retries ?? DEFAULT_RETRIES;
    const maxDelay = options.maxDelay ?? defaults.maxDelay ?? DEFAULT_MAX_DELAY;
    for (let attempt = 0; ; attempt++) {
      try {
        return (await callable(data)).data;
      } catch (thrown) {
        const error = asStudioXError(thrown, name, requestId);
        if (attempt >= retries || !mayRepeat(error, repeatable)) throw error;
      }
      await sleep(delayBefore(attempt, maxDelay));
    }
  }

  const waitForJob = async (jobId: string): Promise<Job> => {
    await new Promise<void>((resolve, reject) => {
      watchJob(database, jobId, ({ status }) => hasEnded(status) && resolve(), reject);
    });
    return call('getJobStatus', { jobId });
  };

  const calls = Object.fromEntries(
    Object.keys(FUNCTIONS).map((name) => [name, call.bind(null, name as FunctionName)]),
  ) as unknown as Calls;
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
