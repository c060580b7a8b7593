// Rewards: the streak of daily visits, and the tasks that earn tokens.
import { html, nothing, type TemplateResult } from 'lit-html';
import type { Profile, SocialTaskStatus, StreakVisited } from '../../../clients/typescript/src/index.ts';
import type { App } from '../app.ts';
import { say, translated } from '../language.ts';
import { worded } from '../ours.ts';
import { tokens } from '../words.ts';
import { account as english } from '../words/en/account.ts';

const words = translated('account', english).rewards;

/** How a proof's address begins. */
const LINK = 'https://…';

export class Rewards {
  private tasks: SocialTaskStatus[] = [];
  private visit: StreakVisited | null = null;

  constructor(private readonly app: App) {}

  async load(): Promise<void> {
    const found = await this.app.load(
      () => this.app.studiox.getSocialTasks(),
      () => void this.load(),
    );
    this.tasks = found?.tasks ?? this.tasks;
    this.app.update();
  }

  view({ current, longest }: Profile['streak']): TemplateResult {
    const { visit, tasks } = this;
    return html`<section class="card" aria-label=${words.title}><h2>${words.title}</h2>
      <p class="row between">
        <span>${streak(visit?.currentStreak ?? current, visit?.longestStreak ?? longest)}</span>
        <button @click=${() => this.comeBy()}>${words.checkIn}</button></p>
      <ul class="plain">
        ${tasks.map(
          (task) => html`<li class="row between">
            <span><span dir="auto">${worded(task.title)}</span> <small>${tokens(task.tokens)}</small></span>
            ${this.standing(task)}</li>`,
        )}
      </ul>
    </section>`;
  }

  private standing(task: SocialTaskStatus): TemplateResult {
    const { status, note } = task;
    if (status === 'pending' || status === 'approved') return html`<span class="muted">${words[status]}</span>`;
    const again = status === 'rejected' ? html`<small>${words.rejected}</small>` : nothing;
    const reason = status === 'rejected' && note ? html`<small dir="auto">${note}</small>` : nothing;
    return html`${again} ${reason}
      <button aria-label=${say(words.claimOf, { task: worded(task.title) })} @click=${() => this.claim(task)}>
        ${words.claim}</button>`;
  }

  private async comeBy(): Promise<void> {
    const { app } = this;
    const visit = await app.attempt(() => app.studiox.updateStreak());
    if (!visit) return;
    this.visit = visit;
    const { currentStreak, reward } = visit;
    const day = currentStreak;
    app.say(reward > 0 ? say(words.dayEarned, { day, tokens: tokens(reward) }) : say(words.day, { day }));
  }

  private claim(task: SocialTaskStatus): void {
    const { app } = this;
    const submit = async (event: SubmitEvent) => {
      event.preventDefault();
      const proofUrl = String(new FormData(event.currentTarget as HTMLFormElement).get('proof')).trim();
      const done = await app.attempt(() => app.studiox.submitSocialTask({ taskId: task.id, proofUrl }));
      if (!done) return;
      const earned = done.status === 'approved';
      app.show(null);
      app.say(earned ? say(words.earned, { tokens: tokens(done.tokens) }) : words.reviewed);
      await this.load();
    };
    app.show({
      label: worded(task.title),
      view: () => html`<h2 dir="auto">${worded(task.title)}</h2>
        <form @submit=${submit}>
          <label>${words.proof}
            <input name="proof" type="url" required maxlength="2048" placeholder=${LINK} autofocus /></label>
          <button class="main wide">${words.send}</button>
        </form>`,
    });
  }
}

const streak = (current: number, longest: number): string =>
  current > 0 ? say(words.streak, { count: current, longest }) : words.noStreak;
