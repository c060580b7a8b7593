// What a page costs on a phone, counted and not timed: bytes of script, requests, and how much moves while it loads.
import assert from 'node:assert/strict';
import { finished, newcomer, published } from '../journeys/support.mjs';
import { balance, decoded, PHONE, signIn, signOut, story, until } from './support.mjs';

const POSTS = 60;
/** Compressed bytes of script, with the other pages' parts, which are fetched in advance; Firebase's are counted apart. */
const SCRIPT = 85_000;
/** Of that, what every page needs before it shows anything, with headers: each kilobyte is five milliseconds on a phone. */
const FRAME = 46_000;
/** Auth, for whoever is signed in. */
const AUTH = 40_000;
/** The page's own files: the document, its style, its icon, scripts. */
const REQUESTS = 26;
const MOVED = 0.02;
const SDK = /\/firebase/;
const PICTURE = { model: 'Model B', prompt: 'Rings on water', size: '512x512' };

/** Count what the page fetches from now on, and what moves. `first()` is what it had fetched when it was shown. */
async function counted({ page, context }) {
  const session = await context.newCDPSession(page);
  await session.send('Network.enable');
  const sent = new Map();
  session.on('Network.requestWillBeSent', ({ requestId, request }) => sent.set(requestId, { url: request.url, bytes: 0 }));
  session.on('Network.loadingFinished', ({ requestId, encodedDataLength }) => {
    if (sent.has(requestId)) sent.get(requestId).bytes = encodedDataLength;
  });
  session.on('Network.requestServedFromCache', ({ requestId }) => sent.has(requestId) && (sent.get(requestId).cached = true));
  session.on('Network.responseReceived', ({ requestId, response }) => {
    if (response.fromDiskCache && sent.has(requestId)) sent.get(requestId).cached = true;
  });
  await page.addInitScript(() => {
    window.moved = 0;
    new PerformanceObserver((list) => {
      for (const { value, hadRecentInput } of list.getEntries()) if (!hadRecentInput) window.moved += value;
    }).observe({ type: 'layout-shift', buffered: true });
  });
  const own = () => [...sent.values()].filter(({ url }) => url.startsWith(process.env.STUDIOX_HOSTING_URL));
  const scripts = () => own().filter(({ url }) => url.endsWith('.js'));
  return {
    forget: () => sent.clear(),
    own,
    scripts,
    /** The paths of its own files that it did not have. */
    waited: () => own().filter(({ cached }) => !cached).map(({ url }) => new URL(url).pathname),
    sdk: () => scripts().filter(({ url }) => SDK.test(url)),
    pages: () => scripts().filter(({ url }) => !SDK.test(url)),
    moved: () => page.evaluate(() => window.moved),
  };
}

function within(path, scripts, budget) {
  const bytes = scripts.reduce((sum, each) => sum + each.bytes, 0);
  assert.ok(bytes <= budget, `${path}: ${bytes} bytes of script, with a budget of ${budget}`);
}

/** The feed as if so many people had published this post. */
async function crowded(page, number) {
  await page.route('**/getFeed', async (route) => {
    const answer = await route.fetch();
    const body = await answer.json();
    const [post] = body.result?.posts ?? [];
    if (post) body.result.posts = Array.from({ length: number }, (_, n) => ({ ...post, postId: `${post.postId}${n}` }));
    await route.fulfill({ response: answer, json: body });
  });
}

/** It is shown, with what comes a little later. */
async function shown(page) {
  await page.getByRole('heading', { level: 1 }).waitFor({ state: 'attached' });
  await page.getByText('Loading …').first().waitFor({ state: 'detached' });
}

/** Keep back what the page asks for by such an address, until `open`. */
async function gate(page, pattern) {
  const held = [];
  let isOpen = false;
  await page.route(pattern, (route) => (isOpen ? route.fallback() : held.push(route)));
  return {
    open: () => {
      isOpen = true;
      return Promise.all(held.splice(0).map((route) => route.fallback()));
    },
  };
}

