// What the browser tests share: Chromium, people with a page each, and what must hold on every page whatever is tested.
import assert from 'node:assert/strict';
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { after, test } from 'node:test';
import { signInWithEmailAndPassword } from 'firebase/auth';
import { chromium, devices } from 'playwright-core';
import { connect } from '../../local/client.mjs';
import { address, PASSWORD } from '../journeys/support.mjs';

export { address, PASSWORD };
const SITE = process.env.STUDIOX_HOSTING_URL;
const ROOT = new URL('../../', import.meta.url).pathname;
const PICTURES = `${ROOT}docs/pictures`;
// The emulator may use a worker's connection just as the worker closes it: then an answer, or the one before it about
// CORS, comes from the emulator itself. The client asks again, so what the page needs is there or the test misses it.
const FUNCTIONS = process.env.STUDIOX_FUNCTIONS_URL;
const LOST = /blocked by CORS policy|net::ERR_FAILED|status of 500/;
const MAX_PICTURE_BYTES = 300_000;
const PATIENCE_MS = Number(process.env.PATIENCE_MS ?? 45_000);
const LOOPBACK = /^(https?|wss?):\/\/(127\.0\.0\.1|localhost)(:\d+)?\/|^(data|blob|about):/;
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  // A name outside this machine is not even looked up; who asks for one is found by `LOOPBACK`.
  '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost',
];
const AXE_RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

export const DESKTOP = { viewport: { width: 1280, height: 800 }, colorScheme: 'light' };
export const PHONE = {
  userAgent: devices['Pixel 7'].userAgent, // the Auth SDK asks for it
  viewport: { width: 390, height: 844 },
  deviceScaleFactor: 2,
  hasTouch: true,
  isMobile: true,
  colorScheme: 'dark',
};

let browser;
after(() => browser?.close());

/**
 * A test of a person's way through the page; `visit(options)` gives a page of its own to each person. The test fails,
 * whatever it looks at, for an error in the page, for one on the console that it did not `allow`, and for a request
 * that would have left this machine. What the pages looked like when it failed is kept in .local/pictures.
 */
export function story(name, tell) {
  test(name, { timeout: 180_000 }, async (t) => {
    browser ??= await chromium.launch({ executablePath: process.env.CHROMIUM_PATH, args: FLAGS });
    const people = [];
    const visit = async (options = {}) => {
      const person = await meet(options);
      people.push(person);
      return person;
    };
    try {
      await tell(visit, t);
      await Promise.all(people.map(({ told }) => Promise.all(told)));
      const problems = people.flatMap((person) => person.problems());
      assert.deepEqual(problems, [], 'errors in the page');
    } catch (error) {
      for (const [i, { page, problems }] of people.entries()) {
        const file = `${ROOT}.local/pictures/failed-${name.replaceAll(/\W+/g, '-').slice(0, 60)}-${i}`;
        await mkdir(`${ROOT}.local/pictures`, { recursive: true });
        await page.screenshot({ path: `${file}.png` }).catch(() => undefined);
        const seen = await page.locator('body').ariaSnapshot({ timeout: 2_000 }).catch(String);
        await writeFile(`${file}.txt`, [page.url(), ...problems(), seen, ''].join('\n'));
        t.diagnostic(`the page is in ${file}.png and .txt`);
      }
      throw error;
    } finally {
      await Promise.all(people.map(({ context }) => context.close()));
    }
  });
}

