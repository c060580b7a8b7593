// The queue: the user's jobs that are being made, on every page. Fetched once somebody is signed in.
import { collection, limit, onSnapshot, orderBy, query, Timestamp, where } from 'firebase/firestore';
import { html, nothing, type TemplateResult } from 'lit-html';
import { repeat } from 'lit-html/directives/repeat.js';
import type { TypicalSeconds } from '../../clients/typescript/src/index.ts';
import type { App } from './app.ts';
import { cancel } from './cancel.ts';
import { timeLeft, typeName } from './words.ts';

/** More than any plan has running at once. */
const SHOWN = 30;
const SECOND_MS = 1_000;

interface Running {
  jobId: string;
  type: string;
  model: string;
  status: 'pending' | 'processing';
  progress: number;
  params: Record<string, unknown>;
  createdAt: Timestamp;
}

export class Queue {
  private jobs: Running[] = [];
  private open = false;
  /** How long jobs of a model take; null if it is not known. */
  private readonly typical = new Map<string, TypicalSeconds | null>();
  private readonly leave: () => void;
  private ticking: ReturnType<typeof setInterval> | undefined;

  constructor(
    private readonly app: App,
    uid: string,
  ) {
    const running = query(
      collection(app.firestore, 'jobs'),
      where('uid', '==', uid),
      where('status', 'in', ['pending', 'processing']),
      orderBy('createdAt', 'desc'),
      limit(SHOWN),
    );
    this.leave = onSnapshot(
      running,
      ({ docs }) => this.arrived(docs.map((each) => each.data() as Running)),
      () => undefined, // signed out while listening
    );
  }

  stop(): void {
    this.leave();
    clearInterval(this.ticking);
  }

  /** The button with their number, and the list that it opens. Empty while there are none. */
  view(): TemplateResult | typeof nothing {
    const { jobs, open } = this;
    if (jobs.length === 0 && !open) return nothing;
    const done = jobs.reduce((sum, { progress }) => sum + progress, 0) / Math.max(1, jobs.length);
    return html`
      <button class="round" popovertarget="queue" aria-label="Being made: ${jobs.length}">
        <span class="ring" style="--done:${done}%" aria-hidden="true"><span>${jobs.length}</span></span>
      </button>
      <div id="queue" popover class="popover" role="dialog" aria-label="Being made" tabindex="-1"
        @toggle=${this.toggled}>
        <h2>Being made</h2>
        ${jobs.length === 0 ? html`<p class="muted">Nothing at the moment.</p>` : nothing}
        <ul class="plain">${repeat(jobs, ({ jobId }) => jobId, (job) => this.row(job))}</ul>
      </div>`;
  }

  private row({ jobId, type, model, status, progress, params, createdAt }: Running): TemplateResult {
    const { app } = this;
    const end = (event: Event) => {
      (event.currentTarget as Element).closest<HTMLElement>('#queue')?.focus(); // its row will be gone
      void cancel(app, jobId);
    };
    const label = String(params['prompt'] ?? '') || `${typeName(type)} by ${app.modelName(model)}`;
    const typical = this.typical.get(model);
    const left = typical ? timeLeft(typical, (Date.now() - createdAt.toMillis()) / SECOND_MS) : '';
    return html`<li class="making">
      <p>${label}</p>
      <progress max="100" .value=${progress} aria-label="Progress of ${label}"></progress>
      <small>${status === 'pending' ? 'Waiting' : `${progress} %`}${left ? ` · ${left}` : ''}</small>
      <button aria-label="Cancel ${label}" @click=${end}>Cancel</button>
    </li>`;
  }

  private arrived(jobs: Running[]): void {
    this.jobs = jobs;
    // The queue is complete without the time.
    for (const job of jobs) if (!this.typical.has(job.model)) void this.time(job).catch(() => undefined);
    this.app.update();
  }

  /** A quote of the same order says how long such jobs take. */
  private async time({ model: id, params }: Running): Promise<void> {
    this.typical.set(id, null);
    const [{ request, restored }, options] = await Promise.all([import('./order.ts'), this.app.catalogue()]);
    const model = options?.models.find((each) => each.id === id);
    const quote = model && (await this.app.studiox.quoteStudioJob(request(model, restored(model, params))));
    this.typical.set(id, quote?.typicalSeconds ?? null);
    this.app.update();
  }

  private readonly toggled = (event: ToggleEvent): void => {
    this.open = event.newState === 'open';
    clearInterval(this.ticking);
    if (this.open) this.ticking = setInterval(() => this.app.update(), SECOND_MS); // the time that is left
    this.app.update();
  };
}
