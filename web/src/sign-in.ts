// Signing up and in: Firebase Auth's own, in one dialog.
import { html, nothing } from 'lit-html';
import type { App } from './app.ts';
import { language, translated } from './language.ts';
import type { Dialog } from './page.ts';
import { adopt } from './preferred.ts';
import { said } from './words.ts';
import { account as english } from './words/en/account.ts';

const words = translated('account', english).signIn;
const { name, shownWith } = translated('account', english).profile;

/** The site's OAuth client at Google; empty where people cannot sign in with Google. */
const googleClient = (): string =>
  document.querySelector<HTMLMetaElement>('meta[name=google-client-id]')?.content ?? '';

/** Ask the visitor to sign up or in; `then` runs after it. */
export function askToSignIn(app: App, then?: () => void, fresh = true): void {
  let signingUp = fresh;
  let busy = false;
  let wrong = '';
  let sent = '';

  const turn = () => {
    signingUp = !signingUp;
    wrong = '';
    app.update();
  };

  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    const [email, password] = [String(form.get('email')).trim(), String(form.get('password'))];
    busy = true;
    wrong = '';
    app.update();
    try {
      if (signingUp) {
        await app.session.enter((sdk) => sdk.signUp(email, password));
        const name = String(form.get('name') ?? '').trim();
        const profile = { ...(name ? { displayName: name } : {}), preferences: { language } };
        // The account exists without them too, so a failure does not stop the sign-up.
        await app.attempt(async () => {
          const { setName } = await app.session.sdk();
          // The functions keep the public name; Auth's copy is for its own e-mails.
          await Promise.all([name && setName(name), app.studiox.updateProfile(profile)]);
        });
        app.page?.renew?.(); // it may have been read before
      } else {
        await app.session.enter((sdk) => sdk.signIn(email, password));
        void adopt(app, then !== undefined);
      }
      if (app.dialog === dialog) app.show(null); // it closes when somebody is signed in; by now another may be open
      then?.();
    } catch (error) {
      wrong = said(error);
    } finally {
      busy = false;
      app.update();
    }
  };

  const reset = async (event: Event) => {
    const dialog = (event.currentTarget as HTMLElement).closest('dialog')!;
    const field = dialog.querySelector<HTMLInputElement>('input[name=email]')!;
    if (!field.reportValidity()) return;
    try {
      await (await app.session.sdk()).sendReset(field.value.trim());
      sent = words.resetSent;
    } catch (error) {
      wrong = said(error);
    }
    app.update();
  };

  const google = async (clientId: string) => {
    await app.attempt(async () => (await import('./google.ts')).goToGoogle(clientId));
  };

  const dialog: Dialog = {
    label: words.label,
    view: () => html`
      <h2>${signingUp ? words.create : words.back}</h2>
      <p class="muted">${signingUp ? words.free : words.toContinue}</p>
      <form @submit=${submit}>
        ${signingUp
          ? html`<label>${name} <span class="muted">${shownWith}</span>
              <input name="name" dir="auto" autocomplete="nickname" maxlength="100" /></label>`
          : nothing}
        <label>${words.email}
          <input name="email" type="email" autocomplete="email" required autofocus /></label>
        <label>${words.password}
          <input name="password" type="password" required minlength=${signingUp ? 6 : nothing}
            autocomplete=${signingUp ? 'new-password' : 'current-password'} /></label>
        <p class="wrong" role="alert">${wrong}</p>
        <p class="muted" role="status">${sent}</p>
        <button class="main wide" ?disabled=${busy}>
          ${busy ? words.wait : signingUp ? words.up : words.in}
        </button>
      </form>
      ${googleClient()
        ? html`<p><button class="wide" @click=${() => google(googleClient())}>${words.google}</button></p>`
        : nothing}
      <p class="row between">
        <button class="link" @click=${turn}>${signingUp ? words.haveAccount : words.isNew}</button>
        ${signingUp ? nothing : html`<button class="link" @click=${reset}>${words.forgot}</button>`}
      </p>`,
  };
  void app.session.sdk().catch(() => undefined); // fetched while the form is filled in
  app.show(dialog);
}
