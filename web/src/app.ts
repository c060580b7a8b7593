// Shared by all pages: the signed-in user, live account data, navigation, and rendering.
import type { FirebaseApp } from 'firebase/app';
import { getAuth, onAuthStateChanged, type Auth, type User } from 'firebase/auth';
import {
  collection,
  doc,
  getFirestore,
  limit,
  onSnapshot,
  orderBy,
  query,
  Timestamp,
  updateDoc,
  type Firestore,
} from 'firebase/firestore';
import { createStudioX, type Balance, type StudioOptions, type StudioX } from '../../clients/typescript/src/index.ts';
import { Files } from './files.ts';
import { database, region } from './firebase.ts';
import { notification, type Notification } from './notifications.ts';
import type { Dialog, Draft, Page } from './page.ts';
import type { Queue } from './queue.ts';
import { said, typeName } from './words.ts';

interface Toast {
  id: number;
  text: string;
  bad: boolean;
}

const SHOWN_NOTIFICATIONS = 30;
const TOAST_MS = 7_000;

export class App {
  readonly studiox: StudioX;
  readonly auth: Auth;
  readonly firestore: Firestore;
  readonly files: Files;
  /** Undefined until it is known, before any page is shown; null while no user is signed in. */
  user: User | null | undefined;
  /** Whether the ID token says that the user is an administrator. The functions ask Auth. */
  admin = false;
  balance: Balance | null = null;
  notifications: Notification[] = [];
  /** The latest notification, for screen readers. */
  heard = '';
  toasts: Toast[] = [];
  dialog: Dialog | null = null;
  page: Page | null = null;
  /** The initial values of the studio's form: a remix, or a creation that is used again. */
  draft: Draft | null = null;
  /** The user's jobs that are being made, once it is known who that is. */
  queue: Queue | null = null;
  /** The catalogue, once it is loaded. */
  options: StudioOptions | null = null;
  /** Replaced at sign-out, but kept when a visitor signs up. Pages store under it what must last as long. */
  session: object = {};

  /** The checkout from which Stripe has just returned the user. */
  bought: string | null = null;

  private drawing = false;
  private lastToast = 0;
  private stopAccount: () => void = () => undefined;

  constructor(
    readonly firebase: FirebaseApp,
    private readonly draw: () => void,
    /** Go to an address; without one, show the current one's page again. */
    readonly go: (path?: string) => void,
  ) {
    this.studiox = createStudioX(firebase, { region, database });
    this.auth = getAuth(firebase);
    this.firestore = getFirestore(firebase, database);
    this.files = new Files(firebase, () => this.update());
    this.studiox.watchBalance(
      (balance) => {
        this.balance = balance;
        this.page?.changed?.();
        this.update();
      },
      () => undefined, // signed out while listening
    );
    onAuthStateChanged(this.auth, (user) => {
      if (this.user !== undefined && user?.uid === this.user?.uid) return;
      if (user === null) {
        this.session = {};
        this.options = null;
      }
      this.user = user;
      this.admin = false;
      void this.isAdmin().then((admin) => this.user === user && admin && (this.admin = true) && this.update());
      this.files.clear();
      this.follow(user);
      void this.openQueue(user).catch(() => undefined); // without a connection there is none to show
      this.go(); // pages hold what belongs to whoever is signed in
    });
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

  say(text: string, bad = false): void {
    const toast = { id: ++this.lastToast, text, bad };
    this.toasts = [...this.toasts.slice(-2), toast];
    this.update();
    setTimeout(() => this.hush(toast.id), TOAST_MS);
  }

  hush(id: number): void {
    this.toasts = this.toasts.filter((each) => each.id !== id);
    this.update();
  }

  fail(error: unknown): void {
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

  /** The catalogue, loaded once; null if it cannot be. */
  async catalogue(): Promise<StudioOptions | null> {
    this.options ??= await this.attempt(() => this.studiox.getStudioOptions());
    return this.options;
  }

  /** `Picture by Nano Banana`; without the model until the catalogue is loaded, and for a model that it has lost. */
  madeBy(type: string, id: string): string {
    const model = this.options?.models.find((model) => model.id === id);
    return model ? `${typeName(type)} by ${model.label}` : typeName(type);
  }

  /** False also if the token cannot be had. */
  async isAdmin(): Promise<boolean> {
    const token = await this.user?.getIdTokenResult().catch(() => null);
    return token?.claims['admin'] === true;
  }

  get unread(): number {
    return this.notifications.filter(({ read }) => !read).length;
  }

  /** Mark all notifications as read, or one. */
  async markRead(id?: string): Promise<void> {
    const { user } = this;
    if (!user) return;
    const now = Timestamp.now();
    const unread = this.notifications.filter((each) => !each.read && (id === undefined || each.id === id));
    await this.attempt(() =>
      Promise.all(
        unread.map(({ id }) => updateDoc(doc(this.firestore, 'users', user.uid, 'notifications', id), { readAt: now })),
      ),
    );
  }

  private async openQueue(user: User | null): Promise<void> {
    this.queue?.stop();
    this.queue = null;
    if (!user) return;
    const { Queue } = await import('./queue.ts');
    if (this.user === user) this.queue = new Queue(this, user.uid); // nobody else has signed in meanwhile
  }

  private follow(user: User | null): void {
    this.stopAccount();
    this.stopAccount = () => undefined;
    this.notifications = [];
    this.heard = '';
    if (!user) return;
    let first = true;
    const newest = query(
      collection(this.firestore, 'users', user.uid, 'notifications'),
      orderBy('createdAt', 'desc'),
      limit(SHOWN_NOTIFICATIONS),
    );
    this.stopAccount = onSnapshot(
      newest,
      (found) => {
        const known = first ? null : new Set(this.notifications.map(({ id }) => id));
        first = false;
        this.notifications = found.docs.map((each) => notification(each.id, each.data()));
        const come = known && this.notifications.find(({ id }) => !known.has(id));
        if (come) this.heard = [come.subject, come.title].filter(Boolean).join(': ');
        this.page?.changed?.();
        this.update();
      },
      () => undefined,
    );
  }
}
