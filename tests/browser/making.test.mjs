// From signing up to a library of pictures, songs and videos, on a desktop in light colours.
import assert from 'node:assert/strict';
import { isDeepStrictEqual } from 'node:util';
import { connect } from '../../local/client.mjs';
import { finished, measured, newcomer } from '../journeys/support.mjs';
import { accessible, balance, choose, chosen, decoded, DESKTOP, fits, order, signUp, story, until } from './support.mjs';

const LIGHTHOUSE = 'A lighthouse at dawn, oil on canvas';
const LULLABY = 'A lullaby for a lighthouse keeper';
const WAVES = 'Waves under a lighthouse, slow motion';
const TYPES = { image: 'Picture', edit: 'Edit', video: 'Video', music: 'Music', speech: 'Speech', lyrics: 'Lyrics', analysis: 'Analysis' };

const ready = (media, state = 2) => until(() => media.evaluate((element, least) => element.readyState >= least, state), 'a player with data');

story('the order form offers what the catalogue has, at its prices', async (visit, t) => {
  const { page } = await visit(DESKTOP);
  const client = connect();
  t.after(client.close);
  const { models } = await client.call('getStudioOptions');
  await page.goto('/');
  const form = page.getByRole('form', { name: 'Order' });
  await form.waitFor();
  for (const type of new Set(models.map((each) => each.type))) {
    await form.getByRole('radio', { name: TYPES[type], exact: true }).check();
    const expected = models.filter((each) => each.type === type).map(({ label }) => label);
    const offered = () => form.getByRole('radiogroup', { name: 'Model' }).locator('strong').allInnerTexts();
    await until(async () => isDeepStrictEqual((await offered()).sort(), expected.toSorted()), `the models of ${type}`);
  }
  await form.getByRole('radio', { name: 'Picture', exact: true }).check();
  await choose(form, 'Model A');
  for (const [size, price] of Object.entries(models.find(({ id }) => id === 'Model A').price.tokens)) {
    await form.getByRole('radio', { name: size }).check();
    await form.getByRole('button', { name: `${price} token` }).waitFor();
  }
});

story('the price is a quote: what is left, how long it takes, and what the order may cost at most', async (visit, t) => {
  const { page, email } = await visit(DESKTOP);
  const client = await newcomer(t);
  for (let number = 0; number < 5; number++) await finished(t, client, { model: 'Model B', prompt: `A buoy, number ${number}`, size: '512x512' });
  await measured();
  const sent = { quoteStudioJob: [], createStudioJob: [] };
  page.on('request', (request) => {
    if (request.method() === 'POST') sent[request.url().split('/').at(-1)]?.push(request.postDataJSON().data);
  });
  await page.goto('/');
  const form = page.getByRole('form', { name: 'Order' });
  await choose(form, 'Model B');
  await form.getByRole('radio', { name: '1024x1792' }).check();
  const prompt = form.getByRole('textbox', { name: /^Prompt/ });
  await prompt.fill(LIGHTHOUSE);
  await form.getByRole('button', { name: '4 tokens' }).waitFor();
  assert.deepEqual(sent.quoteStudioJob, [], 'a visitor sees the price of the catalogue');
  await signUp({ page, email }, 'Ada');
  const told = form.getByRole('status');
  await told.filter({ hasText: /Leaves you 196 tokens\. Usually ready in \d+ second/ }).waitFor();
  await accessible(page, 'the form with a quote');
  await fits(page);
  const before = sent.quoteStudioJob.length;
  await prompt.pressSequentially(', with gulls', { delay: 50 });
  await form.getByRole('radio', { name: '512x512' }).check();
  await told.filter({ hasText: 'Leaves you 199 tokens.' }).waitFor();
  assert.equal(sent.quoteStudioJob.length, before + 1, 'for the size, and not for each letter');
  await form.getByRole('button', { name: 'Generate 1 token' }).click();
  await page.getByRole('article', { name: LIGHTHOUSE }).getByRole('img').waitFor();
  assert.deepEqual(sent.createStudioJob.map(({ maxPrice }) => maxPrice), [1]);
  await told.filter({ hasText: 'Leaves you 198 tokens.' }).waitFor();
});

story('a picture, a song and a video, from sign-up to the library', async (visit) => {
  const ada = await visit(DESKTOP);
  const { page } = ada;
  await page.goto('/');
  await signUp(ada, 'Ada');
  await balance(page, 200);

  const shot = await order(page, { type: 'Picture', model: 'nano-banana', prompt: LIGHTHOUSE });
  await shot.getByRole('progressbar').waitFor();
  await balance(page, 195);
  await shot.getByRole('img', { name: LIGHTHOUSE }).waitFor();
  await decoded(shot.getByRole('img', { name: LIGHTHOUSE }));

  const song = await order(page, { type: 'Music', model: 'music-u', prompt: LULLABY });
  const film = await order(page, { type: 'Video', model: 'veo3.1-lite', prompt: WAVES });
  await balance(page, 165);
  await until(async () => (await song.locator('audio').count()) > 1, 'the variations of a song');
  for (const each of await song.locator('audio').all()) await ready(each, 1);
  await film.locator('video').waitFor();
  await ready(film.locator('video'));
  await accessible(page);
  await fits(page);

  await page.getByRole('navigation').getByRole('link', { name: 'Library' }).click();
  await page.getByRole('heading', { name: 'Library' }).waitFor();
  await until(async () => (await page.getByRole('article').count()) === 3, 'three creations');
  await decoded(page.getByRole('img', { name: LIGHTHOUSE }));
  const star = page.getByRole('button', { name: `Favourite: ${LIGHTHOUSE}` });
  await star.click();
  await page.getByRole('button', { name: `Favourite: ${LIGHTHOUSE}`, pressed: true }).waitFor();
  await accessible(page);
  await fits(page);
  await page.getByRole('switch', { name: 'Favourites only' }).check();
  await until(async () => (await page.getByRole('article').count()) === 1, 'the favourite alone');
  await page.getByRole('switch', { name: 'Favourites only' }).uncheck();
  await page.getByRole('radio', { name: 'Music' }).check();
  await page.getByRole('article').filter({ hasText: 'Music' }).waitFor(); // its title is the provider's
  await until(async () => (await page.getByRole('article').count()) === 1, 'the song alone');
  await page.getByRole('article').getByRole('link').click();

  await page.getByText(LULLABY).waitFor();
  await until(async () => (await page.locator('audio').count()) > 1, 'the variations');
  for (const each of await page.locator('audio').all()) await ready(each, 1);
  await accessible(page, 'a song');
  await page.getByLabel('Title').fill('Keep the light');
  await page.getByRole('button', { name: 'Rename' }).click();
  await page.getByRole('heading', { name: 'Keep the light' }).waitFor();
  await page.reload();
  await page.getByRole('heading', { name: 'Keep the light' }).waitFor();

  await page.getByRole('button', { name: 'Delete' }).click();
  await page.getByRole('heading', { name: 'Library' }).waitFor();
  await until(async () => (await page.getByRole('article').count()) === 2, 'the two that are left');
  await page.getByRole('link', { name: LIGHTHOUSE }).click();
  await page.getByRole('button', { name: 'Use again' }).click();
  const form = page.getByRole('form', { name: 'Order' });
  await until(async () => (await form.getByRole('textbox', { name: /^Prompt/ }).inputValue()) === LIGHTHOUSE, 'the form filled anew');
  assert.equal(await chosen(form), 'nano-banana');
});
