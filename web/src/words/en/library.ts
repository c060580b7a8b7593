// The library: creations, collections, the player, the lightbox.
export const library = {} as const;
