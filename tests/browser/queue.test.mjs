// What is being made, on every page: how long it takes yet, also after a reload and on another device; cancelling it.
import assert from 'node:assert/strict';
import { finished, measured, newcomer } from '../journeys/support.mjs';
import { accessible, balance, DESKTOP, fits, order, PHONE, signIn, signUp, story, tabTo } from './support.mjs';

const MODEL = 'seedream-4.5'; // no other test measures it
const QUAY = 'A quay at night fault:never';
const TIME = /· (about|at most) \d+ \w+ left|· takes longer than usual/;

story('the queue on every page, after a reload, and on a phone', async (visit, t) => {
  const client = await newcomer(t);
  for (let number = 0; number < 5; number++) await finished(t, client, { model: MODEL, prompt: `A buoy, number ${number}` });
  await measured();
  const ada = await visit(DESKTOP);
  const { page } = ada;
  const button = page.getByRole('button', { name: 'Being made: 1' });
  const queue = page.getByRole('dialog', { name: 'Being made' });
  await page.goto('/');
  await signUp(ada, 'Ada');
  await order(page, { type: 'Picture', model: MODEL, prompt: QUAY });
  await button.waitFor();
  await page.goto('/feed');
  await tabTo(page, button);
  assert.equal(await queue.count(), 0, 'closed until it is asked for');
  await page.keyboard.press('Enter');
  await queue.getByRole('progressbar', { name: `Progress of ${QUAY}` }).waitFor();
  await queue.getByText(TIME).waitFor();
  await accessible(page, 'the queue on a desktop');

  const phone = { ...(await visit(PHONE)), email: ada.email };
  await phone.page.goto('/');
  await (await signIn(phone)).waitFor({ state: 'detached' });
  await phone.page.getByRole('button', { name: 'Being made: 1' }).tap();
  const other = phone.page.getByRole('dialog', { name: 'Being made' });
  await other.getByText(TIME).waitFor();
  await accessible(phone.page, 'the queue on a phone');
  await fits(phone.page);

  await tabTo(page, queue.getByRole('button', { name: `Cancel ${QUAY}` }));
  await page.keyboard.press('Enter');
  await page.getByText('Cancelled. 5 tokens refunded.').waitFor();
  for (const each of [queue, other]) await each.getByText('Nothing at the moment.').waitFor();
  await balance(page, 200);
  assert.ok(await queue.evaluate((element) => element.contains(document.activeElement)), 'the focus stays in the queue');
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: /^Being made/ }).waitFor({ state: 'detached' });
});
