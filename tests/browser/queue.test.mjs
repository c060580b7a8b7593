// What is being made, on every page: how long it takes yet, also after a reload, and cancelling it.
import assert from 'node:assert/strict';
import { finished, newcomer } from '../journeys/support.mjs';
import { accessible, balance, DESKTOP, fits, order, PHONE, signUp, story, tabTo } from './support.mjs';

const MODEL = 'z-image';
const QUAY = 'A quay at night fault:never';

for (const [device, options] of Object.entries({ 'a desktop': DESKTOP, 'a phone': PHONE }))
  story(`the queue on ${device}`, async (visit, t) => {
    const client = await newcomer(t);
    for (let number = 0; number < 5; number++) await finished(t, client, { model: MODEL, prompt: `A buoy, number ${number}` });
    const ada = await visit(options);
    const { page } = ada;
    const button = page.getByRole('button', { name: 'Being made: 1' });
    await page.goto('/');
    await signUp(ada, 'Ada');
    await order(page, { type: 'Picture', model: MODEL, prompt: QUAY });
    await balance(page, 198);
    await button.waitFor();
    await fits(page);

    await page.goto('/feed');
    await button.waitFor();
    assert.equal(await page.getByRole('dialog', { name: 'Being made' }).count(), 0, 'closed until it is asked for');
    await fits(page);
    await tabTo(page, button);
    await page.keyboard.press('Enter');
    const queue = page.getByRole('dialog', { name: 'Being made' });
    await queue.getByRole('progressbar', { name: `Progress of ${QUAY}` }).waitFor();
    await queue.getByText(/· (about|at most) \d+ \w+ left|· takes longer than usual/).waitFor();
    await accessible(page, `the queue on ${device}`);
    await tabTo(page, queue.getByRole('button', { name: `Cancel ${QUAY}` }));
    await page.keyboard.press('Enter');
    await queue.getByText('Nothing at the moment.').waitFor();
    await page.getByText('Cancelled. 2 tokens refunded.').waitFor();
    await balance(page, 200);
    assert.ok(await queue.evaluate((element) => element.contains(document.activeElement)), 'the focus stays in the queue');
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: /^Being made/ }).waitFor({ state: 'detached' });
  });
