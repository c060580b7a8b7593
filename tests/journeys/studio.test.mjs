// The main job as a web client does it: sign up, order, watch, fetch; and every way in which an order is refused.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { collection, doc, getDoc, getDocs, limit, query, setDoc, updateDoc } from 'firebase/firestore';
import { requestId } from '../../local/client.mjs';
import {
  assertAccounted,
  denied,
  download,
  finished,
  liveJob,
  liveNotifications,
  liveUser,
  newcomer,
  order,
  refused,
  visitor,
} from './support.mjs';

const PNG = Buffer.from('89504e470d0a1a0a', 'hex');

test('from sign-up to a picture in the library, without asking once', async (t) => {
  const client = await newcomer(t);
  const account = liveUser(t, client);
  const welcome = await account.until(({ balance }) => balance !== undefined);
  assert.deepEqual([welcome.balance, welcome.plan, welcome.isPremium], [200, 'free', false]);

  const created = await order(client, { model: 'nano-banana', prompt: 'A lighthouse', style: 'anime' });
  assert.deepEqual([created.price, created.balance, created.status], [5, 195, 'processing']);
  await account.until(({ balance }) => balance === 195, 'the debit');
  const watched = liveJob(t, client, created.jobId);
  const done = await watched.until(({ status }) => status === 'completed');
  assert.deepEqual(
    watched.seen.map(({ status }) => status).filter((each, i, all) => each !== all[i - 1]),
    ['processing', 'completed'],
  );
  assert.equal(done.progress, 100);

  const job = await client.call('getJobStatus', { jobId: created.jobId });
  assert.deepEqual([job.status, job.refunded, job.sessionId], ['completed', 0, created.sessionId]);
  const [item] = job.media;
  const bytes = await download(client, item.path);
  assert.deepEqual([bytes.subarray(0, 8), bytes.length, item.contentType], [PNG, item.bytes, 'image/png']);
  const fetched = await fetch(item.url);
  assert.deepEqual([fetched.status, fetched.headers.get('content-type')], [200, 'image/png']);
  assert.deepEqual(Buffer.from(await fetched.arrayBuffer()), bytes);

  const [{ width, height, thumbnail }] = (await watched.until(({ media }) => media?.[0]?.thumbnail, 'a thumbnail')).media;
  assert.deepEqual([width > 0, height > 0, thumbnail.contentType], [true, true, 'image/webp']);
  const small = await download(client, thumbnail.path);
  assert.equal(small.subarray(8, 12).toString(), 'WEBP');
  for (const each of [bytes, small]) assert.ok(each.includes('trainedAlgorithmicMedia'), 'it says that a model made it');
  await denied(download(visitor(t), thumbnail.path), 'storage/unauthorized');

  const { creations } = await client.call('getUserCreations');
  assert.deepEqual(creations.map(({ creationId, prompt }) => [creationId, prompt]), [[job.creationId, 'A lighthouse']]);
  const told = await liveNotifications(t, client).until((all) => all.length > 0, 'a notification');
  assert.deepEqual(told.map(({ type }) => type), ['job_completed']);
  const { transactions } = await assertAccounted(client);
  assert.deepEqual(transactions.map(({ type, amount }) => [type, amount]), [['deduction', -5], ['welcome_bonus', 200]]);

  const stranger = await newcomer(t);
  await denied(download(stranger, item.path), 'storage/unauthorized');
  await denied(download(visitor(t), item.path), 'storage/unauthorized');
  await denied(getDoc(doc(stranger.firestore, 'jobs', created.jobId)), 'permission-denied');
  await denied(getDoc(doc(client.firestore, 'jobs', created.jobId, 'private', 'state')), 'permission-denied');
  for (const [name, data] of [
    ['getJobStatus', { jobId: created.jobId }],
    ['cancelStudioJob', { jobId: created.jobId }],
    ['getCreation', { creationId: job.creationId }],
  ]) {
    const foreign = await refused(stranger.call(name, data), 'not-found', 'NotFound');
    const [key] = Object.keys(data);
    const absent = await refused(stranger.call(name, { [key]: 'a'.repeat(20) }), 'not-found', 'NotFound');
    assert.deepEqual(foreign, absent, 'a private thing of somebody else is like an absent one');
  }
});

test('a mock model answers at once, and pays by size', async (t) => {
  const client = await newcomer(t);
  const { created, job } = await finished(t, client, { model: 'Model A', size: '1024x1792', color: 'neon' });
  assert.deepEqual([created.price, job.status], [4, 'completed']);
  const bytes = await download(client, job.media[0].path);
  assert.deepEqual(bytes.subarray(0, 8), PNG);
  await assertAccounted(client);
});

