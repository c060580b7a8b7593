// Sign-in with Google by OpenID Connect's redirect (docs/decisions/0049-signing-in-with-google.md). Fetched when it is
// used. https://developers.google.com/identity/openid-connect/openid-connect
import type { App } from './app.ts';
import { translated } from './language.ts';
import { adopt } from './preferred.ts';
import { account as english } from './words/en/account.ts';

const GOOGLE = 'https://accounts.google.com/o/oauth2/v2/auth';
const KEY = 'google';

/** What this tab asked Google, kept while the user is there. */
interface Asked {
  state: string;
  nonce: string;
  /** The address to show afterwards. */
  path: string;
}

const random = (): string => hex(crypto.getRandomValues(new Uint8Array(16)));
const hex = (bytes: Uint8Array): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');

/** Go to Google, which returns the user to `/#id_token=…`, or to `/#error=…`. */
export async function goToGoogle(clientId: string): Promise<void> {
  const asked: Asked = { state: random(), nonce: random(), path: location.pathname + location.search };
  sessionStorage.setItem(KEY, JSON.stringify(asked));
  // Auth compares the token's nonce with the hash of the one that it is given.
  const hash = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(asked.nonce));
  const request = {
    client_id: clientId,
    redirect_uri: `${location.origin}/`,
    response_type: 'id_token',
    scope: 'openid email profile',
    state: asked.state,
    nonce: hex(new Uint8Array(hash)),
    prompt: 'select_account',
  };
  location.assign(`${GOOGLE}?${new URLSearchParams(request)}`);
}

/** Sign in with what Google answered to this tab. What nobody here asked for is ignored. */
export async function fromGoogle(app: App, answer: URLSearchParams): Promise<void> {
  const asked = JSON.parse(sessionStorage.getItem(KEY) ?? 'null') as Asked | null;
  if (!asked || answer.get('state') !== asked.state) return;
  sessionStorage.removeItem(KEY); // an answer is used once
  const idToken = answer.get('id_token');
  if (!idToken) return app.say(translated('account', english).signIn.notByGoogle, true);
  const signedIn = await app.attempt(async () => {
    await app.session.enter((sdk) => sdk.signInWithGoogle(idToken, asked.nonce));
    return true;
  });
  if (!signedIn) return;
  history.replaceState(null, '', asked.path);
  app.go();
  await adopt(app, false);
}
