// Showing something in the feed, and what other people do with it; the second person has a phone.
import assert from 'node:assert/strict';
import { requestId } from '../../local/client.mjs';
import { finished, livePost, newcomer, PASSWORD, published } from '../journeys/support.mjs';
import { accessible, balance, chosen, decoded, DESKTOP, fits, order, PHONE, signIn, signUp, story, tabTo, until } from './support.mjs';

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

  await page.getByRole('button', { name: /^Like He waited for me, 1/, pressed: true }).waitFor(); // as was asked for
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
  assert.equal(await chosen(form), 'Model A');
  await page.getByText('A remix of “He waited for me”').waitFor();
  await fits(page);
  await page.getByRole('button', { name: /^Generate/ }).tap();
  await balance(page, 197);
  await decoded(page.getByRole('article', { name: PROMPT }).getByRole('img', { name: PROMPT }));
});

const PICTURE = { model: 'Model B', prompt: 'Rings on water', size: '512x512' };

/** Somebody with this name who has published something, and people who have commented on it. */
async function discussed(t, { name = 'Grace', caption = 'Rings', comments = [] } = {}) {
  const [author, ...others] = [await newcomer(t), ...(await Promise.all(comments.map(() => newcomer(t))))];
  await author.call('updateProfile', { displayName: name });
  const { postId, job } = await published(t, author, { caption }, PICTURE);
  await livePost(t, author, postId).until((post) => post.media[0].thumbnail, 'its thumbnail');
  for (const [n, { name: called, text }] of comments.entries()) {
    await others[n].call('updateProfile', { displayName: called });
    await others[n].call('commentPost', { postId, text, requestId: requestId() });
  }
  return { author, others, postId, job };
}

async function arrive(visit, options, { email }, path) {
  const person = { ...(await visit(options)), email };
  await person.page.goto(path);
  await (await signIn(person, PASSWORD)).waitFor({ state: 'detached' });
  return person;
}

const ZOOMED = { ...DESKTOP, viewport: { width: 640, height: 400 } }; // a zoom of 200 %

story('by keyboard at 200 %: liked, shared, remixed; removed after a question that names what is lost', async (visit, t) => {
  const comments = [{ name: 'Linus', text: 'Round and round' }, { name: 'Ada', text: 'How deep is it?' }];
  const { author, others, postId } = await discussed(t, { comments });
  await others[0].call('likePost', { postId, liked: true });
  const { page, context } = await arrive(visit, ZOOMED, author, `/post/${postId}`);
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  const press = async (target) => {
    await target.waitFor();
    await tabTo(page, target);
    await page.keyboard.press('Enter');
  };
  await press(page.getByRole('button', { name: 'Like, 1 so far' }));
  await page.getByRole('button', { name: 'Like, 2 so far', pressed: true }).waitFor();
  await press(page.getByRole('button', { name: 'Copy the link' }));
  await page.getByText('The link was copied.').waitFor();
  assert.match(await page.evaluate(() => navigator.clipboard.readText()), new RegExp(`/p/${postId}$`));

  const remove = page.getByRole('button', { name: 'Remove from the feed' });
  await press(remove);
  const question = page.getByRole('dialog', { name: 'Remove this from the feed?' });
  await question.getByText('2 likes and 2 comments will be lost. You keep it in your library.').waitFor();
  await accessible(page, 'the question before a post is removed');
  await fits(page);
  await page.keyboard.press('Escape');
  await question.waitFor({ state: 'detached' });
  assert.equal((await author.call('getPost', { postId })).commentCount, 2, 'it is still there');
  await press(remove);
  await press(question.getByRole('button', { name: 'Remove', exact: true }));
  await page.getByText('Removed from the feed. You still have it in your library.').waitFor();
  await page.getByRole('heading', { name: 'Feed', level: 1 }).waitFor();

  const { postId: another } = await discussed(t);
  await page.goto(`/post/${another}`);
  await press(page.getByRole('button', { name: /^Remix/ }));
  await page.getByText('A remix of “Rings”').waitFor();
});

