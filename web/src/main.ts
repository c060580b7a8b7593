import './style.css';
import { html, render } from 'lit-html';
import { App, type Page } from './app.ts';
import { connect } from './firebase.ts';
import { accountPage } from './pages/account.ts';
import { feedPage } from './pages/feed.ts';
import { creationPage, libraryPage } from './pages/library.ts';
import { postPage } from './pages/post.ts';
import { studioPage } from './pages/studio.ts';
import { tokensPage } from './pages/tokens.ts';
import { shell } from './shell.ts';

const root = document.getElementById('app')!;
const saved = localStorage.getItem('theme');
if (saved) document.documentElement.dataset['theme'] = saved;

const ROUTES: readonly [path: RegExp, page: (app: App, id: string) => Page][] = [
  [/^\/$/, studioPage],
  [/^\/library$/, libraryPage],
  [/^\/library\/([\w-]+)$/, creationPage],
  [/^\/feed$/, feedPage],
  [/^\/post\/([\w-]+)$/, postPage],
  [/^\/tokens$/, tokensPage],
  [/^\/account$/, accountPage],
];

const lost = (): Page => ({
  title: 'Not found',
  view: () => html`<h1>Page not found</h1><p><a href="/">Go to the studio</a></p>`,
});

let shown = '';

function open(path: string): void {
  shown = location.pathname + location.search;
  app.page?.stop?.();
  app.show(null);
  const [found, page] = ROUTES.map(([route, make]) => [route.exec(path), make] as const).find(([match]) => match) ?? [];
  app.page = page ? page(app, found?.[1] ?? '') : lost();
  document.title = `${app.page.title} · StudioX`;
  app.update();
}

/** Go to another page: scroll to its top, and move the focus there for screen readers. */
function arrive(): void {
  for (const each of document.querySelectorAll<HTMLElement>('[popover]:popover-open')) each.hidePopover();
  scrollTo(0, 0);
  document.getElementById('main')?.focus({ preventScroll: true });
}

const firebase = await connect().catch((error: unknown) => {
  render(html`<main><h1>StudioX cannot be reached</h1><p>Check your connection and <a href="">reload the page</a>.</p></main>`, root);
  throw error;
});

const app = new App(
  firebase,
  () => render(shell(app), root),
  (path) => {
    const first = app.page === null;
    open(path);
    if (!first) arrive();
  },
);

document.addEventListener('click', (event) => {
  const link = (event.target as Element).closest<HTMLAnchorElement>('a[href^="/"]');
  const plain = event.button === 0 && !event.ctrlKey && !event.metaKey && !event.shiftKey && !event.altKey;
  if (!link || !plain || link.target || link.hasAttribute('download')) return;
  event.preventDefault();
  app.go(link.pathname + link.search);
});
addEventListener('popstate', () => location.pathname + location.search !== shown && open(location.pathname)); // not for `#main`

// Stripe returns users to `/?checkout=…` and `/?portal=…`.
const back = new URLSearchParams(location.search);
if (back.has('checkout') || back.has('portal')) {
  history.replaceState(null, '', '/tokens');
  if (back.get('checkout') === 'success') app.bought = back.get('session_id');
  if (back.get('checkout') === 'cancelled') app.say('Nothing was bought, and you were not charged.');
}
