// The user's running and recent jobs, live.
import { html, nothing, type TemplateResult } from 'lit-html';
import { ref } from 'lit-html/directives/ref.js';
import { repeat } from 'lit-html/directives/repeat.js';
import type { Job } from '../../../clients/typescript/src/index.ts';
import { hasEnded } from '../../../clients/typescript/src/status.ts';
import type { App } from '../app.ts';
import { cancel, refunded as giveBack } from '../cancel.ts';
import { withInputs } from '../compare.ts';
import { say, translated } from '../language.ts';
import { done, underWay, type Running } from '../under-way.ts';
import { ago, tokens } from '../words.ts';
import { making as english } from '../words/en/making.ts';
import { bought } from '../worth.ts';

const words = translated('making', english);

const TICK_MS = 1_000;
/** The width up to which the form is above the work (style.css). */
const PHONE = '(max-width: 820px)';
type Known = Running & Pick<Job, 'price' | 'refunded' | 'media' | 'text' | 'creationId' | 'error'> & { prompt: string };

export class Work {
  /** Ends the listener. */
  readonly stop: () => void;
  private jobs: Known[] | null = null;
  /** The job whose card is to be scrolled to. */
  private sought = '';

  constructor(private readonly app: App) {
    this.stop = app.user ? this.follow(app.user.uid) : () => undefined;
  }

  /** Scroll to this job once it is shown. */
  seek(jobId: string): void {
    this.sought = jobId;
    this.app.update();
  }

  view(): TemplateResult {
    const { jobs } = this;
    return html`<section id="work" aria-label=${words.yourWork}>
      <h2 class="hidden">${words.yourWork}</h2>
      ${jobs?.length
        ? html`<div class="jobs">${repeat(jobs, ({ jobId }) => jobId, (job) => this.card(job))}</div>`
        : this.empty()}
    </section>`;
  }

  /** Somebody who has made nothing yet is told what their tokens buy. */
  private empty(): TemplateResult {
    const { jobs, app } = this;
    const owned = app.balance?.balance ?? 0;
    const worth = () => say(words.yourTokensBuy, { tokens: tokens(owned), things: bought(app.options, owned) });
    return html`<div class="empty">
      <span class="blob" aria-hidden="true"></span>
      <p>${jobs === null ? words.loading : words.appearsHere}</p>
      ${jobs !== null && owned > 0 ? html`<p>${worth()}</p>` : nothing}
    </div>`;
  }

  private card(job: Known): TemplateResult {
    const { app } = this;
    const { status, prompt, params, type, model, price, refunded, media, text, creationId, error } = job;
    const made = app.madeBy(type, model);
    const label = prompt || made;
    const facts = [made, tokens(price - refunded), ago(job.createdAt)];
    const found = (card?: Element) => {
      if (!card || this.sought !== job.jobId) return;
      this.sought = '';
      const block = matchMedia(PHONE).matches ? 'start' : 'nearest';
      queueMicrotask(() => card.scrollIntoView({ block })); // Lit has it before the page has
    };
    return html`<article class="card job" aria-label=${label} data-status=${status} ${ref(found)}>
      <header>
        <p class="prompt" dir="auto">${label}</p>
        <small>${facts.join(' · ')}</small>
      </header>
      ${status === 'completed'
        ? html`${withInputs(app, { type, media, text, label }, params)}
            ${creationId
              ? html`<footer><a class="button" href="/library/${creationId}">${words.openInLibrary}</a></footer>`
              : nothing}`
        : hasEnded(status)
          ? html`<p class="note">${status === 'cancelled' ? words.cancelled : failure(error?.reason)}
              ${refunded > 0 ? giveBack(refunded) : nothing}</p>`
          : this.working(job, label)}
    </article>`;
  }

  private working(job: Known, label: string): TemplateResult {
    const { app } = this;
    return html`<div class="working">
        <progress max="100" .value=${done(app, job)} aria-label=${say(words.progressOf, { label })}></progress>
        <button @click=${() => cancel(app, job.jobId)}>${words.cancel}</button>
      </div>
      <p class="muted">${underWay(app, job)}</p>`;
  }

  private follow(uid: string): () => void {
    const clock = setInterval(() => {
      if (this.jobs?.some(({ status }) => !hasEnded(status))) this.app.update();
    }, TICK_MS);
    const unfollow = this.app.listen(({ followJobs }) =>
      followJobs(uid, (all) => {
        this.jobs = all.map(({ data }) => known(data));
        this.app.update();
      }),
    );
    return () => {
      clearInterval(clock);
      unfollow();
    };
  }
}

function known(data: Record<string, unknown>): Known {
  const params = (data['params'] ?? {}) as Record<string, unknown>;
  return { ...(data as unknown as Known), params, prompt: String(params['prompt'] ?? '') };
}

const failure = (reason = ''): string => (words.failures as Record<string, string>)[reason] ?? words.failed;
