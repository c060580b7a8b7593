// What lasts: a form through a reload and a session's end, and one account at two tabs.
import assert from 'node:assert/strict';
import {
  accessible, address, balance, DESKTOP, endSessions, PASSWORD, signIn, signOut, signUp, story, until,
} from './support.mjs';

const PROMPT = 'A heron on one leg';
const prompt = (page) => page.getByRole('form', { name: 'Order' }).getByRole('textbox', { name: /^Prompt/ });

story('what was typed is there after a reload and after a session that was ended elsewhere', async (visit, t) => {
  const ada = await visit(DESKTOP);
  const { page } = ada;
  ada.allow(/status of 40[013]/);
  await page.goto('/');
  await page.getByRole('form', { name: 'Order' }).getByRole('radio', { name: 'Video', exact: true }).check();
  await prompt(page).fill(PROMPT);
  await page.reload();
  assert.equal(await prompt(page).inputValue(), PROMPT);
  assert.ok(await page.getByRole('radio', { name: 'Video', exact: true }).isChecked());
  await signUp(ada, 'Ada');
  await balance(page, 200);
  assert.equal(await prompt(page).inputValue(), PROMPT, 'signing up keeps it');

  await endSessions(t, ada.email);
  await page.reload();
  await page.getByText('You are signed out here').waitFor();
  await accessible(page, 'a page whose session was ended');
  assert.equal(await prompt(page).inputValue(), PROMPT, 'nor is it lost with the session');
  await page.getByRole('button', { name: 'Sign in again' }).click();
  const dialog = page.getByRole('dialog', { name: 'Sign in' });
  await dialog.getByLabel('E-mail address').fill(ada.email);
  await dialog.getByLabel('Password').fill(PASSWORD);
  await dialog.getByRole('button', { name: 'Sign in', exact: true }).click();
  await balance(page, 200);
  assert.equal(await page.getByText('You are signed out here').count(), 0);
  assert.equal(await prompt(page).inputValue(), PROMPT);
});

story('what somebody typed is not given to the next person at the tab, and what a visitor typed is', async (visit, t) => {
  const ada = await visit(DESKTOP);
  const { page } = ada;
  ada.allow(/status of 40[013]/);
  await page.goto('/');
  await signUp(ada, 'Ada');
  await prompt(page).fill(PROMPT);
  await endSessions(t, ada.email);
  for (const _ of ['the session has ended', 'and so it was before']) {
    await page.reload();
    await page.getByRole('button', { name: 'Sign up', exact: true }).first().waitFor();
    assert.equal(await prompt(page).inputValue(), PROMPT);
  }
  await signUp({ page, email: address() }, 'Linus');
  await balance(page, 200);
  assert.equal(await prompt(page).inputValue(), '');
  await signOut(page);
  await prompt(page).fill('A stork');
  await (await signIn(ada)).waitFor({ state: 'detached' });
  await balance(page, 200);
  assert.equal(await prompt(page).inputValue(), 'A stork');
});

story('two tabs agree: who is signed in, the preferences, the colours; sign-out leaves nothing', async (visit) => {
  const ada = await visit(DESKTOP);
  const { page, context } = ada;
  await page.goto('/');
  const other = await context.newPage();
  await other.goto('/account');
  await signUp(ada, 'Ada');
  const letters = other.getByRole('switch', { name: 'When tokens run low' });
  await letters.waitFor(); // signed in at the other tab
  await page.getByRole('button', { name: 'Your account' }).click();
  await page.getByRole('link', { name: 'Profile and preferences' }).click();
  const here = page.getByRole('switch', { name: 'When tokens run low' });
  const before = await here.isChecked();
  await here.click();
  await until(async () => (await letters.isChecked()) !== before, 'the preference at the other tab');
  await page.getByRole('button', { name: 'Dark colours' }).click();
  await other.getByRole('button', { name: 'Light colours' }).waitFor();

  await page.getByRole('navigation').getByRole('link', { name: 'Studio' }).click();
  await prompt(page).fill(PROMPT);
  await signOut(page);
  await other.getByText('Sign in to see your account.').waitFor();
  assert.equal(await other.getByText('You are signed out here').count(), 0, 'it was no surprise');
  assert.equal(await prompt(page).inputValue(), '');
  const left = await page.evaluate(() => [...Object.keys(localStorage), ...Object.keys(sessionStorage)]);
  assert.deepEqual(left.filter((key) => /mine|order/.test(key)), []);
  await (await signIn(ada)).waitFor({ state: 'detached' });
});
