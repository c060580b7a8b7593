// The lightbox: a picture or film over the whole window, and the page's others by keys or a finger.
import assert from 'node:assert/strict';
import { finished, newcomer } from '../journeys/support.mjs';
import { accessible, decoded, DESKTOP, fits, PHONE, signIn, story, tabTo, until } from './support.mjs';

const PICTURES = ['A heron', 'A tern'];

async function somebody(t) {
  const client = await newcomer(t);
  for (const prompt of PICTURES) await finished(t, client, { model: 'Model B', prompt, size: '512x512' });
  await finished(t, client, { type: 'video', model: 'veo3.1-lite', prompt: 'Waves' });
  return client.email;
}

async function atWork(visit, options, email) {
  const person = { ...(await visit(options)), email };
  await person.page.goto('/');
  await (await signIn(person)).waitFor({ state: 'detached' });
  await decoded(person.page.getByRole('article', { name: 'A heron' }).getByRole('img'));
  return person.page;
}

const shown = async (box, text) => box.getByRole('status').filter({ hasText: text }).waitFor();

story('pictures and films one after the other, by keys; the focus is kept inside and given back', async (visit, t) => {
  const page = await atWork(visit, DESKTOP, await somebody(t));
  const box = page.getByRole('dialog', { name: 'Full screen' });
  const opener = page.getByRole('button', { name: 'Full screen: A tern' });
  await tabTo(page, opener);
  await page.keyboard.press('Enter');
  await shown(box, '2 of 3: A tern'); // the newest is first
  await decoded(box.getByRole('img', { name: 'A tern' }));
  await accessible(page, 'the lightbox');
  for (let steps = 0; steps < 6; steps++) {
    await page.keyboard.press('Tab');
    assert.ok(
      await page.evaluate(() => document.activeElement === document.body || document.activeElement.closest('dialog')),
      'the focus left the lightbox',
    );
  }
  await tabTo(page, box.getByRole('button', { name: 'Next' }));
  await page.keyboard.press('ArrowRight');
  await shown(box, '3 of 3: A heron');
  await page.keyboard.press('ArrowRight');
  await shown(box, '3 of 3: A heron'); // the last one
  await page.keyboard.press('ArrowLeft');
  await page.keyboard.press('ArrowLeft');
  await shown(box, '1 of 3: Waves');
  await until(() => box.locator('video').evaluate((film) => film.readyState > 1), 'a film with a frame');
  await page.keyboard.press('Escape');
  await box.waitFor({ state: 'detached' });
  await until(() => opener.evaluate((button) => button === document.activeElement), 'the focus where it was');
  await page.keyboard.press('ArrowRight');
  assert.equal(await box.count(), 0);
});

/** A finger that moves from one place to another. */
async function finger(page) {
  const client = await page.context().newCDPSession(page);
  return async (from, to) => {
    await client.send('Input.dispatchTouchEvent', { type: 'touchStart', touchPoints: [from] });
    await client.send('Input.dispatchTouchEvent', { type: 'touchMove', touchPoints: [to] });
    await client.send('Input.dispatchTouchEvent', { type: 'touchEnd', touchPoints: [] });
  };
}

story('by a finger on a phone', async (visit, t) => {
  const page = await atWork(visit, PHONE, await somebody(t));
  const box = page.getByRole('dialog', { name: 'Full screen' });
  await page.getByRole('article', { name: 'A tern' }).getByRole('img').tap();
  await shown(box, '2 of 3: A tern');
  await fits(page);
  await accessible(page, 'the lightbox on a phone');
  const swipe = await finger(page);
  await swipe({ x: 200, y: 300 }, { x: 250, y: 600 }); // down, which is not sideways
  await swipe({ x: 300, y: 400 }, { x: 60, y: 410 });
  await shown(box, '3 of 3: A heron');
  await swipe({ x: 60, y: 400 }, { x: 300, y: 410 });
  await shown(box, '2 of 3: A tern');
  await box.getByRole('button', { name: 'Close', exact: true }).click(); // a tap would end the page's own scrolling
  await box.waitFor({ state: 'detached' });
});

/** The library of somebody, in pages of two. */
async function atLibrary(visit, options, email) {
  const person = { ...(await visit(options)), email };
  const { page } = person;
  await page.route('**/getUserCreations', (route) => {
    const request = route.request();
    if (request.method() !== 'POST') return route.continue();
    const { data } = request.postDataJSON();
    return route.continue({ postData: JSON.stringify({ data: { ...data, pageSize: 2 } }) });
  });
  await page.goto('/library');
  await (await signIn(person)).waitFor({ state: 'detached' });
  await until(async () => (await page.locator('.tile strong').count()) === 2, 'the first page');
  return page;
}

