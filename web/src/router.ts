// Going from one page to another.
import { html } from 'lit-html';
import type { App } from './app.ts';
import { shown, translated } from './language.ts';
import type { Page } from './page.ts';
import { ROUTES, routeOf, type Make } from './routes.ts';
import { forgetBegun } from './send.ts';
import { frame as english } from './words/en/frame.ts';

const words = translated('frame', english);

/** The administrators' pages: nobody else's browser fetches them. */
const ADMIN = /^\/admin(?:\/(.*))?$/;

async function administration(app: App): Promise<Make> {
  return app.user?.isAdmin ? (await import('./admin/index.ts')).adminPage : lost;
}

const lost = (): Page => ({
  title: words.notFound,
  view: () => html`<h1>${words.pageNotFound}</h1><p><a href="/">${words.goToStudio}</a></p>`,
});

const unreachable = (): Page => ({
  title: words.noConnection,
  view: () => html`<h1>${words.notLoaded}</h1>
    <p>${shown(words.checkConnection, { reload: html`<a href="">${words.reload}</a>` })}</p>`,
});

const here = (): string => location.pathname + location.search;

/** What an entry of the browser's history remembers: its own id, and the page from which it was gone to. */
interface Entry {
  id: string;
  from: string;
}
const newEntry = (from: string): Entry => ({ id: crypto.randomUUID(), from });

/** A list that was left, and the place in it. */
interface Left {
  page: Page;
  user: string | undefined;
  y: number;
}
/** As many as somebody goes back to. */
const LEFT = 10;

export class Router {
  /** The address that is shown. */
  private shown = '';
  private opened = 0;
  private entry: Entry | null = null;
  private readonly left = new Map<string, Left>();

  constructor(private readonly app: App) {}

  /** Show the page of the current address: as it was left, if the browser went back to a list, else its beginning. */
  async open(): Promise<void> {
    const number = ++this.opened;
    const path = location.pathname;
    const { app } = this;
    const first = app.page === null;
    this.shown = here();
    if (!first) app.show(null);
    const { route, id } = routeOf(path);
    const load = ADMIN.test(path) ? () => administration(app) : route?.load;
    const make = load ? await load().catch(() => unreachable) : lost;
    if (number !== this.opened) return; // another one was opened meanwhile
    const known = this.leave();
    app.connection.forget();
    app.page = known?.page ?? make(app, id || (ADMIN.exec(path)?.[1] ?? ''));
    known?.page.resume?.();
    app.opened();
    document.title = `${app.page.title} · StudioX`;
    app.update();
    if (first) {
      forgetBegun();
      app.quiet.called(-1); // it has begun its calls
      void app.quiet.wait().then(fetchOthers);
    } else arrive(known?.y ?? 0);
  }

  go(path: string): void {
    history.pushState(newEntry(location.pathname), '', path);
    void this.open();
  }

  /** End the page that is shown, and keep it if it can go on; what was kept of the entry that is gone to. */
  private leave(): Left | undefined {
    const { app, left } = this;
    const [before, entry] = [this.entry, (history.state as Entry | null) ?? newEntry('')];
    history.replaceState(entry, '');
    this.entry = entry;
    const elsewhere = before !== null && entry.id !== before.id;
    if (elsewhere) app.player.keep();
    app.page?.stop?.();
    if (!elsewhere) return undefined;
    if (app.page?.resume) left.set(before.id, { page: app.page, user: app.user?.uid, y: scrollY });
    const [oldest] = left.keys();
    if (left.size > LEFT && oldest !== undefined) left.delete(oldest);
    const known = left.get(entry.id);
    left.delete(entry.id);
    return known?.user === app.user?.uid ? known : undefined;
  }

  /** Follow links of the page, and the browser's buttons. */
  listen(): void {
    history.scrollRestoration = 'manual';
    document.addEventListener('click', (event) => {
      const link = (event.target as Element).closest<HTMLAnchorElement>('a[href^="/"]');
      const plain = event.button === 0 && !event.ctrlKey && !event.metaKey && !event.shiftKey && !event.altKey;
      if (!link || !plain || link.target || link.hasAttribute('download')) return;
      event.preventDefault();
      if ('back' in link.dataset && this.entry?.from === link.pathname) history.back();
      else this.go(link.pathname + link.search);
    });
    addEventListener('popstate', () => {
      if (here() !== this.shown) void this.open(); // not for `#main`
    });
  }
}

/** At another page: scroll to the place, and move the focus there for screen readers. */
function arrive(y: number): void {
  for (const each of document.querySelectorAll<HTMLElement>('[popover]:popover-open')) each.hidePopover();
  setTimeout(() => scrollTo(0, y)); // once it is drawn
  document.getElementById('main')?.focus({ preventScroll: true });
}

/** The other pages' files, so that a click waits for none, also without a connection. */
function fetchOthers(): void {
  for (const { load } of ROUTES) void load().catch(() => undefined);
}
