// Weekly reports: a week beside the one before it, and what was unusual.
import { html, nothing, type TemplateResult } from 'lit-html';
import { say } from '../language.ts';
import { missing } from '../list.ts';
import { count, money, named, onDay } from '../words.ts';
import type { Desk, Section } from './desk.ts';
import { seconds, share, table, typed, type Column } from './table.ts';
import { words } from './words.ts';

const texts = words.reports;
const { figures } = words;

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
const lasted = (value: number | null): string => (value === null ? '–' : seconds(value));

const FIGURES: readonly [name: string, of: (report: Report) => string][] = [
  [figures.ordered, (r) => count(r.totalRequests)],
  [figures.completed, (r) => count(r.successfulRequests)],
  [figures.failed, (r) => count(r.failedRequests)],
  [figures.cancelled, (r) => count(r.cancelledRequests)],
  [figures.success, (r) => share(r.successfulRequests, r.successfulRequests + r.failedRequests)],
  [figures.spent, (r) => count(r.totalCreditsConsumed)],
  [figures.refunded, (r) => count(r.totalCreditsRefunded)],
  [figures.active, (r) => count(r.activeUsers)],
  [figures.newPeople, (r) => count(r.newUsers)],
  [figures.revenue, (r) => Object.entries(r.revenue).map(([each, minor]) => money(minor, each)).join(', ') || '–'],
  [figures.half, (r) => lasted(r.latency.p50)],
  [say(figures.most, { share: share(95, 100) }), (r) => lasted(r.latency.p95)],
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
    this.desk.app.say(texts.made);
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
          ? html`<label>${texts.week}<select @change=${this.choose}>
              ${found.map(({ reportId }, at) => html`<option value=${reportId} ?selected=${at === index}>
                ${week(found[at]!)}</option>`)}</select></label>`
          : nothing}
        <form class="row wrap" @submit=${this.run}>
          <label>${texts.from}<input type="date" name="week" required value=${monday()} /></label>
          <button ?disabled=${this.desk.busy}>${texts.make}</button>
        </form>
      </div>
      ${report ? shown(report, before) : html`<p class="muted">${texts.none}</p>`}`;
  }
}

const week = ({ weekStartDate, weekEndDate }: Report): string =>
  say(texts.span, { first: onDay(weekStartDate), last: onDay(weekEndDate) });

/** The present week's Monday. */
function monday(): string {
  const now = new Date();
  now.setUTCDate(now.getUTCDate() - ((now.getUTCDay() + 6) % 7));
  return now.toISOString().slice(0, 10);
}

function shown(report: Report, before: Report | undefined): TemplateResult {
  const columns: Column[] = [{ name: texts.figure }, { name: texts.thisWeek, number: true }];
  if (before) columns.push({ name: say(texts.before, { day: onDay(before.weekStartDate) }), number: true });
  const line = (name: string | TemplateResult, of: (each: Report) => string) =>
    [name, of(report), ...(before ? [of(before)] : [])];
  const models = Object.keys({ ...report.requestsByModel, ...before?.requestsByModel }).sort();
  return html`
    <section aria-label=${texts.anomalies}><h2>${texts.unusual}</h2>
      ${table(texts.anomalies, [{ name: texts.what }, { name: texts.ofWhat }, { name: texts.value, number: true },
        { name: texts.expected, number: true }],
        report.anomalies.map(({ kind, subject, value, expected }) => [
          named(words.anomalies, kind), typed(subject), count(value), count(expected)]))}</section>
    <section aria-label=${texts.figures}><h2>${week(report)}</h2>
      ${table(texts.figures, columns, FIGURES.map(([name, of]) => line(name, of)))}</section>
    <section aria-label=${texts.byModel}><h2>${texts.byModel}</h2>
      ${table(texts.byModel, columns, models.map((id) => line(typed(id), (r) => count(r.requestsByModel[id] ?? 0))))}
    </section>`;
}
