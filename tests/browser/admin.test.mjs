// The administrators' pages: reports, appeals, people, the catalogue; that nobody else's browser asks for them, and that
// a right that was lost meanwhile is refused in words.
import assert from 'node:assert/strict';
import { administrator, finished, newcomer, setAdmin } from '../journeys/support.mjs';
import { accessible, decoded, DESKTOP, fits, order, PHONE, signIn, signUp, story, tabTo, until } from './support.mjs';

const PARTS = ['Overview', 'Moderation', 'People', 'Webhooks', 'Weekly reports', 'Catalogue', 'Rate limits', 'Audit log'];
const ADMIN_FILE = /\/assets\/admin-[^/]+\.(js|css)$/;

/** An administrator at the page, signed in. */
async function atTheDesk(visit, t, options) {
  const { email, uid } = await administrator(t);
  const person = { ...(await visit(options)), email, uid };
  await person.page.goto('/');
  await (await signIn(person)).waitFor({ state: 'detached' });
  return person;
}

/** A post of somebody's, reported by so many people. */
async function reported(t, caption, reports) {
  const author = await newcomer(t);
  const { job } = await finished(t, author, { model: 'Model B', prompt: caption, size: '512x512' });
  const { postId } = await author.call('publishPost', { creationId: job.creationId, caption });
  const people = await Promise.all(Array.from({ length: reports }, () => newcomer(t)));
  for (const each of people) await each.call('reportPost', { postId, reason: 'violence', text: 'It frightens me.' });
  return { author, people, postId };
}

/** A week's heading begins with its Monday. */
const since = (day) =>
  new RegExp(`^${new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', year: 'numeric' }).format(new Date(day))} to `);

const part = (page, name) => page.getByRole('navigation', { name: 'Administration' }).getByRole('link', { name });

for (const [device, options] of Object.entries({ 'a desktop in light': DESKTOP, 'a phone in dark': PHONE }))
  story(`every part of the administration on ${device}`, async (visit, t) => {
    await reported(t, 'Rings on water', 1);
    const { page } = await atTheDesk(visit, t, options);
    await page.getByRole('button', { name: 'Your account' }).click();
    await page.getByRole('link', { name: 'Administration' }).click();
    for (const name of PARTS) {
      await part(page, name).click();
      await page.getByRole('heading', { level: 1, name }).waitFor();
      await page.getByText('Loading …').first().waitFor({ state: 'detached' });
      await accessible(page, `${name} on ${device}`);
      await fits(page);
      assert.equal(await page.title(), `${name} · Administration · StudioX`);
    }
    await part(page, 'Overview').click();
    const byHour = page.getByRole('region', { name: 'Jobs by hour', exact: true });
    await byHour.getByText('As a table').click();
    await byHour.getByRole('columnheader', { name: 'Completed' }).waitFor();
    assert.ok((await byHour.getByRole('row').count()) > 1, 'the hour of the order');
    await accessible(page, 'a chart as a table');
    await fits(page);
  });

story('a visitor and a user have no administration, and fetch nothing of it', async (visit) => {
  const grace = await visit(DESKTOP);
  const { page } = grace;
  const fetched = [];
  page.on('request', (request) => fetched.push(new URL(request.url()).pathname));
  await page.goto('/');
  await signUp(grace, 'Grace');
  for (const path of ['/', '/library', '/feed', '/tokens', '/account', '/admin', '/admin/people']) {
    await page.goto(path);
    await page.getByRole('heading', { level: 1 }).waitFor();
    await page.evaluate(() => new Promise((resolve) => requestIdleCallback(resolve)));
  }
  await page.getByRole('heading', { name: 'Page not found' }).waitFor();
  await page.getByRole('button', { name: 'Your account' }).click();
  assert.equal(await page.getByRole('link', { name: 'Administration' }).count(), 0);
  await until(() => fetched.some((path) => /\/assets\/library-/.test(path)), 'the other pages’ files');
  assert.deepEqual(fetched.filter((path) => ADMIN_FILE.test(path)), []);
});

