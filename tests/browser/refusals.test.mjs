// What goes wrong is told in sentences that a person understands, and costs nothing.
import assert from 'node:assert/strict';
import { accessible, balance, choose, decoded, DESKTOP, order, PASSWORD, signIn, signOut, signUp, story, until } from './support.mjs';

// What no sentence for people holds: a reason or status code, a path, a stack, a value that is missing.
const TECHNICAL = /\b[A-Z]?[a-z]+[A-Z]\w*|\b(auth|functions|storage)\/|https?:|\bat \w+ \(|undefined|null|NaN|\[object|internal\b/;
const REFUSED = /^console: Failed to load resource: the server responded with a status of 4\d\d/;

const alert = (page) => page.getByRole('alert').filter({ hasText: /\S/ });

/** What is said is this, and nothing technical; of it a part is enough. */
async function said(page, sentence) {
  const place = alert(page).or(page.getByRole('region', { name: 'Messages' })).filter({ hasText: sentence });
  await place.first().waitFor();
  assert.doesNotMatch(await place.first().innerText(), TECHNICAL);
}

story('signing in with a wrong password, and up with an address that is taken', async (visit) => {
  const ada = await visit(DESKTOP);
  const { page } = ada;
  ada.allow(REFUSED);
  await page.goto('/');
  await signUp(ada, 'Ada');
  await signOut(page);
  const dialog = await signIn(ada, 'another password');
  await said(page, 'The e-mail address or the password is wrong.');
  await accessible(page, 'the dialog with what is wrong');
  await dialog.getByRole('button', { name: 'I am new here' }).click();
  await dialog.getByLabel('Password').fill(PASSWORD);
  await dialog.getByRole('button', { name: 'Sign up', exact: true }).click();
  await said(page, 'There is already an account with this e-mail address.');
  await dialog.getByLabel('E-mail address').fill('somebody@mailinator.com');
  await dialog.getByRole('button', { name: 'Sign up', exact: true }).click();
  await said(page, 'This e-mail address cannot be used here.');
});

story('an order that costs too much, one that is refused, one that fails: the tokens are there', async (visit) => {
  const ada = await visit(DESKTOP);
  const { page } = ada;
  ada.allow(REFUSED);
  await page.goto('/');
  await signUp(ada);
  await balance(page, 200);
  const form = page.getByRole('form', { name: 'Order' });
  await form.getByRole('radio', { name: 'Video', exact: true }).check();
  await choose(form, 'sora-2-official');
  await form.getByRole('radio', { name: '20 s' }).check();
  await form.getByRole('textbox', { name: /^Prompt/ }).fill('A whole day at sea');
  const foretold = form.getByRole('status').filter({ hasText: 'This costs 240 tokens, and you have 200.' });
  await foretold.waitFor();
  assert.doesNotMatch(await foretold.innerText(), TECHNICAL);
  await form.getByRole('button', { name: 'Generate 240 tokens' }).click();
  await said(page, 'This costs 240 tokens, and you have 200.');
  await accessible(page, 'an order that is refused');

  await form.getByRole('radio', { name: 'Picture', exact: true }).check();
  await choose(form, 'nano-banana');
  await form.getByRole('textbox', { name: /^Prompt/ }).fill('Something forbidden fault:moderation');
  await form.getByRole('button', { name: /^Generate/ }).click();
  await said(page, 'The model refused this. Your tokens were refunded.');
  await balance(page, 200);

  const card = await order(page, { type: 'Picture', model: 'nano-banana', prompt: 'A boat fault:fail' });
  await card.getByText('5 tokens refunded').waitFor();
  assert.doesNotMatch((await card.getByText('5 tokens refunded').innerText()), TECHNICAL);
  await balance(page, 200);
  await accessible(page, 'a job that failed');
  await page.getByRole('button', { name: /^Notifications, [12] unread/ }).click();
  await page.getByRole('link', { name: 'The generation failed; your tokens were refunded. A boat fault:fail' }).waitFor();
});

story('more jobs than the plan has room for, and one that is cancelled', async (visit) => {
  const ada = await visit(DESKTOP);
  const { page } = ada;
  ada.allow(REFUSED);
  await page.goto('/');
  await signUp(ada);
  const wishes = ['One fault:never', 'Two fault:never', 'Three fault:never'];
  for (const prompt of wishes) await order(page, { type: 'Picture', model: 'z-image', prompt });
  await balance(page, 194);
  const form = page.getByRole('form', { name: 'Order' });
  await form.getByRole('textbox', { name: /^Prompt/ }).fill('Four');
  await form.getByRole('status').filter({ hasText: 'You already have 3 jobs running.' }).waitFor();
  await form.getByRole('button', { name: /^Generate/ }).click();
  await said(page, 'You already have 3 jobs running. Wait for one to finish, or cancel one.');
  for (const prompt of wishes) {
    const card = page.getByRole('article', { name: prompt });
    await card.getByRole('button', { name: 'Cancel' }).click();
    await card.getByText('2 tokens refunded').waitFor();
  }
  await balance(page, 200);
});

story('no connection, and an answer that is lost on its way: ordered once', async (visit) => {
  const ada = await visit(DESKTOP);
  const { page, context } = ada;
  ada.allow(/ERR_INTERNET_DISCONNECTED|ERR_FAILED|Could not reach Cloud Firestore|WebChannelConnection|ERR_NETWORK/);
  ada.allow(/google\.com\/images\/cleardot\.gif/); // Firestore's SDK looks there whether it is offline, once it seems so
  await page.goto('/');
  await signUp(ada);
  await balance(page, 200);
  const form = page.getByRole('form', { name: 'Order' });
  await choose(form, 'Model A');
  await form.getByRole('textbox', { name: /^Prompt/ }).fill('A boat');
  await context.setOffline(true);
  await form.getByRole('button', { name: /^Generate/ }).click();
  await said(page, 'We got no answer. Check your connection and try again. Nothing is charged twice.');
  const packs = page.getByRole('region', { name: 'Packs' });
  for (const [place, where] of [['Library', page], ['Feed', page], ['Tokens', packs]]) {
    await page.getByRole('navigation').getByRole('link', { name: place }).click();
    await page.getByRole('heading', { name: place, level: 1 }).waitFor();
    await where.getByText('It could not be loaded.').waitFor();
  }
  await page.getByRole('status').filter({ hasText: 'There is no connection.' }).waitFor();
  assert.equal(await page.getByRole('region', { name: 'Messages' }).getByText('no answer').count(), 0, 'it is said once');
  await accessible(page, 'a page without a connection');
  await context.setOffline(false);
  await page.getByRole('button', { name: /^Buy Starter/ }).waitFor(); // without a press
  assert.equal(await page.getByText('There is no connection.').count(), 0);
  await page.getByRole('navigation').getByRole('link', { name: 'Studio' }).click();

  let lost = 0;
  await page.route('**/createStudioJob', async (route) => {
    if (lost > 0 || route.request().method() !== 'POST') return route.continue();
    lost += 1;
    await route.fetch(); // it is done, and nobody hears of it
    await route.abort();
  });
  await form.getByRole('button', { name: /^Generate/ }).click();
  await decoded(page.getByRole('article', { name: 'A boat' }).getByRole('img', { name: 'A boat' }));
  assert.equal(lost, 1);
  await balance(page, 197);
  await page.getByRole('navigation').getByRole('link', { name: 'Library' }).click();
  await page.getByRole('heading', { name: 'Library' }).waitFor();
  await until(async () => (await page.getByRole('article').count()) === 1, 'one picture, not two');
});

story('a title of blanks, a tag that is none, and a post that cannot be loaded', async (visit) => {
  const ada = await visit(DESKTOP);
  const { page } = ada;
  ada.allow(REFUSED);
  ada.allow(/ERR_FAILED/);
  await page.goto('/');
  await signUp(ada);
  const card = await order(page, { type: 'Picture', model: 'Model A', prompt: 'A boat' });
  await card.getByRole('link', { name: 'Open in the library' }).click();
  await page.getByLabel('Title').fill('   ');
  await page.getByRole('button', { name: 'Rename' }).click();
  await said(page, 'Title must not be empty.');

  await page.getByRole('button', { name: 'Publish' }).click();
  const dialog = page.getByRole('dialog', { name: 'Publish' });
  await dialog.getByLabel('Tags').fill('a!b');
  await dialog.getByRole('button', { name: 'Publish' }).click();
  await dialog.getByText('Tags: not all of these characters are allowed here.').waitFor(); // behind the dialog nobody would hear of it
  await accessible(page, 'a dialog that was refused');
  await dialog.getByLabel('Tags').fill('boats');
  await dialog.getByRole('button', { name: 'Publish' }).click();
  await page.waitForURL('**/post/*');

  await page.route('**/getPost', (route) => route.abort());
  await page.reload();
  await page.getByText('It could not be loaded.').waitFor(); // not: that it is not there
  await page.unroute('**/getPost');
  await page.getByRole('button', { name: 'Try again' }).click();
  await page.getByRole('heading', { name: 'A boat', level: 1 }).waitFor();
});

story('addresses that lead nowhere, and files of the wrong kind', async (visit) => {
  const ada = await visit(DESKTOP);
  const { page } = ada;
  ada.allow(REFUSED);
  await page.goto('/nowhere');
  await page.getByRole('heading', { name: 'Page not found' }).waitFor();
  await page.goto(`/post/${'a'.repeat(20)}`);
  await page.getByRole('heading', { name: 'This is no longer in the feed' }).waitFor();
  await page.goto('/library');
  await page.getByText('Sign in to see what you have made.').waitFor();
  await signUp(ada);
  await page.goto(`/library/${'a'.repeat(20)}`);
  await page.getByRole('heading', { name: 'This is not in your library' }).waitFor();

  await page.goto('/');
  const form = page.getByRole('form', { name: 'Order' });
  await form.getByRole('radio', { name: 'Edit', exact: true }).check();
  const upload = form.locator('input[type=file]');
  await upload.setInputFiles({ name: 'notes.txt', mimeType: 'text/plain', buffer: Buffer.from('no picture') });
  await said(page, '“notes.txt” is not a picture that can be used.');
  await upload.setInputFiles({ name: 'page.png', mimeType: 'image/png', buffer: await page.screenshot() });
  await decoded(form.getByRole('img', { name: 'Upload 1' }));
  const card = await order(page, { type: 'Edit', model: 'nano-banana-edit', prompt: 'Make it winter' });
  await decoded(card.getByRole('img', { name: 'Make it winter' }));
});
