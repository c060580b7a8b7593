// Limits that a person sets themselves, and an invitation that both get tokens for.
import assert from 'node:assert/strict';
import { accessible, balance, DESKTOP, fits, order, PHONE, signUp, story, until } from './support.mjs';

async function toAccount(page) {
  await page.getByRole('button', { name: 'Your account' }).click();
  await page.getByRole('link', { name: 'Profile and preferences' }).click();
}

story('a daily limit is set, reached and removed', async (visit) => {
  const ada = await visit(PHONE);
  const { page } = ada;
  ada.allow(/status of 429/); // the order that is refused
  await page.goto('/');
  await signUp(ada);
  await balance(page, 200);
  await toAccount(page);
  const limits = page.getByRole('region', { name: 'Limits' });
  await limits.getByText('Spent today: 0 tokens').waitFor();
  await limits.getByLabel('Spend a day at most').fill('3');
  await limits.getByLabel('Tell me when I have fewer tokens than').fill('199');
  await limits.getByRole('button', { name: 'Save' }).click();
  await page.getByText('Saved.').waitFor();
  await accessible(page, 'the limits');
  await fits(page);

  await page.goto('/');
  await order(page, { type: 'Picture', model: 'z-image', prompt: 'A boat' });
  await balance(page, 198);
  const form = page.getByRole('form', { name: 'Order' });
  await form.getByRole('textbox', { name: /^Prompt/ }).fill('A boat at night');
  await form.getByText('This would exceed 3 tokens, your daily limit.').waitFor();
  await page.getByRole('button', { name: /^Notifications/ }).click();
  await page.getByRole('link', { name: 'You are low on tokens' }).waitFor();

  await page.goto('/account');
  await limits.getByText('Spent today: 2 tokens').waitFor();
  assert.equal(await limits.getByLabel('Spend a day at most').inputValue(), '3');
  await limits.getByLabel('Spend a day at most').fill('');
  await limits.getByRole('button', { name: 'Save' }).click();
  await page.getByText('Saved.').waitFor();
  await page.goto('/');
  await order(page, { type: 'Picture', model: 'z-image', prompt: 'A boat at night' });
  await balance(page, 196);
});

story('somebody who came by a link buys a pack, and both get tokens', async (visit) => {
  const ada = await visit(DESKTOP);
  await ada.page.goto('/');
  await signUp(ada);
  await balance(ada.page, 200);
  await toAccount(ada.page);
  const invitation = ada.page.getByRole('region', { name: 'Invite somebody' });
  const code = await invitation.getByText(/^Your code:/).locator('strong').innerText();
  assert.match(code, /^[2-9A-Z]{8}$/);
  await ada.context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await invitation.getByRole('button', { name: 'Copy the link' }).click();
  await ada.page.getByText('The link was copied.').waitFor();
  const link = await ada.page.evaluate(() => navigator.clipboard.readText());
  assert.equal(new URL(link).searchParams.get('ref'), code);
  await accessible(ada.page, 'the invitation');

  const ben = await visit(DESKTOP);
  await ben.page.goto(link.slice(new URL(link).origin.length));
  await until(() => new URL(ben.page.url()).search === '', 'the code is kept, and not in the address');
  await ben.page.goto('/feed'); // looks around first
  await signUp(ben);
  await ben.page.getByText('You were invited').waitFor();
  await ben.page.goto('/tokens');
  await ben.page.getByRole('button', { name: 'Buy Starter for $5.00' }).click();
  await ben.page.waitForURL(`${process.env.STUDIOX_STRIPE_URL}/**`);
  await ben.page.getByRole('button', { name: 'Pay', exact: true }).click();
  await ben.page.waitForURL('**/tokens');
  await balance(ben.page, 800);
  await balance(ada.page, 300);
  await ada.page.reload();
  await invitation.getByText('1 invited · 1 bought · 100 tokens for you').waitFor();
});
