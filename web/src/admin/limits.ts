// Rate limits: the table of all functions, and how much of it one person has used.
import { html, nothing, type TemplateResult } from 'lit-html';
import type { FunctionLimit } from '../../../clients/typescript/src/index.ts';
import { say, shown } from '../language.ts';
import { missing } from '../list.ts';
import { at, count } from '../words.ts';
import type { Desk, Section } from './desk.ts';
import { seconds, table, typed, type Column } from './table.ts';
import { words } from './words.ts';

const texts = words.limits;

/** The document that overrides the limits. */
const SETTINGS = 'settings/limits';
const PERSONS: readonly Column[] = [{ name: texts.used, number: true }, { name: texts.until }];

/** The limits of everybody, or with a uid those that this person has used a part of. */
export const limitsOf = (desk: Desk, uid: string | null): Section => new Shown(desk, uid);

class Shown implements Section {
  private found: FunctionLimit[] | null = null;
  private failed = false;

  constructor(
    private readonly desk: Desk,
    private readonly uid: string | null,
  ) {}

  async load(): Promise<void> {
    const found = await this.desk.attempt(() => this.desk.studiox.getRateLimits({ uid: this.uid }));
    this.failed = found === null;
    this.found = found?.limits ?? this.found;
    this.desk.update();
  }

  view(): TemplateResult {
    if (!this.found) return missing(this.failed, () => void this.load());
    const wanted = this.uid === null ? this.found : this.found.filter(({ used }) => used !== undefined);
    return table(
      texts.title,
      [{ name: texts.function }, { name: texts.calls, number: true }, { name: texts.in },
        ...(this.uid === null ? [] : PERSONS)],
      wanted.map((each) => this.row(each)),
    );
  }

  private row({ function: name, calls, per, declaredCalls, declaredPer, used, resetsAt }: FunctionLimit): unknown[] {
    const changed = calls !== declaredCalls || per !== declaredPer;
    const declared = say(texts.declared, { calls: declaredCalls, time: seconds(declaredPer) });
    const was = html` <small>${declared}</small>`;
    const own = [typed(name), count(calls), html`${seconds(per)}${changed ? was : nothing}`];
    if (used === undefined || this.uid === null) return own;
    const full = used >= calls ? html` <span class="tag">${texts.limited}</span>` : nothing;
    return [...own, html`${count(used)}${full}`, resetsAt ? at(resetsAt) : ''];
  }
}

export class Limits implements Section {
  private shown: Section;

  constructor(private readonly desk: Desk) {
    this.shown = limitsOf(desk, null);
  }

  load(): Promise<unknown> {
    return this.shown.load();
  }

  private readonly search = (event: SubmitEvent): void => {
    event.preventDefault();
    const uid = String(new FormData(event.currentTarget as HTMLFormElement).get('uid')).trim();
    this.shown = limitsOf(this.desk, uid || null);
    void this.load();
  };

  view(): TemplateResult {
    return html`<form class="row wrap filters" role="search" @submit=${this.search}>
        <label>${texts.who}<input name="uid" maxlength="128" autocomplete="off" /></label>
        <button class="main">${texts.show}</button>
      </form>
      <p class="muted">${shown(texts.note, { settings: html`<code>${SETTINGS}</code>` })}</p>
      ${this.shown.view()}`;
  }
}
