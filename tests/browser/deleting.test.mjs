// Deleting with an undo: nothing is lost until the time to undo has passed, and then it is deleted in fact.
import assert from 'node:assert/strict';
import { finished, newcomer } from '../journeys/support.mjs';
import { accessible, DESKTOP, fits, PHONE, signIn, signOut, story, tabTo, until } from './support.mjs';

const PICTURES = ['A heron', 'A tern'];

/** Somebody with two pictures, at their library; `left()` is what the functions have of them. */
async function owner(visit, t, options) {
  const client = await newcomer(t);
  for (const prompt of PICTURES) await finished(t, client, { model: 'Model B', prompt, size: '512x512' });
  const person = { ...(await visit(options)), email: client.email };
  const { page } = person;
  await page.goto('/library');
  await (await signIn(person)).waitFor({ state: 'detached' });
  const left = async () => (await client.call('getUserCreations')).creations.map(({ prompt }) => prompt).sort();
  const shows = (...titles) =>
    until(async () => {
      const shown = await page.locator('.tile strong').allTextContents();
      return JSON.stringify(shown.sort()) === JSON.stringify(titles);
    }, `${titles} in the library`);
  await shows(...PICTURES);
  return { ...person, left, shows };
}

/** Select these and delete them. */
async function remove(page, ...titles) {
  await page.getByRole('button', { name: 'Select' }).click();
  for (const each of titles) await page.getByRole('checkbox', { name: `Select: ${each}` }).check();
  await page.getByRole('region', { name: 'Selected' }).getByRole('button', { name: 'Delete' }).click();
}

story('by keyboard: deleted, undone, deleted again and gone', async (visit, t) => {
  const { page, left, shows } = await owner(visit, t, DESKTOP);
  await remove(page, ...PICTURES);
  await page.getByText('Nothing yet.', { exact: true }).waitFor();
  const message = page.getByRole('region', { name: 'Messages' });
  await message.getByText('2 creations deleted.').waitFor();
  await accessible(page, 'a message with an undo');
  await page.keyboard.press('Control+z');
  await shows(...PICTURES);
  assert.deepEqual(await left(), PICTURES);
  assert.equal(await message.getByRole('button').count(), 0, 'the message is gone');

  await remove(page, 'A tern');
  await shows('A heron');
  await tabTo(page, message.getByRole('button', { name: 'Undo' }));
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter'); // closes the message: the user does not want to undo it
  await until(async () => (await left()).join() === 'A heron', 'deleted in fact');
  await page.reload();
  await shows('A heron');
});

story('on a phone: undone from the page of one, and deleted when the message has gone', async (visit, t) => {
  const { page, left, shows } = await owner(visit, t, PHONE);
  await page.getByRole('link', { name: 'A heron' }).tap();
  await page.getByRole('button', { name: 'Delete' }).tap();
  await shows('A tern');
  await fits(page);
  await page.getByRole('button', { name: 'Undo' }).tap();
  await shows(...PICTURES);
  await page.clock.install();
  await page.getByRole('link', { name: 'A heron' }).tap();
  await page.getByRole('button', { name: 'Delete' }).tap();
  await shows('A tern');
  await page.goBack();
  await page.getByRole('heading', { name: 'This is not in your library' }).waitFor();
  assert.deepEqual(await left(), PICTURES);
  await page.clock.fastForward(70_000); // it may have been pointed at
  await until(async () => (await left()).join() === 'A tern', 'deleted in fact');
});

story('whoever leaves the page or signs out has deleted it', async (visit, t) => {
  const { page, left, shows } = await owner(visit, t, DESKTOP);
  await remove(page, 'A heron');
  await shows('A tern');
  await page.goto('about:blank');
  await until(async () => (await left()).join() === 'A tern', 'deleted by the page that was left');
  await page.goto('/library');
  await shows('A tern');
  await remove(page, 'A tern');
  await signOut(page);
  assert.deepEqual(await left(), []);
});

story('what cannot be deleted is shown again', async (visit, t) => {
  const { page, allow, left, shows } = await owner(visit, t, DESKTOP);
  allow(/status of 400/);
  await page.route('**/deleteCreations', (route) =>
    route.request().method() === 'POST'
      ? route.fulfill({
          status: 400,
          headers: { 'access-control-allow-origin': '*' },
          json: { error: { status: 'PERMISSION_DENIED', message: 'no', details: { reason: 'AccountSuspended' } } },
        })
      : route.continue(),
  );
  await remove(page, 'A heron');
  await shows('A tern');
  await page.getByRole('button', { name: 'Close this message' }).click();
  await page.getByText('Your account is suspended').waitFor();
  await shows(...PICTURES);
  assert.deepEqual(await left(), PICTURES);
});
