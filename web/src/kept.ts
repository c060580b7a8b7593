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
/** What was typed at this tab; it is there after a reload. */
export const keptTab = new Shelf(sessionStorage, PREFIX);

/** Forget what another version of the page has kept. */
new Shelf(localStorage, 'studiox.').forget((key) => key.startsWith(PREFIX));
