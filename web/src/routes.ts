// Which page an address has, and going from one to another.
import { html } from 'lit-html';
import type { App } from './app.ts';
import type { Page } from './page.ts';

type Make = (app: App, id: string) => Page;

/** Each page is a file of its own, fetched when it is opened. */
const ROUTES: readonly [path: RegExp, load: () => Promise<Make>][] = [
  [/^\/$/, async () => (await import('./pages/studio.ts')).studioPage],
  [/^\/library$/, async () => (await import('./pages/library.ts')).libraryPage],
  [/^\/library\/([\w-]+)$/, async () => (await import('./pages/creation.ts')).creationPage],
  [/^\/feed$/, async () => (await import('./pages/feed.ts')).feedPage],
  [/^\/post\/([\w-]+)$/, async () => (await import('./pages/post.ts')).postPage],
  [/^\/tokens$/, async () => (await import('./pages/tokens.ts')).tokensPage],
  [/^\/account$/, async () => (await import('./pages/account.ts')).accountPage],
];

/** The administrators' pages: nobody else's browser fetches them. */
const ADMIN = /^\/admin(?:\/(.*))?$/;

async function administration(app: App): Promise<Make> {
  return app.user?.isAdmin ? (await import('./admin/index.ts')).adminPage : lost;
}

const lost = (): Page => ({
  title: 'Not found',
  view: () => html`<h1>Page not found</h1><p><a href="/">Go to the studio</a></p>`,
});

const unreachable = (): Page => ({
  title: 'No connection',
  view: () => html`<h1>This page could not be loaded</h1>
    <p>Check your connection and <a href="">reload the page</a>.</p>`,
});

const here = (): string => location.pathname + location.search;

export class Router {
  /** The address that is shown. */
  private shown = '';
  private opened = 0;

  constructor(private readonly app: App) {}

  /** Show the page of the current address, from its beginning. */
  async open(): Promise<void> {
    const number = ++this.opened;
    const path = location.pathname;
    const { app } = this;
    const first = app.page === null;
    this.shown = here();
    if (!first) app.show(null);
    const [route, load] = ADMIN.test(path)
      ? ([ADMIN, () => administration(app)] as const)
      : (ROUTES.find(([route]) => route.test(path)) ?? []);
    const make = load ? await load().catch(() => unreachable) : lost;
    if (number !== this.opened) return; // another one was opened meanwhile
    app.page?.stop?.();
    app.connection.forget();
    app.page = make(app, route?.exec(path)?.[1] ?? '');
    document.title = `${app.page.title} · StudioX`;
    app.update();
    if (first) void app.quiet.wait().then(fetchOthers);
    else arrive();
  }

  go(path: string): void {
    history.pushState(null, '', path);
    void this.open();
  }

  /** Follow links of the page, and the browser's buttons. */
  listen(): void {
    document.addEventListener('click', (event) => {
      const link = (event.target as Element).closest<HTMLAnchorElement>('a[href^="/"]');
      const plain = event.button === 0 && !event.ctrlKey && !event.metaKey && !event.shiftKey && !event.altKey;
      if (!link || !plain || link.target || link.hasAttribute('download')) return;
      event.preventDefault();
      this.go(link.pathname + link.search);
    });
    addEventListener('popstate', () => {
      if (here() !== this.shown) void this.open(); // not for `#main`
    });
  }
}

/** At another page: scroll to its top, and move the focus there for screen readers. */
function arrive(): void {
  for (const each of document.querySelectorAll<HTMLElement>('[popover]:popover-open')) each.hidePopover();
  scrollTo(0, 0);
  document.getElementById('main')?.focus({ preventScroll: true });
}

/** The other pages' files, so that a click waits for none, also without a connection. */
function fetchOthers(): void {
  for (const [, load] of ROUTES) void load().catch(() => undefined);
}
