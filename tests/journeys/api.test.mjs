// The typed client against the whole stack, with answers that are lost; and the Postman collection.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { CustomProvider, initializeAppCheck } from 'firebase/app-check';
import { signOut } from 'firebase/auth';
import { httpsCallable } from 'firebase/functions';
import newman from 'newman';
import { createStudioX, isRefusal, StudioXError } from '../../clients/typescript/dist/index.js';
import { assertAccounted, newcomer, visitor } from './support.mjs';

// One white pixel.
const PIXEL = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8/5+hHgAHggJ/PchI7wAAAABJRU5ErkJggg==',
  'base64',
);
const ORDER = { type: 'image', model: 'z-image', prompt: 'A boat' };
const QUICK = { maxDelay: 50 };
const network = globalThis.fetch;

/** A user with the typed client. */
async function customer(t) {
  const client = await newcomer(t);
  return Object.assign(client, { studiox: createStudioX(client.app, QUICK) });
}

/** What `calling` throws: a StudioXError for this reason. */
async function failing(calling, reason) {
  const error = await calling.then((answer) => assert.fail(`it answered ${JSON.stringify(answer)}`), (thrown) => thrown);
  assert.ok(error instanceof StudioXError, String(error.stack));
  assert.equal(error.reason, reason);
  return error;
}

/** Send what is called through `carry(send, body)` instead of the network, for calls of this function. */
function through(t, name, carry, attested = []) {
  const { fetch: real } = globalThis;
  const bodies = [];
  globalThis.fetch = (url, options) => {
    if (!String(url).endsWith(`/${name}`)) return real(url, options);
    bodies.push(JSON.parse(options.body).data);
    attested.push(options.headers['X-Firebase-AppCheck']);
    return carry(() => real(url, options), bodies.length);
  };
  t.after(() => {
    globalThis.fetch = network;
  });
  return bodies;
}

const refusal = (status, reason, details = {}) =>
  new Response(JSON.stringify({ error: { status, message: reason, details: { reason, ...details } } }), { status: 409 });

test('the typed client: balance live, upload, order, wait, with every type as the functions answer', async (t) => {
  const { studiox, auth, email } = await customer(t);
  const balances = [];
  t.after(studiox.watchBalance((each) => balances.push(each)));
  assert.equal((await studiox.getProfile()).email, email);

  const path = await studiox.uploadInput({ data: new Uint8Array(PIXEL), contentType: 'image/png', name: 'A pixel.PNG' });
  assert.match(path, /^users\/[^/]+\/uploads\/[0-9a-f-]+\.png$/);
  const edit = { type: 'edit', model: 'nano-banana-edit', prompt: 'Make it a boat', inputPaths: [path] };
  const created = await studiox.createStudioJob(edit);
  assert.deepEqual([created.price, created.balance], [5, 195]);
  const seen = [];
  t.after(studiox.watchJob(created.jobId, ({ status, createdAt }) => seen.push([status, typeof createdAt])));
  const job = await studiox.waitForJob(created.jobId);
  assert.deepEqual([job.status, job.media.length, (await fetch(job.media[0].url)).status], ['completed', 1, 200]);
  assert.deepEqual(seen.at(-1), ['completed', 'string'], 'times come as the functions answer them');
  assert.deepEqual(balances.at(-1), await studiox.getUserBalance(), 'live and asked for are alike');

  await assert.rejects(studiox.uploadInput({ data: new Uint8Array(1), contentType: 'image/svg+xml' }), RangeError);
  await signOut(auth);
  assert.equal(balances.at(-1), null);
  await failing(studiox.uploadInput({ data: new Uint8Array(1), contentType: 'image/png' }), 'Unauthenticated');
});

test('a refusal is typed, and not repeated', async (t) => {
  const { studiox } = await customer(t);
  const sent = through(t, 'createStudioJob', (send) => send());
  const dear = { type: 'video', model: 'sora-2-official', prompt: 'A boat', durationSeconds: 20 };
  const poor = await failing(studiox.createStudioJob(dear), 'InsufficientTokens');
  assert.deepEqual([poor.details, poor.code, poor.functionName], [{ balance: 200, price: 240 }, 'failed-precondition', 'createStudioJob']);
  assert.equal(poor.requestId, sent[0].requestId);
  assert.ok(isRefusal(poor, 'InsufficientTokens') && !isRefusal(poor, 'NotFound'));
  assert.equal(sent.length, 1);
  await failing(createStudioX(visitor(t).app).getProfile(), 'Unauthenticated');
});

test('an order whose answer is lost is repeated with its requestId, and is one order', async (t) => {
  const client = await customer(t);
  const sent = through(t, 'createStudioJob', async (send, attempt) => {
    const answer = await send();
    if (attempt < 3) throw new TypeError('fetch failed');
    return answer;
  });
  const { balance } = await client.studiox.createStudioJob(ORDER);
  assert.equal(balance, 198);
  assert.equal(sent.length, 3);
  assert.deepEqual(sent[1], sent[0]);
  assert.deepEqual(sent[2], sent[0]);
  const { jobs } = await assertAccounted(client);
  assert.equal(jobs.length, 1);
});

