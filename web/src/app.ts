// What all pages share, and the only place that holds it: who is signed in, live account data, messages, rendering.
import type { Calls } from '../../clients/typescript/src/calls.ts';
import { isRefusal } from '../../clients/typescript/src/errors.ts';
import type { Balance, StudioOptions } from '../../clients/typescript/src/index.ts';
import { callables } from './calls.ts';
import { Connection } from './connection.ts';
import { Files, mustBePicture } from './files.ts';
import { kept, keptMine, keptTab } from './kept.ts';
import { notification, type Notification } from './notifications.ts';
import { say, translated } from './language.ts';
import type { Dialog, Draft, Page } from './page.ts';
import { Player } from './player.ts';
import { Quiet } from './quiet.ts';
import { Session, type Person } from './session.ts';
import { Tabs } from './tabs.ts';
import { Toasts, type Offer } from './toasts.ts';
import { madeBy, said, typeName } from './words.ts';
import { frame as english } from './words/en/frame.ts';

const words = translated('frame', english);

type Live = typeof import('./sdk/live.ts');
type Stop = () => void;

const OPTIONS = 'options';
const BALANCE = 'balance';
const ENDED = 'ended';
/** The addresses of pages that show one thing. */
const OF_ONE = /^\/(library|post)\/./;

export class App {
  readonly session: Session;
  readonly studiox: Calls;
  readonly files: Files;
  readonly connection: Connection;
  readonly player = new Player(() => this.update());
  readonly quiet = new Quiet();
  readonly toasts = new Toasts(() => this.update());
  /** The ids of what was deleted and can still be undone: pages do not show it. */
  readonly gone = new Set<string>();
  /** What else follows live data of whoever is signed in. */
  readonly followers: ((uid: string) => Stop)[] = [];
  readonly tabs: Tabs;
  balance = keptMine.read<Balance>(BALANCE);
  notifications: Notification[] = [];
  /** The latest notification, for screen readers. */
  heard = '';
  dialog: Dialog | null = null;
  page: Page | null = null;
  /** The initial values of the studio's form: a remix, or a creation that is used again. */
  draft: Draft | null = null;
  /** The catalogue: the last visit's until this one's is loaded. */
  options = kept.read<StudioOptions>(OPTIONS);
  /** The checkout from which Stripe has just returned the user. */
  bought: string | null = null;
  /** The session was ended elsewhere, so the user is asked to sign in again, also after a reload. */
  ended = keptTab.read<boolean>(ENDED) ?? false;

  private drawing = false;
  private fresh: Promise<StudioOptions | null> | undefined;
  /** The notifications that were there before; null until they are known. */
  private told: Set<string> | null = null;
  private stopAccount: Stop = () => undefined;

  constructor(
    private readonly draw: () => void,
    /** Go to an address; without one, show the current one's page again. */
    readonly go: (path?: string) => void,
  ) {
    this.connection = new Connection(() => this.update());
    this.session = new Session((ended) => this.arrived(ended), () => this.toasts.settle());
    const token = () => this.session.token();
    this.studiox = callables(token, (change, answered) => {
      if (answered) this.connection.answered();
      this.quiet.called(change);
    });
    this.files = new Files(
      token,
      () => this.update(),
      (again) => this.connection.heal(again),
      (change) => this.quiet.called(change),
    );
    this.tabs = new Tabs(() => this.page?.renew?.());
  }

  start(): void {
    this.follow();
    this.go();
    void this.quiet.wait().then(() => this.session.check());
  }

  /** Who is signed in; null while nobody is. */
  get user(): Person | null {
    return this.session.person;
  }

  /** Render again soon, once for several calls. */
  update(): void {
    if (this.drawing) return;
    this.drawing = true;
    setTimeout(() => {
      this.drawing = false;
      this.draw(); // a task of its own: whoever awaits what `attempt` answered has stored it by then
    });
  }

  show(dialog: Dialog | null): void {
    const before = this.dialog;
    // Closing gives the focus back, which taking it off the page does not.
    if (!dialog) document.querySelector('dialog')?.close();
    this.dialog = dialog;
    if (before && before !== dialog) before.closed?.();
    this.update();
  }

  say(text: string, bad = false, offer?: Offer): void {
    this.toasts.say(text, bad, offer);
  }

  /**
   * Delete what has these ids, with an undo: pages hide it at once, and `act` deletes it when the time to undo has
   * passed or the page is left. If that fails, it is shown again.
   */
  delete(text: string, ids: readonly string[], act: () => Promise<unknown>): void {
    const hide = (hidden: boolean) => {
      for (const id of ids) this.gone[hidden ? 'add' : 'delete'](id);
      this.update();
    };
    hide(true);
    const otherwise = async () => (await this.attempt(act)) === null && hide(false);
    this.say(text, false, { label: words.undo, act: () => hide(false), otherwise });
  }

  fail(error: unknown): void {
    if (this.connection.lost && isRefusal(error, 'NoAnswer')) return; // the frame says so, once
    this.say(said(error), true);
  }