/** What the next page asks for; `calls()` are the functions it calls. */
function asked(page) {
  const urls = [];
  page.on('request', (request) => {
    if (request.isNavigationRequest()) urls.length = 0; // what the page before it asked for
    if (request.method() !== 'OPTIONS') urls.push(request.url());
  });
  return {
    at: (part) => urls.findIndex((url) => url.includes(part)),
    has: (part) => urls.some((url) => url.includes(part)),
    calls: () => urls.filter((url) => url.startsWith(process.env.STUDIOX_FUNCTIONS_URL)).map((url) => url.split('/').at(-1)),
  };
}

/**
 * The document and its first script are enough to ask for the page's file and its data, and both of these to ask for
 * its pictures: four round trips. Nothing is asked for twice. Returns what it has asked for.
 */
async function inFourRounds(page, path, file, call) {
  const seen = asked(page);
  const code = await gate(page, /\/assets\/(?!index|first|early)/);
  await page.goto(path, { waitUntil: 'commit' });
  await until(() => seen.has(`/assets/${file}-`) && seen.calls().includes(call), `${path} asks for ${file} and ${call}`);
  await code.open();
  await shown(page);
  assert.equal(seen.calls().filter((each) => each === call).length, 1, `${path} calls ${call} once`);
  await page.unroute(/\/assets\/(?!index|first|early)/);
  return seen;
}

story('a visitor’s pages on a phone: little script, few requests, nothing that moves', async (visit, t) => {
  const client = await newcomer(t);
  const { postId } = await published(t, client, { caption: 'Rings' }, PICTURE);
  const linus = await visit(PHONE);
  const { page } = linus;
  const count = await counted(linus);
  for (const _ of ['the first visit', 'the second']) {
    count.forget();
    await page.goto('/tokens');
    await shown(page);
    await page.waitForLoadState('networkidle'); // with the other pages’ parts
  }
  assert.deepEqual(count.waited().filter((path) => path !== '/icon.svg'), ['/tokens'], 'the next visit has all but this');
  await crowded(page, POSTS);
  for (const path of ['/', '/feed', '/tokens', `/post/${postId}`]) {
    count.forget();
    await page.goto(path);
    await shown(page);
    await until(() => count.scripts().some(({ url }) => /collections/.test(url)), 'the other pages’ parts');
    within(path, count.pages(), SCRIPT);
    within(path, count.pages().filter(({ url }) => /\/(index|first|shared|start)-/.test(url)), FRAME);
    assert.ok(count.own().length <= REQUESTS, `${path}: ${count.own().length} requests`);
    assert.deepEqual(count.sdk(), [], `${path} fetches the SDK`);
    const moved = await count.moved();
    assert.ok(moved <= MOVED, `${path}: moved by ${moved}`);
  }
  await page.route('**/getFeed', () => undefined); // is never answered
  await page.goto('/feed');
  await until(async () => (await page.getByRole('article').count()) === POSTS, 'the feed of the last visit');
});

story('an owner’s pages on a phone: Firestore comes last, and nothing moves', async (visit, t) => {
  const client = await newcomer(t);
  await finished(t, client, PICTURE);
  const ada = { ...(await visit(PHONE)), email: client.email };
  const { page } = ada;
  const count = await counted(ada);
  await page.goto('/');
  await (await signIn(ada)).waitFor({ state: 'detached' });
  await balance(page, 199);
  for (const path of ['/', '/library', '/feed', '/tokens', '/account']) {
    count.forget();
    await page.goto(path);
    await balance(page, 199); // of the last visit
    await shown(page);
    await until(() => count.sdk().some(({ url }) => /firestore/.test(url)), 'Firestore');
    within(path, count.pages(), SCRIPT);
    within(path, count.sdk().filter(({ url }) => !/firestore/.test(url)), AUTH);
    const moved = await count.moved();
    assert.ok(moved <= MOVED, `${path}: moved by ${moved}`);
  }
  const [library, feed] = [await gate(page, '**/getUserCreations'), await gate(page, '**/getFeed')];
  await page.goto('/library');
  await decoded(page.locator('article img')); // of the last visit
  await page.goto('/feed');
  await page.getByRole('heading', { level: 1 }).waitFor();
  await signOut(page);
  await Promise.all([library.open(), feed.open()]); // answers that nobody waits for any more
  await page.getByRole('link', { name: 'Tokens' }).first().click();
  await shown(page);
  const left = await page.evaluate(() => Object.keys(localStorage));
  assert.deepEqual(left.filter((key) => key.includes('mine')), [], 'what belongs to a person is gone with them');
});

