// The callables by their names, over any transport that speaks the callable protocol.
import { asStudioXError } from './errors.js';
import { FUNCTIONS, type FunctionName, type Functions } from './generated.js';
import {
  DEFAULT_MAX_DELAY,
  DEFAULT_RETRIES,
  delayBefore,
  mayRepeat,
  newRequestId,
  sleep,
  type RetryOptions,
} from './retry.js';

export interface CallOptions extends RetryOptions {
  /** The timeout of one call, in milliseconds; by default a little longer than the function may run. */
  timeout?: number;
}

export type RequestOf<N extends FunctionName> = Functions[N]['request'];
export type ResponseOf<N extends FunctionName> = Functions[N]['response'];

/** The request may be omitted if it has no required field. */
export type Arguments<N extends FunctionName> =
  Record<string, never> extends RequestOf<N>
    ? [request?: RequestOf<N>, options?: CallOptions]
    : [request: RequestOf<N>, options?: CallOptions];

/** Call one function. Throws a StudioXError. */
export type Call<N extends FunctionName> = (...given: Arguments<N>) => Promise<ResponseOf<N>>;

/** Every callable by its name. */
export type Calls = { [N in keyof Functions]: Call<N> };

/** How one call is sent. Rejects as the Firebase SDK does: with `code`, `message` and `details`. */
export type Send = (
  name: FunctionName,
  data: Record<string, unknown>,
  options: { timeout: number; limitedUseAppCheckTokens: boolean },
) => Promise<unknown>;

/** Calls that are repeated where that is safe: see `createStudioX`. */
export function createCalls(send: Send, defaults: RetryOptions = {}): Calls {
  async function call<N extends FunctionName>(name: N, ...given: Arguments<N>): Promise<ResponseOf<N>> {
    const [request, options = {}] = given;
    const { timeout, takesRequestId, repeatable, consumesToken } = FUNCTIONS[name];
    const data: Record<string, unknown> = { ...request };
    if (takesRequestId) data['requestId'] ??= newRequestId();
    const requestId = data['requestId'] as string | undefined;
    const sending = { timeout: options.timeout ?? timeout, limitedUseAppCheckTokens: consumesToken };
    const retries = options.retries ?? defaults.retries ?? DEFAULT_RETRIES;
    const maxDelay = options.maxDelay ?? defaults.maxDelay ?? DEFAULT_MAX_DELAY;
    for (let attempt = 0; ; attempt++) {
      try {
        return (await send(name, data, sending)) as ResponseOf<N>;
      } catch (thrown) {
        const error = asStudioXError(thrown, name, requestId);
        if (attempt >= retries || !mayRepeat(error, repeatable)) throw error;
      }
      await sleep(delayBefore(attempt, maxDelay));
    }
  }

  return Object.fromEntries(
    Object.keys(FUNCTIONS).map((name) => [name, call.bind(null, name as FunctionName)]),
  ) as unknown as Calls;
}
