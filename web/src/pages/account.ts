// The account: profile, e-mail, limits, rewards, an invitation, whom the user has blocked, and the user's data.
import { html, type TemplateResult } from 'lit-html';
import type { Preferences, Profile } from '../../../clients/typescript/src/index.ts';
import type { App } from '../app.ts';
import { gate } from '../gate.ts';
import { say, translated } from '../language.ts';
import { Invitation } from '../invite.ts';
import { keptDraft } from '../kept.ts';
import { Limits } from '../limits.ts';
import { Blocked } from '../moderation.ts';
import type { Page } from '../page.ts';
import { languages } from '../preferred.ts';
import { waitingCards } from '../waiting.ts';
import { onDay } from '../words.ts';
import { account as english } from '../words/en/account.ts';
import { Rewards } from './rewards.ts';
import { yourData } from './security.ts';

const words = translated('account', english);
const LETTERS = ['emailJobs', 'emailPayments', 'emailTokens', 'emailComments', 'emailModeration'] as const;

export function accountPage(app: App): Page {
  const { user } = app;
  if (!user) return gate(app, words.title, words.signInToSee);
  let profile: Profile | null = null;
  const draft = keptDraft(app, 'profile');
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
    draft.forget();
    app.tabs.tell();
    app.say(words.saved);
  };
  const prefer = async (name: keyof Preferences, wanted: boolean) => {
    const done = await app.attempt(() => app.studiox.updateProfile({ preferences: { [name]: wanted } }));
    if (!done) return;
    profile = done;
    app.tabs.tell();
  };

  return {
    title: words.title,
    renew: load,
    stop: () => limits.stop(),
    view: () => html`
      <h1>${words.title}</h1>
      ${profile === null
        ? waitingCards(4, 18)
        : html`<div class="columns">
            ${about(profile, draft, save)}
            ${letters(profile.preferences, prefer)}
            ${spoken(app)}
            ${limits.view(profile.preferences)}
            ${rewards.view(profile.streak)}
            ${invitation.view()}
            ${blocked.view()}
            ${yourData(app, user)}
          </div>`}
    `,
  };
}

type Drafted = ReturnType<typeof keptDraft>;

function about(
  { displayName, email, createdAt }: Profile,
  draft: Drafted,
  save: (event: SubmitEvent) => void,
): TemplateResult {
  const { title, name, shownWith, since } = words.profile;
  return html`<section class="card" aria-label=${title}><h2>${title}</h2>
    <form @input=${draft.keep} @submit=${save}>
      <label>${name} <span class="muted">${shownWith}</span>
        <input name="name" dir="auto" maxlength="100" autocomplete="nickname"
          .value=${draft.text('name', displayName ?? '')} /></label>
      <p class="muted">${say(since, { email: email ?? '', day: onDay(createdAt) })}</p>
      <button>${words.save}</button>
    </form>
  </section>`;
}

const spoken = (app: App): TemplateResult => html`
<section class="card" aria-label=${words.language.title}><h2>${words.language.title}</h2>
  <p class="muted">${words.language.what}</p>
  ${languages(app, words.language.title)}
</section>`;

type Prefer = (name: keyof Preferences, wanted: boolean) => void;

const choice = (preferences: Preferences, prefer: Prefer, name: keyof Preferences, label: string) =>
  html`<label class="switch">
    <input type="checkbox" role="switch" .checked=${preferences[name] === true}
      @change=${(event: Event) => prefer(name, (event.target as HTMLInputElement).checked)} />
    <span>${label}</span></label>`;

const letters = (preferences: Preferences, prefer: Prefer): TemplateResult => html`
<section class="card" aria-label=${words.letters.label}><h2>${words.letters.title}</h2>
  ${LETTERS.map((name) => choice(preferences, prefer, name, words.letters[name]))}
</section>
<section class="card" aria-label=${words.feed.title}><h2>${words.feed.title}</h2>
  ${choice(preferences, prefer, 'matureContent', words.feed.mature)}
</section>`;