story('the pages ask for their data and their code at once, and an owner’s do not wait for Auth', async (visit, t) => {
  const client = await newcomer(t);
  const { job, postId } = await published(t, client, { caption: 'Rings' }, PICTURE);
  const { creationId } = job;
  const ada = { ...(await visit(PHONE)), email: client.email };
  const { page } = ada;
  await inFourRounds(page, '/', 'studio', 'getFeed');
  await inFourRounds(page, '/feed', 'feed', 'getFeed');
  await inFourRounds(page, `/post/${postId}`, 'post', 'getPost');
  await inFourRounds(page, '/tokens', 'tokens', 'getTokenPacks');

  const before = asked(page);
  await (await signIn(ada)).waitFor({ state: 'detached' });
  await balance(page, 199);
  await until(() => before.has('firebase-firestore'), 'Firestore of this page, which the next is not to be taken for');
  await gate(page, /firebase-auth/); // stays shut
  const seen = await inFourRounds(page, '/library', 'library', 'getUserCreations');
  await decoded(page.locator('article img'));
  await until(() => seen.has('firebase-firestore'), 'Firestore');
  assert.ok(seen.at(`${creationId}%2F`) < seen.at('firebase-firestore'), 'Firestore comes after the pictures');
  await inFourRounds(page, `/library/${creationId}`, 'creation', 'getCreation');
  await decoded(page.locator('.stage img'));
  await inFourRounds(page, '/account', 'account', 'getProfile');
  await page.evaluate(() => localStorage.removeItem('studiox.1.mine.balance')); // as on a first visit
  await inFourRounds(page, '/tokens', 'tokens', 'getPlans');
  await balance(page, 199);
});

/** Two frames: what was answered is drawn. */
const drawn = (page) => page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));

/** As on a first visit: nothing is kept but who is signed in. */
const forgetKept = (page) =>
  page.evaluate(() => {
    for (const key of Object.keys(localStorage)) if (!/person|token$/.test(key)) localStorage.removeItem(key);
  });

/** Open the page as on a first visit; its data come when the empty page is drawn, and its pictures after that. */
async function stepByStep(page, path, count) {
  await forgetKept(page);
  const [data, files] = [await gate(page, /us-central1/), await gate(page, /\/v0\/b\//)];
  await page.goto(path);
  await page.getByRole('heading', { level: 1 }).waitFor({ state: 'attached' });
  await drawn(page);
  await data.open();
  await shown(page);
  await drawn(page);
  await files.open();
  await decoded(page.locator('main img:visible').first());
  await drawn(page);
  const moved = await count.moved();
  assert.ok(moved <= MOVED, `${path}: moved by ${moved}`);
  await page.unrouteAll({ behavior: 'wait' });
}

story('nothing moves on a first visit, however late things come', async (visit, t) => {
  const client = await newcomer(t);
  const { job, postId } = await published(t, client, { caption: 'Rings' }, PICTURE);
  const { creationId } = job;
  const song = await finished(t, client, { type: 'music', model: 'music-u', prompt: 'A song of two rivers' });
  const ada = { ...(await visit(PHONE)), email: client.email };
  const count = await counted(ada);
  const { page } = ada;
  await page.goto('/');
  for (const path of ['/', '/feed', `/post/${postId}`]) await stepByStep(page, path, count);
  await (await signIn(ada)).waitFor({ state: 'detached' });
  await balance(page, (await client.call('getUserBalance')).balance);
  const owned = ['/feed', '/library', `/library/${creationId}`, `/library/${song.job.creationId}`, `/post/${postId}`];
  for (const path of owned) await stepByStep(page, path, count);
  await forgetKept(page);
  const data = await gate(page, /us-central1/);
  await page.goto('/tokens');
  await page.getByRole('heading', { level: 1 }).waitFor();
  await drawn(page);
  await data.open();
  await shown(page);
  await drawn(page);
  const moved = await count.moved();
  assert.ok(moved <= MOVED, `/tokens: moved by ${moved}`);
});
