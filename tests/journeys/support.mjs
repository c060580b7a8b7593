// What the journeys share: users of their own, documents watched live, refusals as the client SDK shows them.
import assert from 'node:assert/strict';
import { createUserWithEmailAndPassword } from 'firebase/auth';
import { collection, doc, limit, onSnapshot, query } from 'firebase/firestore';
import { getBytes, ref } from 'firebase/storage';
import { connect, requestId } from '../../local/client.mjs';

export const PASSWORD = 'a long password';
export const ENDED = ['completed', 'failed', 'cancelled'];
const PATIENCE_MS = 60_000;
let made = 0;

/** An address nobody else has. */
export const address = (domain = 'example.com') => `${crypto.randomUUID().slice(0, 13)}-${made++}@${domain}`;

/** The last e-mail of this kind to that address, as the Auth emulator keeps it: its `link` and its `oobCode`. */
export async function mailed(email, requestType) {
  const { FIREBASE_AUTH_EMULATOR_HOST: host, GCLOUD_PROJECT: project } = process.env;
  const answer = await fetch(`http://${host}/emulator/v1/projects/${project}/oobCodes`);
  const { oobCodes } = await answer.json();
  const { oobLink: link, oobCode } = oobCodes.findLast((each) => each.email === email && each.requestType === requestType);
  return { link, oobCode };
}

/** A client that nobody has signed in to; closed when the test ends. */
export function visitor(test) {
  const client = connect();
  test.after(client.close);
  return client;
}

/** A client of a user who has just signed up, with `uid` and `email`. */
export async function newcomer(test, email = address()) {
  const client = visitor(test);
  const { user } = await createUserWithEmailAndPassword(client.auth, email, PASSWORD);
  return Object.assign(client, { uid: user.uid, email });
}

/** Give somebody the claim of administrators, or take it: the emulator lets whoever calls itself the owner do so. */
export async function setAdmin(uid, admin) {
  const { FIREBASE_AUTH_EMULATOR_HOST: host, GCLOUD_PROJECT: project } = process.env;
  const answer = await fetch(`http://${host}/identitytoolkit.googleapis.com/v1/projects/${project}/accounts:update`, {
    method: 'POST',
    headers: { authorization: 'Bearer owner', 'content-type': 'application/json' },
    body: JSON.stringify({ localId: uid, customAttributes: JSON.stringify(admin ? { admin } : {}) }),
  });
  assert.equal(answer.status, 200);
}

/** A client of an administrator, as `newcomer`. */
export async function administrator(test) {
  const client = await newcomer(test);
  await setAdmin(client.uid, true);
  await client.auth.currentUser.getIdToken(true);
  return client;
}

/** Watch a document or query by onSnapshot; `until(holds)` is its state now, or the next one, for which that is so. */
export function live(test, target) {
  const seen = [];
  const waiting = new Set();
  const watching = { seen, error: null, now: () => seen.at(-1) };
  const look = () => waiting.forEach((each) => each());
  const stop = onSnapshot(
    target,
    (snapshot) => {
      seen.push('docs' in snapshot ? snapshot.docs.map((each) => each.data()) : snapshot.data());
      look();
    },
    (error) => {
      watching.error = error;
      look();
    },
  );
  watching.stop = stop;
  watching.until = (holds, what = String(holds)) =>
    new Promise((resolve, reject) => {
      const first = Math.max(0, seen.length - 1);
      const end = (act, value) => {
        clearTimeout(timer);
        waiting.delete(check);
        act(value);
      };
      const check = () => {
        const found = seen.slice(first).find((state) => state !== undefined && holds(state));
        if (found !== undefined) end(resolve, found);
        else if (watching.error) end(reject, watching.error);
      };
      const late = () => end(reject, new Error(`never seen: ${what}; last: ${JSON.stringify(seen.at(-1))}`));
      const timer = setTimeout(late, PATIENCE_MS);
      waiting.add(check);
      check();
    });
  test.after(stop);
  return watching;
}

export const liveUser = (test, client) => live(test, doc(client.firestore, 'users', client.uid));
export const liveJob = (test, client, jobId) => live(test, doc(client.firestore, 'jobs', jobId));
export const livePost = (test, client, postId) => live(test, doc(client.firestore, 'posts', postId));
export const liveNotifications = (test, client) =>
  live(test, query(collection(client.firestore, 'users', client.uid, 'notifications'), limit(100)));

/** The refusal of a call: its code and reason must be these; answers `details`. */
export async function refused(calling, code, reason) {
  const error = await calling.then(
    (answer) => assert.fail(`it was not refused: ${JSON.stringify(answer)}`),
    (thrown) => thrown,
  );
  assert.equal(error.name, 'FirebaseError', String(error.stack));
  assert.deepEqual([error.code, error.details?.reason], [`functions/${code}`, reason]);
  return error.details;
}

/** Whatever else the SDK refuses: rules of Firestore and Storage, Auth. */
export const denied = (doing, code) => assert.rejects(doing, { name: 'FirebaseError', code });

/** Order a job; the defaults are Poyo's cheapest picture. */
export const order = (client, request = {}) =>
  client.call('createStudioJob', { requestId: requestId(), type: 'image', model: 'z-image', prompt: 'A boat', ...request });

/** Order a job and watch its document until it has ended, without asking for its status. */
export async function finished(test, client, request = {}) {
  const created = await order(client, request);
  const job = await liveJob(test, client, created.jobId).until(({ status }) => ENDED.includes(status), 'the end');
  return { created, job };
}

/** A picture in somebody's library, published with these fields; the job and the post's id. */
export async function published(test, client, post = {}, request = {}) {
  const { job } = await finished(test, client, request);
  const { postId } = await client.call('publishPost', { creationId: job.creationId, ...post });
  return { job, postId };
}

/** Let the functions measure how long the models' jobs took, as they do each hour. */
export async function measured() {
  const fired = { method: 'POST', headers: { 'X-CloudScheduler-ScheduleTime': new Date().toISOString() } };
  assert.ok((await fetch(`${process.env.STUDIOX_FUNCTIONS_URL}/measureModels-0`, fired)).ok);
}

export const download = async (client, path) => Buffer.from(await getBytes(ref(client.storage, path)));

/** The ledger proves the balance, and every job without a result is refunded, as a client sees it. */
export async function assertAccounted(client) {
  const { transactions, nextCursor } = await client.call('getTokenTransactions', { pageSize: 100 });
  assert.equal(nextCursor, null);
  const { balance, buckets } = await client.call('getUserBalance');
  let sum = 0;
  for (const entry of [...transactions].reverse()) {
    sum += entry.amount;
    assert.equal(entry.balanceAfter, sum);
    assert.equal(Object.values(entry.buckets).reduce((total, each) => total + each), entry.amount);
  }
  assert.equal(balance, sum);
  assert.equal(Object.values(buckets).reduce((total, each) => total + each), balance);
  const { jobs } = await client.call('listStudioJobs', { pageSize: 100 });
  for (const job of jobs) {
    const own = transactions.filter(({ ref }) => ref.kind === 'job' && ref.id === job.jobId);
    const amounts = own.map(({ amount }) => amount).sort((a, b) => a - b);
    const back = ['failed', 'cancelled'].includes(job.status);
    assert.deepEqual(amounts, back ? [-job.price, job.price] : [-job.price], `${job.jobId} is ${job.status}`);
  }
  return { balance, transactions, jobs };
}
