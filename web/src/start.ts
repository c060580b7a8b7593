// Starts the page: what all pages share, and the page of the address.
import { html, render } from 'lit-html';
import { App } from './app.ts';
import { watchConfirmation } from './confirm.ts';
import { watchReferral } from './invite.ts';
import { shown, translated } from './language.ts';
import { configure } from './project.ts';
import { Queue } from './queue.ts';
import { Router } from './router.ts';
import { shell } from './shell.ts';
import { followTheme } from './theme.ts';
import { frame as english } from './words/en/frame.ts';

const words = translated('frame', english);
const root = document.getElementById('app')!;

await configure().catch((error: unknown) => {
  const again = shown(words.checkConnection, { reload: html`<a href="">${words.reload}</a>` });
  render(html`<main><h1>${words.notReached}</h1><p>${again}</p></main>`, root);
  throw error;
});

const app: App = new App(
  () => render(shell(app, queue), root),
  (path) => (path === undefined ? void router.open() : router.go(path)),
);
const queue = new Queue(app);
const router = new Router(app);
router.listen();
watchConfirmation(app);
watchReferral(app);
followTheme(() => app.update());

// Pictures open in the lightbox, films by their button: a click on a film plays it.
document.addEventListener('click', ({ target }) => {
  const frame = (target as Element).closest('main .frame');
  if (!frame || !(target as Element).closest('img, button')) return;
  void import('./lightbox.ts').then(({ lightbox }) => lightbox(app, frame)).catch((error) => app.fail(error));
});

// Stripe returns users to `/?checkout=…` and `/?portal=…`.
const back = new URLSearchParams(location.search);
if (back.has('checkout') || back.has('portal')) {
  history.replaceState(history.state, '', '/tokens');
  if (back.get('checkout') === 'success') app.bought = back.get('session_id');
  if (back.get('checkout') === 'cancelled') app.say(words.nothingBought);
}

// Google returns them to `/#state=…`, and the token must not stay in the address.
const answer = new URLSearchParams(location.hash.slice(1));
if (answer.has('state')) {
  history.replaceState(history.state, '', location.pathname);
  void import('./google.ts').then(({ fromGoogle }) => fromGoogle(app, answer)).catch((error) => app.fail(error));
}

app.start();
