// Refusals as the client throws them: a typed reason, its typed details, and two reasons of the client itself.
import type { FunctionName, Functions, Reason, Refusals } from './generated.js';

/** The details by reason, with two that only a client reports: no answer, and a bug of ours. */
export interface Failures extends Refusals {
  /** No answer came, so the outcome is unknown. Repeat the call with the same `requestId`. */
  NoAnswer: Record<string, never>;
  /** A bug in StudioX, or a refusal that is newer than this version of the client. */
  Internal: Record<string, unknown>;
}

export type FailureReason = keyof Failures;

/** The reasons for which this function may refuse. */
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
    /** The reason's figures. */
    readonly details: Failures[FailureReason],
    /** The transport's code, such as `failed-precondition`. */
    readonly code: string,
    /** The function that was called. */
    readonly functionName: string,
    /** The `requestId` with which the call may be repeated, if it has one. */
    readonly requestId: string | undefined,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }

  /** Whether this is the reason; then `details` has its type. */
  is<K extends FailureReason>(reason: K): this is RefusedFor<K> {
    return this.reason === reason;
  }
}

/** A StudioXError with a known reason. */
export type RefusedFor<K extends FailureReason> = StudioXError & { readonly reason: K; readonly details: Failures[K] };

/** Whether `error` is a StudioXError for this reason. */
export function isRefusal<K extends FailureReason>(error: unknown, reason: K): error is RefusedFor<K> {
  return error instanceof StudioXError && error.reason === reason;
}

/** The Firebase SDK's error as a StudioXError. */
export function asStudioXError(thrown: unknown, functionName: string, requestId: string | undefined): StudioXError {
  const { code: fullCode, message, details } = (thrown ?? {}) as { code?: string; message?: string; details?: unknown };
  const code = fullCode?.replace(/^functions\//, '') ?? 'internal';
  const said = typeof details === 'object' && details !== null ? (details as Record<string, unknown>) : {};
  const { reason, ...figures } = said;
  const known = typeof reason === 'string' ? (reason as Reason) : silent(code, message) ? 'NoAnswer' : 'Internal';
  return new StudioXError(known, figures as never, code, functionName, requestId, message ?? known, { cause: thrown });
}

/**
 * Whether no function of ours answered. If there is no answer, or it has no error of the callable protocol because
 * Google's front end sent it, the SDK's message is the code itself, with the HTTP status: `internal [0]`.
 */
function silent(code: string, message = ''): boolean {
  return code === 'deadline-exceeded' || /^(internal|unavailable|cancelled|unknown)( \[\d+\])?$/.test(message);
}
