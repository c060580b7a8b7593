// How a call is sent: the callable protocol by fetch, which needs no SDK. A page's first calls are begun before its
// code is here. https://firebase.google.com/docs/functions/callable-reference
import type { FunctionName, Functions } from '../../clients/typescript/src/generated.ts';
import { APP_CHECK_KEY, functionUrl } from './project.ts';

/** A call: its function and its request. */
export type Asked = { [N in FunctionName]: [name: N, data: Functions[N]['request']] }[FunctionName];

type Data = object;

/** A first call is given up after this long. */
const FIRST_MS = 30_000;

interface Sender {
  idToken: string | null;
  /** App Check's token. */
  check?: string;
}

export function post(name: string, data: Data, { idToken, check }: Sender, how: RequestInit): Promise<Response> {
  return fetch(functionUrl(name), {
    method: 'POST',
    headers: {
      'Content-Type': 'application/json',
      ...(idToken ? { Authorization: `Bearer ${idToken}` } : {}),
      ...(check ? { 'X-Firebase-AppCheck': check } : {}),
    },
    body: JSON.stringify({ data }),
    ...how,
  });
}

const begun = new Map<string, Promise<Response>>();

/** The same for requests that ask for the same: null stands for an absent field. */
const keyOf = (name: string, data: Data): string =>
  JSON.stringify([name, ...Object.entries(data).filter(([, value]) => value != null).sort()]);

/** Send the calls that a page begins with. */
export function begin(calls: readonly Asked[], idToken: string | null): void {
  if (APP_CHECK_KEY) return; // they need App Check's token, and so its SDK
  for (const [name, data] of calls) {
    const answer = post(name, data, { idToken }, { signal: AbortSignal.timeout(FIRST_MS) });
    answer.catch(() => undefined); // told to whoever takes it
    begun.set(keyOf(name, data), answer);
  }
}

/** The answer to a call that was begun, once. */
export function taken(name: string, data: Data): Promise<Response> | undefined {
  const key = keyOf(name, data);
  const answer = begun.get(key);
  begun.delete(key);
  return answer;
}

/** The page has begun: what it did not take would be old when it is asked for later. */
export const forgetBegun = (): void => begun.clear();
