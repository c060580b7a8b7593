// A post that people report: its author reads why it is hidden and appeals, an administrator restores it. And blocking.
import assert from 'node:assert/strict';
import { administrator, newcomer } from '../journeys/support.mjs';
import { accessible, DESKTOP, order, signUp, story, until } from './support.mjs';

story('hidden by reports, appealed, restored; a comment reported, and its author blocked', async (visit, t) => {
  const grace = await visit(DESKTOP);
  grace.allow(/status of 404/); // the page asks for the post while it is hidden
  const { page } = grace;
  await page.goto('/');
  await signUp(grace, 'Grace');
  const card = await order(page, { type: 'Picture', model: 'Model A', prompt: 'A fox at night' });
  await card.getByRole('link', { name: 'Open in the library' }).click();
  await page.getByRole('button', { name: 'Publish' }).click();
  const publish = page.getByRole('dialog', { name: 'Publish' });
  await publish.getByLabel('Caption').fill('A fox at night');
  await publish.getByRole('button', { name: 'Publish' }).click();
  await page.getByText('Published to the feed.').waitFor();
  const postId = new URL(page.url()).pathname.split('/').at(-1);

  const people = await Promise.all([1, 2, 3, 4, 5].map(() => newcomer(t)));
  const rude = await people[0].call('commentPost', { postId, text: 'You cannot draw', requestId: crypto.randomUUID() });
  assert.ok(rude.commentId);
  await page.goto(`/post/${postId}`);
  await page.getByRole('button', { name: 'Report the comment “You cannot draw”' }).click();
  const dialog = page.getByRole('dialog', { name: 'Report' });
  await accessible(page, 'the dialog to report');
  await dialog.getByLabel('Details').fill('It is rude.');
  await dialog.getByRole('radio', { name: 'Hate' }).check();
  await page.reload();
  await page.getByRole('button', { name: 'Report the comment “You cannot draw”' }).click();
  assert.equal(await dialog.getByLabel('Details').inputValue(), 'It is rude.', 'kept');
  assert.ok(await dialog.getByRole('radio', { name: 'Hate' }).isChecked());
  await dialog.getByRole('button', { name: 'Report' }).click();
  await page.getByText('Thank you. We will review it').waitFor();
  const more = () => people[0].call('commentPost', { postId, text: 'Not at all', requestId: crypto.randomUUID() });
  const refused = { code: 'functions/permission-denied' };
  const question = page.getByRole('dialog', { name: 'Block' });
  const block = async (answer) => {
    await page.getByRole('button', { name: /^Block / }).first().click();
    await question.getByText(/can no longer comment on your posts, and neither of you sees the other’s posts/).waitFor();
    await question.getByRole('button', { name: answer, exact: true }).click();
  };
  await block('Cancel');
  await question.waitFor({ state: 'detached' });
  await more(); // it was a question
  await block('Block');
  await page.getByText(/^You have blocked/).waitFor();
  await assert.rejects(more(), refused);
  await page.getByRole('button', { name: 'Undo' }).click();
  await until(() => more().then(() => true, () => false), 'the comments of somebody who is not blocked any more');
  await block('Block');
  await page.getByText(/^You have blocked/).waitFor();
  await assert.rejects(more(), refused);

  for (const each of people) await each.call('reportPost', { postId, reason: 'violence' });
  await page.getByRole('button', { name: /^Notifications, \d unread/ }).click();
  await page.getByRole('link', { name: 'We have hidden something that you published' }).click();
  await page.goto(`/post/${postId}`);
  await page.getByText('Our rule: No threats').waitFor();
  await accessible(page, 'the decision');
  await page.getByLabel('Why is this a mistake?').fill('It is a fox.');
  await page.reload();
  await page.getByText('Our rule: No threats').waitFor();
  assert.equal(await page.getByLabel('Why is this a mistake?').inputValue(), 'It is a fox.', 'kept');
  await page.getByRole('button', { name: 'Appeal' }).click();
  await page.getByText('A moderator will look at it again.').waitFor();

  const admin = await administrator(t);
  const { items } = await admin.call('getModerationQueue', { kind: 'appeals', pageSize: 100 });
  assert.equal(items.find((item) => item.postId === postId).appealText, 'It is a fox.');
  await until(async () => {
    try {
      return (await admin.call('moderatePost', { postId, action: 'restore' })).action === 'restore';
    } catch (error) {
      return error.details?.reason !== 'Contention' && Promise.reject(error); // its files are still being deleted
    }
  }, 'the post restored');
  await page.getByRole('button', { name: /^Notifications, \d unread/ }).click();
  await page.getByRole('link', { name: 'What you published is back' }).waitFor();
  await page.goto(`/post/${postId}`);
  await page.getByRole('heading', { name: 'A fox at night' }).waitFor();

  await page.goto('/account');
  await page.getByRole('button', { name: /^Unblock / }).click();
  await page.getByRole('heading', { name: 'Blocked' }).waitFor({ state: 'detached' });
});
