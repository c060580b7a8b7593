// The typed client against the whole stack, with answers that are lost; and every request of the Postman collection.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { CustomProvider, initializeAppCheck } from 'firebase/app-check';
import { signOut } from 'firebase/auth';
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

const read = (name) => JSON.parse(readFileSync(new URL(`../../docs/api/${name}`, import.meta.url), 'utf8'));

/** Enough of Postman to send a collection: variables, Bearer and noauth, test scripts. */
function postman(collection, given) {
  const variables = { ...Object.fromEntries(collection.variable.map(({ key, value }) => [key, value])), ...given };
  const filled = (text) =>
    text.replace(/\{\{(\$?\w+)\}\}/g, (_, name) => (name === '$randomUUID' ? crypto.randomUUID() : variables[name]));
  const scripts = ({ event = [] }) => event.map(({ script }) => script.exec.join('\n'));
  return async ({ request, ...item }) => {
    const auth = request.auth ?? collection.auth;
    const headers = Object.fromEntries(request.header.map(({ key, value }) => [key, value]));
    if (auth.type === 'bearer') headers.Authorization = `Bearer ${filled(auth.bearer[0].value)}`;
    const { method, url, body } = request;
    const [address, sent] = [filled(url.raw), { method, headers, body: body && filled(body.raw) }];
    let answer = await fetch(address, sent);
    let said = await answer.json();
    // The functions emulator may use a worker's connection just as the worker closes it. The same request again is
    // safe: what creates something carries its requestId.
    for (let again = 0; said.code === 'ECONNRESET' && again < 3; again++) {
      answer = await fetch(address, sent);
      said = await answer.json();
    }
    const pm = {
      response: { json: () => said },
      collectionVariables: { set: (name, value) => (variables[name] = value) },
    };
    for (const source of [...scripts(collection), ...scripts(item)]) new Function('pm', source)(pm);
    return { status: answer.status, said };
  };
}

test('S2: every request of the Postman collection runs, and answers what the reference says', async () => {
  const { STUDIOX_FUNCTIONS_URL: baseUrl, FIREBASE_AUTH_EMULATOR_HOST: host, GCLOUD_PROJECT: project } = process.env;
  const collection = read('studiox.postman_collection.json');
  const { paths } = read('openapi.json');
  const send = postman(collection, { baseUrl, authUrl: `http://${host}/identitytoolkit.googleapis.com/v1`, project });
  const [statuses, wrong] = [{}, []];
  for (const { name: folder, item: items } of collection.item)
    for (const item of items) {
      let { status, said } = await send(item);
      for (let tries = 0; said.result?.status === 'processing' && item.name === 'getJobStatus' && tries < 30; tries++) {
        await new Promise((resolve) => setTimeout(resolve, 1_000)); // the reader is told to send it again
        ({ status, said } = await send(item));
      }
      statuses[item.name] = status;
      const [described] = Object.values(paths[`/${item.name}`] ?? {});
      const reason = said.error?.details?.reason ?? said.reason;
      const declared = described?.responses[status]?.description.split(', ').includes(reason);
      const ours = ['InvalidRequest', 'Unauthenticated', 'Forbidden'].includes(reason); // the collection's own fault
      if (status !== 200 && (ours || !declared))
        wrong.push(`${folder} / ${item.name}: ${status} ${JSON.stringify(said).slice(0, 500)}`);
    }
  assert.deepEqual(wrong, []);
  // These have nothing to do here: the job has ended, there is no subscription, the claim was reviewed or is.
  const refused = Object.keys(statuses).filter((name) => statuses[name] !== 200);
  const may = ['cancelStudioJob', 'setJobStatus', 'updateSubscription', 'cancelSubscription', 'reviewSocialTask'];
  assert.deepEqual(refused.filter((name) => !may.includes(name)), []);
  assert.deepEqual(
    Object.keys(paths).filter((path) => !(path.slice(1) in statuses)),
    [],
    'every function has its request',
  );
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
