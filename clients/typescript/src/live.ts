// Live data: the documents that the rules let their owner read, in the form of the functions' answers.
import type { FirebaseApp } from 'firebase/app';
import { getAuth, onAuthStateChanged } from 'firebase/auth';
import { doc, onSnapshot, Timestamp as FirestoreTimestamp, type Firestore } from 'firebase/firestore';
import type { Balance, Job } from './generated.js';
import { hasEnded } from './status.js';

export type Unsubscribe = () => void;
type OnError = (error: Error) => void;

/** A document's values in the form of the functions' answers: times in ISO 8601 ending in Z, to the microsecond. */
export function plain(value: unknown): unknown {
  if (value instanceof FirestoreTimestamp) {
    const micros = Math.floor(value.nanoseconds / 1000);
    const second = new Date(value.seconds * 1000).toISOString().slice(0, 19);
    return `${second}${micros ? `.${String(micros).padStart(6, '0')}` : ''}Z`;
  }
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, plain(each)]));
}

/** Follow the signed-in user's balance; null while no user is signed in, or the account does not exist yet. */
export function watchBalance(
  app: FirebaseApp,
  database: Firestore,
  next: (balance: Balance | null) => void,
  error?: OnError,
): Unsubscribe {
  let stopDocument: Unsubscribe = () => undefined;
  const stopAuth = onAuthStateChanged(getAuth(app), (user) => {
    stopDocument();
    stopDocument = () => undefined;
    if (user === null) {
      next(null);
      return;
    }
    const account = doc(database, 'users', user.uid);
    stopDocument = onSnapshot(
      account,
      (snapshot) => {
        const found = plain(snapshot.data()) as Balance | undefined;
        if (found === undefined) return next(null);
        const { balance, buckets, plan, isPremium, creditResetAt } = found;
        next({ balance, buckets, plan, isPremium, creditResetAt });
      },
      (thrown) => error?.(thrown),
    );
  });
  return () => {
    stopAuth();
    stopDocument();
  };
}

/** Follow one of the caller's jobs until it has ended, then stop listening. Media have a path and no `url`. */
export function watchJob(
  database: Firestore,
  jobId: string,
  next: (job: Job) => void,
  error?: OnError,
): Unsubscribe {
  let ended = false;
  let stop: Unsubscribe = () => undefined;
  stop = onSnapshot(
    doc(database, 'jobs', jobId),
    (snapshot) => {
      const job = plain(snapshot.data()) as Job | undefined;
      if (ended || job === undefined) return;
      ended = hasEnded(job.status);
      if (ended) stop();
      next(job);
    },
    (thrown) => error?.(thrown),
  );
  return () => stop();
}
