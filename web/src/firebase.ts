// The Firebase project of this page: the local stack's if the page is served from this machine, else Hosting's own.
import { initializeApp, type FirebaseApp, type FirebaseOptions } from 'firebase/app';
import {
  browserLocalPersistence,
  connectAuthEmulator,
  indexedDBLocalPersistence,
  initializeAuth,
  type Auth,
} from 'firebase/auth';
import { connectFirestoreEmulator, getFirestore } from 'firebase/firestore';
import { connectFunctionsEmulator, getFunctions } from 'firebase/functions';
import { connectStorageEmulator, getStorage } from 'firebase/storage';
import { REGION } from '../../clients/typescript/src/index.ts';

/** The functions' region: `make deploy` builds the page with the one in the project's parameters. */
export const region = (import.meta.env['VITE_REGION'] as string | undefined) ?? REGION;
/** The id of the Firestore database, likewise. */
export const database = (import.meta.env['VITE_FIRESTORE_DATABASE'] as string | undefined) ?? '(default)';

const LOCAL_HOSTS = ['127.0.0.1', 'localhost'];
const LOCAL: FirebaseOptions = {
  apiKey: 'local',
  projectId: 'demo-studiox',
  storageBucket: 'demo-studiox.appspot.com',
};
// The ports of firebase.json. `make serve OFFSET=n` shifts all of them, also Hosting's.
const PORTS = { hosting: 5000, functions: 5001, firestore: 8080, auth: 9099, storage: 9199 };

const { hostname } = location;
const isLocal = LOCAL_HOSTS.includes(hostname);
// Vite's own server is not part of the stack: VITE_OFFSET passes the offset.
const given = Number(import.meta.env['VITE_OFFSET'] ?? 0);
const offset = import.meta.env.DEV ? given : Number(location.port) - PORTS.hosting;

/** The page's app. Throws when the site's own configuration cannot be read. */
export async function connect(): Promise<FirebaseApp> {
  if (!isLocal) {
    const answer = await fetch('/__/firebase/init.json');
    if (!answer.ok) throw new Error('This site has no Firebase configuration.');
    const app = initializeApp((await answer.json()) as FirebaseOptions);
    await attest(app);
    startAuth(app);
    return app;
  }
  const app = initializeApp(LOCAL);
  connectAuthEmulator(startAuth(app), `http://${hostname}:${PORTS.auth + offset}`, { disableWarnings: true });
  connectFirestoreEmulator(getFirestore(app, database), hostname, PORTS.firestore + offset);
  connectFunctionsEmulator(getFunctions(app, region), hostname, PORTS.functions + offset);
  connectStorageEmulator(getStorage(app), hostname, PORTS.storage + offset);
  return app;
}

/** Auth without pop-ups: the page does not use them, and on phones they load a script from Google at once. */
const startAuth = (app: FirebaseApp): Auth =>
  initializeAuth(app, { persistence: [indexedDBLocalPersistence, browserLocalPersistence] });

/** App Check, for sites that are built with their reCAPTCHA Enterprise key: `VITE_RECAPTCHA_KEY=… npm run build`. */
async function attest(app: FirebaseApp): Promise<void> {
  const key = import.meta.env['VITE_RECAPTCHA_KEY'] as string | undefined;
  if (!key) return;
  const { initializeAppCheck, ReCaptchaEnterpriseProvider } = await import('firebase/app-check');
  initializeAppCheck(app, { provider: new ReCaptchaEnterpriseProvider(key), isTokenAutoRefreshEnabled: true });
}

/** The address of a public file, such as a post's picture. */
export function publicUrl(app: FirebaseApp, path: string): string {
  const host = isLocal ? `http://${hostname}:${PORTS.storage + offset}` : 'https://firebasestorage.googleapis.com';
  return `${host}/v0/b/${app.options.storageBucket}/o/${encodeURIComponent(path)}?alt=media`;
}
