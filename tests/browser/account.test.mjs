// Who one is: an address that is confirmed by a link, and an account at Google.
import assert from 'node:assert/strict';
import { mailed, newcomer } from '../journeys/support.mjs';
import {
  accessible, address, balance, choose, DESKTOP, endSessions, fits, PASSWORD, PHONE, signIn, signOut, signUp, story,
  tabTo, until,
} from './support.mjs';

const GOOGLE = 'https://accounts.google.com/';

story('an address that is not confirmed is asked about on every page, until its link was opened', async (visit) => {
  const ada = await visit(PHONE);
  const { page } = ada;
  const line = page.getByRole('complementary', { name: 'Your e-mail address' });
  await page.goto('/feed');
  await signUp(ada, 'Ada');
  await line.waitFor();
  await accessible(page, 'the feed with an address that is not confirmed');
  await fits(page);
  await page.getByRole('navigation').getByRole('link', { name: 'Library' }).tap();
  await line.getByRole('button', { name: 'Send me the link' }).tap();
  await page.getByText('We have sent you a message with a link.').waitFor();

  const { link } = await mailed(ada.email, 'VERIFY_EMAIL');
  assert.equal((await fetch(link)).status, 200);
  await page.evaluate(() => document.dispatchEvent(new Event('visibilitychange'))); // back from the other tab
  await line.waitFor({ state: 'detached' });
  await page.reload();
  await balance(page, 200);
  assert.equal(await line.count(), 0);
});

story('the line about the address can be closed for this visit', async (visit) => {
  const ada = await visit(DESKTOP);
  const { page } = ada;
  const line = page.getByRole('complementary', { name: 'Your e-mail address' });
  await page.goto('/');
  assert.equal(await line.count(), 0, 'a visitor has no address');
  await signUp(ada, 'Ada');
  await line.getByRole('button', { name: 'Confirm it later' }).click();
  await line.waitFor({ state: 'detached' });
  await page.reload();
  await balance(page, 200);
  assert.equal(await line.count(), 0);
});

/** The site as it is built with an OAuth client at Google, and Google, which answers by `answered` of the request. */
async function withGoogle({ page, context, allow }, answered) {
  allow(/left this machine: https:\/\/accounts\.google\.com/); // answered here
  await context.route(`${GOOGLE}**`, async (route) => {
    const asked = new URL(route.request().url()).searchParams;
    const fragment = new URLSearchParams(answered(asked));
    await route.fulfill({ status: 302, headers: { location: `${asked.get('redirect_uri')}#${fragment}` } });
  });
  await context.route(
    (url) => !url.pathname.includes('.') && url.origin === new URL(process.env.STUDIOX_HOSTING_URL).origin,
    async (route) => {
      const answer = await route.fetch();
      const body = (await answer.text()).replace('name="google-client-id" content=""', 'name="google-client-id" content="client"');
      await route.fulfill({ response: answer, body });
    },
  );
  return page;
}

const claims = (email) => JSON.stringify({ sub: email, email, email_verified: true, name: 'Grace' });

story('sign-in with Google, which leads back to where one was; off where it is not configured', async (visit) => {
  const plain = await visit(DESKTOP);
  await plain.page.goto('/');
  await plain.page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await plain.page.getByRole('dialog', { name: 'Sign in' }).waitFor();
  assert.equal(await plain.page.getByRole('button', { name: 'Continue with Google' }).count(), 0);

  const grace = await visit(DESKTOP);
  const seen = [];
  const page = await withGoogle(grace, (asked) => {
    seen.push(asked);
    return { id_token: claims(grace.email), state: asked.get('state') };
  });
  await page.goto('/feed?tag=water');
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await accessible(page, 'the dialog with Google');
  await page.getByRole('button', { name: 'Continue with Google' }).click();
  await balance(page, 200);
  await until(async () => page.url().endsWith('/feed?tag=water'), 'the page that one was on');
  const [asked] = seen;
  assert.deepEqual(
    ['client_id', 'response_type', 'scope'].map((name) => asked.get(name)),
    ['client', 'id_token', 'openid email profile'],
  );
  assert.match(asked.get('nonce'), /^[0-9a-f]{64}$/);
  assert.equal(await page.getByRole('complementary', { name: 'Your e-mail address' }).count(), 0, 'Google confirmed it');

  await signOut(page);
  await page.goto(`/#${new URLSearchParams({ id_token: claims(grace.email), state: asked.get('state') })}`);
  await page.reload();
  await page.getByRole('button', { name: 'Sign in', exact: true }).waitFor(); // an old answer is worth nothing
});

story('whoever says no at Google stays a visitor, and is told', async (visit) => {
  const page = await withGoogle(await visit(PHONE), (asked) => ({ error: 'access_denied', state: asked.get('state') }));
  await page.goto('/');
  await page.getByRole('button', { name: 'Sign in', exact: true }).tap();
  await page.getByRole('button', { name: 'Continue with Google' }).tap();
  await page.getByText('You are not signed in: Google did not confirm who you are.').waitFor();
  assert.equal(new URL(page.url()).hash, '');
});

