// Ordering without surprises: what is chosen is shown, what is short is said before, and nothing blocks the next order.
import assert from 'node:assert/strict';
import { connect } from '../../local/client.mjs';
import { accessible, balance, choose, chosen, decoded, DESKTOP, fits, order, PHONE, showsFocus, signUp, story, tabTo, until } from './support.mjs';

const TYPES = { image: 'Picture', edit: 'Edit', video: 'Video', music: 'Music', speech: 'Speech', lyrics: 'Lyrics', analysis: 'Analysis' };
const form = (page) => page.getByRole('form', { name: 'Order' });
const prompt = (page) => form(page).getByRole('textbox', { name: /^Prompt/ });

/** The groups of choices that show nothing, or more than one, as chosen. */
const unclear = (page) =>
  form(page).locator('.chips').evaluateAll((groups) =>
    groups.filter((group) => group.querySelectorAll('input:checked').length !== 1).map((group) => group.innerText),
  );

story('each group of choices shows what is chosen, whatever model it was chosen for', async (visit, t) => {
  const { page } = await visit(DESKTOP);
  const client = connect();
  t.after(client.close);
  const { models } = await client.call('getStudioOptions');
  await page.goto('/');
  await form(page).waitFor();
  for (const type of ['image', 'video', 'music', 'image', 'video']) {
    await form(page).getByRole('radio', { name: TYPES[type], exact: true }).check();
    for (const { id } of models.filter((model) => model.type === type)) {
      await choose(form(page), id);
      await until(async () => (await chosen(form(page))) === id, id);
      await until(async () => (await unclear(page)).length === 0, `one choice in each group of ${id}`);
      // Something else than the default is chosen, and the next model does not have it.
      const last = form(page).locator('.chips:visible').last().locator('label').last();
      if (await last.count()) await last.click();
    }
  }
});

story('the models in Arabic on a phone: what each makes, costs and takes, chosen by keys', async (visit) => {
  const { page } = await visit({ ...PHONE, locale: 'ar-EG' });
  await page.route(/samples%2F/, async (route) => route.fulfill({ contentType: 'image/png', body: await page.screenshot() }));
  await page.route('**/getStudioOptions', async (route) => {
    const answer = await route.fetch();
    const body = await answer.json();
    for (const each of body.result?.models ?? [])
      if (each.id === 'nano-banana') Object.assign(each, { sample: 'samples/boat.png', typicalSeconds: { p50: 12, p90: 30 } });
    await route.fulfill({ response: answer, json: body });
  });
  await page.goto('/');
  const order = page.getByRole('form', { name: 'الطلب' });
  const models = order.getByRole('radiogroup', { name: 'النموذج' });
  await decoded(models.locator('img'));
  await models.getByRole('radio', { name: /^Nano Banana ٥ رموز نحو .*١٢/ }).waitFor();
  await accessible(page, 'the models in Arabic');
  await fits(page);
  const last = models.locator('label').last();
  const whole = async () => {
    const [card, strip] = await Promise.all([last.boundingBox(), models.boundingBox()]);
    return card.x >= strip.x - 1 && card.x + card.width <= strip.x + strip.width + 1;
  };
  assert.ok(!(await whole()), 'the strip goes on');
  await tabTo(page, models.getByRole('radio').first());
  await page.keyboard.press('ArrowDown');
  await until(async () => (await models.locator(':checked').inputValue()) === 'nano-banana-2', 'the next model');
  for (const _ of ['the first one', 'and round to the last']) await page.keyboard.press('ArrowUp');
  await until(async () => (await models.locator(':checked').inputValue()) === (await last.locator('input').inputValue()), 'the last model');
  await until(whole, 'its card in sight');
  await showsFocus(page);
});

