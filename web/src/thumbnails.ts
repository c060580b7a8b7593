// The private thumbnails that this browser keeps until sign-out. To ask for one takes two round trips, because browsers
// first ask whether a request with a token may be sent. An address that holds a token would be one trip, but whoever
// has the address would have the file, against the rules and for ever.

const NAME = 'studiox.thumbnails';
const MOST = 500;
/** The functions write a thumbnail once, so a kept one is never old. */
const THUMBNAIL = /\/thumbnail-\d+\.webp$/;

const may = (path: string): boolean => THUMBNAIL.test(path) && 'caches' in window;
const key = (path: string): string => `/${path}`;

/** The thumbnail of this path, if it is kept. */
export async function keptThumbnail(path: string): Promise<Blob | undefined> {
  if (!may(path)) return undefined;
  const found = await caches.match(key(path), { cacheName: NAME }).catch(() => undefined);
  return found?.blob();
}

/** Keep it, if it is a thumbnail; the oldest one goes when there are too many. */
export async function keepThumbnail(path: string, content: Blob): Promise<void> {
  if (!may(path)) return;
  try {
    const cache = await caches.open(NAME);
    await cache.put(key(path), new Response(content));
    const [oldest, ...others] = await cache.keys();
    if (oldest && others.length >= MOST) await cache.delete(oldest);
  } catch {
    // No room: the next visit asks again.
  }
}

export async function forgetThumbnails(): Promise<void> {
  if ('caches' in window) await caches.delete(NAME).catch(() => false);
}