  /** Run a call that may be refused. Shows the refusal and returns null then. */
  async attempt<T>(act: () => Promise<T>): Promise<T | null> {
    try {
      return await act();
    } catch (error) {
      this.fail(error);
      return null;
    } finally {
      this.update();
    }
  }

  /** Load what the page shows: as `attempt`, and `again` runs when a lost connection is back. */
  load<T>(read: () => Promise<T>, again: () => void): Promise<T | null> {
    return this.attempt(() => this.connection.loading(read, again));
  }

  /** The catalogue; null if it cannot be loaded. The last visit's is given at once, and loaded again meanwhile. */
  async catalogue(): Promise<StudioOptions | null> {
    this.fresh ??= this.loadCatalogue();
    return this.options ?? this.fresh;
  }

  /** Load the catalogue: a price has changed, or it could not be loaded before. */
  async loadCatalogue(): Promise<StudioOptions | null> {
    const found = await this.load(
      () => this.studiox.getStudioOptions(),
      () => void this.loadCatalogue(),
    );
    if (found) {
      this.options = found;
      kept.write(OPTIONS, found);
      this.page?.changed?.();
    } else this.fresh = undefined;
    return found;
  }

  /** `Picture by Nano Banana`; without the model until the catalogue is loaded, and for a model that it has lost. */
  madeBy(type: string, id: string): string {
    const model = this.options?.models.find((model) => model.id === id);
    return model ? madeBy(type, model.label) : typeName(type);
  }

  /** Upload an input of a job. Resolves to its path. Throws a RangeError for a file that the rules would refuse. */
  async upload(file: File): Promise<string> {
    await mustBePicture(file);
    return (await import('./sdk/upload.ts')).upload(file);
  }

  /** Follow live data, for whoever is signed in. Firestore is fetched for it, after what the page shows first. */
  listen(start: (live: Live) => Stop): Stop {
    if (!this.user) return () => undefined; // a visitor's phone fetches twice the page for it
    let [ended, stop]: [boolean, Stop] = [false, () => undefined];
    void this.quiet.wait()
      .then(() => import('./sdk/live.ts'))
      .then((live) => !ended && (stop = start(live)))
      .catch(() => undefined); // no connection: what is shown stays as it is
    return () => {
      ended = true;
      stop();
    };
  }

  get unread(): number {
    return this.notifications.filter(({ read }) => !read).length;
  }

  /** Mark notifications as read: all, or those for which it holds. */
  async markRead(which: (each: Notification) => boolean = () => true): Promise<void> {
    const { user } = this;
    const unread = this.notifications.filter((each) => !each.read && which(each));
    if (!user || unread.length === 0) return;
    await this.attempt(async () => (await import('./sdk/live.ts')).markRead(user.uid, unread.map((each) => each.id)));
  }

  /** A page was opened: what notifications say about the one thing that it shows has been seen. */
  opened(): void {
    const here = location.pathname;
    if (OF_ONE.test(here)) void this.markRead(({ href }) => href === here);
  }

  /** Another person, or nobody, is signed in. */
  private arrived(ended: boolean): void {
    const { user } = this;
    this.ended = ended;
    if (!user && !ended) keptTab.forget();
    keptTab.write(ENDED, ended || null);
    this.balance = null;
    this.player.close();
    this.files.clear();
    this.follow();
    this.go(); // pages hold what belongs to whoever is signed in
  }

  private follow(): void {
    this.stopAccount();
    this.stopAccount = () => undefined;
    [this.notifications, this.told, this.heard] = [[], null, ''];
    const { user } = this;
    if (!user) return;
    if (this.balance === null) void this.askBalance(user.uid);
    const stops = [
      this.listen(({ followBalance }) => followBalance((balance) => this.hold(balance))),
      this.listen(({ followNotifications }) =>
        followNotifications(user.uid, (all) => this.notify(all.map(notification))),
      ),
      ...this.followers.map((follow) => follow(user.uid)),
    ];
    this.stopAccount = () => stops.forEach((stop) => stop());
  }

  /** The balance, where none is kept: it is here before Firestore is. */
  private async askBalance(uid: string): Promise<void> {
    const found = await this.studiox.getUserBalance().catch(() => null); // the live balance is still to come
    if (found && this.balance === null && this.user?.uid === uid) this.hold(found);
  }

  private hold(balance: Balance | null): void {
    this.balance = balance;
    if (this.user) keptMine.write(BALANCE, balance);
    this.page?.changed?.();
    this.update();
  }

  private notify(all: Notification[]): void {
    const { told } = this;
    const come = told && all.find(({ id }) => !told.has(id));
    if (come) this.heard = [say(come.subject, { name: come.name }), come.title].filter(Boolean).join(': ');
    this.told = new Set(all.map(({ id }) => id));
    this.notifications = all;
    if (!told) this.opened(); // before they were known
    this.page?.changed?.();
    this.update();
  }
}
