// Saving many files of the library as one zip.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { unzipSync } from 'fflate';
import { finished, newcomer } from '../journeys/support.mjs';
import { accessible, DESKTOP, fits, PHONE, signIn, story, until } from './support.mjs';

/** Somebody with two pictures of the same name and lyrics, who has selected everything. */
async function atLibrary(visit, t, options) {
  const client = await newcomer(t);
  for (const request of [
    { model: 'Model B', prompt: 'Ein Bär: groß?', size: '512x512' },
    { model: 'Model B', prompt: 'Ein Bär: groß?', size: '512x512' },
    { type: 'lyrics', model: 'lyrics-writer', prompt: 'A lullaby' },
  ])
    await finished(t, client, request);
  const person = { ...(await visit(options)), email: client.email };
  const { page } = person;
  await page.goto('/library');
  await (await signIn(person)).waitFor({ state: 'detached' });
  await page.getByRole('button', { name: 'Select' }).click();
  await page.getByRole('button', { name: 'Select all' }).click();
  await page.getByText('3 creations selected').waitFor();
  return person;
}

const press = (page) => page.getByRole('region', { name: 'Selected' }).getByRole('button', { name: 'Download' }).click();

story('a selection in one zip, with names that do not clash', async (visit, t) => {
  const { page } = await atLibrary(visit, t, DESKTOP);
  const [download] = await Promise.all([page.waitForEvent('download'), press(page)]);
  assert.match(download.suggestedFilename(), /^StudioX \d{4}-\d\d-\d\d\.zip$/);
  const files = unzipSync(await readFile(await download.path()));
  const names = Object.keys(files).sort();
  assert.deepEqual(names.slice(1), ['Ein Bär groß (2).png', 'Ein Bär groß.png']);
  for (const name of names.slice(1)) assert.ok(Buffer.from(files[name]).subarray(1, 4).equals(Buffer.from('PNG')));
  assert.match(names[0], /\.txt$/);
  assert.ok(files[names[0]].length > 20);
  await page.getByText('3 files were saved.').waitFor();
  assert.equal(await page.getByRole('dialog').count(), 0);
});

story('on a phone: a file that cannot be had is named, and what is too large is refused', async (visit, t) => {
  const { page, allow } = await atLibrary(visit, t, PHONE);
  allow(/status of 404|Failed to load resource/);
  let answer;
  const held = new Promise((resolve) => (answer = resolve));
  await page.route(/%2F0\.png.*alt=media/, async (route) => {
    await held;
    await route.fulfill({ status: 404, headers: { 'access-control-allow-origin': '*' } });
  });
  const saved = page.waitForEvent('download');
  await press(page);
  const dialog = page.getByRole('dialog', { name: 'Download' });
  await dialog.getByText('1 of 3 files').waitFor();
  await accessible(page, 'a download under way');
  await fits(page);
  answer();
  const files = unzipSync(await readFile(await (await saved).path()));
  assert.deepEqual(Object.keys(files).map((name) => name.split('.').at(-1)), ['txt']);
  await dialog.getByText('Ein Bär groß (2).png').waitFor();
  assert.equal(await dialog.getByRole('listitem').count(), 2);
  await accessible(page, 'the names of missing files');
  await dialog.getByRole('button', { name: 'Close', exact: true }).first().tap();

  await page.route('**/getUserCreations', async (route) => {
    if (route.request().method() !== 'POST') return route.continue();
    const response = await route.fetch();
    const json = await response.json();
    for (const { media } of json.result.creations) for (const each of media) each.bytes = 250_000_000;
    await route.fulfill({ response, json });
  });
  await page.reload();
  await page.getByRole('button', { name: 'Select' }).tap();
  await page.getByRole('button', { name: 'Select all' }).tap();
  await press(page);
  await page.getByText('One download holds 200 files and 400 MB at most.').waitFor();
  await until(async () => (await page.getByRole('dialog', { name: 'Download' }).count()) === 0, 'no dialog');
});
