// From one picture to the next: edited, varied, animated and used again, each by one press on a creation.
import assert from 'node:assert/strict';
import { accessible, chosen, decoded, DESKTOP, fits, order, PHONE, signUp, story, tabTo, until } from './support.mjs';

const PROMPT = 'A lighthouse at dawn';
const UPSCALER = 'an-upscaler';

/** The bodies of the orders that the page sends from now on. */
function orders(page) {
  const sent = [];
  page.on('request', (request) => {
    if (request.method() === 'POST' && request.url().endsWith('/createStudioJob')) sent.push(request.postDataJSON().data);
  });
  return sent;
}

const action = (page, name) => page.getByRole('article').getByRole('button', { name, exact: true });
const form = (page) => page.getByRole('form', { name: 'Order' });
const value = async (page, name) => form(page).getByRole('textbox', { name }).inputValue();

/** Open what has just been made, from its card in the studio. */
async function open(page, card) {
  await card.getByRole('link', { name: 'Open in the library' }).click();
  await action(page, 'Use again').waitFor();
}

/** The form is filled in for this model, with a picture that is seen. */
async function filled(page, type, model) {
  await until(async () => (await chosen(form(page))) === model, `a form for ${model}`);
  assert.ok(await form(page).getByRole('radio', { name: type, exact: true }).isChecked());
  await decoded(form(page).getByRole('img', { name: 'Upload 1' }));
}

/** Order what the form holds; the newest card, once it is ready. */
async function generate(page, prompt, sent) {
  const before = sent.length;
  await form(page).getByRole('button', { name: /^Generate/ }).click();
  await until(() => sent.length > before, 'the order');
  const same = () => sent.filter((each) => each.prompt === prompt).length;
  const cards = page.getByRole('article', { name: prompt });
  await until(async () => (await cards.count()) >= same(), 'its card');
  const card = cards.first();
  await card.getByRole('link', { name: 'Open in the library' }).waitFor();
  return card;
}

/** The picture lies over the one that it was made from, and the arrow keys show more of one or of the other. */
async function comparable(place, name) {
  const before = place.getByRole('img', { name: 'Before: the picture it was made from' });
  await decoded(before);
  await decoded(place.getByRole('img', { name, exact: true }));
  const slider = place.getByRole('slider', { name: 'Before and after' });
  const shown = async () => [await slider.getAttribute('aria-valuetext'), await before.evaluate((each) => getComputedStyle(each).clipPath)];
  assert.deepEqual(await shown(), ['50% before', 'inset(0px 50% 0px 0px)']);
  await slider.press('ArrowRight');
  assert.deepEqual(await shown(), ['51% before', 'inset(0px 49% 0px 0px)']);
}

