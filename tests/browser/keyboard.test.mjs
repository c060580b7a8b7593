// Without a mouse: everything is reached in order, the focus is seen, dialogs keep it and give it back.
import assert from 'node:assert/strict';
import { balance, chosen, decoded, DESKTOP, PASSWORD, showsFocus, story, tabTo, until } from './support.mjs';

const focused = (target) => until(() => target.evaluate((element) => element === document.activeElement), `the focus on ${target}`);

/** What can have the focus, once for each group of radios; marked in the page so that visits can be counted. */
const reachable = (page) =>
  page.evaluate(() => {
    const groups = new Set();
    const found = [...document.querySelectorAll('a[href], button, input, select, textarea, summary, [tabindex="0"]')].filter((each) => {
      if (each.disabled || each.tabIndex < 0 || !each.checkVisibility({ visibilityProperty: true })) return false;
      if (each.type !== 'radio') return true;
      const group = `${each.form?.id} ${each.closest('fieldset')?.textContent}`;
      return !groups.has(group) && groups.add(group);
    });
    found.forEach((each, i) => ((each.type === 'radio' ? each.closest('fieldset') : each).dataset.stop = i));
    return found.map((each) => each.outerHTML.slice(0, 100));
  });

/** Tab through the whole page; what it never came to. */
async function missed(page) {
  const all = await reachable(page);
  const left = new Set(all.keys());
  await page.evaluate(() => {
    document.activeElement?.blur();
    getSelection()?.collapse(document.body, 0); // where the next Tab begins
  });
  for (let steps = 0; left.size > 0 && steps < all.length + 30; steps++) {
    await page.keyboard.press('Tab');
    await showsFocus(page);
    left.delete(Number(await page.evaluate(() => document.activeElement?.closest('[data-stop]')?.dataset.stop ?? -1)));
  }
  return [...left].map((i) => all[i]);
}

story('everything on a page is reached by Tab', async (visit) => {
  const { page } = await visit(DESKTOP);
  for (const path of ['/', '/feed', '/tokens']) {
    await page.goto(path);
    await page.getByRole('heading', { level: 1 }).waitFor();
    await page.getByText('Loading').first().waitFor({ state: 'detached' });
    assert.deepEqual(await missed(page), [], `not reached at ${path}`);
  }
});

story('signing up, ordering and looking at it, by keys alone', async (visit) => {
  const { page, email } = await visit(DESKTOP);
  const { keyboard } = page;
  await page.goto('/');
  await page.getByRole('form', { name: 'Order' }).waitFor();

  await keyboard.press('Tab');
  const skip = page.getByRole('link', { name: 'Skip to the content' });
  await focused(skip);
  await until(() => skip.evaluate((link) => link.getBoundingClientRect().top >= 0), 'the skip link in sight');
  await keyboard.press('Enter');
  await tabTo(page, page.getByRole('radio', { name: 'Picture', exact: true })); // and not the navigation again

  const up = page.getByRole('button', { name: 'Sign up', exact: true });
  await tabTo(page, up, 'Shift+Tab');
  await keyboard.press('Enter');
  const dialog = page.getByRole('dialog', { name: 'Sign in' });
  await focused(dialog.getByLabel('E-mail address'));
  for (let steps = 0; steps < 15; steps++) {
    await keyboard.press('Tab');
    await showsFocus(page);
    assert.ok(await page.evaluate(() => document.activeElement === document.body || document.activeElement.closest('dialog')), 'the focus left the dialog');
  }
  await keyboard.press('Escape');
  await dialog.waitFor({ state: 'detached' });
  await focused(up);

  await keyboard.press('Enter');
  await focused(dialog.getByLabel('E-mail address'));
  await tabTo(page, dialog.getByRole('button', { name: 'Close' }), 'Shift+Tab');
  await keyboard.press('Enter');
  await dialog.waitFor({ state: 'detached' });
  await focused(up);

  await keyboard.press('Enter');
  await focused(dialog.getByLabel('E-mail address'));
  await keyboard.type(email);
  await keyboard.press('Tab');
  await keyboard.type(PASSWORD);
  await keyboard.press('Enter');
  await dialog.waitFor({ state: 'detached' });
  await balance(page, 200);

  await tabTo(page, page.getByRole('radio', { name: 'Picture', exact: true }));
  await keyboard.press('ArrowRight');
  await focused(page.getByRole('radio', { name: 'Edit', exact: true }));
  await keyboard.press('ArrowLeft');
  await tabTo(page, page.getByRole('radio', { name: /^Nano Banana 5 tokens/ }));
  for (const model of ['nano-banana-2', 'seedream-4.5', 'z-image']) {
    await keyboard.press('ArrowRight');
    await until(async () => (await chosen(page)) === model, model);
    await showsFocus(page);
  }
  await tabTo(page, page.getByRole('textbox', { name: /^Prompt/ }));
  await keyboard.type('A harbour in the fog');
  await tabTo(page, page.getByRole('button', { name: /^Generate/ }));
  await keyboard.press('Enter');
  const card = page.getByRole('article', { name: 'A harbour in the fog' });
  await page.getByRole('status').filter({ hasText: 'Your picture is ready' }).waitFor({ state: 'attached' }); // also heard
  await decoded(card.getByRole('img'));

  await tabTo(page, page.getByRole('button', { name: 'Notifications, 1 unread' }), 'Shift+Tab');
  await keyboard.press('Enter');
  await tabTo(page, page.getByRole('button', { name: 'Mark all as read' }));
  await keyboard.press('Escape');
  await focused(page.getByRole('button', { name: 'Notifications, 1 unread' }));

  await tabTo(page, card.getByRole('link', { name: 'Open in the library' }));
  await keyboard.press('Enter');
  await page.getByRole('heading', { name: 'A harbour in the fog' }).waitFor();
  await focused(page.getByRole('main')); // a screen reader begins with the new page
  const put = page.getByRole('button', { name: 'Collection' });
  await tabTo(page, put);
  await keyboard.press('Enter');
  const asking = page.getByRole('dialog', { name: 'Put into a collection' });
  await asking.waitFor();
  await tabTo(page, asking.getByRole('button', { name: 'Close', exact: true }));
  await keyboard.press('Enter');
  await asking.waitFor({ state: 'detached' });
  await focused(put);
});
