// The overview: what needs somebody, jobs, money, people and providers of the last days.
import { html, nothing, type TemplateResult } from 'lit-html';
import type { Overview, OverviewDay, ProviderState } from '../../../clients/typescript/src/index.ts';
import { chart, stacked } from '../chart.ts';
import { locale, say } from '../language.ts';
import { missing } from '../list.ts';
import { ago, at, count, money, onDay, spelled } from '../words.ts';
import type { Desk, Section } from './desk.ts';
import { share, table, typed, usd } from './table.ts';
import { words } from './words.ts';

const texts = words.overview;

const DAYS = [7, 31];
const ENDS = ['completed', 'failed', 'cancelled'] as const;
const NAMES = ENDS.map((end) => texts.ends[end]);
const ALERT_DAYS = 8;
const { user, rule, expected: wanted, found: present, lastSeen } = words.alerts;
const ALERT_COLUMNS = [user, rule, wanted, present, lastSeen];
const DAY_MS = 86_400_000;

export class OverviewPage implements Section {
  private found: Overview | null = null;
  private failed = false;
  private days = DAYS[0]!;

  constructor(private readonly desk: Desk) {}

  async load(): Promise<void> {
    const from = new Date(Date.now() - (this.days - 1) * DAY_MS).toISOString().slice(0, 10);
    const found = await this.desk.attempt(() => this.desk.studiox.getOverview({ from }));
    this.failed = found === null;
    this.found = found ?? this.found;
    this.desk.update();
  }

  private readonly choose = (event: Event): void => {
    this.days = Number((event.target as HTMLSelectElement).value);
    void this.load();
  };

  view(): TemplateResult {
    const { found } = this;
    if (!found) return missing(this.failed, () => void this.load());
    return html`
      ${needed(found)}
      <div class="row between wrap"><h2>${texts.jobs}</h2>
        <label class="row">${texts.ofTheLast} <select @change=${this.choose}>
          ${DAYS.map((days) => html`<option value=${days} ?selected=${days === this.days}>
            ${say(texts.days, { count: days })}</option>`)}
        </select></label></div>
      <div class="columns">
        <section class="card" aria-label=${texts.jobsByHour}><h3>${texts.byHour}</h3>${byHour(found)}</section>
        <section class="card" aria-label=${texts.jobsByDay}><h3>${texts.byDay}</h3>${byDay(found.days)}</section>
      </div>
      <section aria-label=${texts.models}><h2>${texts.models}</h2>${models(found)}</section>
      <section aria-label=${texts.money}><h2>${texts.earnings}</h2>${earnings(found.days)}</section>
      <div class="columns">
        <section class="card" aria-label=${texts.newPeople}><h2>${texts.newPeople}</h2>
          ${chart(texts.newPeople, texts.peopleUnit, found.days.map(
            ({ date, newUsers }) => ({ date, value: newUsers })))}
          ${table(texts.active, [{ name: texts.weekFrom }, { name: texts.withOrder, number: true }],
            found.active.map(({ weekStart, activeUsers }) => [onDay(weekStart), count(activeUsers)]))}</section>
        <section class="card" aria-label=${texts.providers}><h2>${texts.providers}</h2>
          ${table(texts.providers, [{ name: texts.provider }, { name: texts.state }],
            found.providers.map((each) => [typed(each.provider), state(each)]))}</section>
      </div>
      ${alerts(found)}`;
  }
}

function needed({ queue, alerts: open, paymentsInReview, failedEvents }: Overview): TemplateResult {
  const { waiting, oldest, running, notSubmitted, alerts, lately, inReview, webhooks } = words.needed;
  const since = queue.oldestAt ? say(oldest, { ago: ago(queue.oldestAt) }) : '';
  const tiles: [string, string, string, boolean][] = [
    [waiting, count(queue.waiting), since, false],
    [running, count(queue.pending + queue.processing), say(notSubmitted, { count: queue.pending }), false],
    [alerts, count(open.length), say(lately, { count: ALERT_DAYS }), open.length > 0],
    [inReview, count(paymentsInReview), '', paymentsInReview > 0],
    [webhooks, count(failedEvents), '', failedEvents > 0],
  ];
  return html`<dl class="tiles">${tiles.map(
    ([name, figure, note, bad]) => html`<div class=${bad ? 'tile wrong' : 'tile'}>
      <dt>${name}</dt><dd>${figure}${note ? html` <small>${note}</small>` : nothing}</dd></div>`,
  )}</dl>`;
}

const hour = new Intl.DateTimeFormat(locale, { hour: '2-digit', minute: '2-digit', timeZone: 'UTC' });

/** The last 24 hours. */
function byHour({ hours }: Overview): TemplateResult {
  const past = hours.filter((each) => Date.parse(each.at) <= Date.now()).slice(-24);
  const bars = past.map((each) => ({ label: hour.format(new Date(each.at)), values: ENDS.map((end) => each[end]) }));
  return stacked(texts.jobsByHour, NAMES, bars, 'hour');
}

const byDay = (days: readonly OverviewDay[]): TemplateResult =>
  stacked(texts.jobsByDay, NAMES,
    days.map((each) => ({ label: onDay(each.date), values: ENDS.map((end) => each[end]) })));

const models = (found: Overview): TemplateResult =>
  table(
    texts.models,
    [{ name: texts.model }, { name: texts.jobs, number: true }, ...NAMES.map((name) => ({ name, number: true })),
      { name: texts.success, number: true }, { name: texts.refunded, number: true }],
    found.models.map(({ model, jobs, completed, failed, cancelled, consumed, refunded }) => [
      typed(model), count(jobs), count(completed), count(failed), count(cancelled),
      share(completed, completed + failed), share(refunded, consumed),
    ]),
  );

function earnings(days: readonly OverviewDay[]): TemplateResult {
  const currencies = [...new Set(days.flatMap(({ revenue }) => Object.keys(revenue)))].sort();
  const paid = currencies.map((each) => say(texts.paid, { currency: each.toUpperCase() }));
  return table(
    texts.earnings,
    [{ name: texts.day }, ...[...paid, texts.kept, texts.cost, texts.margin].map((name) => ({ name, number: true }))],
    days.map(({ date, revenue, earnedMicroUsd, costMicroUsd }) => [
      onDay(date),
      ...currencies.map((currency) => money(revenue[currency] ?? 0, currency)),
      usd(earnedMicroUsd), usd(costMicroUsd), usd(earnedMicroUsd - costMicroUsd),
    ]),
  );
}

function state({ failures, openUntil, spentUntil, unpaidSpentUntil }: ProviderState): string {
  const { open, spent, unpaidSpent, failing, healthy } = words.health;
  if (openUntil) return say(open, { count: failures, time: at(openUntil) });
  if (spentUntil) return say(spent, { time: at(spentUntil) });
  if (unpaidSpentUntil) return say(unpaidSpent, { time: at(unpaidSpentUntil) });
  return failures > 0 ? say(failing, { count: failures }) : healthy;
}

const alerts = ({ alerts: open }: Overview): TemplateResult | typeof nothing =>
  open.length === 0
    ? nothing
    : html`<section aria-label=${words.needed.alerts}><h2>${words.needed.alerts}</h2>
        ${table(words.needed.alerts, ALERT_COLUMNS.map((name) => ({ name })),
          open.map(({ uid, kind, subject, expected, found, lastSeenAt }) => [
            html`<a href="/admin/people/${encodeURIComponent(uid)}">${uid}</a>`,
            typed(`${spelled(kind)} ${subject}`), typed(expected), typed(found), ago(lastSeenAt),
          ]))}</section>`;
