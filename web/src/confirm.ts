// The line above every page while the user's e-mail address is not confirmed.
import { html, nothing, type TemplateResult } from 'lit-html';
import type { App } from './app.ts';
import { icon } from './icons.ts';
import { translated } from './language.ts';
import { account as english } from './words/en/account.ts';

const words = translated('account', english).confirm;

/** The tab's users who have closed the line. */
const KEY = 'unconfirmed';

/** Empty for visitors, for those whose address is confirmed, and for those who have closed it in this tab. */
export function confirmation(app: App): TemplateResult | typeof nothing {
  const { user } = app;
  if (!user?.email || user.emailVerified || sessionStorage.getItem(KEY) === user.uid) return nothing;
  const close = () => {
    sessionStorage.setItem(KEY, user.uid);
    app.update();
  };
  return html`<aside class="confirm" aria-label=${words.label}>
    <p>${words.isNot}
      <button class="link" @click=${() => send(app)}>${words.send}</button></p>
    <button class="round" aria-label=${words.later} @click=${close}>${icon('close')}</button>
  </aside>`;
}

async function send(app: App): Promise<void> {
  await app.attempt(async () => {
    await (await app.session.sdk()).confirmAddress();
    app.say(words.sent);
  });
}

/** The link is opened in another tab or app: look again when the user is back. */
export function watchConfirmation(app: App): void {
  document.addEventListener('visibilitychange', () => {
    const { user } = app;
    if (document.hidden || !user?.email || user.emailVerified) return;
    void app.session.look().then(() => app.update(), () => undefined); // without a connection it stays as it was
  });
}
