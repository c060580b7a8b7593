// Live data: documents that the rules let their owner read, followed in Firestore. Times are in ISO 8601.
import {
  collection,
  connectFirestoreEmulator,
  doc,
  getFirestore,
  limit,
  onSnapshot,
  orderBy,
  query,
  Timestamp,
  updateDoc,
  where,
  type DocumentData,
  type Query,
} from 'firebase/firestore';
import type { Balance } from '../../../clients/typescript/src/index.ts';
import { plain, watchBalance } from '../../../clients/typescript/src/live.ts';
import { DATABASE, emulators } from '../project.ts';
import { firebaseApp } from './app.ts';
import './auth.ts'; // Firestore asks Auth for the token

export type Stop = () => void;
export interface Stored {
  id: string;
  data: Record<string, unknown>;
}

export interface Spend {
  date: string;
  tokens: number;
}

const app = await firebaseApp();
const firestore = getFirestore(app, DATABASE);
if (emulators) connectFirestoreEmulator(firestore, emulators.hostname, emulators.firestore);

const SHOWN_NOTIFICATIONS = 30;
const SHOWN_JOBS = 12;
/** More than any plan has running at once. */
const SHOWN_RUNNING = 30;
const ignore = (): void => undefined; // signed out while listening, or hidden: the page itself says so

const stored = (id: string, data: DocumentData): Stored => ({ id, data: plain(data) as Stored['data'] });

const followAll = (found: Query, next: (all: Stored[]) => void): Stop =>
  onSnapshot(found, ({ docs }) => next(docs.map((each) => stored(each.id, each.data()))), ignore);

const notifications = (uid: string) => collection(firestore, 'users', uid, 'notifications');

/** The signed-in user's balance; null without one. */
export const followBalance = (next: (balance: Balance | null) => void): Stop =>
  watchBalance(app, firestore, next, ignore);

/** What a user spent on the last day on which they spent anything (UTC). */
export const followSpend = (uid: string, next: (spent: Spend) => void): Stop =>
  onSnapshot(doc(firestore, 'users', uid), (found) => found.get('spent') && next(found.get('spent')), ignore);

/** A user's newest notifications. */
export const followNotifications = (uid: string, next: (all: Stored[]) => void): Stop =>
  followAll(query(notifications(uid), orderBy('createdAt', 'desc'), limit(SHOWN_NOTIFICATIONS)), next);

export async function markRead(uid: string, ids: readonly string[]): Promise<void> {
  const readAt = Timestamp.now();
  await Promise.all(ids.map((id) => updateDoc(doc(notifications(uid), id), { readAt })));
}

/** A user's newest jobs. */
export const followJobs = (uid: string, next: (all: Stored[]) => void): Stop =>
  followAll(
    query(collection(firestore, 'jobs'), where('uid', '==', uid), orderBy('createdAt', 'desc'), limit(SHOWN_JOBS)),
    next,
  );

/** A user's jobs that are being made. */
export const followRunning = (uid: string, next: (all: Stored[]) => void): Stop =>
  followAll(
    query(
      collection(firestore, 'jobs'),
      where('uid', '==', uid),
      where('status', 'in', ['pending', 'processing']),
      orderBy('createdAt', 'desc'),
      limit(SHOWN_RUNNING),
    ),
    next,
  );

const followOne = (collected: string, id: string, next: (one: Stored) => void): Stop =>
  onSnapshot(doc(firestore, collected, id), (found) => found.exists() && next(stored(id, found.data())), ignore);

/** A published post. */
export const followPost = (postId: string, next: (post: Stored) => void): Stop => followOne('posts', postId, next);

/** A user's own document. */
export const followUser = (uid: string, next: (user: Stored) => void): Stop => followOne('users', uid, next);
