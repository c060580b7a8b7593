// People: search by address, uid or plan.
import { html, type TemplateResult } from 'lit-html';
import type { FoundUser, SearchUsers } from '../../../clients/typescript/src/index.ts';
import { List } from '../list.ts';
import { count, onDay, planName } from '../words.ts';
import type { Desk, Section } from './desk.ts';
import { table, typed } from './table.ts';
import { words } from './words.ts';

const texts = words.people;

export const PLANS = ['free', 'pro', 'enterprise'] as const;

export class People implements Section {
  private wanted: SearchUsers = {};
  private readonly list: List<FoundUser>;

  constructor(desk: Desk) {
    this.list = new List<FoundUser>(desk, async (cursor) => {
      const { users, nextCursor } = await desk.studiox.searchUsers({ ...this.wanted, cursor });
      return { items: users, nextCursor };
    });
  }

  async load(): Promise<void> {
    await this.list.reload();
  }

  private readonly search = (event: SubmitEvent): void => {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    const text = String(form.get('who')).trim();
    const plan = (form.get('plan') || null) as SearchUsers['plan'];
    if (text) this.wanted = text.includes('@') ? { email: text } : { uid: text };
    else this.wanted = { plan };
    void this.list.reload();
  };

  view(): TemplateResult {
    return html`<form class="row wrap filters" role="search" @submit=${this.search}>
        <label>${texts.who}<input name="who" maxlength="320" autocomplete="off" /></label>
        <label>${texts.plan}<select name="plan"><option value="">${texts.anyPlan}</option>
          ${PLANS.map((plan) => html`<option value=${plan}>${planName(plan)}</option>`)}</select></label>
        <button class="main">${texts.search}</button>
      </form>
      ${this.list.items === null ? this.list.missing() : found(this.list.items)}
      ${this.list.more()}`;
  }
}

const found = (users: readonly FoundUser[]): TemplateResult =>
  table(
    words.sections.people,
    [{ name: texts.person }, { name: texts.name }, { name: texts.plan }, { name: texts.balance, number: true },
      { name: texts.since }],
    users.map(({ uid, email, displayName, plan, balance, suspended, createdAt }) => [
      html`<a href="/admin/people/${encodeURIComponent(uid)}">${email ?? uid}</a>`,
      typed(displayName ?? ''),
      html`${planName(plan)}${suspended ? html` <span class="tag">${texts.suspended}</span>` : ''}`,
      count(balance),
      onDay(createdAt),
    ]),
  );
