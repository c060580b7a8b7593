// How the page calls functions: by the typed client.
import { createCalls, type Calls, type Send } from '../../clients/typescript/src/calls.ts';
import { APP_CHECK_KEY } from './project.ts';
import { post, taken } from './send.ts';

interface Answer {
  result?: unknown;
  error?: { status?: string; message?: string; details?: unknown };
}

/** Told of each call when it begins (1) and ends (-1), and then whether it was answered. */
export type Called = (change: 1 | -1, answered: boolean) => void;

/** The page is being left: what is sent now must arrive all the same. */
let leaving = false;
addEventListener('pagehide', () => (leaving = true), { capture: true });
addEventListener('pageshow', () => (leaving = false));

/** App Check's token; empty where it is not used. */
export const checkToken = async (limitedUse = false): Promise<string> =>
  APP_CHECK_KEY ? (await import('./sdk/app-check.ts')).appCheckToken(limitedUse) : '';

/** The callables for whoever `token` belongs to. */
export function callables(token: () => Promise<string | null>, called: Called): Calls {
  const send: Send = async (name, data, { timeout, limitedUseAppCheckTokens }) => {
    called(1, false);
    let answered = false;
    try {
      const ask = async (): Promise<Response> => {
        const [idToken, check] = await Promise.all([
          token(),
          checkToken(limitedUseAppCheckTokens),
        ]);
        return post(name, data, { idToken, check }, { keepalive: leaving, signal: AbortSignal.timeout(timeout) });
      };
      const answer = await (taken(name, data) ?? ask());
      const body = (await answer.json()) as Answer;
      answered = true;
      return result(answer.status, body);
    } catch (error) {
      throw isRefusal(error) ? error : { code: 'internal', message: 'internal' }; // no answer, or not one of ours
    } finally {
      called(-1, answered);
    }
  };
  return createCalls(send);
}

class Refusal {
  constructor(
    readonly code: string,
    readonly message: string,
    readonly details: unknown,
  ) {}
}

const isRefusal = (error: unknown): error is Refusal => error instanceof Refusal;

function result(status: number, { result, error }: Answer): unknown {
  if (error?.status) {
    const code = error.status.toLowerCase().replaceAll('_', '-');
    throw new Refusal(code, error.message ?? code, error.details);
  }
  if (status !== 200) throw new Refusal('internal', `internal [${status}]`, undefined);
  return result;
}
