// Files in Cloud Storage as addresses for elements. A private one is fetched once, with the user's token.
import { checkToken } from './calls.ts';
import { say, translated } from './language.ts';
import { fileUrl } from './project.ts';
import { forgetThumbnails, keepThumbnail, keptThumbnail } from './thumbnails.ts';
import { shortened } from './words.ts';
import { making } from './words/en/making.ts';
import { refusals } from './words/en/refusals.ts';

const KEPT = 200;
/** The largest file that is fetched whole, in bytes. Larger ones play from the address that getCreation signs. */
export const MOST = 16 * 1024 * 1024;

/** The browser has begun to save a file after this long. */
const SAVED_MS = 60_000;

export class Files {
  /** Addresses by path. Empty: it is being fetched, or could not be; null: it has been deleted. */
  private found = new Map<string, string | null>();

  constructor(
    private readonly token: () => Promise<string | null>,
    private readonly arrived: () => void,
    /** Calls back when a lost connection is there again. */
    private readonly heal: (again: () => void) => void,
    /** Told when a file begins to be fetched (1), and when it is here or could not be had (-1). */
    private readonly fetching: (change: 1 | -1) => void,
  ) {}

  /** The file's address. Empty while it is being fetched, if that failed, and if the file is too large. */
  private(path: string, bytes = 0): string {
    if (bytes > MOST) return '';
    const known = this.found.get(path);
    if (known === undefined) {
      this.found.set(path, '');
      void this.load(path);
    }
    return known ?? '';
  }

  /** Whether the file turned out to be deleted when it was asked for. */
  isGone(path: string): boolean {
    return this.found.get(path) === null;
  }

  /** Those of these files that have not been deleted. */
  async kept(paths: string[]): Promise<string[]> {
    const answers = await Promise.all(paths.map((path) => this.ask(path, false).catch(() => null)));
    return paths.filter((_, index) => answers[index]?.status !== 404);
  }

  /** The file's content. A RangeError if it cannot be had. */
  async blob(path: string, signal?: AbortSignal): Promise<Blob> {
    const answer = await this.ask(path, true, signal);
    if (!answer.ok) throw new RangeError(translated('refusals', refusals).noFile);
    return answer.blob();
  }

  /** Save the file under this name. A RangeError if it cannot be had. */
  async download(path: string, name: string): Promise<void> {
    save(await this.blob(path), name);
  }

  /** The address of a public file. */
  public(path: string): string {
    return fileUrl(path);
  }

  clear(): void {
    for (const url of this.found.values()) if (url) URL.revokeObjectURL(url);
    this.found = new Map(); // what is still being fetched is for whoever was signed in before
    void forgetThumbnails();
  }

  private async ask(path: string, content: boolean, signal: AbortSignal | null = null): Promise<Response> {
    const [token, check] = await Promise.all([this.token(), checkToken()]);
    // Without a token the browser could answer from what it keeps of whoever has just signed out.
    if (!token) return new Response(null, { status: 401 });
    const headers = { Authorization: `Firebase ${token}`, ...(check ? { 'X-Firebase-AppCheck': check } : {}) };
    return fetch(fileUrl(path, content), { headers, signal });
  }

  private async load(path: string): Promise<void> {
    const { found } = this;
    this.fetching(1);
    try {
      const content = (await keptThumbnail(path)) ?? (await this.fetched(path));
      if (content === undefined || found !== this.found) return;
      found.set(path, content && URL.createObjectURL(content));
      const [oldest] = found.keys();
      if (found.size > KEPT && oldest !== undefined) {
        URL.revokeObjectURL(found.get(oldest) ?? '');
        found.delete(oldest);
      }
      this.arrived();
    } catch {
      this.heal(() => void this.load(path)); // no connection
    } finally {
      this.fetching(-1);
    }
  }

  /** The file's content; null if it has been deleted, undefined if it could not be had. */
  private async fetched(path: string): Promise<Blob | null | undefined> {
    const { found } = this;
    const answer = await this.ask(path, true);
    if (!answer.ok) return answer.status === 404 ? null : undefined;
    const content = await answer.blob();
    if (found === this.found) void keepThumbnail(path, content);
    return content;
  }
}

/** Let the browser save it under this name. */
export function save(content: Blob, name: string): void {
  const href = URL.createObjectURL(content);
  Object.assign(document.createElement('a'), { href, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(href), SAVED_MS);
}

/** Refuses, with a RangeError, a file that the browser cannot show as a picture: an order would be refused with it. */
export async function mustBePicture(file: File): Promise<void> {
  const shown = await createImageBitmap(file).catch(() => null);
  const { notAPicture } = translated('making', making);
  if (!shown) throw new RangeError(say(notAPicture, { name: shortened(file.name, 40) }));
  shown.close();
}
