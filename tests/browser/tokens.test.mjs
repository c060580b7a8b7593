// Where tokens come from and where they go: packs, a plan, the ledger, notifications; a rather small desktop in dark colours.
import assert from 'node:assert/strict';
import { accessible, balance, decoded, DESKTOP, fits, order, PASSWORD, signIn, signOut, signUp, story, until } from './support.mjs';

const number = (text) => Number(text.replace('−', '-').replaceAll(/[,+]/g, ''));

/** The rows of the ledger's table, oldest first. */
async function entries(page) {
  const rows = page.getByRole('region', { name: 'Ledger' }).getByRole('row');
  const texts = await Promise.all((await rows.all()).slice(1).map((row) => row.getByRole('cell').allInnerTexts()));
  return texts.reverse().map(([, what, amount, after]) => ({ what, amount: number(amount), after: number(after) }));
}

/** Wait for so many entries; their running sum is each entry's balance. */
async function ledger(page, length) {
  await until(async () => (await entries(page)).length === length, `${length} entries in the ledger`);
  const found = await entries(page);
  let sum = 0;
  for (const { what, amount, after } of found) assert.equal(after, (sum += amount), `after ${what}`);
  return found.map(({ what, amount }) => [what.split(' ')[0], amount]);
}

story('bought tokens, a plan, and a ledger that adds up', async (visit) => {
  const ada = await visit({ ...DESKTOP, viewport: { width: 1100, height: 800 }, colorScheme: 'dark' });
  const { page } = ada;
  await page.goto('/tokens');
  await page.getByRole('button', { name: /^Buy Starter/ }).waitFor();
  await signUp(ada);
  await balance(page, 200);
  assert.deepEqual(await ledger(page, 1), [['Welcome', 200]]);

  await page.getByRole('button', { name: 'Buy Starter for $5.00' }).click();
  await page.waitForURL(`${process.env.STUDIOX_STRIPE_URL}/**`);
  await page.getByRole('button', { name: 'Pay', exact: true }).click();
  await page.waitForURL('**/tokens');
  await page.getByText('Thank you! 500 tokens were added.').waitFor(); // the page itself has settled it
  await balance(page, 700);
  assert.deepEqual(await ledger(page, 2), [['Welcome', 200], ['Bought', 500]]);
  await page.getByRole('region', { name: 'Payments' }).getByRole('cell', { name: '$5.00' }).waitFor();

  const studio = await ada.context.newPage(); // the tables follow what happens elsewhere
  await studio.goto('/');
  const card = await order(studio, { type: 'Picture', model: 'z-image', prompt: 'A boat' });
  await decoded(card.getByRole('img', { name: 'A boat' }));
  await studio.close();
  assert.deepEqual(await ledger(page, 3), [['Welcome', 200], ['Bought', 500], ['Order', -2]]);
  await page.getByRole('button', { name: 'Choose Pro' }).click();
  await page.waitForURL(`${process.env.STUDIOX_STRIPE_URL}/**`);
  await page.getByRole('button', { name: 'Pay', exact: true }).click();
  await page.waitForURL('**/tokens');
  await page.getByText('Thank you! You are on the Pro plan.').waitFor();
  await balance(page, 1698);
  assert.deepEqual(await ledger(page, 4), [['Welcome', 200], ['Bought', 500], ['Order', -2], ['From', 1000]]);
  await page.getByRole('button', { name: 'End this plan' }).waitFor();
  await page.getByText(/^It renews on /).waitFor();
  await page.getByRole('img', { name: /^Tokens spent a day/ }).waitFor();
  await page.getByText('1 ordered · 2 tokens spent').waitFor();
  await accessible(page);
  await fits(page);

  await page.getByRole('button', { name: 'End this plan' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'End it' }).click();
  await page.getByText(/^It ends on /).waitFor();
  await page.getByRole('button', { name: 'Keep Pro' }).click(); // who has thought better of it
  const keeping = page.getByRole('dialog', { name: 'Keep Pro?' });
  await keeping.getByText(/^Nothing is charged now. On .* your card is charged \$9.00.$/).waitFor();
  await keeping.getByRole('button', { name: 'Keep Pro' }).click();
  await page.getByText(/^It renews on /).waitFor();
  await page.getByRole('button', { name: 'End this plan' }).waitFor();

  await page.getByRole('button', { name: 'Notifications, 1 unread' }).click();
  await page.getByRole('link', { name: 'Your picture is ready' }).click();
  await page.getByRole('button', { name: 'Publish' }).waitFor();
  await page.getByRole('link', { name: '‹ Library' }).click();
  await page.getByRole('heading', { name: 'Library' }).waitFor();
  await signOut(page);
  await page.getByRole('heading', { name: 'Library' }).waitFor();
  assert.equal(await page.getByRole('article').count(), 0, 'nothing of hers is left on the page');
  await (await signIn(ada)).waitFor({ state: 'detached' });
  await balance(page, 1698);
  await decoded(page.getByRole('img', { name: 'A boat' }));
  await page.reload();
  await balance(page, 1698);
});

