// What this browser keeps for the next visit. Whatever belongs to a person goes at sign-out.
const VERSION = 1;
const PREFIX = `studiox.${VERSION}.`;
/** The most characters of one value; a larger one is not kept. */
const MOST = 300_000;

export class Shelf {
  constructor(
    private readonly storage: Storage,
    private readonly prefix: string,
  ) {}

  /** The key of a value, as events of other tabs name it. */
  key(name: string): string {
    return this.prefix + name;
  }

  read<T>(name: string): T | null {
    try {
      return JSON.parse(this.storage.getItem(this.key(name)) ?? 'null') as T | null;
    } catch {
      return null;
    }
  }

  write(name: string, value: unknown): void {
    const text = JSON.stringify(value);
    try {
      if (value === null || text.length > MOST) this.storage.removeItem(this.key(name));
      else this.storage.setItem(this.key(name), text);
    } catch {
      // No room: the next visit asks again.
    }
  }

  forget(unless: (key: string) => boolean = () => false): void {
    for (const key of Object.keys(this.storage))
      if (key.startsWith(this.prefix) && !unless(key)) this.storage.removeItem(key);
  }
}

/** Data that anybody may see, such as the catalogue. */
export const kept = new Shelf(localStorage, PREFIX);
/** Data of the person who is signed in. */
export const keptMine = new Shelf(localStorage, `${PREFIX}mine.`);
/** The name under which `keptMine` has who that is. */
export const PERSON = 'person';
/** What was typed at this tab; it is there after a reload. */
export const keptTab = new Shelf(sessionStorage, PREFIX);

interface Typed<T> {
  /** Who typed it; null: a visitor. */
  owner: string | null;
  value: T;
}

/** Who uses the page. */
interface Reader {
  readonly user: { readonly uid: string } | null;
}

/**
 * What was typed into one form, until it is sent: it is there after an error, sign-in and a reload. It is the tab's, so
 * two tabs may hold two drafts; sign-out at either forgets both. A visitor's belongs to whoever signs in, and a
 * person's is given to nobody else.
 */
export class Drafted<T> {
  constructor(
    private readonly app: Reader,
    private readonly name: string,
  ) {}

  /** Whose it is, also after the session's end; null: a visitor's, or nothing is typed. */
  get owner(): string | null {
    return this.typed?.owner ?? null;
  }

  read(): T | null {
    const { typed } = this;
    const uid = this.app.user?.uid;
    if (!typed || (typed.owner && uid && typed.owner !== uid)) return null;
    if (uid && !typed.owner) this.write(typed.value);
    return typed.value;
  }

  write(value: T): void {
    keptTab.write(this.name, { owner: this.app.user?.uid ?? this.owner, value } satisfies Typed<T>);
  }

  forget(): void {
    keptTab.write(this.name, null);
  }

  private get typed(): Typed<T> | null {
    return keptTab.read<Typed<T>>(this.name);
  }
}

class DraftedFields extends Drafted<Record<string, string>> {
  /** The form's `@input` event: keep all of its fields. */
  readonly keep = ({ currentTarget }: Event): void => {
    const fields = [...new FormData(currentTarget as HTMLFormElement)];
    this.write(Object.fromEntries(fields.filter((each): each is [string, string] => typeof each[1] === 'string')));
  };

  /** A field's text; `otherwise` until something is typed into the form. */
  text(field: string, otherwise = ''): string {
    return this.read()?.[field] ?? otherwise;
  }

  /** Whether a box is checked; `otherwise` until something is typed into the form. */
  checked(field: string, otherwise = false): boolean {
    const typed = this.read();
    return typed === null ? otherwise : field in typed;
  }
}

/** The draft of a form of plain fields: `@input=${draft.keep}` keeps it, `.value=${draft.text(…)}` gives it back. */
export const keptDraft = (app: Reader, name: string): DraftedFields => new DraftedFields(app, `draft.${name}`);

/** Forget what another version of the page has kept. */
new Shelf(localStorage, 'studiox.').forget((key) => key.startsWith(PREFIX));