story('a name that is typed stays through an error, a reload and the end of the session', async (visit, t) => {
  const ada = await visit(PHONE);
  const { page } = ada;
  ada.allow(/ERR_FAILED|status of 40[013]/);
  await page.goto('/account');
  await signUp(ada, 'Ada');
  const profile = page.getByRole('region', { name: 'Profile' });
  const name = profile.getByLabel('Name');
  await until(async () => (await name.inputValue()) === 'Ada', 'the name given at sign-up');
  await name.fill('Ada the Second');
  await page.route('**/updateProfile', (route) => route.abort());
  await profile.getByRole('button', { name: 'Save' }).tap();
  await page.getByText(/^We got no answer|^There is no connection/).first().waitFor();
  assert.equal(await name.inputValue(), 'Ada the Second', 'an error keeps it');
  await page.unroute('**/updateProfile');
  await page.reload();
  await until(async () => (await name.inputValue()) === 'Ada the Second', 'what was typed before the reload');

  await endSessions(t, ada.email);
  for (const _ of ['the visit that notices it', 'the next']) {
    await page.reload();
    await page.getByRole('button', { name: 'Sign in again' }).waitFor();
  }
  await page.getByRole('button', { name: 'Sign in again' }).tap();
  const dialog = page.getByRole('dialog', { name: 'Sign in' });
  await dialog.getByLabel('E-mail address').fill(ada.email);
  await dialog.getByLabel('Password').fill(PASSWORD);
  await dialog.getByRole('button', { name: 'Sign in', exact: true }).tap();
  await until(async () => (await name.inputValue()) === 'Ada the Second', 'what was typed before the session ended');
  await profile.getByRole('button', { name: 'Save' }).tap();
  await page.getByText('Saved.').waitFor();
  await name.fill('Somebody else');
  await page.goto('/feed');
  await signOut(page);
  await (await signIn(ada)).waitFor({ state: 'detached' });
  await page.goto('/account');
  await until(async () => (await name.inputValue()) === 'Ada the Second', 'the name that was saved: sign-out forgets the other');
});

story('the language is chosen on the account page, kept in the account, and taken at sign-in in another browser', async (visit, t) => {
  const ada = { ...(await visit(PHONE)), email: address() };
  const client = await newcomer(t, ada.email);
  const kept = async () => (await client.call('getProfile')).preferences.language;
  const { page } = ada;
  await page.goto('/feed');
  await (await signIn(ada)).waitFor({ state: 'detached' });
  await until(async () => (await kept()) === 'en', 'the language of the page, for an account that had none');
  await page.goto('/account');
  const section = page.getByRole('region', { name: 'Language' });
  await accessible(page, 'the account with its language');
  await tabTo(page, section.getByRole('button', { name: 'العربية' }));
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'الحساب', level: 1 }).waitFor();
  assert.equal(await page.evaluate(() => document.documentElement.lang), 'ar');
  assert.equal(await kept(), 'ar');
  await page.getByRole('region', { name: 'اللغة' }).getByRole('button', { name: 'العربية', pressed: true }).waitFor();
  await fits(page);

  const elsewhere = { ...(await visit(DESKTOP)), email: ada.email };
  await elsewhere.page.goto('/account');
  await signIn(elsewhere);
  await elsewhere.page.getByRole('heading', { name: 'الحساب', level: 1 }).waitFor(); // in English until now
  const english = elsewhere.page.getByRole('contentinfo').getByRole('button', { name: 'English' });
  await english.click();
  await elsewhere.page.getByRole('heading', { name: 'Account', level: 1 }).waitFor();
  assert.equal(await kept(), 'en', 'the choice at the foot of a page is the account’s too');
});

story('whoever signs in to go on with an order gets the account’s language afterwards', async (visit, t) => {
  const ada = { ...(await visit(DESKTOP)), email: address() };
  const client = await newcomer(t, ada.email);
  await client.call('updateProfile', { preferences: { language: 'ar' } });
  const { page } = ada;
  await page.goto('/');
  const form = page.getByRole('form', { name: 'Order' });
  await choose(form, 'z-image');
  await form.getByRole('textbox', { name: /^Prompt/ }).fill('A boat');
  await form.getByRole('button', { name: /generate/i }).click();
  const dialog = page.getByRole('dialog', { name: 'Sign in' });
  await dialog.getByRole('button', { name: 'I have an account' }).click();
  await dialog.getByLabel('E-mail address').fill(ada.email);
  await dialog.getByLabel('Password').fill(PASSWORD);
  await dialog.getByRole('button', { name: 'Sign in', exact: true }).click();
  await page.getByRole('article', { name: 'A boat' }).getByRole('link', { name: 'Open in the library' }).waitFor();
  await page.reload();
  await until(() => page.evaluate(() => document.documentElement.lang === 'ar'), 'the language of the account');
});
