// Whether there is a connection, and what is loaded again when it is back.
import { isRefusal } from '../../clients/typescript/src/errors.ts';

const FIRST_PAUSE_MS = 4_000;
const LAST_PAUSE_MS = 60_000;

export class Connection {
  /** Nothing that the page asks for is answered. */
  lost = !navigator.onLine;
  /** The number of the page that is shown. */
  visit = 0;
  private readonly failed = new Set<() => void>();
  private pause = FIRST_PAUSE_MS;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly changed: () => void) {
    addEventListener('offline', () => this.set(true));
    addEventListener('online', () => this.back());
  }

  /** Something of this visit to a page could not be loaded: `again` runs when there is a connection. */
  heal(again: () => void, visit = this.visit): void {
    if (visit !== this.visit) return;
    this.failed.add(again);
    this.set(true);
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.repeat(), this.pause);
    this.pause = Math.min(LAST_PAUSE_MS, this.pause * 2);
  }

  /** Load something. If there is no answer, `again` runs when there is a connection. */
  async loading<T>(read: () => Promise<T>, again: () => void): Promise<T> {
    const { visit } = this;
    try {
      return await read();
    } catch (error) {
      if (isRefusal(error, 'NoAnswer')) this.heal(again, visit);
      throw error;
    }
  }

  /** A call was answered. */
  answered(): void {
    if (this.lost) this.back();
  }

  /** Another page is shown: what the last one could not load is of no use. */
  forget(): void {
    this.visit += 1;
    this.failed.clear();
  }

  private back(): void {
    this.pause = FIRST_PAUSE_MS;
    this.set(false);
    this.repeat();
  }

  private repeat(): void {
    clearTimeout(this.timer);
    const all = [...this.failed];
    this.failed.clear();
    for (const again of all) again();
  }

  private set(lost: boolean): void {
    this.lost = lost;
    this.changed();
  }
}
