// The account: profile, e-mail preferences, rewards, sign-out and deletion.
import { EmailAuthProvider, reauthenticateWithCredential, sendEmailVerification, signOut, updatePassword, type User } from 'firebase/auth';
import { html, nothing } from 'lit-html';
import type { Preferences, Profile, SocialTaskStatus, StreakVisited } from '../../../clients/typescript/src/index.ts';
import type { App, Page } from '../app.ts';
import { Blocked } from '../moderation.ts';
import { onDay, tokens } from '../words.ts';
import { gate } from './library.ts';

const LETTERS: readonly [keyof Preferences, string][] = [
  ['emailJobs', 'When something is ready, or has failed'],
  ['emailPayments', 'About payments'],
  ['emailTokens', 'When tokens run low'],
  ['emailComments', 'When somebody comments on my post'],
  ['emailModeration', 'When a moderator decides about what I published or reported'],
];
const STATES = { pending: 'In review', approved: 'Done', rejected: 'Not accepted; try again', available: '' };

export function accountPage(app: App): Page {
  const { user } = app;
  if (!user) return gate(app, 'Account', 'Sign in to see your account.');
  let profile: Profile | null = null;
  let tasks: SocialTaskStatus[] = [];
  let visit: StreakVisited | null = null;

  const load = async () => {
    const found = await app.attempt(() => Promise.all([app.studiox.getProfile(), app.studiox.getSocialTasks()]));
    if (found) [profile, tasks] = [found[0], found[1].tasks];
    app.update();
  };
  const blocked = new Blocked(app);
  void load();
  void blocked.load();

  const save = async (event: SubmitEvent) => {
    event.preventDefault();
    const displayName = String(new FormData(event.currentTarget as HTMLFormElement).get('name')).trim();
    const done = await app.attempt(() => app.studiox.updateProfile({ displayName }));
    if (!done) return;
    profile = done;
    app.say('Saved.');
  };
  const prefer = async (name: keyof Preferences, wanted: boolean) => {
    const done = await app.attempt(() => app.studiox.updateProfile({ preferences: { [name]: wanted } }));
    if (done) profile = done;
    app.update();
  };
  const comeBy = async () => {
    visit = await app.attempt(() => app.studiox.updateStreak());
    if (visit) app.say(visit.reward > 0 ? `Day ${visit.currentStreak}: ${tokens(visit.reward)} for you!` : `Day ${visit.currentStreak} in a row.`);
  };
  const claim = (task: SocialTaskStatus) => {
    const submit = async (event: SubmitEvent) => {
      event.preventDefault();
      const proofUrl = String(new FormData(event.currentTarget as HTMLFormElement).get('proof')).trim();
      const done = await app.attempt(() => app.studiox.submitSocialTask({ taskId: task.id, proofUrl }));
      if (!done) return;
      app.show(null);
      app.say(done.status === 'approved' ? `${tokens(done.tokens)} for you!` : 'Thank you. You get the tokens when we have reviewed it.');
      await load();
    };
    app.show({
      label: task.title,
      view: () => html`<h2>${task.title}</h2>
        <form @submit=${submit}>
          <label>Link to your proof<input name="proof" type="url" required maxlength="2048" placeholder="https://…" autofocus /></label>
          <button class="main wide">Send</button>
        </form>`,
    });
  };
  const exportAll = async () => {
    const made = await app.attempt(() => app.studiox.exportAccount());
    if (made)
      app.show({
        label: 'Your data',
        view: () => html`<h2>Your data is ready</h2><p>One file with everything that we store about you. The link works for an hour.</p>
          <p><a class="button main" href=${made.url} target="_blank" rel="noopener" download>Download</a></p>`,
      });
  };
  const everywhere = async () => {
    if (!(await app.attempt(() => app.studiox.revokeSessions()))) return;
    await signOut(app.auth);
    app.say('You are signed out everywhere.');
  };
  const changePassword = () => {
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
  };
  const leave = () => {
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
    app.show({
      label: 'Delete the account',
      view: () => html`<h2>Delete your account for good?</h2>
        <p>This also deletes your library, your posts and ${app.balance ? tokens(app.balance.balance) : 'your tokens'}, and ends your subscription.</p>
        <form @submit=${submit}>
          <label>Type your e-mail address to confirm<input name="confirm" required autocomplete="off" maxlength="320" /></label>
          ${hasPassword(user) ? html`<label>Your password${passwordField('password', 'current-password')}</label>` : nothing}
          <button class="bad wide">Delete everything</button>
        </form>`,
    });
  };

  return {
    title: 'Account',
    renew: load,
    view: () => html`
      <h1>Account</h1>
      ${profile === null
        ? html`<p class="muted" role="status">Loading …</p>`
        : html`<div class="columns">
            <section class="card" aria-label="Profile"><h2>Profile</h2>
              <form @submit=${save}>
                <label>Name <span class="muted">(shown with what you publish)</span>
                  <input name="name" maxlength="100" autocomplete="nickname" .value=${profile.displayName ?? ''} /></label>
                <p class="muted">${profile.email} · member since ${onDay(profile.createdAt)}</p>
                <button>Save</button>
              </form>
              ${user.emailVerified || !user.email
                ? nothing
                : html`<p class="note">Your e-mail address is not confirmed.
                    <button class="link" @click=${() => confirmAddress(app, user)}>Send me the link</button></p>`}
            </section>
            <section class="card" aria-label="E-mail"><h2>E-mail me</h2>
              ${LETTERS.map(
                ([name, label]) => html`<label class="switch"><input type="checkbox" role="switch" .checked=${profile!.preferences[name] === true}
                  @change=${(event: Event) => prefer(name, (event.target as HTMLInputElement).checked)} /><span>${label}</span></label>`,
              )}
            </section>
            <section class="card" aria-label="Rewards"><h2>Rewards</h2>
              <p class="row between"><span>${streak(visit ?? { currentStreak: profile.streak.current, longestStreak: profile.streak.longest })}</span>
                <button @click=${comeBy}>Check in today</button></p>
              <ul class="plain">
                ${tasks.map(
                  (task) => html`<li class="row between"><span>${task.title} <small>${tokens(task.tokens)}</small></span>
                    ${task.status === 'pending' || task.status === 'approved'
                      ? html`<span class="muted">${STATES[task.status]}</span>`
                      : html`<button aria-label="Claim: ${task.title}" @click=${() => claim(task)}>Claim</button>`}</li>`,
                )}
              </ul>
            </section>
            ${blocked.view()}
            <section class="card" aria-label="Your data"><h2>Your data</h2>
              <p class="row wrap"><button @click=${exportAll}>Export everything</button><button @click=${everywhere}>Sign out everywhere</button>
                ${hasPassword(user) ? html`<button @click=${changePassword}>Change my password</button>` : nothing}</p>
              <p><button class="bad" @click=${leave}>Delete my account</button></p>
            </section>
          </div>`}
    `,
  };
}

/** Whether this account has a password, and not only a provider such as Google. */
const hasPassword = (user: User): boolean => user.providerData.some(({ providerId }) => providerId === 'password');

/** Ask for the password again before something that cannot be undone. Throws Auth's error for a wrong password. */
const signInAgain = async (user: User, password: string): Promise<void> => {
  await reauthenticateWithCredential(user, EmailAuthProvider.credential(user.email ?? '', password));
  await user.getIdToken(true);
};

const passwordField = (name: string, kind: 'current-password' | 'new-password') =>
  html`<input name=${name} type="password" required minlength=${kind === 'new-password' ? 6 : nothing} autocomplete=${kind} />`;

async function confirmAddress(app: App, user: User): Promise<void> {
  const failed = (await app.attempt(() => sendEmailVerification(user))) === null; // it answers nothing
  if (!failed) app.say('We have sent you a message with a link.');
}

const streak = ({ currentStreak, longestStreak }: Pick<StreakVisited, 'currentStreak' | 'longestStreak'>): string =>
  currentStreak > 0 ? `${currentStreak} ${currentStreak === 1 ? 'day' : 'days'} in a row (best: ${longestStreak})` : 'Check in every day. Streaks earn tokens.';
