// Another language: the reader's own by itself, from right to left, and a choice that lasts.
import assert from 'node:assert/strict';
import { accessible, DESKTOP, fits, PHONE, story } from './support.mjs';

const direction = (page) => page.evaluate(() => [document.documentElement.lang, document.documentElement.dir].join(' '));

story('a reader of Arabic gets Arabic, and may choose English', async (visit) => {
  const { page } = await visit({ ...PHONE, locale: 'ar-EG' });
  await page.goto('/nowhere');
  await page.getByRole('heading', { name: 'الصفحة غير موجودة' }).waitFor();
  assert.equal(await direction(page), 'ar rtl');
  await accessible(page);
  await fits(page);
  await page.getByRole('group', { name: 'اللغة' }).getByRole('button', { name: 'English' }).click();
  await page.getByRole('heading', { name: 'Page not found' }).waitFor();
  assert.equal(await direction(page), 'en ltr');
  await page.goto('/feed');
  assert.equal(await direction(page), 'en ltr', 'the choice lasts');
});

story('a reader of English may choose Arabic, also by the keyboard', async (visit) => {
  const { page } = await visit(DESKTOP);
  await page.goto('/nowhere');
  const arabic = page.getByRole('button', { name: 'العربية' });
  await arabic.focus();
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'الصفحة غير موجودة' }).waitFor();
  await accessible(page);
  await fits(page);
});
