// The account: profile, e-mail, limits, rewards, an invitation, whom the user has blocked, and the user's data.
import { html, type TemplateResult } from 'lit-html';
import type { Preferences, Profile } from '../../../clients/typescript/src/index.ts';
import type { App } from '../app.ts';
import { Invitation } from '../invite.ts';
import { Limits } from '../limits.ts';
import { Blocked } from '../moderation.ts';
import type { Page } from '../page.ts';
import { waitingCards } from '../waiting.ts';
import { onDay } from '../words.ts';
import { gate } from '../gate.ts';
import { Rewards } from './rewards.ts';
import { yourData } from './security.ts';

const LETTERS: readonly [keyof Preferences, string][] = [
  ['emailJobs', 'When something is ready, or has failed'],
  ['emailPayments', 'About payments'],
  ['emailTokens', 'When tokens run low'],
  ['emailComments', 'When somebody comments on my post'],
  ['emailModeration', 'When a moderator decides about what I published or reported'],
];

export function accountPage(app: App): Page {
  const { user } = app;
  if (!user) return gate(app, 'Account', 'Sign in to see your account.');
  let profile: Profile | null = null;
  const rewards = new Rewards(app);
  const blocked = new Blocked(app);
  const invitation = new Invitation(app);
  const limits = new Limits(app, user.uid, (saved) => (profile = saved));

  const load = async () => {
    profile = (await app.load(() => app.studiox.getProfile(), () => void load())) ?? profile;
    app.update();
  };
  void load();
  void rewards.load();
  void blocked.load();
  void invitation.load();

  const save = async (event: SubmitEvent) => {
    event.preventDefault();
    const displayName = String(new FormData(event.currentTarget as HTMLFormElement).get('name')).trim();
    const done = await app.attempt(() => app.studiox.updateProfile({ displayName }));
    if (!done) return;
    profile = done;
    app.tabs.tell();
    app.say('Saved.');
  };
  const prefer = async (name: keyof Preferences, wanted: boolean) => {
    const done = await app.attempt(() => app.studiox.updateProfile({ preferences: { [name]: wanted } }));
    if (!done) return;
    profile = done;
    app.tabs.tell();
  };

  return {
    title: 'Account',
    renew: load,
    stop: () => limits.stop(),
    view: () => html`
      <h1>Account</h1>
      ${profile === null
        ? waitingCards(4, 18)
        : html`<div class="columns">
            ${about(profile, save)}
            ${letters(profile.preferences, prefer)}
            ${limits.view(profile.preferences)}
            ${rewards.view(profile.streak)}
            ${invitation.view()}
            ${blocked.view()}
            ${yourData(app, user)}
          </div>`}
    `,
  };
}

function about({ displayName, email, createdAt }: Profile, save: (event: SubmitEvent) => void): TemplateResult {
  return html`<section class="card" aria-label="Profile"><h2>Profile</h2>
    <form @submit=${save}>
      <label>Name <span class="muted">(shown with what you publish)</span>
        <input name="name" maxlength="100" autocomplete="nickname" .value=${displayName ?? ''} /></label>
      <p class="muted">${email} · member since ${onDay(createdAt)}</p>
      <button>Save</button>
    </form>
  </section>`;
}

type Prefer = (name: keyof Preferences, wanted: boolean) => void;

const choice = (preferences: Preferences, prefer: Prefer, name: keyof Preferences, label: string) =>
  html`<label class="switch">
    <input type="checkbox" role="switch" .checked=${preferences[name] === true}
      @change=${(event: Event) => prefer(name, (event.target as HTMLInputElement).checked)} />
    <span>${label}</span></label>`;

const letters = (preferences: Preferences, prefer: Prefer): TemplateResult => html`
<section class="card" aria-label="E-mail"><h2>E-mail me</h2>
  ${LETTERS.map(([name, label]) => choice(preferences, prefer, name, label))}
</section>
<section class="card" aria-label="Feed"><h2>Feed</h2>
  ${choice(preferences, prefer, 'matureContent', 'Show posts that are rated mature')}
</section>`;
