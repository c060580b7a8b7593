// Rewards: the streak of daily visits, and the tasks that earn tokens.
import { html, type TemplateResult } from 'lit-html';
import type { Profile, SocialTaskStatus, StreakVisited } from '../../../clients/typescript/src/index.ts';
import type { App } from '../app.ts';
import { tokens } from '../words.ts';

const STATES = { pending: 'In review', approved: 'Done', rejected: 'Not accepted; try again', available: '' };

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
    return html`<section class="card" aria-label="Rewards"><h2>Rewards</h2>
      <p class="row between">
        <span>${streak(visit?.currentStreak ?? current, visit?.longestStreak ?? longest)}</span>
        <button @click=${() => this.comeBy()}>Check in today</button></p>
      <ul class="plain">
        ${tasks.map(
          (task) => html`<li class="row between"><span>${task.title} <small>${tokens(task.tokens)}</small></span>
            ${task.status === 'pending' || task.status === 'approved'
              ? html`<span class="muted">${STATES[task.status]}</span>`
              : html`<button aria-label="Claim: ${task.title}" @click=${() => this.claim(task)}>Claim</button>`}</li>`,
        )}
      </ul>
    </section>`;
  }

  private async comeBy(): Promise<void> {
    const { app } = this;
    const visit = await app.attempt(() => app.studiox.updateStreak());
    if (!visit) return;
    this.visit = visit;
    const { currentStreak, reward } = visit;
    app.say(reward > 0 ? `Day ${currentStreak}: ${tokens(reward)} for you!` : `Day ${currentStreak} in a row.`);
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
      app.say(earned ? `${tokens(done.tokens)} for you!` : 'Thank you. You get the tokens when we have reviewed it.');
      await this.load();
    };
    app.show({
      label: task.title,
      view: () => html`<h2>${task.title}</h2>
        <form @submit=${submit}>
          <label>Link to your proof
            <input name="proof" type="url" required maxlength="2048" placeholder="https://…" autofocus /></label>
          <button class="main wide">Send</button>
        </form>`,
    });
  }
}

const streak = (current: number, longest: number): string =>
  current > 0
    ? `${current} ${current === 1 ? 'day' : 'days'} in a row (best: ${longest})`
    : 'Check in every day. Streaks earn tokens.';