story('a comment is deleted with an undo, by its author and by the post’s', async (visit, t) => {
  const comments = [{ name: 'Linus', text: 'Round and round' }, { name: 'Ada', text: 'How deep is it?' }];
  const { author, others, postId } = await discussed(t, { comments });
  const { page } = await arrive(visit, DESKTOP, author, `/post/${postId}`);
  const linus = await arrive(visit, PHONE, others[0], `/post/${postId}`);
  const comment = (at, text) => at.getByRole('listitem').filter({ hasText: text });
  const undo = (at) => at.getByRole('region', { name: 'Messages' }).getByRole('button', { name: 'Undo' });
  const close = (at) => at.getByRole('button', { name: 'Close this message' });

  assert.equal(await comment(linus.page, 'How deep').getByRole('button', { name: /^Delete/ }).count(), 0, 'not his');
  await linus.page.getByRole('button', { name: 'Delete the comment “Round and round”' }).tap();
  await comment(linus.page, 'Round and round').waitFor({ state: 'detached' });
  await linus.page.getByRole('heading', { name: '1 comment' }).waitFor();
  await undo(linus.page).tap();
  await comment(linus.page, 'Round and round').waitFor();
  await linus.page.getByRole('heading', { name: '2 comments' }).waitFor();

  await page.getByRole('button', { name: 'Delete the comment “Round and round”' }).press('Enter');
  await comment(page, 'Round and round').waitFor({ state: 'detached' });
  assert.ok(await page.getByRole('heading', { name: '1 comment' }).evaluate((each) => each === document.activeElement));
  await accessible(page, 'a comment that can be restored');
  await page.keyboard.press('Control+z');
  await comment(page, 'Round and round').waitFor();
  assert.equal((await author.call('getComments', { postId })).comments.length, 2, 'nothing was deleted');

  await page.getByRole('button', { name: 'Delete the comment “Round and round”' }).press('Enter');
  await close(page).press('Enter');
  await comment(linus.page, 'Round and round').waitFor({ state: 'detached' }); // he sees it go
  assert.deepEqual((await author.call('getComments', { postId })).comments.map(({ text }) => text), ['How deep is it?']);
});

story('what is typed as a comment lasts through sign-up, a reload and lost answers, and is sent once', async (visit, t) => {
  const { author, postId } = await discussed(t);
  const linus = await visit(PHONE);
  const { page } = linus;
  linus.allow(/ERR_FAILED/);
  await page.goto(`/post/${postId}`);
  const field = page.getByLabel('Your comment');
  const send = page.getByRole('button', { name: 'Send', exact: true });
  await field.fill('How deep is it?');
  await send.tap();
  await page.getByRole('dialog', { name: 'Sign in' }).getByRole('button', { name: 'Close' }).tap();
  await signUp(linus, 'Linus');
  await balance(page, 200);
  assert.equal(await field.inputValue(), 'How deep is it?');
  await page.route('**/commentPost', async (route) => {
    if (route.request().method() === 'POST') await route.fetch(); // it is stored, and nobody hears of it
    await route.abort();
  });
  await send.tap();
  await page.getByText('We got no answer.').waitFor();
  await page.unroute('**/commentPost');
  await page.reload();
  await field.waitFor();
  assert.equal(await field.inputValue(), 'How deep is it?');
  await send.tap();
  await until(async () => (await field.inputValue()) === '', 'an empty field');
  await page.getByRole('heading', { name: '1 comment' }).waitFor();
  assert.equal((await author.call('getComments', { postId })).comments.length, 1, 'it is the same comment');
});

story('what is typed to publish lasts through a refusal, Escape and a reload', async (visit, t) => {
  const client = await newcomer(t);
  const { job } = await finished(t, client, PICTURE);
  const ada = await arrive(visit, PHONE, client, `/library/${job.creationId}`);
  const { page } = ada;
  ada.allow(/status of 400/);
  const open = page.getByRole('button', { name: 'Publish' });
  await open.tap();
  const dialog = page.getByRole('dialog', { name: 'Publish' });
  await dialog.getByLabel('Caption').fill('Rings');
  await dialog.getByLabel('Tags').fill('water!');
  await dialog.getByRole('switch', { name: /^Share how it was made/ }).uncheck();
  await dialog.getByRole('button', { name: 'Publish' }).tap();
  await dialog.getByText('Tags: not all of these characters are allowed here.').waitFor();
  await page.keyboard.press('Escape');
  await page.reload();
  await open.tap();
  assert.equal(await dialog.getByLabel('Caption').inputValue(), 'Rings');
  assert.equal(await dialog.getByLabel('Tags').inputValue(), 'water!');
  assert.equal(await dialog.getByRole('switch', { name: /^Share how it was made/ }).isChecked(), false);
  await dialog.getByLabel('Tags').fill('water');
  await dialog.getByRole('button', { name: 'Publish' }).tap();
  await page.getByRole('heading', { name: 'Rings', exact: true }).waitFor();
  assert.equal(await page.getByRole('button', { name: /^Remix/ }).count(), 0, 'how it was made is not shared');
});

story('what people wrote stands in its own direction', async (visit, t) => {
  const comments = [{ name: 'ليلى', text: 'صورة جميلة!' }];
  const { author, postId } = await discussed(t, { name: 'كريم', caption: 'طائر عند البحر', comments });
  const { page } = await arrive(visit, DESKTOP, author, `/post/${postId}`);
  const main = page.getByRole('main');
  const rightToLeft = async (found) =>
    assert.equal(await found.first().evaluate((each) => getComputedStyle(each).direction), 'rtl', `${found}`);
  await main.getByText('صورة جميلة!').waitFor();
  for (const text of ['طائر عند البحر', 'كريم', 'ليلى', 'صورة جميلة!']) await rightToLeft(main.getByText(text, { exact: true }));
  await page.getByRole('button', { name: /^Notifications, \d unread/ }).click();
  const notice = page.getByRole('dialog', { name: 'Notifications' });
  for (const text of ['طائر عند البحر', 'ليلى']) await rightToLeft(notice.getByText(text, { exact: true }));
  await page.goto(`/feed?by=${author.uid}`);
  await rightToLeft(page.getByRole('heading', { level: 1, name: 'كريم' }));
  for (const text of ['طائر عند البحر', 'كريم']) await rightToLeft(page.getByRole('article').getByText(text, { exact: true }));
});

