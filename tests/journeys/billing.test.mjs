// Money: a pack and a plan, paid for on the Stripe stand-in's own pages, and seen live in the account.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { collection, doc, getDocs, limit, query, setDoc } from 'firebase/firestore';
import { requestId } from '../../local/client.mjs';
import { assertAccounted, denied, liveUser, newcomer, refused, visitor } from './support.mjs';

const STRIPE = process.env.STUDIOX_STRIPE_URL;

/** Open a page of Stripe's, fill in these fields, and press the button with this label; where that leads. */
async function press(url, label, filled = {}) {
  const page = await (await fetch(url)).text();
  const forms = [...page.matchAll(/<form method=post action='([^']+)'>(.*?)<\/form>/gs)];
  const [, action, inside] = forms.find(([, , html]) => html.includes(`>${label}<`)) ?? assert.fail(`no ${label}: ${page}`);
  const fields = [...inside.matchAll(/name='?(\w+)'? value='([^']*)'/g)].map(([, name, value]) => [name, value]);
  const body = new URLSearchParams({ ...Object.fromEntries(fields), ...filled });
  const answer = await fetch(new URL(action, STRIPE), { method: 'POST', body, redirect: 'manual' });
  assert.equal(answer.status, 303);
  return answer.headers.get('location');
}

const checkout = (client, what) => client.call('createCheckoutSession', { requestId: requestId(), ...what });

test('a pack is paid for, and its tokens come', async (t) => {
  const client = await newcomer(t);
  const account = liveUser(t, client);
  const { packs } = await visitor(t).call('getTokenPacks');
  const [pack] = packs;
  const request = { requestId: requestId(), packId: pack.id };
  const session = await client.call('createCheckoutSession', request);
  assert.deepEqual(await client.call('createCheckoutSession', request), session, 'a second click opens no second one');
  const back = await press(session.url, 'Pay');
  assert.ok(back.startsWith(process.env.STUDIOX_HOSTING_URL), back);
  const sessionId = new URL(back).searchParams.get('session_id');
  assert.deepEqual(await client.call('confirmCheckout', { sessionId }), { status: 'paid', tokens: pack.tokens });
  await refused((await newcomer(t)).call('confirmCheckout', { sessionId }), 'not-found', 'NotFound');
  const rich = await account.until(({ balance }) => balance === 200 + pack.tokens, 'the tokens');
  assert.deepEqual([rich.buckets.purchased, rich.isPremium], [pack.tokens, false]);

  const { payments } = await client.call('getBillingHistory');
  assert.deepEqual(payments.map(({ amount, tokens }) => [amount, tokens]), [[pack.amount, pack.tokens]]);
  const own = collection(client.firestore, 'users', client.uid, 'payments');
  assert.equal((await getDocs(query(own, limit(100)))).size, 1);
  await denied(setDoc(doc(own, 'free'), { tokens: 1_000 }), 'permission-denied');
  const { transactions } = await assertAccounted(client);
  assert.deepEqual(transactions.map(({ type }) => type), ['purchase', 'welcome_bonus']);
});

const TAXED = process.env.STRIPE_TAX === 'exclusive'; // the stack's too, if it is set

test('a code on a pack, and nothing to pay for another one', async (t) => {
  const client = await newcomer(t);
  const account = liveUser(t, client);
  const { packs: [pack] } = await visitor(t).call('getTokenPacks');
  assert.deepEqual(pack.amounts, { [pack.currency]: pack.amount });
  const { url, sessionId } = await checkout(client, { packId: pack.id });
  assert.match(await (await fetch(new URL(await press(url, 'Apply', { country: 'DE', code: 'OLD' }), STRIPE))).text(), /code is invalid/);
  await press(url, 'Apply', { country: 'DE', code: 'half' });
  assert.match(await (await fetch(url)).text(), TAXED ? /Code HALF.*-2\.50.*Tax.*0\.48/s : /Code HALF.*-2\.50/s);
  await press(url, 'Pay');
  assert.deepEqual(await client.call('confirmCheckout', { sessionId }), { status: 'paid', tokens: pack.tokens });
  const free = await checkout(client, { packId: pack.id });
  await press(free.url, 'Apply', { code: 'FREE' });
  await press(free.url, 'Complete order');
  await account.until(({ buckets }) => buckets.purchased === 2 * pack.tokens, 'both packs');

  const { payments } = await client.call('getBillingHistory');
  const sums = payments.map(({ amount, discount, tax, status }) => [amount, discount, tax, status]);
  const half = TAXED ? [298, 250, 48, 'paid'] : [250, 250, undefined, 'paid'];
  assert.deepEqual(sums, [[0, 500, undefined, 'paid'], half]);
  for (const { invoiceUrl } of payments) assert.equal((await fetch(invoiceUrl)).status, 200);
  await assertAccounted(client);
});

test('what cannot be bought', async (t) => {
  const client = await newcomer(t);
  for (const wrong of [{ packId: 'no-such-pack' }, { packId: 'small', amount: 1 }, {}, { planId: 'free' }])
    await refused(checkout(client, wrong), 'invalid-argument', 'InvalidRequest');
  await refused(checkout(visitor(t), { planId: 'pro' }), 'unauthenticated', 'Unauthenticated');
  await refused(client.call('cancelSubscription'), 'failed-precondition', 'NoSubscription');
  const forged = await fetch(`${process.env.STUDIOX_FUNCTIONS_URL}/stripeWebhook`, { method: 'POST', body: '{}' });
  assert.equal(forged.status, 400);
  const { transactions } = await assertAccounted(client);
  assert.equal(transactions.length, 1);
});

test('a plan is subscribed to, used and cancelled', async (t) => {
  const client = await newcomer(t);
  const account = liveUser(t, client);
  const { plans } = await visitor(t).call('getPlans');
  const pro = plans.find(({ id }) => id === 'pro');
  const { url } = await checkout(client, { planId: 'pro' });
  await press(url, 'Apply', { country: 'FR', code: 'ALWAYS25' });
  await press(url, 'Pay');
  const premium = await account.until((user) => user.isPremium && user.buckets.monthly === pro.monthlyTokens, 'the plan');
  assert.deepEqual([premium.plan, premium.balance], ['pro', 200 + pro.monthlyTokens]);
  await refused(checkout(client, { planId: 'pro' }), 'already-exists', 'AlreadySubscribed');
  const { payments: [month] } = await client.call('getBillingHistory');
  assert.deepEqual([month.amount, month.discount, month.tax], TAXED ? [810, 225, 135] : [675, 225, undefined]);

  const { status, currentPeriodEnd, cancelAtPeriodEnd } = await client.call('getSubscription');
  assert.deepEqual([status, cancelAtPeriodEnd], ['active', false]);
  const { nextBillingDate } = await client.call('getNextBillingDate');
  assert.equal(nextBillingDate, currentPeriodEnd);
  const portal = await client.call('createPortalSession');
  assert.equal((await fetch(portal.url)).status, 200);

  await client.call('cancelSubscription');
  assert.equal((await client.call('getSubscription')).cancelAtPeriodEnd, true);
  assert.equal(account.now().isPremium, true, 'what was paid for stays until its end');
  await client.call('cancelSubscription', { atPeriodEnd: false });
  const free = await account.until((user) => user.plan === 'free', 'the end of the plan');
  assert.equal(free.isPremium, false);
  const { events } = await client.call('getSubscriptionHistory');
  assert.ok(events.length >= 2);
  await assertAccounted(client);
});
