// The library: creations, collections, the player, the lightbox, in Arabic.
import type { library as english } from '../en/library.ts';
import type { Translation } from '../text.ts';

export const library = {} as const satisfies Translation<typeof english>;
