// The audit log: who did what to what.
import { html, type TemplateResult } from 'lit-html';
import type { AuditEntry, GetAuditLog } from '../../../clients/typescript/src/index.ts';
import { List } from '../list.ts';
import { at, spelled } from '../words.ts';
import type { Desk, Section } from './desk.ts';
import { table, typed } from './table.ts';
import { words } from './words.ts';

const texts = words.audit;

const FILTERS = [
  ['actor', texts.actor, texts.aUid],
  ['action', texts.action, 'suspendUser'],
  ['target', texts.target, 'users/…'],
] as const;

export class Audit implements Section {
  private wanted: GetAuditLog = {};
  private readonly list: List<AuditEntry>;

  constructor(desk: Desk) {
    this.list = new List<AuditEntry>(desk, async (cursor) => {
      const found = await desk.studiox.getAuditLog({ ...this.wanted, cursor });
      return { items: found.entries, nextCursor: found.nextCursor };
    });
  }

  async load(): Promise<void> {
    await this.list.reload();
  }

  private readonly filter = (event: SubmitEvent): void => {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    this.wanted = Object.fromEntries(FILTERS.map(([name]) => [name, String(form.get(name)).trim() || null]));
    void this.list.reload();
  };

  view(): TemplateResult {
    return html`<form class="row wrap filters" role="search" @submit=${this.filter}>
        ${FILTERS.map(([name, label, example]) => html`<label>${label}
          <input name=${name} maxlength="512" placeholder=${example} autocomplete="off" /></label>`)}
        <button class="main">${texts.filter}</button>
      </form>
      ${this.list.items === null ? this.list.missing() : entries(this.list.items)}
      ${this.list.more()}`;
  }
}

export const entries = (found: readonly AuditEntry[]): TemplateResult =>
  table(
    texts.title,
    [texts.when, texts.who, texts.what, texts.toWhat, texts.details].map((name) => ({ name })),
    found.map(({ at: time, actor, action, target, details }) => [
      at(time), ...[actor, action, target, told(details)].map(typed)]),
  );

const told = (details: Record<string, unknown>): string =>
  Object.entries(details)
    .map(([name, value]) => `${spelled(name)}: ${typeof value === 'object' ? JSON.stringify(value) : String(value)}`)
    .join(' · ');
