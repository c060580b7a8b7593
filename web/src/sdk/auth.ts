// Firebase Auth: who is signed in, and signing up, in and out.
import {
  browserLocalPersistence,
  connectAuthEmulator,
  createUserWithEmailAndPassword,
  EmailAuthProvider,
  indexedDBLocalPersistence,
  initializeAuth,
  OAuthProvider,
  onIdTokenChanged,
  reauthenticateWithCredential,
  reload,
  sendEmailVerification,
  sendPasswordResetEmail,
  signInWithCredential,
  signInWithEmailAndPassword,
  signOut,
  updatePassword,
  updateProfile,
  type User,
} from 'firebase/auth';
import { language } from '../language.ts';
import { emulators } from '../project.ts';
import type { KeptToken } from '../token.ts';
import { firebaseApp } from './app.ts';

const app = await firebaseApp();
// Auth without pop-ups: the page does not use them, and on phones they load a script from Google at once.
const auth = initializeAuth(app, { persistence: [indexedDBLocalPersistence, browserLocalPersistence] });
auth.languageCode = language; // of the messages that Auth sends
if (emulators)
  connectAuthEmulator(auth, `http://${emulators.hostname}:${emulators.auth}`, { disableWarnings: true });

/** Call `next` now, and whenever somebody else or nobody is signed in, or the ID token is a new one. */
export const onUser = (next: (user: User | null) => void): void => void onIdTokenChanged(auth, next);

/** The ID token that Auth holds, and when it expires by this machine's clock. */
export function tokenOf(user: User): KeptToken | null {
  const { stsTokenManager } = user.toJSON() as { stsTokenManager?: Partial<Record<string, unknown>> };
  const { accessToken, expirationTime } = stsTokenManager ?? {};
  if (typeof accessToken !== 'string' || typeof expirationTime !== 'number') return null;
  return { token: accessToken, until: expirationTime };
}

/** The ID token of the signed-in user, once it is known who that is; null for a visitor. */
export async function idToken(): Promise<string | null> {
  await auth.authStateReady();
  const user = auth.currentUser;
  try {
    return (await user?.getIdToken()) ?? null;
  } catch (error) {
    if (auth.currentUser === null) return null; // the session was ended elsewhere
    throw error;
  }
}

export const currentUser = (): User | null => auth.currentUser;

export const signUp = async (email: string, password: string): Promise<void> =>
  void (await createUserWithEmailAndPassword(auth, email, password));

export const signIn = async (email: string, password: string): Promise<void> =>
  void (await signInWithEmailAndPassword(auth, email, password));

export async function signInWithGoogle(idToken: string, rawNonce: string): Promise<void> {
  await signInWithCredential(auth, new OAuthProvider('google.com').credential({ idToken, rawNonce }));
}

/** Read the account again. The functions read from the token whether the address is confirmed. */
export async function look(): Promise<void> {
  await reload(user());
  if (user().emailVerified) await user().getIdToken(true);
}

export const leave = (): Promise<void> => signOut(auth);

/** Auth's own copy of the name, for its e-mails. */
export const setName = (displayName: string): Promise<void> => updateProfile(user(), { displayName });

export const sendReset = (email: string): Promise<void> => sendPasswordResetEmail(auth, email);

export const confirmAddress = (): Promise<void> => sendEmailVerification(user());

/** Ask for the password again before something that cannot be undone. Throws Auth's error for a wrong password. */
export async function signInAgain(password: string): Promise<void> {
  await reauthenticateWithCredential(user(), EmailAuthProvider.credential(user().email ?? '', password));
  await user().getIdToken(true);
}

export async function changePassword(current: string, fresh: string): Promise<void> {
  await signInAgain(current);
  await updatePassword(user(), fresh);
}

function user(): User {
  if (!auth.currentUser) throw new Error('Nobody is signed in.');
  return auth.currentUser;
}
