// What visitors see in place of a page of their own.
import { html } from 'lit-html';
import type { App } from './app.ts';
import { translated } from './language.ts';
import type { Page } from './page.ts';
import { askToSignIn } from './sign-in.ts';
import { account as english } from './words/en/account.ts';

/** A page for signed-in users only. */
export function gate(app: App, title: string, why: string): Page {
  const signIn = translated('account', english).signIn.in;
  return {
    title,
    view: () => html`<h1>${title}</h1>
      <div class="empty"><span class="blob" aria-hidden="true"></span><p>${why}</p>
        <button class="main" @click=${() => askToSignIn(app, undefined, false)}>${signIn}</button></div>`,
  };
}
