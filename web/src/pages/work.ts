// The user's running and recent jobs, live.
import { collection, limit, onSnapshot, orderBy, query, Timestamp, where } from 'firebase/firestore';
import { html, nothing, type TemplateResult } from 'lit-html';
import { repeat } from 'lit-html/directives/repeat.js';
import { hasEnded, type Job } from '../../../clients/typescript/src/index.ts';
import type { App } from '../app.ts';
import { cancel } from '../cancel.ts';
import { icon } from '../icons.ts';
import { full } from '../media.ts';
import { ago, tokens, typeName } from '../words.ts';

const SHOWN = 12;
type Known = Omit<Job, 'createdAt'> & { createdAt: string; prompt: string };

export class Work {
  /** Ends the listener. */
  readonly stop: () => void;
  private jobs: Known[] | null = null;

  constructor(private readonly app: App) {
    this.stop = app.user ? this.follow(app.user.uid) : () => undefined;
  }

  view(): TemplateResult {
    const { jobs } = this;
    return html`<section id="work" aria-label="Your work">
      <h2 class="hidden">Your work</h2>
      ${jobs?.length
        ? html`<div class="jobs">${repeat(jobs, ({ jobId }) => jobId, (job) => this.card(job))}</div>`
        : this.empty()}
    </section>`;
  }

  private empty(): TemplateResult {
    const own = this.jobs === null ? 'Loading …' : 'What you make appears here.';
    return html`<div class="empty">
      <span class="blob" aria-hidden="true"></span>
      ${this.app.user
        ? html`<p>${own}</p>`
        : html`<p>What you make appears here, and what others make is in the feed.</p>
            <a class="button" href="/feed">${icon('feed')}Look at the feed</a>`}
    </div>`;
  }

  private card(job: Known): TemplateResult {
    const { app } = this;
    const { status, prompt, type, model, price, refunded, media, text, creationId, error } = job;
    const label = prompt || `${typeName(type)} by ${app.modelName(model)}`;
    const facts = [typeName(type), app.modelName(model), tokens(price - refunded), ago(job.createdAt)];
    return html`<article class="card job" aria-label=${label} data-status=${status}>
      <header>
        <p class="prompt">${label}</p>
        <small>${facts.join(' · ')}</small>
      </header>
      ${status === 'completed'
        ? html`${full({ type, media, text, label }, (path, bytes) => app.files.private(path, bytes))}
            ${creationId
              ? html`<footer><a class="button" href="/library/${creationId}">Open in the library</a></footer>`
              : nothing}`
        : hasEnded(status)
          ? html`<p class="note">${status === 'cancelled' ? 'Cancelled.' : failure(error?.reason)}
              ${refunded > 0 ? html`${tokens(refunded)} refunded.` : nothing}</p>`
          : this.working(job, label)}
    </article>`;
  }

  private working({ jobId, status, progress }: Known, label: string): TemplateResult {
    return html`<div class="working">
      <progress max="100" .value=${progress} aria-label="Progress of ${label}"></progress>
      <span>${status === 'pending' ? 'Waiting' : `${progress} %`}</span>
      <button @click=${() => cancel(this.app, jobId)}>Cancel</button>
    </div>`;
  }

  private follow(uid: string): () => void {
    const jobs = collection(this.app.firestore, 'jobs');
    return onSnapshot(
      query(jobs, where('uid', '==', uid), orderBy('createdAt', 'desc'), limit(SHOWN)),
      ({ docs }) => {
        this.jobs = docs.map((each) => known(each.data()));
        this.app.update();
      },
      () => undefined,
    );
  }
}

function known(data: Record<string, unknown>): Known {
  const params = (data['params'] ?? {}) as Record<string, unknown>;
  return {
    ...(data as unknown as Known),
    createdAt: (data['createdAt'] as Timestamp).toDate().toISOString(),
    prompt: String(params['prompt'] ?? ''),
  };
}

// The reasons of functions/studiox/studio/lifecycle.py, MESSAGES. The refund is shown beside them.
const FAILURES: Record<string, string> = {
  ContentRejected: 'The model refused this. Try other words.',
  InvalidInput: 'The model could not use these inputs. Try another picture or other settings.',
  InputMissing: 'A picture that it starts from was deleted before it was sent.',
  ProviderUnavailable: 'This model is not available right now. Try another one, or try again later.',
  TimedOut: 'It took too long, so we stopped it.',
  MediaFailed: 'The result could not be saved.',
};
const failure = (reason = ''): string => FAILURES[reason] ?? 'It failed this time.';