async function meet(options) {
  // A page that a test answers in Google's place is outside this machine for Chromium: what it leads to asks leave.
  const usual = { reducedMotion: 'reduce', locale: 'en-GB', permissions: ['local-network-access'] };
  const context = await browser.newContext({ baseURL: SITE, ...usual, ...options });
  context.setDefaultTimeout(PATIENCE_MS);
  const page = await context.newPage();
  const allowed = [];
  const found = [];
  const told = [];
  const note = (problem) => found.push(problem);
  context.on('request', (request) => LOOPBACK.test(request.url()) || note(`left this machine: ${request.url()}`));
  context.on('weberror', (error) => note(`thrown: ${error.error().stack ?? error.error()}`));
  context.on('console', (line) => {
    const said = `${line.text()} (${line.location().url})`;
    if (!['error', 'warning'].includes(line.type()) || (said.includes(FUNCTIONS) && LOST.test(said))) return;
    note(`console: ${said}`);
  });
  context.on('response', (answer) => {
    if (answer.status() !== 500 || !answer.url().startsWith(FUNCTIONS)) return;
    const bug = (text) => /"status":\s*"INTERNAL"/.test(text) && note(`a bug: ${answer.url()}`);
    told.push(answer.text().then(bug, () => undefined)); // whoever left the page meanwhile has no text
  });
  return {
    context,
    page,
    email: address(),
    told,
    /** The console may say this: what the browser itself notes of a refusal that the test provokes. */
    allow: (pattern) => allowed.push(pattern),
    problems: () => found.filter((problem) => !allowed.some((pattern) => pattern.test(problem))),
  };
}

/** Axe finds nothing against WCAG 2.2 AA or good practice on the page as it is. */
export async function accessible(page, what = new URL(page.url()).pathname) {
  if (!(await page.evaluate(() => 'axe' in window)))
    await page.evaluate(await readFile(`${ROOT}node_modules/axe-core/axe.min.js`, 'utf8'));
  const { violations } = await page.evaluate(
    (values) => window.axe.run(document, { runOnly: { type: 'tag', values }, resultTypes: ['violations'] }),
    AXE_RULES,
  );
  const told = violations.map(
    ({ id, help, nodes }) => `${id}: ${help}\n${nodes.map(({ target, failureSummary }) => `  ${target.join(' ')}\n    ${failureSummary.replaceAll('\n', '\n    ')}`).join('\n')}`,
  );
  assert.equal(told.join('\n'), '', `not accessible: ${what}`);
}

/** Nothing is wider than the window. A phone's `innerWidth` grows with what is in it, so it is not asked. */
export async function fits(page) {
  const wide = await page.evaluate((width) => {
    if (document.documentElement.scrollWidth <= width) return [];
    const over = [...document.querySelectorAll('body *')].filter((each) => each.getBoundingClientRect().right > width + 1);
    return [`${document.documentElement.scrollWidth} > ${width}`, ...over.slice(0, 5).map((each) => each.outerHTML.slice(0, 120))];
  }, page.viewportSize().width);
  assert.deepEqual(wide, [], `${page.url()} scrolls sideways`);
}

/** What people see and hear of the page has no words in Latin letters, but for names and what people wrote. */
export async function inArabic(page, what = page.url()) {
  const left = await page.evaluate(() => {
    const latin = (text) => /[A-Za-z]{2}/.test(text?.replace(/\u2068[^\u2069]*\u2069|StudioX|Google|Stripe|UTC|US\$|https?:\S+|\S+@\S+/g, '') ?? '');
    const wrote = [...document.querySelectorAll('[dir=auto], bdi')].map((each) => each.textContent.trim()).filter(Boolean);
    const theirs = '[dir=auto], bdi, [lang]:not(html), script, style, code, noscript';
    const all = [...document.querySelectorAll('body *')].filter((each) => !each.closest(theirs) && each.checkVisibility());
    return all.flatMap((each) => [
      ...[...each.childNodes].filter(({ nodeType, data }) => nodeType === Node.TEXT_NODE && latin(data)).map(({ data }) => data.trim()),
      ...['aria-label', 'title', 'placeholder'].map((name) => each.getAttribute(name)).filter((label) => latin(label) && !wrote.some((text) => label.startsWith(text))),
    ]);
  });
  assert.deepEqual(left, [], `not in Arabic: ${what}`);
}

/** There are such pictures, each is brought into sight, and all get decoded. */
export async function decoded(pictures) {
  const all = (found) =>
    found.length > 0 &&
    found.every((each) => {
      each.scrollIntoView({ block: 'nearest' }); // they are loaded when they are about to be seen
      return each instanceof HTMLImageElement && each.complete && each.naturalWidth > 0;
    });
  await until(() => pictures.evaluateAll(all), `decoded pictures: ${pictures}`);
}

