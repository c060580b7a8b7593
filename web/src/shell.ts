// The frame of every page: navigation, the balance, notifications, the dialog, messages.
import { html, nothing, type TemplateResult } from 'lit-html';
import { ref } from 'lit-html/directives/ref.js';
import type { App } from './app.ts';
import { confirmation } from './confirm.ts';
import { icon, type Icon } from './icons.ts';
import { say, shown, translated } from './language.ts';
import type { Notification } from './notifications.ts';
import { languages } from './preferred.ts';
import type { Queue } from './queue.ts';
import { askToSignIn } from './sign-in.ts';
import { isDark, turnLights } from './theme.ts';
import { ago, count, tokens } from './words.ts';
import { frame as english } from './words/en/frame.ts';

const words = translated('frame', english);

const PLACES: readonly [path: string, name: string, icon: Icon][] = [
  ['/', words.studio, 'spark'],
  ['/library', words.library, 'book'],
  ['/feed', words.feed, 'feed'],
  ['/tokens', words.tokens, 'token'],
];

export function shell(app: App, queue: Queue): TemplateResult {
  return html`
    <a class="skip" href="#main">${words.skip}</a>
    <header>
      <a class="brand" href="/" aria-label=${words.home}><span class="mark" aria-hidden="true"></span>StudioX</a>
      <nav aria-label=${words.main}>${PLACES.map((place) => link(...place))}</nav>
      <div class="tools">
        ${queue.view()}
        <button class="round" aria-label=${isDark() ? words.light : words.dark}
          @click=${() => (turnLights(), app.update())}>
          ${icon(isDark() ? 'sun' : 'moon')}
        </button>
        ${app.user ? signedIn(app) : signedOut(app)}
      </div>
    </header>
    ${standing(app)}
    ${confirmation(app)}
    <main id="main" tabindex="-1">${app.page?.view()}</main>
    <footer>${languages(app, words.languages)}</footer>
    ${app.player.view()}
    <p class="hidden" role="status">${app.heard}</p>
    ${app.dialog ? modal(app) : app.toasts.view()}
  `;
}

/** What concerns every page, said once. */
function standing(app: App): TemplateResult {
  return html`<div class="notices" role="status">
    ${app.connection.lost
      ? html`<p>${words.offline}</p>`
      : nothing}
    ${app.ended && !app.user
      ? html`<p>${words.ended}
          <button class="link" @click=${() => askToSignIn(app, undefined, false)}>${words.signInAgain}</button></p>`
      : nothing}
  </div>`;
}

function link(path: string, name: string, glyph: Icon): TemplateResult {
  const here = path === '/' ? location.pathname === '/' : location.pathname.startsWith(path);
  return html`<a href=${path} aria-current=${here ? 'page' : nothing}>${icon(glyph)}<span>${name}</span></a>`;
}

const signedOut = (app: App): TemplateResult => html`
  <button @click=${() => askToSignIn(app, undefined, false)}>${words.signIn}</button>
  <button class="main" @click=${() => askToSignIn(app)}>${words.signUp}</button>`;

function signedIn(app: App): TemplateResult {
  const { balance, unread } = app;
  const owned = balance ? say(words.yourBalance, { tokens: tokens(balance.balance) }) : words.balance;
  return html`
    <a class="balance" href="/tokens" aria-label=${owned}>
      ${icon('token')}<output>${balance ? count(balance.balance) : '…'}</output>
    </a>
    <button class="round" popovertarget="notifications"
      aria-label=${unread ? say(words.unread, { count: unread }) : words.notifications}>
      ${icon('bell')}${unread ? html`<span class="badge" aria-hidden="true">${count(unread)}</span>` : nothing}
    </button>
    <div id="notifications" popover class="popover" role="dialog" aria-label=${words.notifications}
      @toggle=${(event: ToggleEvent) => ((noticesOpen = event.newState === 'open'), app.update())}>
      <div class="row between">
        <h2>${words.notifications}</h2>
        ${unread ? html`<button class="link" @click=${() => app.markRead()}>${words.markRead}</button>` : nothing}
      </div>
      ${app.notifications.length === 0
        ? html`<p class="muted">${words.noNotifications}</p>`
        : html`<ul class="plain">
            ${app.notifications.map(
              (each) => notice(app, each),
            )}
          </ul>`}
    </div>
    <button class="round" popovertarget="account" aria-label=${words.account}>${icon('user')}</button>
    <div id="account" popover class="popover menu" role="dialog" aria-label=${words.account}>
      <p class="muted" dir="ltr">${app.user?.email}</p>
      <a href="/account">${words.profile}</a>
      <a href="/tokens">${words.plan}</a>
      ${app.user?.isAdmin ? html`<a href="/admin">${words.administration}</a>` : nothing}
      <button class="link" @click=${() => app.session.signOut()}>${words.signOut}</button>
    </div>
  `;
}

/** Their thumbnails are fetched when they are looked at. */
let noticesOpen = false;

function notice(app: App, each: Notification): TemplateResult {
  const { id, title, thumbnail, createdAt, read, href } = each;
  const where = thumbnail.startsWith('posts/') ? 'public' : 'private';
  const address = noticesOpen && thumbnail ? app.files[where](thumbnail) : '';
  return html`<li class=${read ? '' : 'unread'}>
    <a href=${href} @click=${() => app.markRead((other) => other.id === id)}>
      ${address ? html`<img src=${address} alt="" width="44" height="44" loading="lazy" />` : nothing}
      <span dir="auto">${shown(each.subject, { name: html`<bdi>${each.name}</bdi>` })}
        ${title ? html`<small dir="auto">${title}</small>` : nothing}</span>
    </a><small>${ago(createdAt)}</small>
  </li>`;
}

function modal(app: App): TemplateResult {
  const { dialog } = app;
  const opened = (element?: Element) => {
    const found = element as HTMLDialogElement | undefined;
    // Lit has it before the page has.
    if (found) queueMicrotask(() => found.isConnected && !found.open && found.showModal());
  };
  return html`<dialog aria-label=${dialog!.label} ${ref(opened)} @close=${() => app.dialog === dialog && app.show(null)}
    @click=${(event: Event) => event.target === event.currentTarget && app.show(null)}>
    <div class="sheet">
      ${dialog!.view()}
      <button class="round shut" aria-label=${words.close} @click=${() => app.show(null)}>${icon('close')}</button>
    </div>
    ${app.toasts.view() /* screen readers skip what is behind the dialog */}
  </dialog>`;
}