story('reported, hidden with a reason, appealed, and restored, by keyboard', async (visit, t) => {
  const { author, postId } = await reported(t, 'A wolf at night', 2);
  const { page } = await atTheDesk(visit, t, DESKTOP);
  await page.goto('/admin/moderation');
  const found = page.getByRole('article', { name: 'Post: A wolf at night' });
  await decoded(found.getByRole('img', { name: 'Post: A wolf at night' }));
  assert.equal(await found.getByText('It frightens me.').count(), 2);
  await tabTo(page, found.getByRole('radio', { name: 'Leave it as it is' }));
  await page.keyboard.press('ArrowRight');
  assert.ok(await found.getByRole('radio', { name: 'Hide it' }).isChecked());
  await tabTo(page, found.getByRole('combobox', { name: /^Reason/ }));
  await page.keyboard.type('Viol');
  await tabTo(page, found.getByRole('button', { name: 'Decide' }));
  await page.keyboard.press('Enter');
  await page.getByText('Decided: it is hidden.').waitFor();
  await found.waitFor({ state: 'detached' });

  await author.call('appealModeration', { postId, text: 'It is a friendly wolf.', requestId: crypto.randomUUID() });
  await page.getByRole('radio', { name: 'Appeals' }).check();
  const appeal = page.getByRole('article', { name: 'Appeal: A wolf at night' });
  await appeal.getByText('It is a friendly wolf.').waitFor();
  await appeal.getByText('by a moderator: Violence.').waitFor();
  await accessible(page, 'an appeal');
  await appeal.getByRole('radio', { name: 'Show it again' }).check();
  await until(async () => {
    if ((await appeal.count()) === 0) return true;
    await appeal.getByRole('button', { name: 'Decide' }).click({ timeout: 1_000 }).catch(() => undefined);
    return false; // refused while its files are still being deleted
  }, 'the post restored');
  assert.equal((await author.call('getPost', { postId })).caption, 'A wolf at night');

  const gone = await reported(t, 'A bear by day', 1);
  await page.goto('/admin/moderation');
  const bear = page.getByRole('article', { name: 'Post: A bear by day' });
  await bear.getByRole('radio', { name: 'Remove it for good' }).check();
  await bear.getByRole('button', { name: 'Decide' }).click();
  const dialog = page.getByRole('dialog', { name: 'Remove it for good' });
  await dialog.getByText('deleted with its likes and comments').waitFor();
  await accessible(page, 'the question before a removal');
  await dialog.getByRole('button', { name: 'Cancel' }).click();
  assert.equal((await gone.author.call('getPost', { postId: gone.postId })).caption, 'A bear by day', 'only asked');
  await bear.getByRole('button', { name: 'Decide' }).click();
  await dialog.getByRole('button', { name: 'Remove' }).click();
  await bear.waitFor({ state: 'detached' });
  await assert.rejects(gone.author.call('getPost', { postId: gone.postId }), { code: 'functions/not-found' });
});

story('a person: found, given tokens once, put on a plan and suspended, each with what happens', async (visit, t) => {
  const ada = await newcomer(t);
  const { page } = await atTheDesk(visit, t, PHONE);
  await page.goto('/admin/people');
  await page.getByLabel('Address or uid').fill(ada.email);
  await page.getByRole('button', { name: 'Search' }).click();
  await page.getByRole('link', { name: ada.email }).click();
  await page.getByText('200 tokens').waitFor();
  const ask = async (button, title) => {
    await page.getByRole('button', { name: button }).click();
    const dialog = page.getByRole('dialog', { name: title });
    await accessible(page, title);
    return dialog;
  };
  const gift = await ask('Give or take tokens', 'Give or take tokens');
  await gift.getByText(`${ada.email} has 200 tokens.`).waitFor();
  await gift.getByLabel(/^Tokens/).fill('25');
  await gift.getByLabel('Reason').fill('For the poster');
  await gift.getByRole('button', { name: 'Change the balance' }).dblclick();
  await page.getByText('The balance was changed.').waitFor();
  await page.getByRole('cell', { name: 'For the poster', exact: true }).waitFor();
  await page.getByText('225 tokens').waitFor();
  const plan = await ask('Change the plan', 'Change the plan');
  await plan.getByRole('combobox', { name: 'Plan' }).selectOption('Pro');
  await plan.getByLabel('Reason').fill('A friend of the house');
  await plan.getByRole('button', { name: 'Set the plan' }).click();
  await page.getByText('Pro, paid or given').waitFor();
  const suspend = await ask('Suspend', 'Suspend this person');
  await suspend.getByText('is signed out everywhere').waitFor();
  await suspend.getByLabel('Reason').fill('Advertising');
  await suspend.getByRole('button', { name: 'Suspend' }).click();
  await page.getByRole('button', { name: 'Lift the suspension' }).waitFor();
  await page.getByRole('cell', { name: 'suspendUser' }).waitFor();
  await accessible(page, 'a person');
  await fits(page);
  assert.equal((await ada.call('getUserBalance', {})).balance, 225);
});

