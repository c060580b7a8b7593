// The account's language, which the messages to its user follow too.
import { html, type TemplateResult } from 'lit-html';
import type { App } from './app.ts';
import { language, LANGUAGES, remember, speak, type Language } from './language.ts';

/** Show the page in this language from now on: in this browser, and for whoever is signed in, in every one. */
export async function choose(app: App, chosen: Language): Promise<void> {
  if (app.user) await app.attempt(() => keep(app, chosen)); // who is suspended cannot change the account
  if (!app.connection.lost) speak(chosen); // which loads the page again
}

/** Whoever has signed in: take the account's language, or give it the page's. `goesOn`: the page is in use already. */
export async function adopt(app: App, goesOn: boolean): Promise<void> {
  const profile = await app.studiox.getProfile().catch(() => null);
  const theirs = profile?.preferences['language'];
  if (profile && !theirs) await keep(app, language).catch(() => undefined); // the next sign-in tries again
  if (!isSpoken(theirs) || theirs === language) return;
  if (goesOn) remember(theirs);
  else speak(theirs);
}

/** Another client may have set a language that the page does not speak. */
const isSpoken = (tag: unknown): tag is Language => typeof tag === 'string' && Object.hasOwn(LANGUAGES, tag);

const keep = (app: App, chosen: Language) => app.studiox.updateProfile({ preferences: { language: chosen } });

/** A button for each language, by its own name. */
export const languages = (app: App, label: string): TemplateResult => html`<div class="row" role="group"
  aria-label=${label}>
  ${Object.entries(LANGUAGES).map(
    ([each, name]) => html`<button class="link" lang=${each} aria-pressed=${String(each === language)}
      @click=${() => choose(app, each as Language)}>${name}</button>`,
  )}
</div>`;