story('a picture is edited, varied and used again on a phone, and what was made of it outlives it', async (visit) => {
  const ada = await visit(PHONE);
  const { page } = ada;
  ada.allow(/status of 404/); // the picture that is deleted
  const sent = orders(page);
  await page.goto('/');
  await signUp(ada, 'Ada');
  await open(page, await order(page, { type: 'Picture', model: 'nano-banana', prompt: PROMPT }, 'tap'));
  const first = page.url().split('/').at(-1);
  for (const name of ['Vary', 'Edit', 'Animate']) await action(page, name).waitFor();
  assert.equal(await action(page, 'Enlarge').count(), 0, 'no model of the catalogue enlarges');
  await accessible(page, 'a creation with what can be made next');
  await fits(page);

  await action(page, 'Edit').tap();
  await filled(page, 'Edit', 'nano-banana-edit');
  assert.equal(await value(page, /^Prompt/), '');
  await form(page).getByRole('textbox', { name: /^Prompt/ }).fill('Make it winter');
  await accessible(page, 'the form of an edit');
  await fits(page);
  const edit = await generate(page, 'Make it winter', sent);
  await comparable(edit, 'Make it winter');
  await accessible(page, 'an edit beside its picture');
  await fits(page);
  await open(page, edit);
  const edited = page.url();
  const [picture] = sent.at(-1).inputPaths;
  assert.match(picture, new RegExp(`/creations/${first}/0\\.`));

  await action(page, 'Vary').tap();
  await filled(page, 'Edit', 'nano-banana-edit');
  assert.equal(await value(page, /^Prompt/), 'Make it winter');
  await generate(page, 'Make it winter', sent);
  const { inputPaths, prompt } = sent.at(-1);
  assert.deepEqual([prompt, inputPaths.length, inputPaths[0] === picture], ['Make it winter', 1, false], 'the edit itself is varied');

  await page.goto(edited);
  await action(page, 'Use again').tap();
  await filled(page, 'Edit', 'nano-banana-edit');
  await generate(page, 'Make it winter', sent);
  assert.deepEqual(sent.at(-1).inputPaths, [picture], 'all inputs are restored');

  await page.goto(edited);
  await page.getByRole('link', { name: 'earlier picture' }).tap();
  await page.getByRole('heading', { name: PROMPT }).waitFor();
  await page.getByRole('button', { name: 'Delete' }).tap();
  await page.getByRole('heading', { name: 'Library' }).waitFor();
  const deleted = page.waitForResponse((answer) => answer.url().endsWith('/deleteCreation') && answer.request().method() === 'POST');
  await page.getByRole('button', { name: 'Close this message' }).tap(); // nor is it undone
  await deleted;
  await page.goto(edited);
  await decoded(page.getByRole('img', { name: 'Make it winter' }));
  await action(page, 'Use again').tap();
  await page.getByRole('region', { name: 'Messages' }).filter({ hasText: 'A picture that it started from was deleted' }).waitFor();
  assert.equal(await form(page).getByRole('img', { name: 'Upload 1' }).count(), 0);
});

story('a picture is animated by keys alone, and enlarged where a model can', async (visit) => {
  const ada = await visit(DESKTOP);
  ada.allow(/status of 400.*quoteStudioJob/); // the functions do not know the enlarger
  const { page } = ada;
  const sent = orders(page);
  ada.allow(/status of 400.*quoteStudioJob/); // the page's catalogue has a model that the functions' lacks
  // The catalogue as an owner may extend it.
  await page.route('**/getStudioOptions', async (route) => {
    const answer = await route.fetch();
    const body = await answer.json();
    const edit = body.result?.models.find(({ id }) => id === 'nano-banana-edit');
    if (edit) body.result.models.push({ ...edit, id: UPSCALER, label: 'Upscaler' });
    await route.fulfill({ response: answer, json: body });
  });
  await page.goto('/');
  await signUp(ada, 'Ada');
  await open(page, await order(page, { type: 'Picture', model: 'z-image', prompt: PROMPT }));
  await tabTo(page, action(page, 'Animate'));
  await page.keyboard.press('Enter');
  await until(async () => form(page).getByRole('radio', { name: 'Video', exact: true }).isChecked(), 'the form of a film');
  await decoded(form(page).getByRole('img', { name: 'Upload 1' }));
  assert.equal(await value(page, /^Prompt/), PROMPT);
  await form(page).getByRole('textbox', { name: /^Prompt/ }).fill('The light turns');
  await tabTo(page, form(page).getByRole('button', { name: /^Generate/ }));
  await page.keyboard.press('Enter');
  const film = page.getByRole('article', { name: 'The light turns' });
  await film.locator('video').waitFor();
  await decoded(film.getByRole('img', { name: 'The picture it was made from' }));
  await accessible(page, 'a film below its picture');
  assert.match(sent.at(-1).inputPaths[0], /\/creations\/\w+\/0\./);
  await open(page, film);
  assert.deepEqual([await action(page, 'Animate').count(), await action(page, 'Edit').count()], [0, 0], 'a film is no picture');
  await page.getByRole('link', { name: 'earlier picture' }).click();
  await page.getByRole('heading', { name: PROMPT }).waitFor();
  await action(page, 'Enlarge').click();
  await filled(page, 'Edit', UPSCALER);
  assert.equal(await value(page, /^Prompt/), PROMPT);
});