story('a notification says what it is about, with its picture, and is read once that was opened', async (visit, t) => {
  const { author, postId, job } = await discussed(t, { comments: [{ name: 'Linus', text: 'Round and round' }] });
  const { page } = await arrive(visit, PHONE, author, '/feed');
  await page.getByRole('button', { name: 'Notifications, 2 unread' }).tap();
  const notices = page.getByRole('dialog', { name: 'Notifications' });
  const comment = notices.getByRole('link', { name: 'Linus commented on your post Rings' });
  const ready = notices.getByRole('link', { name: 'Your picture is ready Rings on water' });
  await decoded(comment.locator('img'));
  await decoded(ready.locator('img'));
  await accessible(page, 'the notifications on a phone');
  await fits(page);
  await comment.tap();
  await page.getByRole('heading', { name: 'Rings' }).waitFor();
  assert.equal(new URL(page.url()).pathname, `/post/${postId}`);
  await page.getByRole('button', { name: 'Notifications, 1 unread' }).waitFor();
  await page.goto(`/library/${job.creationId}`); // not by its notification
  await page.getByRole('button', { name: 'Notifications', exact: true }).waitFor();
});

story('in Arabic, from right to left: a post, its comments, questions and notifications', async (visit, t) => {
  const comments = [{ name: 'Linus', text: 'Round and round' }];
  const { author, postId } = await discussed(t, { name: 'كريم', comments });
  const { page } = await arrive(visit, PHONE, author, `/post/${postId}`);
  const fine = async (what) => {
    await accessible(page, `${what} in Arabic`);
    await fits(page);
  };
  await page.getByRole('button', { name: 'العربية' }).tap();
  await page.getByRole('heading', { name: 'تعليق واحد' }).waitFor();
  await fine('a post');
  const { left, right } = await page.getByRole('link', { name: '‹ المنشورات' }).evaluate((each) => each.getBoundingClientRect());
  assert.ok(left > PHONE.viewport.width - right, 'the way back begins at the right');
  await page.getByRole('button', { name: /^أعجبني/, pressed: false }).tap();
  await page.getByRole('button', { name: /^أعجبني/, pressed: true }).waitFor();

  await page.getByRole('button', { name: 'إزالة من المنشورات' }).tap();
  const question = page.getByRole('dialog', { name: 'أتريد إزالة هذا من المنشورات؟' });
  await question.getByText(/^سيضيع معه: .?إعجاب واحد وتعليق واحد.?\. ويبقى العمل في مكتبتك\.$/).waitFor();
  await fine('the question before a post is removed');
  await question.getByRole('button', { name: 'إبقاء' }).tap();
  await page.getByRole('button', { name: /^حظر .*Linus/ }).tap();
  const block = page.getByRole('dialog', { name: /^أتريد حظر/ });
  await block.getByText(/^لن يمكنه التعليق على منشوراتك/).waitFor();
  await block.getByRole('button', { name: 'إلغاء' }).tap();
  await page.getByRole('button', { name: /^الإبلاغ عن التعليق/ }).tap();
  await page.getByRole('dialog', { name: 'إبلاغ' }).getByRole('radio', { name: 'كراهية' }).check();
  await fine('the dialog to report');
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: /^حذف التعليق/ }).tap();
  await page.getByText('حُذف التعليق.').waitFor();
  await page.getByRole('button', { name: 'تراجع' }).tap();
  await page.getByRole('listitem').filter({ hasText: 'Round and round' }).waitFor();

  await page.getByRole('button', { name: /^الإشعارات/ }).tap();
  const notices = page.getByRole('dialog', { name: 'الإشعارات' });
  await notices.getByRole('link', { name: 'علّق Linus على منشورك Rings' }).waitFor();
  await notices.getByRole('link', { name: 'صورتك جاهزة Rings on water' }).waitFor();
  await fine('the notifications');
  await page.keyboard.press('Escape');
  await page.getByRole('navigation').getByRole('link', { name: 'المنشورات' }).tap();
  await page.getByRole('heading', { name: 'المنشورات', level: 1 }).waitFor();
  await page.getByRole('searchbox', { name: 'وسم' }).fill('rings');
  await page.getByRole('article').first().waitFor();
  await fine('the feed');
});
