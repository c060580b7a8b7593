// The user's data and access: export, password, sign-out everywhere, deletion.
import { html, nothing, type TemplateResult } from 'lit-html';
import type { App } from '../app.ts';
import type { Person } from '../session.ts';
import { tokens } from '../words.ts';

export const yourData = (app: App, user: Person): TemplateResult => html`<section class="card" aria-label="Your data">
  <h2>Your data</h2>
  <p class="row wrap">
    <button @click=${() => exportAll(app)}>Export everything</button>
    <button @click=${() => signOutEverywhere(app)}>Sign out everywhere</button>
    ${user.hasPassword ? html`<button @click=${() => changePassword(app)}>Change my password</button>` : nothing}
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
  await app.session.signOut();
  app.say('You are signed out everywhere.');
}

function changePassword(app: App): void {
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    const changing = async () => {
      await (await app.session.sdk()).changePassword(String(form.get('current')), String(form.get('fresh')));
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

function deleteAccount(app: App, user: Person): void {
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    const confirm = String(form.get('confirm')).trim();
    // It requires a recent sign-in, so users with a password enter it again.
    const deleting = async () => {
      if (user.hasPassword) await (await app.session.sdk()).signInAgain(String(form.get('password')));
      return app.studiox.deleteAccount({ confirm });
    };
    if (!(await app.attempt(deleting))) return;
    app.show(null);
    await app.session.signOut();
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
        ${user.hasPassword
          ? html`<label>Your password${passwordField('password', 'current-password')}</label>`
          : nothing}
        <button class="bad wide">Delete everything</button>
      </form>`,
  });
}

function passwordField(name: string, kind: 'current-password' | 'new-password'): TemplateResult {
  const least = kind === 'new-password' ? 6 : nothing;
  return html`<input name=${name} type="password" required minlength=${least} autocomplete=${kind} />`;
}
