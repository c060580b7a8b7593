// The user's data and access: export, password, sign-out everywhere, deletion.
import { html, nothing, type TemplateResult } from 'lit-html';
import type { App } from '../app.ts';
import { say, translated } from '../language.ts';
import type { Person } from '../session.ts';
import { tokens } from '../words.ts';
import { account as english } from '../words/en/account.ts';

const words = translated('account', english).security;

export const yourData = (app: App, user: Person): TemplateResult => html`
<section class="card" aria-label=${words.title}><h2>${words.title}</h2>
  <p class="row wrap">
    <button @click=${() => exportAll(app)}>${words.export}</button>
    <button @click=${() => signOutEverywhere(app)}>${words.everywhere}</button>
    ${user.hasPassword ? html`<button @click=${() => changePassword(app)}>${words.changeMine}</button>` : nothing}
  </p>
  <p><button class="bad" @click=${() => deleteAccount(app, user)}>${words.deleteMine}</button></p>
</section>`;

async function exportAll(app: App): Promise<void> {
  const made = await app.attempt(() => app.studiox.exportAccount());
  if (!made) return;
  app.show({
    label: words.title,
    view: () => html`<h2>${words.ready}</h2>
      <p>${words.file}</p>
      <p><a class="button main" href=${made.url} target="_blank" rel="noopener" download>${words.download}</a></p>`,
  });
}

async function signOutEverywhere(app: App): Promise<void> {
  if (!(await app.attempt(() => app.studiox.revokeSessions()))) return;
  await app.session.signOut();
  app.say(words.isOut);
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
    app.say(words.changed);
  };
  app.show({
    label: words.changeTitle,
    view: () => html`<h2>${words.changeTitle}</h2>
      <form @submit=${submit}>
        <label>${words.current}${passwordField('current', 'current-password')}</label>
        <label>${words.fresh}${passwordField('fresh', 'new-password')}</label>
        <button class="main wide">${words.change}</button>
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
    app.say(words.deleted);
    app.go('/');
  };
  const lost = () => (app.balance ? tokens(app.balance.balance) : words.yourTokens);
  app.show({
    label: words.deleteTitle,
    view: () => html`<h2>${words.question}</h2>
      <p>${say(words.lost, { tokens: lost() })}</p>
      <form @submit=${submit}>
        <label>${words.confirm}
          <input name="confirm" required autocomplete="off" maxlength="320" /></label>
        ${user.hasPassword
          ? html`<label>${words.password}${passwordField('password', 'current-password')}</label>`
          : nothing}
        <button class="bad wide">${words.delete}</button>
      </form>`,
  });
}

function passwordField(name: string, kind: 'current-password' | 'new-password'): TemplateResult {
  const least = kind === 'new-password' ? 6 : nothing;
  return html`<input name=${name} type="password" required minlength=${least} autocomplete=${kind} />`;
}
