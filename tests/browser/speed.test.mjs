// What a page costs on a phone, counted and not timed: bytes of script, requests, and how much moves while it loads.
import assert from 'node:assert/strict';
import { finished, newcomer } from '../journeys/support.mjs';
import { balance, PHONE, signIn, story, until } from './support.mjs';

const POSTS = 60;
/** Compressed bytes of script, with the other pages' parts, which are fetched in advance; Firebase's are counted apart. */
const SCRIPT = 80_000;
/** Auth, for whoever is signed in. */
const AUTH = 40_000;
/** The page's own files: the document, its style, its icon, scripts. */
const REQUESTS = 22;
const MOVED = 0.02;
const SDK = /\/firebase/;

/** Count what the page fetches from now on, and what moves. `first()` is what it had fetched when it was shown. */
async function counted({ page, context }) {
  const session = await context.newCDPSession(page);
  await session.send('Network.enable');
  const sent = new Map();
  session.on('Network.requestWillBeSent', ({ requestId, request }) => sent.set(requestId, { url: request.url, bytes: 0 }));
  session.on('Network.loadingFinished', ({ requestId, encodedDataLength }) => {
    if (sent.has(requestId)) sent.get(requestId).bytes = encodedDataLength;
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

story('a visitor’s pages on a phone: little script, few requests, nothing that moves', async (visit, t) => {
  const client = await newcomer(t);
  const { job } = await finished(t, client, { model: 'Model B', prompt: 'Rings on water', size: '512x512' });
  const { postId } = await client.call('publishPost', { creationId: job.creationId, caption: 'Rings' });
  const linus = await visit(PHONE);
  const { page } = linus;
  const count = await counted(linus);
  await crowded(page, POSTS);
  for (const path of ['/', '/feed', '/tokens', `/post/${postId}`]) {
    count.forget();
    await page.goto(path);
    await shown(page);
    await until(() => count.scripts().some(({ url }) => /collections/.test(url)), 'the other pages’ parts');
    within(path, count.pages(), SCRIPT);
    assert.ok(count.own().length <= REQUESTS, `${path}: ${count.own().length} requests`);
    if (path !== `/post/${postId}`) assert.deepEqual(count.sdk(), [], `${path} fetches the SDK`); // but live figures
    const moved = await count.moved();
    assert.ok(moved <= MOVED, `${path}: moved by ${moved}`);
  }
  await page.route('**/getFeed', () => undefined); // is never answered
  await page.goto('/feed');
  await until(async () => (await page.getByRole('article').count()) === POSTS, 'the feed of the last visit');
});

story('an owner’s pages on a phone: Firestore comes last, and nothing moves', async (visit, t) => {
  const client = await newcomer(t);
  await finished(t, client, { model: 'Model B', prompt: 'Rings on water', size: '512x512' });
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
});