story('an order by Ctrl+Enter, and another one while its provider takes its time', async (visit) => {
  const ada = await visit(DESKTOP);
  const { page } = ada;
  await page.goto('/');
  await page.getByText(/Sign up and get 200 tokens\./).waitFor();
  await signUp(ada);
  await balance(page, 200);
  await choose(form(page), 'nano-banana');
  await prompt(page).fill('A slow boat fault:hang');
  await prompt(page).press('Control+Enter');
  await form(page).getByRole('button', { name: 'Ordering …' }).waitFor();
  await page.getByRole('article', { name: 'A slow boat fault:hang' }).getByText(/^Waiting/).waitFor();
  await prompt(page).fill('A fast boat');
  await prompt(page).press('Control+Enter');
  const fast = page.getByRole('article', { name: 'A fast boat' });
  await decoded(fast.getByRole('img', { name: 'A fast boat' }));
});

story('a provider that is busy: the job says so, and can be cancelled', async (visit) => {
  const ada = await visit(DESKTOP);
  const { page } = ada;
  await page.goto('/');
  await signUp(ada);
  const card = await order(page, { type: 'Picture', model: 'nano-banana', prompt: 'A boat fault:429' });
  await card.getByText(/^The model is busy\. We try again (now|in \d+ seconds?)\./).waitFor();
  await accessible(page, 'a job that waits for its provider');
  await card.getByRole('button', { name: 'Cancel' }).click();
  await card.getByText('Cancelled. 5 tokens refunded.').waitFor();
});

story('too few tokens: said before the press, with a way to more and a cheaper model', async (visit) => {
  const ada = await visit(PHONE);
  const { page } = ada;
  ada.allow(/status of 4\d\d/);
  await page.goto('/');
  await signUp(ada);
  await balance(page, 200);
  await form(page).getByRole('radio', { name: 'Video', exact: true }).check();
  await choose(form(page), 'sora-2-official');
  await form(page).getByRole('radio', { name: '20 s' }).check();
  const told = form(page).getByText('This costs 240 tokens, and you have 200.');
  await told.waitFor();
  await form(page).getByRole('link', { name: 'Get tokens' }).waitFor();
  await prompt(page).fill('A whole day at sea');
  await form(page).getByRole('button', { name: 'Generate 240 tokens' }).tap();
  await form(page).getByRole('alert').filter({ hasText: 'This costs 240 tokens' }).waitFor();
  assert.equal(await told.count(), 1, 'said once');
  await fits(page);
  await accessible(page, 'a form that is short of tokens');
  await form(page).getByRole('button', { name: /^use .* for \d+ tokens?/ }).tap();
  await told.waitFor({ state: 'detached' });
  await form(page).getByRole('button', { name: /^Generate \d+ tokens?/ }).waitFor();
});

story('the first order on a phone is seen, above the places', async (visit) => {
  const ada = await visit(PHONE);
  const { page } = ada;
  await page.goto('/');
  await signUp(ada);
  const card = await order(page, { type: 'Picture', model: 'nano-banana', prompt: 'A boat fault:never' }, 'tap');
  const cancel = card.getByRole('button', { name: 'Cancel' });
  const seen = (element) => {
    const { left, top, width, height } = element.getBoundingClientRect();
    return element.contains(document.elementFromPoint(left + width / 2, top + height / 2));
  };
  await until(async () => (await cancel.evaluate(seen)) && card.getByRole('progressbar').evaluate(seen), 'the bar and Cancel');
  await cancel.tap();
});

story('files that are no pictures are refused before they are sent', async (visit) => {
  const ada = await visit(DESKTOP);
  const { page } = ada;
  await page.goto('/');
  await signUp(ada);
  await form(page).getByRole('radio', { name: 'Edit', exact: true }).check();
  const upload = form(page).locator('input[type=file]');
  for (const buffer of [Buffer.alloc(0), Buffer.from('no picture, whatever its type says')]) {
    await upload.setInputFiles({ name: 'fake.png', mimeType: 'image/png', buffer });
    await page.getByText('“fake.png” is not a picture that can be used.').first().waitFor();
    await page.getByRole('button', { name: 'Close this message' }).first().click();
    assert.equal(await form(page).getByRole('img', { name: 'Upload 1' }).count(), 0);
  }
});
