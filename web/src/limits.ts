// The user's own limits: how many tokens may be spent in a day, with what was spent today, and when they are few.
import { html, type TemplateResult } from 'lit-html';
import type { Profile } from '../../clients/typescript/src/index.ts';
import type { App } from './app.ts';
import { keptDraft } from './kept.ts';
import { say, translated } from './language.ts';
import type { Spend } from './sdk/live.ts';
import { tokens } from './words.ts';
import { account as english } from './words/en/account.ts';

const account = translated('account', english);
const words = account.limits;

const FEW = 20;

export class Limits {
  private spent: Spend = { date: '', tokens: 0 };
  private readonly draft: ReturnType<typeof keptDraft>;
  readonly stop: () => void;

  constructor(
    private readonly app: App,
    uid: string,
    private readonly saved: (profile: Profile) => void,
  ) {
    this.draft = keptDraft(app, 'limits');
    this.stop = app.listen(({ followSpend }) =>
      followSpend(uid, (spent) => {
        this.spent = spent;
        app.update();
      }),
    );
  }

  view({ dailySpendLimit, lowBalanceAt }: Profile['preferences']): TemplateResult {
    const { draft } = this;
    const today = new Date().toISOString().slice(0, 10);
    const spent = this.spent.date === today ? this.spent.tokens : 0;
    return html`<section class="card" aria-label=${words.title}><h2>${words.title}</h2>
      <form @input=${draft.keep} @submit=${(event: SubmitEvent) => this.save(event)}>
        <label>${words.most} <span class="muted">${words.mostHint}</span>
          <input name="limit" type="number" min="1" step="1"
            .value=${draft.text('limit', String(dailySpendLimit ?? ''))} /></label>
        <p class="muted" role="status">${say(words.spent, { tokens: tokens(spent) })}</p>
        <label>${words.few} <span class="muted">${words.fewHint}</span>
          <input name="few" type="number" min="0" step="1"
            .value=${draft.text('few', String(lowBalanceAt ?? FEW))} /></label>
        <button>${account.save}</button>
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
    this.draft.forget();
    this.saved(done);
    this.app.say(account.saved);
  }
}

/** The number in a field; null if it is empty. */
function chosen(value: FormDataEntryValue | null): number | null {
  const text = String(value).trim();
  return text === '' ? null : Number(text);
}
