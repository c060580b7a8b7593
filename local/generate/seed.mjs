// Fills a fresh stack with the content of local/generate/seed.json, only through the API, as clients would.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { createUserWithEmailAndPassword } from 'firebase/auth';
import { getBytes, ref, uploadBytes } from 'firebase/storage';
import { connect } from '../client.mjs';

const PATIENCE_MS = 180_000;
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
/** Fixed ids: what is described stays the same request. */
const id = (...parts) => `seed-${parts.join('-')}`.replace(/[^\w-]/g, '-').padEnd(16, '-').slice(0, 64);

const seed = JSON.parse(await readFile(new URL('./seed.json', import.meta.url)));
const { password, users, purchases, creations, collections, comments, likes, features, claims, gifts } = seed;
const { FIREBASE_STORAGE_EMULATOR_HOST: storageHost, STUDIOX_FUNCTIONS_URL: functions } = process.env;
/** By the name before the @: a signed-in client. */
const people = {};
/** By key: {creationId, its model, path of its first file}. */
const made = {};
/** By key: the postId. */
const posts = {};

async function signUp({ email, name, admin }) {
  const client = connect();
  const { user } = await createUserWithEmailAndPassword(client.auth, email, password);
  await client.call('updateProfile', { displayName: name });
  if (admin) {
    execFileSync(process.env.STUDIOX_PYTHON, ['-m', 'ops.admin', '--email', email], { stdio: 'inherit' });
    await user.getIdToken(true); // only a new token contains the claim
  } else await client.call('updateStreak');
  people[email.split('@')[0]] = Object.assign(client, { uid: user.uid });
}

/** Pay for a pack on the Stripe stand-in's own page, and wait for its tokens. */
async function buy({ by, packId }, index) {
  const client = people[by];
  const { packs } = await client.call('getTokenPacks');
  const { tokens } = packs.find((pack) => pack.id === packId);
  const before = (await client.call('getUserBalance')).balance;
  const { url } = await client.call('createCheckoutSession', { packId, requestId: id('purchase', by, index) });
  const page = await (await fetch(url)).text();
  const forms = [...page.matchAll(/<form method=post action='([^']+)'>(.*?)<\/form>/gs)];
  const [, action, inside] = forms.find(([, , html]) => html.includes('>Pay<')) ?? assert.fail('no way to pay');
  const fields = [...inside.matchAll(/name='?(\w+)'? value='([^']*)'/g)].map(([, name, value]) => [name, value]);
  const target = new URL(action, process.env.STUDIOX_STRIPE_URL);
  await fetch(target, { method: 'POST', body: new URLSearchParams(fields), redirect: 'manual' });
  await until(async () => (await client.call('getUserBalance')).balance === before + tokens, `${by}'s tokens`);
}

async function until(holds, what) {
  const end = Date.now() + PATIENCE_MS;
  while (!(await holds())) {
    assert.ok(Date.now() < end, `${what} did not come`);
    await sleep(2_000);
  }
}

/** A file that this person made before, as an upload for the next order. */
async function uploaded(client, key) {
  const bytes = await getBytes(ref(client.storage, made[key].path));
  const path = `users/${client.uid}/uploads/${key}.png`;
  await uploadBytes(ref(client.storage, path), new Uint8Array(bytes), { contentType: 'image/png' });
  return path;
}

async function create({ by, key, title, favorite, plays, publish, input, remix, fault, ...order }) {
  const client = people[by];
  if (input) order.inputPaths = [await uploaded(client, input)];
  if (remix) {
    const { sessionId, params, model } = await client.call('remixPost', { postId: posts[remix], requestId: id('remix', key) });
    order = { model, ...params, ...order, sessionId };
  }
  if (fault) {
    const body = JSON.stringify({ fault, match: { prompt_contains: order.prompt } });
    await fetch(`${process.env.STUDIOX_POYO_URL}/_/plan`, { method: 'POST', body });
  }
  const { jobId } = await client.call('createStudioJob', { requestId: id('job', key), ...order });
  let job;
  await until(async () => {
    job = await client.call('getJobStatus', { jobId });
    return ['completed', 'failed', 'cancelled'].includes(job.status);
  }, `the end of ${key}`);
  assert.equal(job.status, fault ? 'failed' : 'completed', `${key}: ${job.error?.reason}`);
  console.log(`  ${by}: ${order.type} “${order.prompt}” ${job.status}`);
  const { creationId } = job;
  if (!creationId) return;
  let media;
  await until(async () => {
    ({ media } = await client.call('getCreation', { creationId }));
    return media.every(({ thumbnail, waveform }) => thumbnail || waveform);
  }, `the thumbnails of ${key}`);
  made[key] = { creationId, model: job.model, path: media[0]?.path, thumbnail: media[0]?.thumbnail?.path };
  if (title) await client.call('updateCreation', { creationId, title });
  if (favorite) await client.call('toggleFavorite', { creationId, favorite });
  for (let play = 0; play < (plays ?? 0); play++) await client.call('incrementPlayCount', { creationId });
  if (publish) posts[key] = (await client.call('publishPost', { creationId, ...publish })).postId;
}

