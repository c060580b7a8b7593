// Weekly reports: a week beside the one before it, and what was unusual.
import { html, nothing, type TemplateResult } from 'lit-html';
import { missing } from '../list.ts';
import { count, money, onDay, spelled } from '../words.ts';
import type { Desk, Section } from './desk.ts';
import { share, table, type Column } from './table.ts';

/** A stored report (docs/operations.md), as far as it is shown. */
interface Report {
  reportId: string;
  weekStartDate: string;
  weekEndDate: string;
  totalRequests: number;
  successfulRequests: number;
  failedRequests: number;
  cancelledRequests: number;
  totalCreditsConsumed: number;
  totalCreditsRefunded: number;
  requestsByModel: Record<string, number>;
  activeUsers: number;
  newUsers: number;
  revenue: Record<string, number>;
  latency: { p50: number | null; p95: number | null };
  anomalies: { kind: string; subject: string; value: number; expected: number }[];
}

const WEEKS = 26;
const seconds = (value: number | null): string => (value === null ? '–' : `${value} s`);

const FIGURES: readonly [name: string, of: (report: Report) => string][] = [
  ['Jobs ordered', (r) => count(r.totalRequests)],
  ['Completed', (r) => count(r.successfulRequests)],
  ['Failed', (r) => count(r.failedRequests)],
  ['Cancelled', (r) => count(r.cancelledRequests)],
  ['Success', (r) => share(r.successfulRequests, r.successfulRequests + r.failedRequests)],
  ['Tokens spent', (r) => count(r.totalCreditsConsumed)],
  ['Tokens refunded', (r) => count(r.totalCreditsRefunded)],
  ['Active people', (r) => count(r.activeUsers)],
  ['New people', (r) => count(r.newUsers)],
  ['Revenue', (r) => Object.entries(r.revenue).map(([each, minor]) => money(minor, each)).join(', ') || '–'],
  ['Half of the jobs took at most', (r) => seconds(r.latency.p50)],
  ['95 % of the jobs took at most', (r) => seconds(r.latency.p95)],
];

export class Reports implements Section {
  private found: Report[] | null = null;
  private failed = false;
  private chosen = '';

  constructor(private readonly desk: Desk) {}

  async load(): Promise<void> {
    const found = await this.desk.attempt(() => this.desk.studiox.getWeeklyReports({ limit: WEEKS }));
    this.failed = found === null;
    this.found = (found?.reports as unknown as Report[] | undefined) ?? this.found;
    this.desk.update();
  }

  private readonly run = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    const weekStart = String(new FormData(event.currentTarget as HTMLFormElement).get('week'));
    const made = await this.desk.change(() => this.desk.studiox.runWeeklyReport({ weekStart }));
    if (!made) return;
    this.chosen = (made.report as unknown as Report).reportId;
    this.desk.app.say('The report is made.');
    await this.load();
  };

  private readonly choose = (event: Event): void => {
    this.chosen = (event.target as HTMLSelectElement).value;
    this.desk.update();
  };

  view(): TemplateResult {
    const { found } = this;
    if (!found) return missing(this.failed, () => void this.load());
    const index = Math.max(0, found.findIndex(({ reportId }) => reportId === this.chosen));
    const [report, before] = [found[index], found[index + 1]];
    return html`<div class="row wrap filters">
        ${found.length > 0
          ? html`<label>Week<select @change=${this.choose}>
              ${found.map(({ reportId }, at) => html`<option value=${reportId} ?selected=${at === index}>
                ${week(found[at]!)}</option>`)}</select></label>`
          : nothing}
        <form class="row wrap" @submit=${this.run}>
          <label>Report the week from Monday<input type="date" name="week" required value=${monday()} /></label>
          <button ?disabled=${this.desk.busy}>Make the report</button>
        </form>
      </div>
      ${report ? shown(report, before) : html`<p class="muted">There is no report yet.</p>`}`;
  }
}

const week = ({ weekStartDate, weekEndDate }: Report): string => `${onDay(weekStartDate)} to ${onDay(weekEndDate)}`;

/** The present week's Monday. */
function monday(): string {
  const now = new Date();
  now.setUTCDate(now.getUTCDate() - ((now.getUTCDay() + 6) % 7));
  return now.toISOString().slice(0, 10);
}

function shown(report: Report, before: Report | undefined): TemplateResult {
  const columns: Column[] = [{ name: 'Figure' }, { name: 'This week', number: true }];
  if (before) columns.push({ name: `From ${onDay(before.weekStartDate)}`, number: true });
  const line = (name: string, of: (each: Report) => string) => [name, of(report), ...(before ? [of(before)] : [])];
  const models = Object.keys({ ...report.requestsByModel, ...before?.requestsByModel }).sort();
  return html`
    <section aria-label="Anomalies"><h2>Unusual</h2>
      ${table('Anomalies', [{ name: 'What' }, { name: 'Of what' }, { name: 'Value', number: true },
        { name: 'Expected', number: true }],
        report.anomalies.map(({ kind, subject, value, expected }) => [
          spelled(kind), subject, count(value), count(expected)]))}</section>
    <section aria-label="Figures"><h2>${week(report)}</h2>
      ${table('Figures', columns, FIGURES.map(([name, of]) => line(name, of)))}</section>
    <section aria-label="Jobs by model"><h2>Jobs by model</h2>
      ${table('Jobs by model', columns, models.map((id) => line(id, (r) => count(r.requestsByModel[id] ?? 0))))}
    </section>`;
}
