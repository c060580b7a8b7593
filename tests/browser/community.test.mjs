// Showing something in the feed, and what other people do with it; the second person has a phone.
import assert from 'node:assert/strict';
import { accessible, balance, decoded, DESKTOP, fits, order, PHONE, signUp, story, until } from './support.mjs';

const PROMPT = 'A fox in the snow, pencil sketch';

story('published, liked, commented on and remixed by somebody else', async (visit) => {
  const grace = await visit(DESKTOP);
  await grace.page.goto('/');
  await signUp(grace, 'Grace');
  const card = await order(grace.page, { type: 'Picture', model: 'Model A', prompt: PROMPT });
  await card.getByRole('link', { name: 'Open in the library' }).click();
  await grace.page.getByText('Made with AI').waitFor();
  await grace.page.getByRole('button', { name: 'Publish' }).click();
  const publish = grace.page.getByRole('dialog', { name: 'Publish' });
  await accessible(grace.page, 'the dialog to publish');
  const tag = `fox${Date.now()}`; // the feed is everybody's
  await publish.getByLabel('Caption').fill('He waited for me');
  await publish.getByLabel('Tags').fill(`${tag} snow`);
  await publish.getByRole('button', { name: 'Publish' }).click();
  await grace.page.getByRole('heading', { name: 'He waited for me' }).waitFor();
  await grace.page.getByText('Published to the feed.').waitFor();
  await decoded(grace.page.getByRole('img', { name: 'He waited for me' }));
  await fits(grace.page);

  const linus = await visit(PHONE);
  const { page } = linus;
  await page.goto(`/feed?tag=${tag}`);
  await page.getByRole('heading', { name: `#${tag}` }).waitFor();
  await decoded(page.getByRole('img', { name: 'He waited for me' }));
  await page.getByText('Made with AI').waitFor();
  await fits(page);
  await page.getByRole('button', { name: /^Like He waited/ }).tap();
  await page.getByRole('dialog', { name: 'Sign in' }).waitFor();
  await page.getByRole('button', { name: 'I am new here' }).tap();
  await accessible(page, 'the dialog to sign up');
  const dialog = page.getByRole('dialog', { name: 'Sign in' });
  await dialog.getByLabel('Name').fill('Linus');
  await dialog.getByLabel('E-mail address').fill(linus.email);
  await dialog.getByLabel('Password').fill('a long password');
  await dialog.getByRole('button', { name: 'Sign up', exact: true }).tap();
  await dialog.waitFor({ state: 'detached' });
  await balance(page, 200);

  await page.getByRole('button', { name: /^Like He waited for me, 0/ }).tap();
  await page.getByRole('button', { name: /^Like He waited for me, 1/, pressed: true }).waitFor();
  await page.getByRole('link', { name: /^He waited for me/ }).tap();
  await page.getByRole('heading', { name: 'He waited for me' }).waitFor();
  await page.getByText('Made with AI').waitFor();
  await page.getByLabel('Your comment').fill('Lovely lines!');
  await page.getByRole('button', { name: 'Send', exact: true }).tap();
  await page.getByRole('listitem').filter({ hasText: 'Lovely lines!' }).waitFor();
  await page.getByRole('heading', { name: '1 comment' }).waitFor();
  await fits(page);

  // The figures of whoever looks at it already are live, and she is told.
  await grace.page.getByRole('listitem').filter({ hasText: 'Lovely lines!' }).waitFor();
  await grace.page.getByRole('button', { name: 'Like, 1 so far' }).waitFor();
  await grace.page.getByRole('button', { name: /^Notifications, \d unread/ }).click();
  await grace.page.getByRole('link', { name: 'Linus commented on your post He waited for me' }).waitFor();
  await accessible(grace.page, 'the notifications');
  await grace.page.getByRole('button', { name: 'Mark all as read' }).click();
  await grace.page.getByRole('button', { name: 'Notifications', exact: true }).waitFor();

  await page.getByRole('button', { name: /^Remix/ }).tap();
  const form = page.getByRole('form', { name: 'Order' });
  await until(async () => (await form.getByRole('textbox', { name: /^Prompt/ }).inputValue()) === PROMPT, 'the form filled with what it was made of');
  assert.equal(await form.getByRole('combobox', { name: 'Model' }).inputValue(), 'Model A');
  await page.getByText('A remix of “He waited for me”').waitFor();
  await fits(page);
  await page.getByRole('button', { name: /^Generate/ }).tap();
  await balance(page, 197);
  await decoded(page.getByRole('article', { name: PROMPT }).getByRole('img', { name: PROMPT }));
});
