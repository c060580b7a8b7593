// What is paid: what an offer buys, the receipt of a purchase, and what a refused card says.
import assert from 'node:assert/strict';
import { newcomer, visitor } from '../journeys/support.mjs';
import { accessible, address, balance, DESKTOP, fits, order, PASSWORD, PHONE, signIn, signUp, story, tabTo } from './support.mjs';

const STRIPE = process.env.STUDIOX_STRIPE_URL;

story('what tokens buy is counted with models that cost so much, and a pack that is cheaper than a plan is named', async (visit, t) => {
  const ada = await visit(PHONE);
  const { page } = ada;
  await page.goto('/tokens');
  const counted = await page.getByText(/^What tokens buy is counted with /).innerText();
  const [picture, film] = [...counted.matchAll(/(?:with|and) (.+?) \((\d+) tokens\)/g)].map(
    ([, label, price]) => ({ label, price: Number(price) }),
  );
  const offer = (name) =>
    page.getByRole('region', { name: /^(Packs|Plans)$/ }).getByRole('article').filter({ has: page.getByRole('heading', { name }) });
  for (const [name, tokens] of [['Starter', 500], ['Creator', 1200], ['Studio', 6500], ['Pro', 1000], ['Enterprise', 10_000]]) {
    const [pictures, films] = [picture.price, film.price].map((price) => Math.floor(tokens / price).toLocaleString('en'));
    await offer(name).getByText(`About ${pictures} pictures or ${films} films`).waitFor();
  }
  // Pro: 1,000 tokens for $9. Creator: 1,200 for $10.
  await offer('Pro').getByText('Tokens alone cost less in the Creator pack: $0.83 for 100.').waitFor();
  await offer('Enterprise').getByText('Tokens alone cost less in the Studio pack: $0.77 for 100.').waitFor();
  assert.equal(await offer('Free').getByText('cost less').count(), 0);
  await accessible(page, 'the offers');
  await fits(page);

  await signUp(ada);
  await balance(page, 200);
  await page.goto('/');
  const { models } = await visitor(t).call('getStudioOptions');
  const { id: model } = models.find(({ type, label }) => type === 'image' && label === picture.label);
  await order(page, { type: 'Picture', model, prompt: 'A boat' });
  await balance(page, 200 - picture.price);
});

story('a card that is refused says so; a purchase has a receipt with its date, its item and a way back', async (visit) => {
  const ada = await visit(DESKTOP);
  const { page } = ada;
  await page.goto('/tokens');
  await signUp(ada);
  await balance(page, 200);
  const buy = page.getByRole('button', { name: 'Buy Creator for $10.00' });
  await tabTo(page, buy);
  await page.keyboard.press('Enter');
  await page.waitForURL(`${STRIPE}/**`);
  await page.getByRole('button', { name: 'Try a card that is refused' }).click();
  await page.getByRole('alert').filter({ hasText: 'Your card was declined. Nothing was charged.' }).waitFor();
  await page.getByRole('link', { name: 'Cancel and go back' }).click();
  await page.getByText('Nothing was bought, and you were not charged.').waitFor();
  await balance(page, 200);
  await page.getByRole('button', { name: 'Buy Creator for $10.00' }).click();
  await page.waitForURL(`${STRIPE}/**`);
  await page.getByRole('button', { name: 'Pay', exact: true }).click();
  await page.waitForURL('**/tokens');
  await balance(page, 1400);

  const payments = page.getByRole('region', { name: 'Payments' });
  const row = payments.getByRole('row').filter({ hasText: '$10.00' }).filter({ hasText: 'Paid' });
  const today = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', year: 'numeric' }).format();
  await row.getByRole('cell', { name: 'Creator 1,200 tokens' }).waitFor();
  await row.getByRole('cell', { name: today, exact: true }).waitFor();
  const receipt = row.getByRole('link', { name: `Receipt for Creator on ${today}` });
  await tabTo(page, receipt);
  const opened = ada.context.waitForEvent('page');
  await page.keyboard.press('Enter');
  const other = await opened;
  for (const told of ['10.00 USD', 'Creator', new Date().toISOString().slice(0, 10)])
    await other.getByText(told).first().waitFor();
  await other.getByRole('link', { name: 'Back to the shop' }).click();
  await other.getByRole('heading', { name: 'Tokens', level: 1 }).waitFor();
  await other.close();
});

