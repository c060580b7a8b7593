// The overview: what needs somebody, jobs, money, people and providers of the last days.
import { html, nothing, type TemplateResult } from 'lit-html';
import type { Overview, OverviewDay, ProviderState } from '../../../clients/typescript/src/index.ts';
import { stacked } from '../chart.ts';
import { missing } from '../list.ts';
import { ago, at, count, money, onDay, spelled } from '../words.ts';
import type { Desk, Section } from './desk.ts';
import { share, table, usd } from './table.ts';

const DAYS = [7, 31];
const ENDS = ['completed', 'failed', 'cancelled'] as const;
const NAMES = ENDS.map(spelled);
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
      <div class="row between wrap"><h2>Jobs</h2>
        <label class="row">Of the last <select @change=${this.choose}>
          ${DAYS.map((days) => html`<option value=${days} ?selected=${days === this.days}>${days} days</option>`)}
        </select></label></div>
      <div class="columns">
        <section class="card" aria-label="Jobs by hour"><h3>By hour (UTC)</h3>${byHour(found)}</section>
        <section class="card" aria-label="Jobs by day"><h3>By day (UTC)</h3>${byDay(found.days)}</section>
      </div>
      <section aria-label="Models"><h2>Models</h2>${models(found)}</section>
      <section aria-label="Money"><h2>Revenue and margin</h2>${earnings(found.days)}</section>
      <div class="columns">
        <section class="card" aria-label="New people"><h2>New people</h2>
          ${stacked('New people', 'people', ['people'], found.days.map(
            ({ date, newUsers }) => ({ label: onDay(date), values: [newUsers] })))}
          ${table('Active people', [{ name: 'Week from' }, { name: 'With an order', number: true }],
            found.active.map(({ weekStart, activeUsers }) => [onDay(weekStart), count(activeUsers)]))}</section>
        <section class="card" aria-label="Providers"><h2>Providers</h2>
          ${table('Providers', [{ name: 'Provider' }, { name: 'State' }],
            found.providers.map((each) => [each.provider, state(each)]))}</section>
      </div>
      ${alerts(found)}`;
  }
}

function needed({ queue, alerts: open, paymentsInReview, failedEvents }: Overview): TemplateResult {
  const tiles: [string, string, string, boolean][] = [
    ['Waiting for a provider', count(queue.waiting), queue.oldestAt ? `oldest ${ago(queue.oldestAt)}` : '', false],
    ['Running', count(queue.pending + queue.processing), `${count(queue.pending)} not submitted yet`, false],
    ['Ledger alerts', count(open.length), 'in the last 8 days', open.length > 0],
    ['Payments in review', count(paymentsInReview), '', paymentsInReview > 0],
    ['Failed webhooks', count(failedEvents), '', failedEvents > 0],
  ];
  return html`<dl class="tiles">${tiles.map(
    ([name, figure, note, bad]) => html`<div class=${bad ? 'tile wrong' : 'tile'}>
      <dt>${name}</dt><dd>${figure}${note ? html` <small>${note}</small>` : nothing}</dd></div>`,
  )}</dl>`;
}

/** The last 24 hours. */
function byHour({ hours }: Overview): TemplateResult {
  const past = hours.filter((each) => Date.parse(each.at) <= Date.now()).slice(-24);
  const clock = (time: string) => `${new Date(time).toISOString().slice(11, 13)}:00`;
  const bars = past.map((each) => ({ label: clock(each.at), values: ENDS.map((end) => each[end]) }));
  return stacked('Jobs by hour', 'jobs', NAMES, bars, 'hour');
}

const byDay = (days: readonly OverviewDay[]): TemplateResult =>
  stacked('Jobs by day', 'jobs', NAMES,
    days.map((each) => ({ label: onDay(each.date), values: ENDS.map((end) => each[end]) })));

const models = (found: Overview): TemplateResult =>
  table(
    'Models',
    [{ name: 'Model' }, { name: 'Jobs', number: true }, ...NAMES.map((name) => ({ name, number: true })),
      { name: 'Success', number: true }, { name: 'Refunded', number: true }],
    found.models.map(({ model, jobs, completed, failed, cancelled, consumed, refunded }) => [
      model, count(jobs), count(completed), count(failed), count(cancelled),
      share(completed, completed + failed), share(refunded, consumed),
    ]),
  );

function earnings(days: readonly OverviewDay[]): TemplateResult {
  const currencies = [...new Set(days.flatMap(({ revenue }) => Object.keys(revenue)))].sort();
  const figures = ['Tokens kept', 'Cost', 'Margin'];
  return table(
    'Revenue and margin',
    [{ name: 'Day' }, ...[...currencies.map((each) => `Paid, ${each.toUpperCase()}`), ...figures].map(
      (name) => ({ name, number: true }))],
    days.map(({ date, revenue, earnedMicroUsd, costMicroUsd }) => [
      onDay(date),
      ...currencies.map((currency) => money(revenue[currency] ?? 0, currency)),
      usd(earnedMicroUsd), usd(costMicroUsd), usd(earnedMicroUsd - costMicroUsd),
    ]),
  );
}

function state({ failures, openUntil, spentUntil, unpaidSpentUntil }: ProviderState): string {
  if (openUntil) return `failed ${count(failures)} times, no orders until ${at(openUntil)}`;
  if (spentUntil) return `the daily limit is reached, no orders until ${at(spentUntil)}`;
  if (unpaidSpentUntil) return `the limit of unpaid orders is reached, none until ${at(unpaidSpentUntil)}`;
  return failures > 0 ? `failed ${count(failures)} times in a row` : 'healthy';
}

const alerts = ({ alerts: open }: Overview): TemplateResult | typeof nothing =>
  open.length === 0
    ? nothing
    : html`<section aria-label="Ledger alerts"><h2>Ledger alerts</h2>
        ${table('Ledger alerts', ['User', 'Rule', 'Expected', 'Found', 'Last seen'].map((name) => ({ name })),
          open.map(({ uid, kind, subject, expected, found, lastSeenAt }) => [
            html`<a href="/admin/people/${encodeURIComponent(uid)}">${uid}</a>`,
            `${spelled(kind)} ${subject}`, expected, found, ago(lastSeenAt),
          ]))}</section>`;