story('a grid, by keys: also what is on its next page', async (visit, t) => {
  const page = await atLibrary(visit, DESKTOP, await somebody(t));
  const box = page.getByRole('dialog', { name: 'Full screen' });
  await tabTo(page, page.getByRole('button', { name: 'Full screen: Waves' }));
  await page.keyboard.press('Enter');
  await shown(box, '1 of more than 2: Waves');
  await until(() => box.locator('video').evaluate((film) => film.readyState > 1), 'a film with a frame');
  await page.keyboard.press('ArrowRight');
  await shown(box, '2 of 3: A tern'); // the next page has come
  await decoded(box.getByRole('img', { name: 'A tern' }));
  await accessible(page, 'the lightbox of a grid');
  await page.keyboard.press('ArrowRight');
  await shown(box, '3 of 3: A heron');
  await page.keyboard.press('Escape');
  await box.waitFor({ state: 'detached' });
  const seen = page.getByRole('link', { name: 'A heron' });
  await until(() => seen.evaluate((link) => link === document.activeElement), 'the focus at what was seen last');
  await page.getByRole('button', { name: 'Full screen: A heron' }).click();
  await box.getByRole('link', { name: 'Open' }).click();
  await page.getByRole('heading', { name: 'A heron' }).waitFor();
  assert.equal(await box.count(), 0);
});

story('the feed, for a visitor: pictures in the lightbox, songs in the player, and nothing that is veiled', async (visit, t) => {
  const client = await newcomer(t);
  const publish = async (order) => {
    const { job } = await finished(t, client, order);
    return client.call('publishPost', { creationId: job.creationId, caption: `${order.prompt}, shown` });
  };
  for (const prompt of ['A kite', 'A wren']) await publish({ model: 'Model B', prompt, size: '512x512' });
  await publish({ type: 'music', model: 'music-u', prompt: 'A lullaby' });
  const { page } = await visit(PHONE);
  await page.route('**/getFeed', async (route) => {
    const response = await route.fetch();
    const json = await response.json();
    const posts = json.result?.posts.filter(({ caption }) => caption?.endsWith(', shown')).slice(0, 3) ?? [];
    for (const post of posts) if (post.caption.startsWith('A wren')) post.rating = 'mature';
    await route.fulfill({ response, json: { result: { posts, nextCursor: null } } });
  });
  await page.goto('/feed');
  await page.getByRole('button', { name: 'Full screen: A kite, shown' }).tap();
  const box = page.getByRole('dialog', { name: 'Full screen' });
  await shown(box, /^3 of 3: A kite, shown$/); // two songs are before it
  await decoded(box.getByRole('img', { name: 'A kite, shown' }));
  await page.keyboard.press('ArrowLeft');
  await accessible(page, 'a song in the lightbox');
  await fits(page);
  await box.getByRole('button', { name: 'Close', exact: true }).click();
  await box.waitFor({ state: 'detached' });
  assert.equal(await page.getByRole('button', { name: 'Full screen: A wren, shown' }).count(), 0);
  await page.getByRole('button', { name: 'Play: A lullaby, shown' }).tap();
  const player = page.getByRole('complementary', { name: 'Player' });
  await until(() => player.locator('audio').evaluate(({ currentTime }) => currentTime > 0), 'it is heard');
  await accessible(page, 'the feed with the player');
});

story('in Arabic on a phone: the library is read, and gone through, from right to left', async (visit, t) => {
  const page = await atLibrary(visit, PHONE, await somebody(t));
  await page.evaluate(() => localStorage.setItem('language', 'ar'));
  await page.reload();
  await page.getByRole('heading', { name: 'المكتبة' }).waitFor();
  assert.equal(await page.evaluate(() => document.documentElement.dir), 'rtl');
  await decoded(page.locator('.tile img'));
  await accessible(page, 'the library in Arabic');
  await fits(page);
  await page.getByRole('button', { name: 'ملء الشاشة: ⁨Waves⁩' }).tap();
  const box = page.getByRole('dialog', { name: 'ملء الشاشة' });
  await shown(box, /^\S* ?1.* من أكثر من .*Waves/);
  await accessible(page, 'the lightbox in Arabic');
  await fits(page);
  const swipe = await finger(page);
  await swipe({ x: 60, y: 300 }, { x: 300, y: 310 }); // to the right is onward
  await shown(box, /A tern/);
  await page.keyboard.press('ArrowLeft');
  await shown(box, /A heron/);
  await page.keyboard.press('ArrowRight');
  await shown(box, /A tern/);
  await box.getByRole('link', { name: 'فتح' }).click();
  await page.getByRole('heading', { name: 'A tern' }).waitFor();
  await page.getByText('صُنع بالذكاء الاصطناعي').first().waitFor();
  await fits(page);
  await page.getByRole('button', { name: 'حذف' }).tap();
  await page.getByRole('heading', { name: 'المكتبة' }).waitFor();
  await page.getByText('حُذف.').waitFor();
  await page.getByRole('button', { name: 'تحديد', exact: true }).tap();
  await page.getByText('لم يُحدد شيء').waitFor();
  await page.getByRole('button', { name: 'تحديد الكل' }).tap();
  await page.getByText('حُدد عملان').or(page.getByText('حُدد عمل واحد')).waitFor();
  await accessible(page, 'a selection in Arabic');
  await fits(page);
});
