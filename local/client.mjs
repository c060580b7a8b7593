// A web client of the local stack, as any browser app has it: the Firebase JS SDK, pointed at the emulators.
import { initializeApp, deleteApp } from 'firebase/app';
import { connectAuthEmulator, initializeAuth, inMemoryPersistence, signOut } from 'firebase/auth';
import { connectFirestoreEmulator, getFirestore, terminate } from 'firebase/firestore';
import { connectFunctionsEmulator, getFunctions, httpsCallable } from 'firebase/functions';
import { connectStorageEmulator, getStorage } from 'firebase/storage';

const split = (host) => [host.split(':')[0], Number(host.split(':')[1])];
let made = 0;

/** A client of the stack whose addresses are in the environment (see local/stack/start.py). `close` frees its connections. */
export function connect(env = process.env) {
  const project = env.GCLOUD_PROJECT;
  const options = { apiKey: 'local', projectId: project, storageBucket: `${project}.appspot.com` };
  const app = initializeApp(options, `client-${made++}`);
  const auth = initializeAuth(app, { persistence: inMemoryPersistence });
  connectAuthEmulator(auth, `http://${env.FIREBASE_AUTH_EMULATOR_HOST}`, { disableWarnings: true });
  const firestore = getFirestore(app);
  connectFirestoreEmulator(firestore, ...split(env.FIRESTORE_EMULATOR_HOST));
  const functions = getFunctions(app, env.STUDIOX_FUNCTIONS_URL.split('/').at(-1));
  connectFunctionsEmulator(functions, ...split(env.FUNCTIONS_EMULATOR_HOST));
  const storage = getStorage(app);
  connectStorageEmulator(storage, ...split(env.FIREBASE_STORAGE_EMULATOR_HOST));
  return {
    app,
    auth,
    firestore,
    functions,
    storage,
    /** Call a function; its result. Throws the SDK's FunctionsError with `details.reason`. */
    call: async (name, data = {}) => {
      for (let again = 0; ; again++) {
        try {
          return (await httpsCallable(functions, name)(data)).data;
        } catch (error) {
          // The emulator may use a worker's connection just as the worker closes it, which the SDK reports as a lower-case
          // `internal`; a bug of ours is `INTERNAL`. The same request again is safe, as for any answer that is lost.
          if (again === 3 || error.code !== 'functions/internal' || !/^internal\b/.test(error.message)) throw error;
        }
      }
    },
    close: async () => {
      await signOut(auth);
      await terminate(firestore);
      await deleteApp(app);
    },
  };
}

/** A fresh idempotency key. */
export const requestId = () => crypto.randomUUID();
