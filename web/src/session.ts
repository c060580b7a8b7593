// Who is signed in. It is kept in this browser until sign-out, so that a page need not wait for Auth.
import type { User } from 'firebase/auth';
import { keptMine, PERSON } from './kept.ts';
import { keepToken, keptToken } from './token.ts';

export interface Person {
  uid: string;
  email: string | null;
  emailVerified: boolean;
  /** Whether the account has a password, and not only a provider such as Google. */
  hasPassword: boolean;
  /** An administrator by the claims of the ID token. The functions check it themselves. */
  isAdmin: boolean;
}

type Sdk = typeof import('./sdk/auth.ts');

export class Session {
  /** Null while nobody is signed in. */
  person = keptMine.read<Person>(PERSON);
  private loading: Promise<Sdk> | undefined;
  /** Auth has said who is signed in. */
  private known = false;

  constructor(
    /** Another person or nobody is signed in. `ended`: the session was ended elsewhere, and not by signing out here. */
    private readonly changed: (ended: boolean) => void,
    /** Resolves when nothing more is to be done in this person's name. */
    private readonly settled: () => Promise<void>,
  ) {
    // Somebody signed in at another tab. Auth itself tells the tabs about everything else.
    addEventListener('storage', ({ key, newValue }) => {
      if (key === keptMine.key(PERSON) && newValue !== null) void this.sdk().catch(() => undefined);
    });
  }

  /** Ask Auth whether the session still holds: not before the page has what it shows first. */
  check(): void {
    if (this.person) void this.sdk().catch(() => undefined); // without a connection a call asks again
  }

  /** Auth, fetched when it is first needed: visitors do not need it. */
  sdk(): Promise<Sdk> {
    this.loading ??= import('./sdk/auth.ts').then(
      (sdk) => {
        sdk.onUser((user) => void this.arrived(user));
        return sdk;
      },
      (error: unknown) => {
        this.loading = undefined;
        throw error;
      },
    );
    return this.loading;
  }

  /** The token for a call; null for a visitor's. */
  async token(): Promise<string | null> {
    if (this.person === null && !this.loading) return null;
    return (this.known ? null : keptToken()) ?? (await this.sdk()).idToken();
  }

  async signOut(): Promise<void> {
    const sdk = await this.sdk();
    await this.settled();
    keptMine.forget();
    await sdk.leave();
  }

  /** Sign in or up by one of Auth's ways; it is known who it is when this resolves. */
  async enter(way: (sdk: Sdk) => Promise<void>): Promise<void> {
    const sdk = await this.sdk();
    await way(sdk);
    await this.arrived(sdk.currentUser());
  }

  /** Ask Auth again whether the e-mail address is confirmed. */
  async look(): Promise<void> {
    const sdk = await this.sdk();
    await sdk.look();
    await this.arrived(sdk.currentUser());
  }

  private async arrived(user: User | null): Promise<void> {
    const found = user && (await this.personOf(user));
    const sdk = await this.sdk();
    if (user !== sdk.currentUser()) return; // somebody else meanwhile
    this.known = true;
    const before = this.person;
    const ended = found === null && keptMine.read(PERSON) !== null;
    if (found?.uid !== before?.uid) keptMine.forget();
    this.person = found;
    keptMine.write(PERSON, found);
    keepToken(user && sdk.tokenOf(user));
    if (found?.uid !== before?.uid || found?.isAdmin !== before?.isAdmin) this.changed(ended);
  }

  private async personOf(user: User): Promise<Person> {
    const { uid, email, emailVerified, providerData } = user;
    const known = this.person?.uid === uid && this.person.isAdmin; // without a connection the token may have expired
    const isAdmin = await user.getIdTokenResult().then(({ claims }) => claims['admin'] === true, () => known);
    const hasPassword = providerData.some(({ providerId }) => providerId === 'password');
    return { uid, email, emailVerified, hasPassword, isAdmin };
  }
}
