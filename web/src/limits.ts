// The user's own limits: how many tokens may be spent in a day, with what was spent today, and when they are few.
import { html, type TemplateResult } from 'lit-html';
import type { Profile } from '../../clients/typescript/src/index.ts';
import type { App } from './app.ts';
import type { Spend } from './sdk/live.ts';
import { tokens } from './words.ts';

const FEW = 20;

export class Limits {
  private spent: Spend = { date: '', tokens: 0 };
  readonly stop: () => void;

  constructor(
    private readonly app: App,
    uid: string,
    private readonly saved: (profile: Profile) => void,
  ) {
    this.stop = app.listen(({ followSpend }) =>
      followSpend(uid, (spent) => {
        this.spent = spent;
        app.update();
      }),
    );
  }

  view({ dailySpendLimit, lowBalanceAt }: Profile['preferences']): TemplateResult {
    const today = new Date().toISOString().slice(0, 10);
    const spent = this.spent.date === today ? this.spent.tokens : 0;
    return html`<section class="card" aria-label="Limits"><h2>Limits</h2>
      <form @submit=${(event: SubmitEvent) => this.save(event)}>
        <label>Spend a day at most <span class="muted">(tokens; empty for no limit)</span>
          <input name="limit" type="number" min="1" step="1" .value=${String(dailySpendLimit ?? '')} /></label>
        <p class="muted" role="status">Spent today: ${tokens(spent)}. A day ends at midnight UTC.</p>
        <label>Tell me when I have fewer tokens than <span class="muted">(0 for never)</span>
          <input name="few" type="number" min="0" step="1" .value=${String(lowBalanceAt ?? FEW)} /></label>
        <button>Save</button>
      </form>
    </section>`;
  }

  private async save(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    const [dailySpendLimit, lowBalanceAt] = [chosen(form.get('limit')), chosen(form.get('few'))];
    const preferences = { dailySpendLimit, lowBalanceAt };
    const done = await this.app.attempt(() => this.app.studiox.updateProfile({ preferences }));
    if (!done) return;
    this.saved(done);
    this.app.say('Saved.');
  }
}

/** The number in a field; null if it is empty. */
function chosen(value: FormDataEntryValue | null): number | null {
  const text = String(value).trim();
  return text === '' ? null : Number(text);
}