/** Show this picture as its model's sample. The bucket's owner puts it there, as whoever runs the studio would. */
async function showSample(by, key) {
  const { model, thumbnail } = made[key];
  const sample = `samples/${model.replace(/[^\w.-]/g, '-')}.${thumbnail.split('.').at(-1)}`;
  const bytes = await getBytes(ref(people[by].storage, thumbnail));
  const { bucket } = ref(people[by].storage, sample);
  const kept = await fetch(`http://${storageHost}/v0/b/${bucket}/o?name=${encodeURIComponent(sample)}`, {
    method: 'POST',
    headers: { authorization: 'Bearer owner', 'content-type': 'image/webp' },
    body: bytes,
  });
  assert.ok(kept.ok, `the sample of ${model}: ${kept.status}`);
  const reason = `What the stand-in of ${model} draws.`;
  await people.admin.call('saveCatalogueEntry', { key: `models/${model}`, changes: { sample }, reason });
}

/** Fire a schedule, as Cloud Scheduler does at its time. */
async function fire(name) {
  const headers = { 'X-CloudScheduler-ScheduleTime': new Date().toISOString() };
  assert.ok((await fetch(`${functions}/${name}-0`, { method: 'POST', headers })).ok, name);
}

/** The Monday of the present week, or of so many weeks before it. */
function monday(weeksAgo) {
  const day = new Date();
  day.setUTCDate(day.getUTCDate() - ((day.getUTCDay() + 6) % 7) - 7 * weeksAgo);
  return day.toISOString().slice(0, 10);
}

for (const user of users) await signUp(user);
for (const [index, purchase] of purchases.entries()) await buy(purchase, index);
for (const creation of creations) await create(creation);
for (const [index, { by, post, text }] of comments.entries())
  await people[by].call('commentPost', { postId: posts[post], text, requestId: id('comment', by, index) });
for (const [post, names] of Object.entries(likes))
  for (const by of names) await people[by].call('likePost', { postId: posts[post], liked: true });
for (const { by, feature } of features) await people[by].call('useTokens', { feature, requestId: id('feature', by, feature) });
for (const { by, taskId, proofUrl, approve } of claims) {
  await people[by].call('submitSocialTask', { taskId, proofUrl, requestId: id('claim', by, taskId) });
  if (approve) await people.admin.call('reviewSocialTask', { uid: people[by].uid, taskId, approve });
}
for (const [index, { to, amount, reason }] of gifts.entries())
  await people.admin.call('addTokens', { uid: people[to].uid, amount, reason, requestId: id('gift', to, index) });
for (const [index, { by, name, creations: keys }] of collections.entries()) {
  const { collectionId } = await people[by].call('saveCollection', { name, requestId: id('collection', by, index) });
  await people[by].call('changeCollection', { collectionId, add: keys.map((key) => made[key].creationId) });
}
for (const { by, post, ...report } of seed.reports) await people[by].call('reportPost', { postId: posts[post], ...report });
for (const { post, ...decision } of seed.decisions)
  await people.admin.call('moderatePost', { postId: posts[post], ...decision });
for (const { by, post, text } of seed.appeals)
  await people[by].call('appealModeration', { postId: posts[post], text, requestId: id('appeal', by, post) });
for (const key of seed.samples) await showSample(creations.find((each) => each.key === key).by, key);
for (const weeksAgo of [1, 0]) await people.admin.call('runWeeklyReport', { weekStart: monday(weeksAgo) });
await fire('measureModels');
await Promise.all(Object.values(people).map((client) => client.close()));
process.exit(0);
