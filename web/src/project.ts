// The Firebase project of this page, and the addresses of its parts: the local stack's if the page is served from this
// machine, else Hosting's own. The SDK is in sdk/, whose parts are fetched when they are needed.
import type { FirebaseOptions } from 'firebase/app';
import { kept } from './kept.ts';

/** The functions' region: `make deploy` builds the page with the one in the project's parameters. */
const REGION = (import.meta.env['VITE_REGION'] as string | undefined) ?? 'us-central1';
/** The id of the Firestore database, likewise. */
export const DATABASE = (import.meta.env['VITE_FIRESTORE_DATABASE'] as string | undefined) ?? '(default)';
/** App Check's reCAPTCHA Enterprise key, for sites that are built with one: `VITE_RECAPTCHA_KEY=… npm run build`. */
export const APP_CHECK_KEY = import.meta.env['VITE_RECAPTCHA_KEY'] as string | undefined;

const LOCAL: FirebaseOptions = {
  apiKey: 'local',
  projectId: 'demo-studiox',
  storageBucket: 'demo-studiox.appspot.com',
};
// The ports of firebase.json. `make serve OFFSET=n` shifts all of them, also Hosting's.
const PORTS = { hosting: 5000, functions: 5001, firestore: 8080, auth: 9099, storage: 9199 };

const { hostname } = location;
const isLocal = ['127.0.0.1', 'localhost'].includes(hostname);
// Vite's own server is not part of the stack: VITE_OFFSET passes the offset.
const given = Number(import.meta.env['VITE_OFFSET'] ?? 0);
const offset = import.meta.env.DEV ? given : Number(location.port) - PORTS.hosting;

/** The local stack's ports; null for a real project. */
export const emulators = isLocal
  ? {
      hostname,
      auth: PORTS.auth + offset,
      firestore: PORTS.firestore + offset,
      storage: PORTS.storage + offset,
    }
  : null;

/** The project's public configuration. Hosting's does not change, so that of the last visit is as good. */
async function configuration(): Promise<FirebaseOptions> {
  if (isLocal) return LOCAL;
  const known = kept.read<FirebaseOptions>('project');
  if (known) return known;
  const answer = await fetch('/__/firebase/init.json');
  if (!answer.ok) throw new Error('This site has no Firebase configuration.');
  const found = (await answer.json()) as FirebaseOptions;
  kept.write('project', found);
  return found;
}

let project: FirebaseOptions = LOCAL;
let configured: Promise<void> | undefined;

/** Read the project's configuration, once, before anything else. Throws when there is none to be had. */
export function configure(): Promise<void> {
  configured ??= configuration().then((found) => void (project = found));
  return configured;
}

export const options = (): FirebaseOptions => project;

/** The address of a function. */
export const functionUrl = (name: string): string =>
  isLocal
    ? `http://${hostname}:${PORTS.functions + offset}/${project.projectId}/${REGION}/${name}`
    : `https://${REGION}-${project.projectId}.cloudfunctions.net/${name}`;

/** Where Cloud Storage is. */
export const filesOrigin = (): string =>
  isLocal ? `http://${hostname}:${PORTS.storage + offset}` : 'https://firebasestorage.googleapis.com';

/** The address of a file in Cloud Storage: its content, or its metadata. */
export function fileUrl(path: string, content = true): string {
  return `${filesOrigin()}/v0/b/${project.storageBucket}/o/${encodeURIComponent(path)}${content ? '?alt=media' : ''}`;
}
