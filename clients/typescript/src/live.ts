// Live data and files: the documents that the rules let their owner read, in the form of the functions' answers.
import type { FirebaseApp } from 'firebase/app';
import { getAuth, onAuthStateChanged } from 'firebase/auth';
import { doc, onSnapshot, Timestamp as FirestoreTimestamp, type Firestore } from 'firebase/firestore';
import { getStorage, ref, uploadBytes } from 'firebase/storage';
import { StudioXError } from './errors.js';
import type { Balance, Job } from './generated.js';
import { newRequestId } from './retry.js';

export type Unsubscribe = () => void;
type OnError = (error: Error) => void;

/** The largest upload that the Storage rules allow, in bytes. */
export const MAX_UPLOAD_BYTES = 20 * 1024 * 1024;
const ENDED = new Set(['completed', 'failed', 'cancelled']);

/** Whether this status is final. */
export const hasEnded = (status: string): boolean => ENDED.has(status);

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

/** The signed-in user's uid. Throws `Unauthenticated`. */
export function currentUid(app: FirebaseApp, asked: string): string {
  const uid = getAuth(app).currentUser?.uid;
  if (uid) return uid;
  throw new StudioXError('Unauthenticated', {}, 'unauthenticated', asked, undefined, 'Please sign in and try again.');
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

/** An upload for a job's input, with its type if the data do not have one. */
export interface InputFile {
  data: Blob | Uint8Array | ArrayBuffer;
  /** `image/…` but SVG, `audio/…` or `video/…`; a Blob's own type unless given. */
  contentType?: string;
  /** Only its extension is kept. */
  name?: string;
}

/**
 * Upload an input to `users/{uid}/uploads/`. Resolves to its path, for `inputPaths`. Throws a RangeError for a file that
 * the rules would refuse: more than 20 MiB, or of another kind.
 */
export async function uploadInput(app: FirebaseApp, file: Blob | InputFile): Promise<string> {
  const given: InputFile = file instanceof Blob ? { data: file } : file;
  const { data } = given;
  const uid = currentUid(app, 'uploadInput');
  const type = (given.contentType ?? (data instanceof Blob ? data.type : '')).toLowerCase();
  const size = data instanceof Blob ? data.size : data.byteLength;
  if (size > MAX_UPLOAD_BYTES) throw new RangeError('An input has at most 20 MiB.');
  if (!/^(image|audio|video)\//.test(type) || type.startsWith('image/svg'))
    throw new RangeError('An input is an image (not SVG), audio or video.');
  const name = given.name ?? (file instanceof Blob && 'name' in file ? String(file.name) : '');
  const [ending = ''] = /\.[A-Za-z0-9]{1,8}$/.exec(name) ?? [];
  const path = `users/${uid}/uploads/${newRequestId()}${ending.toLowerCase()}`;
  await uploadBytes(ref(getStorage(app), path), data, { contentType: type });
  return path;
}
