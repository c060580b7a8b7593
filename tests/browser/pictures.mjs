// The README's pictures, taken of the served data: `make pictures`. Not among the tests, which are called *.test.mjs.
import { decoded, DESKTOP, PHONE, picture, signIn, story, until } from './support.mjs';

const SERVED = 'studiox'; // everybody's password there

const toTop = (page) => page.evaluate(() => (document.activeElement.blur(), scrollTo(0, 0)));

async function arrive(visit, options, email, path) {
  const person = { ...(await visit(options)), email };
  const { page } = person;
  await page.goto('/');
  await (await signIn(person, SERVED)).waitFor({ state: 'detached' });
  await page.goto(path);
  await page.getByRole('heading', { level: 1 }).waitFor();
  await page.getByRole('button', { name: 'Confirm it later' }).click();
  await page.getByRole('link', { name: /^Your balance: \d/ }).waitFor();
  await decoded(page.getByRole('main').getByRole('img'));
  await until(() => page.locator('video').evaluateAll((all) => all.every((each) => each.readyState >= 2)), 'videos with a frame');
  return page;
}

story('the studio', async (visit) => {
  const page = await arrive(visit, DESKTOP, 'grace@example.com', '/');
  await page.getByRole('textbox', { name: /^Prompt/ }).fill('Rooftops of a city at night, lit windows, after the rain');
  await toTop(page);
  await picture(page, 'studio');
});

story('the feed in the dark', async (visit) => {
  const options = { ...DESKTOP, viewport: { width: 1120, height: 700 }, colorScheme: 'dark' };
  const page = await arrive(visit, options, 'linus@example.com', '/feed');
  await toTop(page);
  await picture(page, 'feed');
});

story('the library on a phone', async (visit) => {
  const page = await arrive(visit, { ...PHONE, deviceScaleFactor: 1.5, colorScheme: 'light' }, 'ada@example.com', '/library');
  await toTop(page);
  await picture(page, 'library-phone');
});
