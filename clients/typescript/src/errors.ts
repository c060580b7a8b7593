// Refusals as the client throws them: a typed reason, its typed details, and the two ends that no function declares.
import type { FunctionName, Functions, Reason, Refusals } from './generated.js';

/** The details by reason, with what only a client sees: no answer at all, and a bug of ours. */
export interface Failures extends Refusals {
  /** No answer came. Whether it happened is not known; repeat it with the same `requestId`. */
  NoAnswer: Record<string, never>;
  /** A bug in StudioX, or a refusal that this version of the client does not know. */
  Internal: Record<string, unknown>;
}

export type FailureReason = keyof Failures;

/** Why this function may refuse. */
export type RefusalOf<N extends FunctionName> = Functions[N]['refusals'];

/**
 * A call that did not succeed. `reason` is stable, `message` is for developers and may change.
 *
 * ```ts
 * if (error instanceof StudioXError && error.is('InsufficientTokens')) offerTokens(error.details.price);
 * ```
 */
export class StudioXError extends Error {
  override readonly name = 'StudioXError';

  constructor(
    readonly reason: FailureReason,
    /** The figures that belong to the reason. */
    readonly details: Failures[FailureReason],
    /** The transport's code, such as `failed-precondition`. */
    readonly code: string,
    /** The function that was called. */
    readonly functionName: string,
    /** The id under which the call may be repeated, if it took one. */
    readonly requestId: string | undefined,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }

  /** Whether this is why, with the details typed for it. */
  is<K extends FailureReason>(reason: K): this is RefusedFor<K> {
    return this.reason === reason;
  }
}

/** A StudioXError of which the reason is known. */
export type RefusedFor<K extends FailureReason> = StudioXError & { readonly reason: K; readonly details: Failures[K] };

/** Whether `error` is a StudioXError for this reason. */
export function isRefusal<K extends FailureReason>(error: unknown, reason: K): error is RefusedFor<K> {
  return error instanceof StudioXError && error.reason === reason;
}

/** What the Firebase SDK threw, as a StudioXError. */
export function asStudioXError(thrown: unknown, functionName: string, requestId: string | undefined): StudioXError {
  const { code: fullCode, message, details } = (thrown ?? {}) as { code?: string; message?: string; details?: unknown };
  const code = fullCode?.replace(/^functions\//, '') ?? 'internal';
  const said = typeof details === 'object' && details !== null ? (details as Record<string, unknown>) : {};
  const { reason, ...figures } = said;
  const known = typeof reason === 'string' ? (reason as Reason) : silent(code, message) ? 'NoAnswer' : 'Internal';
  return new StudioXError(known, figures as never, code, functionName, requestId, message ?? known, { cause: thrown });
}

/**
 * Whether no function of ours answered. Where the answer has no error of the callable protocol, because there is none
 * or because Google's front end gave it, the SDK's message is the code itself, with the HTTP status: `internal [0]`.
 */
function silent(code: string, message = ''): boolean {
  return code === 'deadline-exceeded' || /^(internal|unavailable|cancelled|unknown)( \[\d+\])?$/.test(message);
}
