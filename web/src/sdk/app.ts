// The Firebase app of this page.
import { initializeApp, type FirebaseApp } from 'firebase/app';
import { APP_CHECK_KEY, options } from '../project.ts';

let made: Promise<FirebaseApp> | undefined;

/** The app, made once, with App Check where the site is built with its key. */
export function firebaseApp(): Promise<FirebaseApp> {
  made ??= (async () => {
    const app = initializeApp(options());
    if (APP_CHECK_KEY) (await import('./app-check.ts')).attest(app, APP_CHECK_KEY);
    return app;
  })();
  return made;
}
