// The pictures that an order starts from: dropped, pasted, or picked from the library. And a post that is shared.
import assert from 'node:assert/strict';
import { finished, newcomer } from '../journeys/support.mjs';
import { accessible, choose, decoded, DESKTOP, fits, order, PHONE, signIn, signUp, story, tabTo, until } from './support.mjs';

/** Give a picture to what has the focus, or is at this place, as the browser does for a drop or a paste. */
async function give(page, kind, target) {
  const picture = (await page.screenshot()).toString('base64');
  await target.evaluate(
    (element, { kind, picture }) => {
      const bytes = Uint8Array.from(atob(picture), (each) => each.charCodeAt(0));
      const given = new DataTransfer();
      given.items.add(new File([bytes], 'page.png', { type: 'image/png' }));
      const shared = { bubbles: true, cancelable: true };
      element.dispatchEvent(
        kind === 'paste'
          ? new ClipboardEvent('paste', { ...shared, clipboardData: given })
          : new DragEvent('drop', { ...shared, dataTransfer: given }),
      );
    },
    { kind, picture },
  );
}

story('pictures are dropped on the form and pasted into it; a model that takes none says so', async (visit) => {
  const ada = await visit(DESKTOP);
  const { page } = ada;
  await page.goto('/');
  await signUp(ada, 'Ada');
  const form = page.getByRole('form', { name: 'Order' });
  await form.getByRole('radio', { name: 'Music', exact: true }).check();
  await give(page, 'drop', form);
  await page.getByText('This model starts from no picture. Choose Edit, or another model.').waitFor();
  await form.getByRole('radio', { name: 'Edit', exact: true }).check();
  await choose(form, 'nano-banana-edit');
  await give(page, 'drop', form);
  await decoded(form.getByRole('img', { name: 'Upload 1' }));
  await give(page, 'paste', form.getByRole('textbox', { name: /^Prompt/ }));
  await decoded(form.getByRole('img', { name: 'Upload 2' }));
  await accessible(page, 'the form with two pictures');
  await fits(page);
});

story('a picture is picked from the library by keys, and an edit of it is made', async (visit, t) => {
  const client = await newcomer(t);
  await finished(t, client, { model: 'Model B', prompt: 'A heron', size: '512x512' });
  const ada = { ...(await visit(PHONE)), email: client.email };
  const { page } = ada;
  const sent = [];
  page.on('request', (request) => {
    if (request.method() === 'POST' && request.url().endsWith('/createStudioJob')) sent.push(request.postDataJSON().data);
  });
  await page.goto('/');
  await (await signIn(ada)).waitFor({ state: 'detached' });
  const form = page.getByRole('form', { name: 'Order' });
  await form.getByRole('radio', { name: 'Edit', exact: true }).check();
  await choose(form, 'nano-banana-edit');
  await tabTo(page, form.getByRole('button', { name: 'From my library' }));
  await page.keyboard.press('Enter');
  const picker = page.getByRole('dialog', { name: 'Pick a picture' });
  await decoded(picker.getByRole('img', { name: 'A heron' }));
  await accessible(page, 'the pictures of the library');
  await fits(page);
  await tabTo(page, picker.getByRole('button', { name: 'A heron' }));
  await page.keyboard.press('Enter');
  await picker.waitFor({ state: 'detached' });
  await decoded(form.getByRole('img', { name: 'Upload 1' }));
  await order(page, { type: 'Edit', model: 'nano-banana-edit', prompt: 'In winter' }, 'tap');
  assert.match(sent[0].inputPaths[0], /\/creations\//);
});

story('a post is shared by the dialog of the device; closing that is no failure', async (visit, t) => {
  const client = await newcomer(t);
  const { job } = await finished(t, client, { model: 'Model B', prompt: 'A heron', size: '512x512' });
  const { postId } = await client.call('publishPost', { creationId: job.creationId, caption: 'A heron' });
  const { page } = await visit(PHONE);
  await page.addInitScript(() => {
    window.shared = [];
    navigator.share = async (what) => {
      window.shared.push(what);
      if (window.shared.length > 1) throw new DOMException('closed', 'AbortError');
    };
  });
  await page.goto(`/post/${postId}`);
  const button = page.getByRole('button', { name: 'Share', exact: true });
  for (const times of [1, 2]) {
    await button.tap();
    await until(() => page.evaluate((times) => window.shared.length === times, times), 'the dialog of the device');
  }
  const link = `${new URL(page.url()).origin}/p/${postId}`;
  assert.deepEqual(await page.evaluate(() => window.shared[0]), { title: 'A heron', url: link });
  assert.equal(await page.getByRole('dialog').count(), 0);
});
