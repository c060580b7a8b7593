// The queue: the user's jobs that are being made, on every page.
import { html, nothing, type TemplateResult } from 'lit-html';
import { repeat } from 'lit-html/directives/repeat.js';
import type { App } from './app.ts';
import { cancel } from './cancel.ts';
import { count, say, translated } from './language.ts';
import { done, underWay, type Running } from './under-way.ts';
import { making as english } from './words/en/making.ts';

const words = translated('making', english);

const SECOND_MS = 1_000;

export class Queue {
  private jobs: Running[] = [];
  private open = false;
  private ticking: ReturnType<typeof setInterval> | undefined;

  constructor(private readonly app: App) {
    app.followers.push((uid) => this.follow(uid));
  }

  /** The button with their number, and the list that it opens. Empty while there are none. */
  view(): TemplateResult | typeof nothing {
    const { jobs, open } = this;
    if (jobs.length === 0 && !open) return nothing;
    const part = jobs.reduce((sum, job) => sum + done(this.app, job), 0) / Math.max(1, jobs.length);
    return html`
      <button class="round" popovertarget="queue" aria-label=${say(words.howManyBeingMade, { number: jobs.length })}>
        <span class="ring" style="--done:${part}%" aria-hidden="true"><span>${count(jobs.length)}</span></span>
      </button>
      <div id="queue" popover class="popover" role="dialog" aria-label=${words.beingMade} tabindex="-1"
        @toggle=${this.toggled}>
        <h2>${words.beingMade}</h2>
        ${jobs.length === 0 ? html`<p class="muted">${words.nothingBeingMade}</p>` : nothing}
        <ul class="plain">${repeat(jobs, ({ jobId }) => jobId, (job) => this.row(job))}</ul>
      </div>`;
  }

  private row(job: Running): TemplateResult {
    const { app } = this;
    const { jobId, type, model, params } = job;
    const end = (event: Event) => {
      (event.currentTarget as Element).closest<HTMLElement>('#queue')?.focus(); // its row will be gone
      void cancel(app, jobId);
    };
    const label = String(params['prompt'] ?? '') || app.madeBy(type, model);
    return html`<li class="making">
      <p dir="auto">${label}</p>
      <progress max="100" .value=${done(app, job)} aria-label=${say(words.progressOf, { label })}></progress>
      <small>${underWay(app, job)}</small>
      <button aria-label=${say(words.cancelOne, { label })} @click=${end}>${words.cancel}</button>
    </li>`;
  }

  private follow(uid: string): () => void {
    const stop = this.app.listen(({ followRunning }) =>
      followRunning(uid, (all) => {
        this.jobs = all.map(({ data }) => data as unknown as Running);
        this.app.update();
      }),
    );
    return () => {
      stop();
      clearInterval(this.ticking);
      [this.jobs, this.open] = [[], false];
    };
  }

  private readonly toggled = (event: ToggleEvent): void => {
    this.open = event.newState === 'open';
    clearInterval(this.ticking);
    if (this.open) this.ticking = setInterval(() => this.app.update(), SECOND_MS); // the time that is left
    this.app.update();
  };
}