story('a model is switched off and on, and its price changed after a look at the margin', async (visit, t) => {
  const { page } = await atTheDesk(visit, t, DESKTOP);
  await page.goto('/admin/catalogue');
  const row = page.getByRole('row', { name: /hailuo-2\.3/ });
  await row.getByRole('button', { name: /^Switch off/ }).click();
  const off = page.getByRole('dialog', { name: /^Switch off/ });
  await off.getByText('Nobody can order').waitFor();
  await off.getByLabel('Reason').fill('The provider is down');
  await off.getByRole('button', { name: 'Switch off' }).click();
  await row.getByRole('button', { name: /^Switch on/ }).click();
  const on = page.getByRole('dialog', { name: /^Switch on/ });
  await on.getByLabel('Reason').fill('It is back');
  await on.getByRole('button', { name: 'Switch on' }).click();
  await row.getByText('yes').waitFor();

  await row.getByRole('button', { name: /^Price/ }).click();
  const dialog = page.getByRole('dialog', { name: /^The price of/ });
  await accessible(page, 'the price');
  assert.equal(await dialog.getByRole('button', { name: 'Save this price' }).count(), 0);
  await dialog.getByLabel('Length: 10').fill('100');
  await dialog.getByRole('button', { name: 'Show the margin' }).click();
  await dialog.getByRole('row', { name: 'Length: 10 $1.00 $0.35 65% 50%' }).waitFor();
  await accessible(page, 'the margin');
  await dialog.getByLabel('Length: 10').fill('140');
  await dialog.getByRole('button', { name: 'Save this price' }).waitFor({ state: 'detached' });
  await dialog.getByRole('button', { name: 'Show the margin' }).click();
  await dialog.getByRole('row', { name: 'Length: 10 $1.40 $0.35 75% 50%' }).waitFor();
  await dialog.getByLabel('Reason').fill('It sells well');
  await dialog.getByRole('button', { name: 'Save this price' }).click();
  await row.getByText('35 – 140').waitFor();
  await page.goto('/admin/audit');
  await page.getByLabel('Action').fill('saveCatalogueEntry');
  await page.getByRole('button', { name: 'Filter' }).click();
  await page.getByRole('cell', { name: /It sells well/ }).waitFor();
});

story('a claim is approved after a look at its proof; the limits, and a week beside the one before', async (visit, t) => {
  const ada = await newcomer(t);
  const proofUrl = `https://x.com/ada/status/${Date.now()}`;
  await ada.call('submitSocialTask', { taskId: 'share-creation', proofUrl, requestId: crypto.randomUUID() });
  const { page } = await atTheDesk(visit, t, DESKTOP);
  await page.goto('/admin/moderation');
  await page.getByRole('radio', { name: 'Claims' }).check();
  const claim = page.getByRole('article', { name: `Claim: Share creation of ${ada.uid}` });
  await accessible(page, 'claims');
  assert.equal(await claim.getByRole('link', { name: proofUrl }).getAttribute('href'), proofUrl);
  await claim.getByRole('button', { name: /^Approve, give/ }).click();
  await claim.waitFor({ state: 'detached' });
  assert.ok((await ada.call('getUserBalance', {})).balance > 200);

  await page.goto('/admin/limits');
  await page.getByRole('cell', { name: 'createStudioJob' }).waitFor();
  await page.getByLabel('uid of a person').fill(ada.uid);
  await page.getByRole('button', { name: 'Show what is used' }).click();
  await page.getByRole('columnheader', { name: 'Used' }).waitFor();
  await page.getByRole('cell', { name: 'submitSocialTask' }).waitFor();
  assert.equal(await page.getByRole('cell', { name: 'createStudioJob' }).count(), 0);
  await accessible(page, 'the limits of one person');

  await page.goto('/admin/reports');
  const week = page.getByLabel('Report the week from Monday');
  const monday = await week.inputValue();
  const before = new Date(Date.parse(monday) - 7 * 86_400_000).toISOString().slice(0, 10);
  for (const each of [before, monday]) {
    await week.fill(each);
    await page.getByRole('button', { name: 'Make the report' }).click();
    await page.getByRole('region', { name: 'Figures', exact: true }).getByText(since(each)).waitFor();
  }
  const figures = page.getByRole('region', { name: 'Figures, table' });
  await figures.getByRole('columnheader', { name: /^From / }).waitFor();
  await figures.getByRole('cell', { name: 'New people' }).waitFor();
  await accessible(page, 'a weekly report');
});

