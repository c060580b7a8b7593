// Finding a creation again, keeping it in a collection, and showing it to somebody who only has the link.
import assert from 'node:assert/strict';
import { accessible, decoded, DESKTOP, fits, order, PHONE, signUp, story, until } from './support.mjs';

const HERON = 'A grey héron at dawn';
const FOXES = 'Two foxes in the snow';

const tiles = (page) => page.locator('.tile strong');
const shows = (page, ...titles) =>
  until(async () => JSON.stringify(await tiles(page).allTextContents()) === JSON.stringify(titles), `${titles} in the library`);

story('found by a word, put into a collection, published, and opened by its link', async (visit) => {
  const grace = await visit(DESKTOP);
  const { page } = grace;
  await grace.context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await page.goto('/');
  await signUp(grace, 'Grace');
  for (const prompt of [HERON, FOXES]) {
    const card = await order(page, { type: 'Picture', model: 'Model A', prompt });
    await card.getByRole('link', { name: 'Open in the library' }).waitFor();
  }
  await page.getByRole('link', { name: 'Library', exact: true }).click();
  await shows(page, FOXES, HERON);

  const search = page.getByRole('searchbox', { name: 'Search' });
  await search.pressSequentially('dawn HERO');
  await shows(page, HERON);
  assert.ok(await search.evaluate((element) => element === document.activeElement), 'the field keeps the focus');
  await accessible(page, 'the library with a search');
  await search.fill('cats');
  await page.getByText('No matches.').waitFor();
  await search.fill('');
  await shows(page, FOXES, HERON);
  await page.getByRole('combobox', { name: 'Model' }).selectOption('Model B');
  await page.getByText('No matches.').waitFor();
  await page.getByRole('combobox', { name: 'Model' }).selectOption('Model A');
  await page.getByRole('combobox', { name: 'Time' }).selectOption('Last 24 hours');
  await shows(page, FOXES, HERON);

  await page.getByRole('button', { name: 'Select' }).click();
  for (const each of [FOXES, HERON]) await page.getByRole('checkbox', { name: `Select: ${each}` }).check();
  await page.getByText('2 creations selected').waitFor();
  await fits(page);
  await page.getByRole('button', { name: 'Put into a collection' }).click();
  await page.getByRole('dialog', { name: 'Put into a collection' }).getByRole('button', { name: 'New collection' }).click();
  await page.getByRole('dialog', { name: 'New collection' }).getByLabel('Name').fill('Birds');
  await accessible(page, 'the dialog of a new collection');
  await page.keyboard.press('Enter');
  await page.getByText('2 creations put into the collection.').waitFor();
  const collection = page.getByRole('combobox', { name: 'Collection' });
  await collection.selectOption('Birds (2)');
  await shows(page, FOXES, HERON);
  await page.getByRole('button', { name: 'Select' }).click();
  await page.getByRole('checkbox', { name: `Select: ${FOXES}` }).check();
  await accessible(page, 'the library with a selection');
  await page.getByRole('button', { name: 'Take out of this collection' }).click();
  await shows(page, HERON);
  await page.getByRole('button', { name: 'Rename', exact: true }).click();
  await page.getByRole('dialog', { name: 'Rename the collection' }).getByLabel('Name').fill('Herons');
  await page.keyboard.press('Enter');
  await until(async () => (await collection.locator('option:checked').textContent()) === 'Herons (1)', 'its new name and number');

  await page.getByRole('link', { name: HERON }).click();
  await page.getByRole('button', { name: 'Publish' }).click();
  const publish = page.getByRole('dialog', { name: 'Publish' });
  await publish.getByLabel('Caption').fill('"Dawn" <b>& after</b>');
  await publish.getByRole('button', { name: 'Publish' }).click();
  await page.getByRole('heading', { name: '"Dawn" <b>& after</b>' }).waitFor();
  await page.getByRole('button', { name: 'Copy the link' }).click();
  await page.getByText('The link was copied.').waitFor();
  const link = await page.evaluate(() => navigator.clipboard.readText());
  assert.equal(link, page.url().replace('/post/', '/p/'));

  const linus = await visit(PHONE);
  await linus.page.goto(link);
  await linus.page.getByRole('heading', { name: '"Dawn" <b>& after</b>' }).waitFor();
  await linus.page.getByText('Made with AI').waitFor();
  await decoded(linus.page.getByRole('img', { name: '"Dawn" <b>& after</b>' }));
  await accessible(linus.page, 'the page for whoever has the link');
  await fits(linus.page);
  await linus.page.getByRole('link', { name: 'Open in StudioX' }).tap();
  await linus.page.getByRole('button', { name: /^Like, 0/ }).waitFor();

  await page.getByRole('link', { name: 'Library', exact: true }).click();
  await shows(page, FOXES, HERON);
  await page.getByRole('button', { name: 'Select' }).click();
  for (const each of [FOXES, HERON]) await page.getByRole('checkbox', { name: `Select: ${each}` }).check();
  await page.getByRole('button', { name: 'Delete', exact: true }).click();
  await page.getByText('Nothing yet.', { exact: true }).waitFor();
  await page.getByRole('region', { name: 'Messages' }).getByRole('button', { name: 'Close this message' }).last().click();
  await until(async () => (await collection.textContent()).includes('Herons (0)'), 'an empty collection');
  await page.getByRole('combobox', { name: 'Collection' }).selectOption('Herons (0)');
  await page.getByRole('button', { name: 'Delete the collection' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Delete the collection' }).click();
  await page.getByText('The collection was deleted.').waitFor();

  const late = await visit(DESKTOP); // a browser that has seen the page may keep it for a minute
  late.allow(/status of 404/);
  await late.page.goto(link);
  await late.page.getByRole('heading', { name: 'This is not here' }).waitFor();
  await accessible(late.page, 'the page of what is gone');
});
