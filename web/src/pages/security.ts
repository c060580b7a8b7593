// The user's data and access: export, password, sign-out everywhere, deletion.
import {
  EmailAuthProvider,
  reauthenticateWithCredential,
  signOut,
  updatePassword,
  type User,
} from 'firebase/auth';
import { html, nothing, type TemplateResult } from 'lit-html';
import type { App } from '../app.ts';
import { tokens } from '../words.ts';

export const yourData = (app: App, user: User): TemplateResult => html`<section class="card" aria-label="Your data">
  <h2>Your data</h2>
  <p class="row wrap">
    <button @click=${() => exportAll(app)}>Export everything</button>
    <button @click=${() => signOutEverywhere(app)}>Sign out everywhere</button>
    ${hasPassword(user) ? html`<button @click=${() => changePassword(app, user)}>Change my password</button>` : nothing}
  </p>
  <p><button class="bad" @click=${() => deleteAccount(app, user)}>Delete my account</button></p>
</section>`;

async function exportAll(app: App): Promise<void> {
  const made = await app.attempt(() => app.studiox.exportAccount());
  if (!made) return;
  app.show({
    label: 'Your data',
    view: () => html`<h2>Your data is ready</h2>
      <p>One file with everything that we store about you. The link works for an hour.</p>
      <p><a class="button main" href=${made.url} target="_blank" rel="noopener" download>Download</a></p>`,
  });
}

async function signOutEverywhere(app: App): Promise<void> {
  if (!(await app.attempt(() => app.studiox.revokeSessions()))) return;
  await signOut(app.auth);
  app.say('You are signed out everywhere.');
}

function changePassword(app: App, user: User): void {
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    const changing = async () => {
      await signInAgain(user, String(form.get('current')));
      await updatePassword(user, String(form.get('fresh')));
      return true;
    };
    if (!(await app.attempt(changing))) return;
    app.show(null);
    app.say('Your password was changed.');
  };
  app.show({
    label: 'Change your password',
    view: () => html`<h2>Change your password</h2>
      <form @submit=${submit}>
        <label>Current password${passwordField('current', 'current-password')}</label>
        <label>New password (at least six characters)${passwordField('fresh', 'new-password')}</label>
        <button class="main wide">Change password</button>
      </form>`,
  });
}

function deleteAccount(app: App, user: User): void {
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    const confirm = String(form.get('confirm')).trim();
    // It requires a recent sign-in, so users with a password enter it again.
    const deleting = async () => {
      if (hasPassword(user)) await signInAgain(user, String(form.get('password')));
      return app.studiox.deleteAccount({ confirm });
    };
    if (!(await app.attempt(deleting))) return;
    app.show(null);
    await signOut(app.auth);
    app.say('Your account was deleted.');
    app.go('/');
  };
  const lost = () => (app.balance ? tokens(app.balance.balance) : 'your tokens');
  app.show({
    label: 'Delete the account',
    view: () => html`<h2>Delete your account for good?</h2>
      <p>This also deletes your library, your posts and ${lost()}, and ends your subscription.</p>
      <form @submit=${submit}>
        <label>Type your e-mail address to confirm
          <input name="confirm" required autocomplete="off" maxlength="320" /></label>
        ${hasPassword(user)
          ? html`<label>Your password${passwordField('password', 'current-password')}</label>`
          : nothing}
        <button class="bad wide">Delete everything</button>
      </form>`,
  });
}

/** Whether this account has a password, and not only a provider such as Google. */
const hasPassword = (user: User): boolean => user.providerData.some(({ providerId }) => providerId === 'password');

/** Ask for the password again before something that cannot be undone. Throws Auth's error for a wrong password. */
async function signInAgain(user: User, password: string): Promise<void> {
  await reauthenticateWithCredential(user, EmailAuthProvider.credential(user.email ?? '', password));
  await user.getIdToken(true);
}

function passwordField(name: string, kind: 'current-password' | 'new-password'): TemplateResult {
  const least = kind === 'new-password' ? 6 : nothing;
  return html`<input name=${name} type="password" required minlength=${least} autocomplete=${kind} />`;
}