/** Wait until it holds. */
export async function until(holds, what = String(holds)) {
  for (const late = Date.now() + PATIENCE_MS; !(await holds()); await new Promise((resolve) => setTimeout(resolve, 50)))
    assert.ok(Date.now() < late, `never seen: ${what}`);
}

/** Press Tab until this has the focus; whatever has it on the way must show it. */
export async function tabTo(page, target, key = 'Tab') {
  for (let steps = 0; steps < 120; steps++) {
    await page.keyboard.press(key);
    await showsFocus(page);
    if (await target.evaluate((element) => element === document.activeElement)) return;
  }
  assert.fail(`${target} is not reached by ${key}`);
}

/** What has the focus has an outline that is seen. */
export async function showsFocus(page) {
  const unseen = await page.evaluate(() => {
    const focused = document.activeElement;
    if (!focused || focused === document.body || /^(video|audio)$/i.test(focused.tagName)) return null; // the browser's own controls
    const shows = (element) => {
      const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(element);
      return (outlineStyle !== 'none' && parseFloat(outlineWidth) > 0) || boxShadow !== 'none';
    };
    return shows(focused) || (focused.parentElement && shows(focused.parentElement)) ? null : focused.outerHTML.slice(0, 160);
  });
  assert.equal(unseen, null, 'the focus is not seen');
}

/** End all sessions of this person, as another browser of theirs does. */
export async function endSessions(t, email) {
  const elsewhere = connect();
  t.after(() => elsewhere.close());
  await signInWithEmailAndPassword(elsewhere.auth, email, PASSWORD);
  await elsewhere.call('revokeSessions');
}

/** Keep a picture of the page as it is, for the README. */
export async function picture(page, name, options = {}) {
  await mkdir(PICTURES, { recursive: true });
  const path = `${PICTURES}/${name}.png`;
  await page.screenshot({ path, animations: 'disabled', ...options });
  const { size } = await stat(path);
  assert.ok(size < MAX_PICTURE_BYTES, `${path} has ${size} bytes`);
}

/** Make an account by the page's own dialog; the page is the one that the person was on. */
export async function signUp({ page, email }, name) {
  await page.getByRole('button', { name: 'Sign up', exact: true }).first().click();
  const dialog = page.getByRole('dialog', { name: 'Sign in' });
  if (name) await dialog.getByLabel('Name').fill(name);
  await dialog.getByLabel('E-mail address').fill(email);
  await dialog.getByLabel('Password').fill(PASSWORD);
  await dialog.getByRole('button', { name: 'Sign up', exact: true }).click();
  await dialog.waitFor({ state: 'detached' });
}

export async function signIn({ page, email }, password = PASSWORD) {
  await page.getByRole('button', { name: 'Sign in', exact: true }).first().click();
  const dialog = page.getByRole('dialog', { name: 'Sign in' });
  await dialog.getByLabel('E-mail address').fill(email);
  await dialog.getByLabel('Password').fill(password);
  await dialog.getByRole('button', { name: 'Sign in', exact: true }).click();
  return dialog;
}

export async function signOut(page) {
  await page.getByRole('button', { name: 'Your account' }).click();
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByRole('button', { name: 'Sign up', exact: true }).first().waitFor();
}

/** Wait until the header shows this balance. */
export const balance = (page, tokens) =>
  page.getByRole('link', { name: `Your balance: ${tokens.toLocaleString('en')} token` }).waitFor();

const models = (form) => form.getByRole('radiogroup', { name: 'Model' });

/** Choose a model, by its id, in the order form. */
export const choose = (form, model) => models(form).locator(`input[value="${model}"]`).check();

/** The id of the model that is chosen in the order form. */
export const chosen = (form) => models(form).locator(':checked').inputValue();

/** Fill the order form and send it, by `click` or `tap`; the card of the new job. */
export async function order(page, { type, model, prompt }, press = 'click') {
  const form = page.getByRole('form', { name: 'Order' });
  await form.getByRole('radio', { name: type, exact: true }).check();
  if (model) await choose(form, model);
  await form.getByRole('textbox', { name: /^Prompt/ }).fill(prompt);
  await form.getByRole('button', { name: /^Generate/ })[press]();
  const card = page.getByRole('article', { name: prompt });
  await card.waitFor();
  return card;
}