test('a provider that never calls back is asked by the client', async (t) => {
  const client = await newcomer(t);
  const { jobId } = await order(client, { prompt: 'fault:callback-none a boat' });
  let job;
  for (let tries = 0; tries < 20 && job?.status !== 'completed'; tries++) {
    job = await client.call('getJobStatus', { jobId });
    if (job.status !== 'completed') await new Promise((resolve) => setTimeout(resolve, 1_000));
  }
  assert.equal(job.status, 'completed');
  assert.equal((await fetch(job.media[0].url)).status, 200);
});

test('a failure and a cancel give every token back', async (t) => {
  const client = await newcomer(t);
  const account = liveUser(t, client);
  const { created, job } = await finished(t, client, { prompt: 'fault:fail a boat' });
  assert.deepEqual([job.status, job.refunded, job.error.reason], ['failed', created.price, 'GenerationFailed']);
  assert.ok(!JSON.stringify(job).includes('The generation failed"'), 'a text of the provider is shown');

  const details = await refused(order(client, { prompt: 'fault:validation' }), 'failed-precondition', 'ProviderRejected');
  assert.equal(details.refunded, 2);
  assert.equal((await client.call('getJobStatus', { jobId: details.jobId })).status, 'failed');

  const slow = await order(client, { prompt: 'fault:slow a boat' });
  const cancelled = await client.call('cancelStudioJob', { jobId: slow.jobId });
  assert.deepEqual(cancelled, { jobId: slow.jobId, status: 'cancelled', refunded: 2 });
  assert.deepEqual(await client.call('cancelStudioJob', { jobId: slow.jobId }), cancelled);
  const again = await refused(
    client.call('cancelStudioJob', { jobId: created.jobId }),
    'failed-precondition',
    'NotCancellable',
  );
  assert.equal(again.status, 'failed');
  const { balance, jobs } = await assertAccounted(client);
  assert.deepEqual([balance, jobs.length], [200, 3]);
  await account.until((user) => user.balance === 200 && user.ledgerSeq === 7, 'three refunds');
});

test('one request is one job, however often it is sent', async (t) => {
  const client = await newcomer(t);
  const request = { requestId: requestId(), model: 'Model A' };
  const answers = await Promise.all([order(client, request), order(client, request)]);
  answers.push(await order(client, request));
  for (const answer of answers) assert.deepEqual(answer, answers[0]);
  await refused(order(client, { ...request, prompt: 'Another boat' }), 'already-exists', 'RequestIdReused');
  const { balance } = await assertAccounted(client);
  assert.equal(balance, 200 - answers[0].price);
});

test('what an order is refused for, with its figures', async (t) => {
  const client = await newcomer(t);
  const dear = { type: 'video', model: 'sora-2-official', durationSeconds: 20 };
  const poor = await refused(order(client, dear), 'failed-precondition', 'InsufficientTokens');
  assert.deepEqual([poor.balance, poor.price], [200, 240]);
  const changed = await refused(order(client, { maxPrice: 1 }), 'failed-precondition', 'PriceChanged');
  assert.deepEqual([changed.price, changed.maxPrice], [2, 1]);
  for (const [field, wrong] of Object.entries({
    model: { model: 'no such model' },
    style: { style: 'no such style' },
    inputPaths: { model: 'nano-banana-edit', type: 'edit', inputPaths: ['users/somebody/uploads/a.png'] },
    price: { price: 0 },
    prompt: { prompt: 'NUL \u0000' },
  })) {
    const { fields } = await refused(order(client, wrong), 'invalid-argument', 'InvalidRequest');
    assert.deepEqual(Object.keys(fields), [field]);
  }
  await refused(order(visitor(t)), 'unauthenticated', 'Unauthenticated');
  const { balance, transactions } = await assertAccounted(client);
  assert.deepEqual([balance, transactions.length], [200, 1], 'a refusal leaves nothing behind');

  for (let n = 0; n < 3; n++) await order(client, { prompt: 'fault:slow a boat' });
  const many = await refused(order(client), 'resource-exhausted', 'TooManyJobs');
  assert.equal(many.limit, 3);
});

test('a client writes nothing that the functions own', async (t) => {
  const client = await newcomer(t);
  const own = doc(client.firestore, 'users', client.uid);
  await denied(updateDoc(own, { balance: 1_000_000 }), 'permission-denied');
  await denied(setDoc(own, { plan: 'enterprise' }, { merge: true }), 'permission-denied');
  await denied(setDoc(doc(own, 'ledger', 'purchase:free'), { amount: 1_000 }), 'permission-denied');
  await denied(setDoc(doc(client.firestore, 'jobs', 'mine'), { uid: client.uid }), 'permission-denied');
  await denied(getDocs(query(collection(client.firestore, 'users'), limit(100))), 'permission-denied');
  await denied(getDocs(collection(client.firestore, 'rateLimits')), 'permission-denied');
  const ledger = await getDocs(query(collection(own, 'ledger'), limit(100)));
  assert.deepEqual(ledger.docs.map((entry) => entry.data().amount), [200]);
});