story('tokens that are bought automatically, until the bank asks', async (visit) => {
  const ida = await visit(DESKTOP);
  const { page } = ida;
  await page.goto('/tokens');
  await signUp(ida);
  const section = page.getByRole('region', { name: 'Auto top-up' });
  const onOff = section.getByRole('switch', { name: 'Buy tokens automatically when I run low' });
  await onOff.click();
  const asked = page.getByRole('dialog', { name: 'Auto top-up' });
  await accessible(page, 'the dialog to turn on auto top-up');
  await asked.getByLabel('When fewer than so many tokens are left').fill('500');
  await asked.getByText('we charge $5.00 to your card for 500 tokens').waitFor();
  await page.route('**/setAutoTopUp', (route) => route.abort(), { times: 1 });
  await asked.getByRole('button', { name: 'Turn it on for $5.00' }).click();
  await page.getByText('We got no answer.').waitFor();
  assert.equal(await asked.getByLabel('When fewer than so many tokens are left').inputValue(), '500');
  await asked.getByRole('button', { name: 'Turn it on for $5.00' }).click();
  await section.getByText('Your next purchase of tokens saves your card.').waitFor();
  assert.ok(await onOff.isChecked());

  await page.getByRole('button', { name: 'Buy Starter for $5.00' }).click();
  await page.waitForURL(`${process.env.STUDIOX_STRIPE_URL}/**`);
  await page.getByRole('button', { name: 'Pay', exact: true }).click();
  await page.waitForURL('**/tokens');
  await balance(page, 700);
  await section.getByText('Visa ending in 4242').waitFor();
  await section.getByText('at most $20.00 a month').waitFor();
  await accessible(page);
  await fits(page);

  const spend = async (orders) => {
    for (const [type, model] of orders) {
      const studio = await ida.context.newPage();
      await studio.goto('/');
      const card = await order(studio, { type, model, prompt: `By ${model} ${Math.random()}` });
      await card.getByRole('link', { name: 'Open in the library' }).waitFor(); // three may run at once
      await studio.close();
    }
  };
  await spend([['Picture', 'z-image'], ['Video', 'veo3.1-quality']]); // 498 are left
  await balance(page, 998);
  await page.getByRole('region', { name: 'Payments' }).getByRole('cell', { name: /^Auto top-up/ }).waitFor();
  const so = [['Welcome', 200], ['Bought', 500], ['Order', -2], ['Order', -200], ['Bought', 500]];
  assert.deepEqual(await ledger(page, 5), so);

  const bank = await ida.context.newPage();
  await bank.goto(process.env.STUDIOX_STRIPE_URL);
  await bank.getByRole('button', { name: 'Let the bank ask' }).first().click();
  await bank.getByRole('button', { name: 'Bank no longer asks' }).first().waitFor();
  await spend(Array(3).fill(['Video', 'veo3.1-quality'])); // 398 are left
  await section.getByText('Your next purchase of tokens saves your card.').waitFor();
  await page.getByRole('button', { name: 'Notifications, 7 unread' }).click(); // five orders and two top-ups
  await page.getByRole('link', { name: 'Your tokens were not topped up' }).click();
  await page.getByRole('dialog', { name: 'Buy Starter?' }).getByRole('button', { name: 'Buy it for $5.00' }).click();
  await page.waitForURL(`${process.env.STUDIOX_STRIPE_URL}/**`);
  await page.getByRole('button', { name: 'Pay', exact: true }).click();
  await page.waitForURL('**/tokens');
  await balance(page, 898); // charged once
  await section.getByText('Visa ending in 4242').waitFor();
  await onOff.click();
  await page.getByText('Auto top-up is off. We have forgotten your card.').waitFor();
  assert.equal(await onOff.isChecked(), false);
});

