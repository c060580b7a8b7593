// Every page as it is for anybody: accessible and no wider than the window, on a desktop in light and on a phone in dark.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { requestId } from '../../local/client.mjs';
import { newcomer, published } from '../journeys/support.mjs';
import { accessible, balance, decoded, DESKTOP, fits, inArabic, order, PHONE, signIn, signUp, story } from './support.mjs';

const PROMPT = 'Rings on water';

/** Somebody with a creation and a post that has a comment; the addresses of all pages there are. */
async function somebody(t) {
  const client = await newcomer(t);
  const picture = { model: 'Model B', prompt: PROMPT, size: '512x512' };
  const { job, postId } = await published(t, client, { caption: 'Rings', tags: ['water'] }, picture);
  await client.call('commentPost', { postId, text: 'Round and round', requestId: requestId() });
  return {
    email: client.email,
    paths: ['/', '/library', '/feed', `/post/${postId}`, '/tokens', '/nowhere'],
    own: [`/library/${job.creationId}`, '/account'],
  };
}

test('Hosting gives every address the page, never an old one, and tells it whose scripts it may run', async () => {
  const answer = async (path) => fetch(`${process.env.STUDIOX_HOSTING_URL}${path}`);
  const page = await answer('/post/some-post');
  const [asset] = /\/assets\/index-[^"]+\.js/.exec(await page.text());
  assert.deepEqual([page.status, page.headers.get('cache-control')], [200, 'no-cache']);
  assert.match(page.headers.get('content-security-policy'), /script-src 'self' .*object-src 'none'.*frame-ancestors 'none'/);
  const script = await answer(asset);
  assert.deepEqual([script.status, script.headers.get('cache-control')], [200, 'public, max-age=31536000, immutable']);
  assert.equal((await answer('/assets/index-gone.js')).status, 404, 'the page in place of a script');
});

const LOOKS = [
  ['a desktop in light, in English', DESKTOP, 'en'],
  ['a phone in dark, in Arabic', PHONE, 'ar'],
];
for (const [device, options, language] of LOOKS)
  story(`every page on ${device}`, async (visit, t) => {
    const { email, paths, own } = await somebody(t);
    const visitor = await visit(options);
    const person = { ...(await visit(options)), email };
    await person.page.goto('/');
    await (await signIn(person)).waitFor({ state: 'detached' });
    await balance(person.page, 199);
    for (const [{ page }, seen] of [[visitor, paths], [person, [...paths, ...own]]]) {
      await page.goto('/nowhere');
      await page.evaluate((chosen) => localStorage.setItem('language', chosen), language);
      for (const path of seen) {
        await page.goto(path);
        await page.getByRole('heading', { level: 1 }).waitFor();
        await page.locator('.waiting').first().waitFor({ state: 'detached' });
        const who = page === visitor.page ? 'a visitor' : 'its owner';
        await accessible(page, `${path} for ${who} on ${device}`);
        await fits(page);
        if (language === 'ar') await inArabic(page, `${path} for ${who}`);
        assert.match(await page.title(), /^\S.* · StudioX$/);
      }
    }
  });

story('by touch on a phone, from sign-up to the library; the colours are kept', async (visit) => {
  const linus = await visit(PHONE);
  const { page } = linus;
  await page.goto('/');
  await signUp(linus, 'Linus');
  await balance(page, 200);
  const card = await order(page, { type: 'Picture', model: 'nano-banana', prompt: PROMPT }, 'tap');
  await decoded(card.getByRole('img', { name: PROMPT }));
  await fits(page);
  await page.getByRole('navigation').getByRole('link', { name: 'Library' }).tap();
  await decoded(page.getByRole('img', { name: PROMPT }));
  await page.getByRole('button', { name: `Favourite: ${PROMPT}` }).tap();
  await page.getByRole('button', { name: `Favourite: ${PROMPT}`, pressed: true }).waitFor();
  await page.getByRole('link', { name: PROMPT }).first().tap();
  await decoded(page.getByRole('img', { name: PROMPT }));
  await fits(page);
  await page.goBack();
  await page.getByRole('heading', { name: 'Library' }).waitFor();

  const ink = () => page.evaluate(() => getComputedStyle(document.body).color);
  const dark = await ink();
  await page.getByRole('button', { name: 'Light colours' }).tap();
  const light = await ink();
  assert.notEqual(light, dark);
  await accessible(page, 'the library in the other colours');
  await page.reload();
  await page.getByRole('button', { name: 'Dark colours' }).waitFor();
  assert.equal(await ink(), light);
});