test('only what can do no harm is repeated, and not for ever', async (t) => {
  const { studiox } = await customer(t);
  const likes = through(t, 'likePost', () => Promise.reject(new TypeError('fetch failed')));
  await failing(studiox.likePost({ postId: 'some-post' }), 'NoAnswer');
  assert.equal(likes.length, 1, 'a toggle that may have happened is not sent again');

  const contended = through(t, 'toggleFavorite', (send, attempt) =>
    attempt < 3 ? refusal('ABORTED', 'Contention', { retryAfterSeconds: 2 }) : send(),
  );
  await failing(studiox.toggleFavorite({ creationId: 'a'.repeat(20) }), 'NotFound');
  assert.equal(contended.length, 3, 'nothing had happened, so it was sent again');

  const away = through(t, 'getUserBalance', () => refusal('UNAVAILABLE', 'Unavailable', { retryAfterSeconds: 5 }));
  await failing(studiox.getUserBalance(), 'Unavailable');
  assert.equal(away.length, 5);
  await failing(studiox.call('getUserBalance', {}, { retries: 0 }), 'Unavailable');
  assert.equal(away.length, 6);

  const broken = through(t, 'getProfile', () => new Response('{"error":{"status":"INTERNAL","message":"INTERNAL"}}', { status: 500 }));
  await failing(studiox.getProfile(), 'Internal');
  assert.equal(broken.length, 1, 'a bug of ours is not mended by repeating');
});

test('a call by stream() ends: with its result, or with its refusal and why', async (t) => {
  const { functions } = visitor(t);
  const all = async (name, request) => {
    const { stream, data } = await httpsCallable(functions, name).stream(request);
    data.catch(() => {}); // looked at below, after the stream
    const messages = [];
    for await (const message of stream) messages.push(message);
    return { messages, result: await data };
  };
  const { messages, result } = await all('getPlans');
  assert.deepEqual(messages, []);
  assert.deepEqual(result, (await httpsCallable(functions, 'getPlans')()).data);

  const refusals = [
    ['getPlans', { more: 1 }, 'functions/invalid-argument', 'InvalidRequest'],
    ['getProfile', {}, 'functions/unauthenticated', 'Unauthenticated'],
    ['getPlans', { more: 'x'.repeat(300_000) }, 'functions/invalid-argument', 'InvalidRequest'],
  ];
  for (const [name, request, code, reason] of refusals) {
    await assert.rejects(all(name, request), (error) => error.code === code && error.details.reason === reason);
  }
});

test('integers as the SDKs of Apple and Android wrap them', async (t) => {
  const { studiox } = await customer(t);
  const video = { type: 'video', model: 'sora-2-official', prompt: 'A boat' };
  const long = (value) => ({ '@type': 'type.googleapis.com/google.protobuf.Int64Value', value });
  const dear = await failing(studiox.call('createStudioJob', { ...video, durationSeconds: long('20') }), 'InsufficientTokens');
  assert.equal(dear.details.price, 240);
  const wrong = await failing(studiox.call('createStudioJob', { ...video, durationSeconds: long('20.5') }), 'InvalidRequest');
  assert.deepEqual(Object.keys(wrong.details.fields), ['durationSeconds']);
});

const read = (name) => JSON.parse(readFileSync(new URL(`../../docs/api/${name}`, import.meta.url), 'utf8'));

/** Run the collection from top to bottom with Postman's own runner: its summary (https://github.com/postmanlabs/newman). */
const run = (collection, variables) =>
  new Promise((resolve, reject) => {
    for (const each of collection.variable) each.value = variables[each.key] ?? each.value;
    // A request that never ends would run into the journey's own end: 30 s each, ten minutes in all.
    const options = { collection, reporters: [], timeoutRequest: 30_000, timeout: 600_000 };
    newman.run(options, (error, summary) => (error ? reject(error) : resolve(summary)));
  });

test('the Postman collection runs from top to bottom, and every request checks its answer', async () => {
  const { STUDIOX_FUNCTIONS_URL: baseUrl, FIREBASE_AUTH_EMULATOR_HOST: host, GCLOUD_PROJECT: project } = process.env;
  const collection = read('studiox.postman_collection.json');
  const authUrl = `http://${host}/identitytoolkit.googleapis.com/v1`;
  const summary = await run(collection, { baseUrl, authUrl, project });
  const failures = summary.run.failures.map(({ source, error }) => `${source?.name}: ${error.test ?? ''} ${error.message}`);
  assert.deepEqual(failures, []);
  const { paths } = read('openapi.json');
  const sent = new Map();
  for (const { item, response, assertions } of summary.run.executions) {
    assert.ok(assertions?.length, `${item.name} checks its answer`);
    sent.set(item.name, response);
  }
  for (const [path, methods] of Object.entries(paths)) {
    const response = sent.get(path.slice(1)) ?? assert.fail(`${path} has no request`);
    const [described] = Object.values(methods);
    assert.ok(described.responses[response.code], `${path} answers ${response.code}, which the reference knows`);
  }
});

test('a call that uses its App Check token up gets one of its own', async (t) => {
  const { studiox, app } = await customer(t);
  let made = 0;
  const getToken = async () => ({ token: `token-${++made}`, expireTimeMillis: Date.now() + 3_600_000 });
  initializeAppCheck(app, { provider: new CustomProvider({ getToken }) });
  const attested = { createStudioJob: [], getProfile: [] };
  for (const name of Object.keys(attested)) through(t, name, async () => refusal('NOT_FOUND', 'NotFound'), attested[name]);

  for (let n = 0; n < 2; n++) {
    await failing(studiox.createStudioJob(ORDER), 'NotFound');
    await failing(studiox.getProfile(), 'NotFound');
  }
  const [first, again] = attested.createStudioJob;
  assert.match(first, /^token-/);
  assert.notEqual(again, first, 'the functions would take the second for a replay');
  assert.equal(attested.getProfile[0], attested.getProfile[1]);
});