story('a change of plan asks with the amount, charges nothing before the answer, and then this amount', async (visit, t) => {
  const ada = { ...(await visit(DESKTOP)), email: address() };
  const { page } = ada;
  ada.allow(/status of 400/); // the preview that is too old
  const client = await newcomer(t, ada.email);
  await page.goto('/');
  await (await signIn(ada)).waitFor({ state: 'detached' });
  await page.goto('/tokens');
  await page.getByRole('button', { name: 'Choose Pro' }).click();
  await page.waitForURL(`${STRIPE}/**`);
  await page.getByRole('button', { name: 'Pay', exact: true }).click();
  await page.waitForURL('**/tokens');
  await balance(page, 1200);
  const charges = async () => (await client.call('getBillingHistory')).payments.map(({ amount }) => amount);
  assert.deepEqual(await charges(), [900]);

  const change = page.getByRole('button', { name: 'Change to Enterprise' });
  const dialog = page.getByRole('dialog', { name: 'Change to Enterprise?' });
  await tabTo(page, change);
  await page.keyboard.press('Enter');
  const due = /^Your card is charged \$([\d.]+) now\. On .* your card is charged \$79\.00\.$/;
  await dialog.getByText(due).waitFor();
  await accessible(page, 'the question before a change of plan');
  await page.keyboard.press('Escape');
  await dialog.waitFor({ state: 'detached' });
  assert.ok(await change.evaluate((button) => button === document.activeElement), 'the focus is where it was');
  assert.deepEqual([await charges(), (await client.call('getSubscription')).plan], [[900], 'pro'], 'a no changes nothing');

  const outdated = { status: 'FAILED_PRECONDITION', message: 'outdated', details: { reason: 'PreviewOutdated' } };
  await page.route('**/updateSubscription', (route) => route.fulfill({ status: 400, json: { error: outdated } }), { times: 1 });
  await page.keyboard.press('Enter');
  await dialog.getByRole('button', { name: /^Pay / }).click();
  await page.getByText('The amount may have changed, so nothing was charged. Look at it again.').waitFor();
  const [, amount] = due.exec(await dialog.getByText(due).innerText()); // it is asked again
  assert.deepEqual(await charges(), [900]);
  await tabTo(page, dialog.getByRole('button', { name: `Pay $${amount}` }));
  await page.keyboard.press('Enter');
  await page.getByText('You are on the Enterprise plan now.').waitFor();
  await balance(page, 10_200);
  assert.deepEqual(await charges(), [Math.round(Number(amount) * 100), 900]);
  await page.getByRole('region', { name: 'Payments' }).getByRole('cell', { name: `$${amount}`, exact: true }).waitFor();

  await page.getByRole('button', { name: 'Change to Pro' }).click();
  const back = page.getByRole('dialog', { name: 'Change to Pro?' });
  await back.getByText(/^\$[\d.]+ of what you have paid is credited towards your next payments/).waitFor();
  await back.getByRole('button', { name: 'Change the plan' }).click();
  await page.getByText('You are on the Pro plan now.').waitFor();
  assert.equal((await charges()).filter((each) => each > 0).length, 2, 'nothing was charged');
});

story('a receipt names the discount, the tax and what was given back', async (visit) => {
  const ada = await visit(PHONE);
  const { page } = ada;
  const made = { id: 'p', kind: 'subscription', itemId: 'pro', amount: 536, currency: 'usd', status: 'partially_refunded' };
  const figures = { discount: 450, tax: 86, refunded: 100, createdAt: '2025-11-03T09:00:00Z' };
  const payments = [{ ...made, ...figures, invoiceUrl: `${STRIPE}/invoices/in_1` }];
  await page.route('**/getBillingHistory', (route) => route.fulfill({ json: { result: { payments, nextCursor: null } } }));
  await page.goto('/tokens');
  await signUp(ada);
  const row = page.getByRole('region', { name: 'Payments' }).getByRole('row').nth(1);
  await row.getByRole('cell', { name: '3 Nov 2025', exact: true }).waitFor();
  await row.getByRole('cell', { name: 'Pro plan', exact: true }).waitFor();
  await row.getByRole('cell', { name: '$5.36 less $4.50 · with $0.86 tax · $1.00 given back' }).waitFor();
  await row.getByRole('link', { name: 'Receipt for Pro plan on 3 Nov 2025' }).waitFor();
  await accessible(page, 'the payments');
  await fits(page);
});

story('in Arabic, from right to left: signing up, buying, the receipt and the account', async (visit) => {
  const ada = await visit({ ...PHONE, locale: 'ar' });
  const { page, email } = ada;
  await page.goto('/tokens');
  assert.equal(await page.evaluate(() => document.dir), 'rtl');
  await page.getByRole('button', { name: 'أنشئ حسابًا لتبدأ' }).tap();
  const dialog = page.getByRole('dialog', { name: 'تسجيل الدخول' });
  await accessible(page, 'signing up in Arabic');
  await dialog.getByLabel('البريد الإلكتروني').fill(email);
  await dialog.getByLabel('كلمة المرور').fill(PASSWORD);
  const saved = page.waitForRequest('**/updateProfile');
  await dialog.getByRole('button', { name: 'إنشاء حساب', exact: true }).tap();
  assert.deepEqual((await saved).postDataJSON().data, { preferences: { language: 'ar' } });
  await dialog.waitFor({ state: 'detached' });
  const asked = page.waitForRequest(/accounts:sendOobCode/);
  await page.getByRole('button', { name: 'أرسلوا إليّ الرابط' }).tap();
  assert.equal((await asked).headers()['x-firebase-locale'], 'ar', 'the language of the message');
  await page.getByText('أرسلنا إليك رسالة فيها رابط.').waitFor();
  await page.getByRole('region', { name: 'رصيدك' }).getByText('رمز', { exact: true }).waitFor();
  const packs = page.getByRole('region', { name: 'الباقات' });
  await packs.getByText(/نحو .?100 صورة أو 6 أفلام/).waitFor();
  await packs.getByRole('button', { name: /^اشترِ .*البداية/ }).tap();
  await page.waitForURL(`${STRIPE}/**`);
  await page.getByRole('button', { name: 'Pay', exact: true }).tap();
  await page.waitForURL('**/tokens');
  const row = page.getByRole('region', { name: 'المدفوعات' }).getByRole('row').nth(1);
  await row.getByRole('link', { name: /^الإيصال: .*البداية/ }).waitFor();
  await row.getByRole('cell', { name: 'مدفوعة' }).waitFor();
  await page.getByRole('region', { name: 'سجل الرموز' }).getByRole('cell', { name: 'شراء باقة رموز' }).waitFor();
  await accessible(page, 'the tokens in Arabic');
  await fits(page);

  await page.goto('/account');
  for (const name of ['الملف الشخصي', 'الحدود', 'المكافآت', 'بياناتك'])
    await page.getByRole('region', { name, exact: true }).waitFor();
  await page.getByText('متابعة StudioX على X').waitFor(); // a task of the bundled ones
  await accessible(page, 'the account in Arabic');
  await fits(page);
});