story('the administration in Arabic, from right to left, far from UTC', async (visit, t) => {
  await reported(t, 'حلقات على الماء', 1);
  const { page } = await atTheDesk(visit, t, { ...PHONE, timezoneId: 'America/New_York' });
  await page.evaluate(() => localStorage.setItem('language', 'ar'));
  await page.goto('/admin');
  assert.equal(await page.evaluate(() => document.dir), 'rtl');
  const hours = page.getByRole('region', { name: 'المهام حسب الساعة', exact: true });
  const bars = await hours.locator('svg rect').evaluateAll((all) => all.map((bar) => bar.getBoundingClientRect().x));
  assert.deepEqual(bars, bars.toSorted((a, b) => b - a), 'time runs from right to left');
  await page.getByRole('cell', { name: 'يعمل جيدًا' }).first().waitFor();
  const parts = page.getByRole('navigation', { name: 'الإدارة' }).getByRole('link');
  for (const name of await parts.allInnerTexts()) {
    await parts.filter({ hasText: name }).click();
    await page.getByRole('heading', { level: 1, name }).waitFor();
    await page.locator('.admin .waiting').first().waitFor({ state: 'detached' });
    await accessible(page, `${name} in Arabic`);
    await fits(page);
  }

  await parts.filter({ hasText: 'الإشراف' }).click();
  const post = page.getByRole('article', { name: /^منشور: .حلقات على الماء/ });
  await post.getByRole('radio', { name: 'يُترك كما هو' }).check();
  await post.getByRole('button', { name: 'قرّر' }).click();
  await page.getByText('اتُّخذ القرار: إنه معروض.').waitFor();
  await post.waitFor({ state: 'detached' });
  await parts.filter({ hasText: 'الكتالوج' }).click();
  await page.getByRole('button', { name: /السعر/ }).first().click();
  await accessible(page, 'a price in Arabic');
  await page.goto('/admin/reports');
  await page.getByLabel('تقرير الأسبوع ابتداءً من الاثنين').fill('2026-03-02');
  await page.getByRole('button', { name: 'أنشئ التقرير' }).click();
  const monday = await page.evaluate(() =>
    new Intl.DateTimeFormat('ar', { day: 'numeric', month: 'short', year: 'numeric' }).format(new Date(2026, 2, 2)));
  await page.getByRole('region', { name: 'الأرقام', exact: true }).getByText(monday).waitFor();
});

story('who has lost the right meanwhile is told so, and changes nothing', async (visit, t) => {
  const ada = await newcomer(t);
  const boss = await atTheDesk(visit, t, DESKTOP);
  boss.allow(/status of 403/);
  const { page } = boss;
  await page.goto(`/admin/people/${ada.uid}`);
  await page.getByRole('button', { name: 'Suspend' }).click();
  const dialog = page.getByRole('dialog', { name: 'Suspend this person' });
  await dialog.getByLabel('Reason').fill('Advertising');
  await setAdmin(boss.uid, false);
  await dialog.getByRole('button', { name: 'Suspend' }).click();
  await page.getByRole('heading', { name: 'You are not an administrator' }).waitFor();
  await dialog.waitFor({ state: 'detached' });
  await accessible(page, 'the refusal');
  assert.equal((await ada.call('getUserBalance', {})).balance, 200);
  assert.ok((await ada.call('updateStreak', {})).currentStreak, 'not suspended');
});