story('a profile, a streak, and an account that goes for good', async (visit) => {
  const linus = await visit({ ...DESKTOP, colorScheme: 'dark' });
  const { page } = linus;
  linus.allow(/status of 400/); // signing in to what is gone
  await page.goto('/account');
  await signUp(linus, 'Linus');
  const name = page.getByLabel('Name');
  await until(async () => (await name.inputValue()) === 'Linus', 'the name given at sign-up');
  await name.fill('Linus the Second');
  await page.getByRole('region', { name: 'Profile' }).getByRole('button', { name: 'Save' }).click();
  await page.getByText('Saved.').waitFor();
  await page.getByRole('button', { name: 'Check in today' }).click();
  await page.getByText('Day 1 in a row.').waitFor();
  const letters = page.getByRole('switch', { name: 'When tokens run low' });
  const before = await letters.isChecked();
  await letters.setChecked(!before);
  await page.reload();
  await until(async () => (await name.inputValue()) === 'Linus the Second', 'the name that was saved');
  await until(async () => (await letters.isChecked()) !== before, 'the choice that was saved');
  await page.getByText('1 day in a row (best: 1)').waitFor();

  await page.getByRole('button', { name: 'Export everything' }).click();
  const file = await page.getByRole('link', { name: 'Download' }).getAttribute('href');
  const kept = await (await page.request.get(file)).text();
  for (const each of [linus.email, 'Linus the Second', 'welcome_bonus']) assert.ok(kept.includes(each), each);
  await page.getByRole('button', { name: 'Close', exact: true }).click();

  await page.getByRole('button', { name: 'Change my password' }).click();
  const changing = page.getByRole('dialog', { name: 'Change your password' });
  await accessible(page, 'the dialog to change the password');
  await changing.getByLabel('New password').fill('another long password');
  await changing.getByLabel('Current password').fill('not my password');
  await changing.getByRole('button', { name: 'Change password' }).click();
  await changing.getByText('password is wrong').waitFor();
  await changing.getByLabel('Current password').fill(PASSWORD);
  await changing.getByRole('button', { name: 'Change password' }).click();
  await page.getByText('Your password was changed.').waitFor();
  await page.goto('/feed');
  await signOut(page);
  await (await signIn(linus, 'another long password')).waitFor({ state: 'detached' });
  await page.goto('/account');

  await page.getByRole('button', { name: 'Delete my account' }).click();
  const dialog = page.getByRole('dialog', { name: 'Delete the account' });
  await accessible(page, 'the dialog to delete the account');
  await dialog.getByLabel('Type your e-mail address to confirm').fill(linus.email);
  await dialog.getByLabel('Your password').fill('another long password');
  await dialog.getByRole('button', { name: 'Delete everything' }).click();
  await page.getByText('Your account was deleted.').waitFor();
  await signIn(linus);
  await page.getByRole('alert').filter({ hasText: 'password is wrong' }).waitFor();
});
