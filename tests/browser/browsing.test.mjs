// Looking around without losing the place: Back, ratios, downloads, a song that goes on, large text, the focus in sight.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { finished, newcomer, PASSWORD } from '../journeys/support.mjs';
import { accessible, balance, choose, decoded, DESKTOP, fits, order, PHONE, signIn, signOut, signUp, story, until } from './support.mjs';

const MADE = 25; // one more than a page has
const AT_ONCE = 3; // as many as the free plan allows

story('Back keeps the list and the place', async (visit, t) => {
  const client = await newcomer(t);
  const numbers = [...Array(MADE).keys()];
  const make = async (number) => finished(t, client, { model: 'Model B', prompt: `Boat ${number}`, size: '512x512' });
  const lane = async () => {
    for (let number = numbers.pop(); number !== undefined; number = numbers.pop()) await make(number);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
  const ada = { ...(await visit(PHONE)), email: client.email };
  const { page } = ada;
  await page.goto('/library');
  await (await signIn(ada, PASSWORD)).waitFor({ state: 'detached' });
  const tiles = page.locator('.tile');
  await page.getByRole('button', { name: 'Show more' }).tap();
  await until(async () => (await tiles.count()) === MADE, 'all tiles');
  await tiles.last().scrollIntoViewIfNeeded();
  const y = await page.evaluate(() => scrollY);
  assert.ok(y > 500, 'far down');
  for (const back of [() => page.goBack(), () => page.getByRole('link', { name: '‹ Library' }).tap()]) {
    await tiles.last().getByRole('link').tap();
    await page.getByRole('link', { name: '‹ Library' }).waitFor();
    await back();
    await until(async () => (await tiles.count()) === MADE, 'all tiles again');
    await until(() => page.evaluate((before) => Math.abs(scrollY - before) < 60, y), 'the place');
  }
  await page.goForward();
  await page.getByRole('button', { name: 'Publish' }).waitFor();
});

story('the next visit asks for no thumbnail again, and sign-out forgets them', async (visit, t) => {
  const client = await newcomer(t);
  const { job } = await finished(t, client, { model: 'Model B', prompt: 'A boat', size: '512x512' });
  const creation = () => client.call('getCreation', { creationId: job.creationId });
  await until(async () => (await creation()).media[0].thumbnail, 'a thumbnail');
  const ada = { ...(await visit(PHONE)), email: client.email };
  const { page } = ada;
  const asked = [];
  page.on('request', (request) => request.url().includes('thumbnail-') && asked.push(request.url()));
  await page.goto('/library');
  await (await signIn(ada, PASSWORD)).waitFor({ state: 'detached' });
  const kept = () => page.evaluate(async () => (await caches.keys()).length);
  await decoded(page.locator('.tile img'));
  assert.equal(asked.length, 1);
  await until(async () => (await kept()) === 1, 'kept');
  await page.reload();
  await decoded(page.locator('.tile img'));
  assert.equal(asked.length, 1, 'asked for again');
  await signOut(page);
  await until(async () => (await kept()) === 0, 'forgotten');
});

story('a picture keeps its ratio, is saved under its name, and is seen whole', async (visit) => {
  const ada = await visit(DESKTOP);
  const { page } = ada;
  await page.goto('/');
  await signUp(ada);
  const form = page.getByRole('form', { name: 'Order' });
  await choose(form, 'nano-banana');
  await form.getByRole('radio', { name: '9:16' }).check();
  const card = await order(page, { type: 'Picture', model: 'nano-banana', prompt: 'A mast: tall / thin?' });
  await card.getByRole('link', { name: 'Open in the library' }).click();
  const image = page.locator('.stage img');
  await decoded(image);
  const [shown, real] = await image.evaluate((each) => [each.clientWidth / each.clientHeight, each.naturalWidth / each.naturalHeight]);
  assert.ok(Math.abs(shown - real) < 0.02, `${shown} is not ${real}`);
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Download' }).click()]);
  assert.equal(download.suggestedFilename(), 'A mast tall thin.png');
  assert.ok((await readFile(await download.path())).subarray(1, 4).equals(Buffer.from('PNG')));
  await page.goto('/library');
  const tile = page.locator('.tile img');
  await decoded(tile);
  const [wide, high] = await tile.evaluate((each) => [each.clientWidth, each.clientHeight]);
  assert.ok(wide < 0.8 * high, 'a tall tile');
});

story('one song at a time, and it goes on while one browses', async (visit) => {
  const ada = await visit(DESKTOP);
  const { page } = ada;
  await page.goto('/');
  await signUp(ada);
  const card = await order(page, { type: 'Music', prompt: 'A lullaby' });
  await card.getByRole('link', { name: 'Open in the library' }).click();
  const songs = page.locator('main audio');
  await until(async () => (await songs.count()) === 2, 'two songs');
  await page.getByText(/, 1 of 2$/).waitFor();
  await until(() => songs.evaluateAll((all) => all.every(({ readyState }) => readyState > 1)), 'songs with data');
  for (const index of [0, 1]) {
    await songs.nth(index).evaluate((song) => ((song.loop = true), song.play()));
    await until(() => songs.evaluateAll((all, at) => all.every(({ paused }, i) => paused === (i !== at)), index), 'one is playing');
  }
  await page.getByRole('link', { name: 'Feed', exact: true }).click();
  const player = page.getByRole('complementary', { name: 'Player' });
  await until(() => player.locator('audio').evaluate(({ paused, currentTime }) => !paused && currentTime > 0), 'it goes on');
  await accessible(page, 'a page with the player');
  await player.getByRole('button', { name: 'Close the player' }).click();
  await player.waitFor({ state: 'detached' });
});

story('a song is played from the library, and from where its waveform is clicked', async (visit, t) => {
  const client = await newcomer(t);
  const { job } = await finished(t, client, { type: 'music', model: 'music-u', prompt: 'A lullaby' });
  const song = async () => (await client.call('getCreation', { creationId: job.creationId })).media[0];
  await until(async () => (await song()).waveform, 'a waveform');
  const ada = { ...(await visit(PHONE)), email: client.email };
  const { page } = ada;
  await page.goto('/library');
  await (await signIn(ada, PASSWORD)).waitFor({ state: 'detached' });
  await page.getByRole('button', { name: /^Play: / }).tap();
  const player = page.getByRole('complementary', { name: 'Player' });
  await until(() => player.locator('audio').evaluate(({ currentTime }) => currentTime > 0), 'it is heard');
  await accessible(page, 'the library with the player');
  await fits(page);
  await page.locator('.tile > a').tap();
  const track = page.locator('.track').first();
  await until(() => track.locator('audio').evaluate(({ readyState }) => readyState > 1), 'a song with data');
  await track.locator('.wave').click({ position: { x: 200, y: 10 } });
  await until(
    () => track.evaluate((figure) => parseFloat(figure.style.getPropertyValue('--heard')) > 30),
    'it goes on from there, and the waveform says so',
  );
  assert.ok(await player.locator('audio').evaluate(({ paused }) => paused), 'only one is heard');
});

story('text at 200 %: nothing overflows on a phone, and nothing hides the focus', async (visit) => {
  const ada = await visit(PHONE);
  const { page } = ada;
  await page.goto('/');
  await signUp(ada);
  await balance(page, 200);
  for (const path of ['/', '/library', '/feed', '/tokens', '/account']) {
    await page.goto(path);
    await page.getByRole('heading', { level: 1 }).first().waitFor();
    await page.evaluate(() => (document.documentElement.style.fontSize = '200%'));
    await fits(page);
  }
});

story('at a zoom of 200 % whatever has the focus is in sight', async (visit) => {
  const ada = await visit({ ...DESKTOP, viewport: { width: 640, height: 400 } });
  const { page } = ada;
  await page.goto('/');
  await signUp(ada);
  await page.getByRole('form', { name: 'Order' }).waitFor();
  for (let steps = 0; steps < 40; steps++) {
    await page.keyboard.press('Tab');
    const hidden = await page.evaluate(() => {
      const focused = document.activeElement;
      if (focused === document.body || focused.closest('nav, header')) return null;
      const { left, top, width, height } = (focused.closest('label') ?? focused).getBoundingClientRect();
      const at = [top + 2, top + height / 2, top + height - 2].map((y) => document.elementFromPoint(left + width / 2, y));
      return at.some((each) => each && !each.closest('nav, header')) ? null : focused.outerHTML.slice(0, 120);
    });
    assert.equal(hidden, null, 'the focus is hidden');
  }
});

story('colours that were chosen are there before anything is drawn', async (visit) => {
  const { page, context } = await visit(DESKTOP);
  await page.goto('/feed');
  await page.getByRole('button', { name: 'Dark colours' }).click();
  const scripts = /assets\/(?!early).*\.js/;
  await context.route(scripts, () => undefined); // but the one that says it
  await page.reload({ waitUntil: 'commit' });
  await until(() => page.evaluate(() => document.documentElement.style.colorScheme === 'dark'), 'dark at once');
  await context.unroute(scripts);
});
