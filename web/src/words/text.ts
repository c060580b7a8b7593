// What a dictionary holds: texts with slots, `{name}`, and texts that depend on a number. Types only: a language's file
// imports nothing that the page loads (language.ts awaits it).

/** A text by the plural category of its `{count}`; `other` is for the categories that are not given. */
export type Plural = { readonly other: string } & { readonly [form in Exclude<Intl.LDMLPluralRule, 'other'>]?: string };
export type Text = string | Plural;

/** The same entries in another language. */
export type Translation<En> = {
  readonly [K in keyof En]: En[K] extends string ? string : En[K] extends Plural ? Plural : Translation<En[K]>;
};

type Named<S> = S extends `${string}{${infer Name}}${infer Rest}` ? Name | Named<Rest> : never;
/** The names of a text's slots. */
export type Slots<T extends Text> = Named<T extends string ? T : T[keyof T]>;
