// The signed-in user's private files as addresses for elements. The Storage SDK fetches each file once.
import type { FirebaseApp } from 'firebase/app';
import { getBlob, getMetadata, getStorage, ref } from 'firebase/storage';
import { publicUrl } from './firebase.ts';

const KEPT = 200;
/** The largest file that is fetched whole, in bytes. Larger ones play from the address that getCreation signs. */
export const MOST = 16 * 1024 * 1024;

export class Files {
  private readonly found = new Map<string, string>();

  constructor(
    private readonly app: FirebaseApp,
    private readonly arrived: () => void,
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

  /** Those of these files that have not been deleted. */
  async kept(paths: string[]): Promise<string[]> {
    const gone = await Promise.all(
      paths.map((path) =>
        getMetadata(ref(getStorage(this.app), path)).then(
          () => false,
          (error: { code?: string }) => error.code === 'storage/object-not-found',
        ),
      ),
    );
    return paths.filter((_, index) => !gone[index]);
  }

  /** The address of a public file. */
  public(path: string): string {
    return publicUrl(this.app, path);
  }

  clear(): void {
    for (const url of this.found.values()) if (url) URL.revokeObjectURL(url);
    this.found.clear();
  }

  private async load(path: string): Promise<void> {
    try {
      const url = URL.createObjectURL(await getBlob(ref(getStorage(this.app), path)));
      this.found.set(path, url);
      const [oldest] = this.found.keys();
      if (this.found.size > KEPT && oldest !== undefined) {
        URL.revokeObjectURL(this.found.get(oldest) ?? '');
        this.found.delete(oldest);
      }
      this.arrived();
    } catch {
      // Deleted meanwhile, or no connection: the picture stays empty.
    }
  }
}
