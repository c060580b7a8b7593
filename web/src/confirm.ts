// The line above every page while the user's e-mail address is not confirmed.
import { reload, sendEmailVerification, type User } from 'firebase/auth';
import { html, nothing, type TemplateResult } from 'lit-html';
import type { App } from './app.ts';
import { icon } from './icons.ts';

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
  return html`<aside class="confirm" aria-label="Your e-mail address">
    <p>Your e-mail address is not confirmed.
      <button class="link" @click=${() => send(app, user)}>Send me the link</button></p>
    <button class="round" aria-label="Confirm it later" @click=${close}>${icon('close')}</button>
  </aside>`;
}

async function send(app: App, user: User): Promise<void> {
  const failed = (await app.attempt(() => sendEmailVerification(user))) === null; // it answers nothing
  if (!failed) app.say('We have sent you a message with a link.');
}

/** The link is opened in another tab or app: look again when the user is back. */
export function watchConfirmation(app: App): void {
  document.addEventListener('visibilitychange', () => {
    const { user } = app;
    if (document.hidden || !user?.email || user.emailVerified) return;
    const look = async () => {
      await reload(user);
      if (user.emailVerified) await user.getIdToken(true); // the functions read it from the token
      app.update();
    };
    void look().catch(() => undefined); // without a connection it stays as it was
  });
}
