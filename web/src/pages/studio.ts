// The studio: the order form, and the running and recent jobs, live.
import { collection, limit, onSnapshot, orderBy, query, Timestamp, where } from 'firebase/firestore';
import { html, nothing, type TemplateResult } from 'lit-html';
import { repeat } from 'lit-html/directives/repeat.js';
import { hasEnded, type Job } from '../../../clients/typescript/src/index.ts';
import type { App, Page } from '../app.ts';
import { icon } from '../icons.ts';
import { full } from '../media.ts';
import { ago, tokens, typeName } from '../words.ts';
import { OrderForm } from './form.ts';

const SHOWN = 12;
type Known = Omit<Job, 'createdAt'> & { createdAt: string; prompt: string };

/** The order form's values, kept while other pages are shown. */
const forms = new WeakMap<object, OrderForm>();

function formOf(app: App): OrderForm {
  const kept = forms.get(app.session) ?? new OrderForm(app);
  forms.set(app.session, kept);
  return kept;
}

export function studioPage(app: App): Page {
  const prompts = new Map<string, string>();
  let jobs: Known[] | null = null;
  const form = formOf(app);
  form.placed = (jobId, prompt) => {
    prompts.set(jobId, prompt);
    document.getElementById('work')?.scrollIntoView({ block: 'nearest' });
  };
  if (app.draft) form.begin(app.draft);

  const stop = app.user
    ? onSnapshot(
        query(collection(app.firestore, 'jobs'), where('uid', '==', app.user.uid), orderBy('createdAt', 'desc'), limit(SHOWN)),
        ({ docs }) => {
          jobs = docs.map((each) => known(each.data()));
          app.update();
        },
        () => undefined,
      )
    : () => undefined;

  const cancel = async (jobId: string) => {
    const done = await app.attempt(() => app.studiox.cancelStudioJob({ jobId }));
    if (done) app.say(done.refunded > 0 ? `Cancelled. ${tokens(done.refunded)} refunded.` : 'Cancelled.');
  };

  return {
    title: 'Studio',
    stop,
    changed: () => form.renew(),
    view: () => html`
      <h1 class=${app.user ? 'hidden' : 'hero'}>${app.user ? 'Studio' : html`Say it. <em>See it, hear it, share it.</em>`}</h1>
      ${app.user ? nothing : html`<p class="lead">Pictures, video, music and speech from a sentence. Sign up and the first ones are on us.</p>`}
      <div class="studio">
        ${form.view()}
        <section id="work" aria-label="Your work">
          <h2 class="hidden">Your work</h2>
          ${jobs === null || jobs.length === 0
            ? html`<div class="empty">
                <span class="blob" aria-hidden="true"></span>
                <p>${app.user ? (jobs === null ? 'Loading …' : 'What you make appears here.') : 'What you make appears here, and what others make is in the feed.'}</p>
                ${app.user ? nothing : html`<a class="button" href="/feed">${icon('feed')}Look at the feed</a>`}
              </div>`
            : html`<div class="jobs">${repeat(jobs, ({ jobId }) => jobId, (job) => card(app, job, prompts.get(job.jobId) ?? job.prompt, cancel))}</div>`}
        </section>
      </div>
    `,
  };
}

function known(data: Record<string, unknown>): Known {
  const params = (data['params'] ?? {}) as Record<string, unknown>;
  return {
    ...(data as unknown as Known),
    createdAt: (data['createdAt'] as Timestamp).toDate().toISOString(),
    prompt: String(params['prompt'] ?? ''),
  };
}

function card(app: App, job: Known, prompt: string, cancel: (jobId: string) => void): TemplateResult {
  const { jobId, status, progress, type, model, price, refunded, media, text, creationId, error } = job;
  const label = prompt || `${typeName(type)} by ${app.modelName(model)}`;
  return html`<article class="card job" aria-label=${label} data-status=${status}>
    <header>
      <p class="prompt">${label}</p>
      <small>${typeName(type)} · ${app.modelName(model)} · ${tokens(price - refunded)} · ${ago(job.createdAt)}</small>
    </header>
    ${status === 'completed'
      ? html`${full({ type, media, text, label }, (path, bytes) => app.files.private(path, bytes))}
          ${creationId ? html`<footer><a class="button" href="/library/${creationId}">Open in the library</a></footer>` : nothing}`
      : hasEnded(status)
        ? html`<p class="note">${status === 'cancelled' ? 'Cancelled.' : failure(error?.reason)}
            ${refunded > 0 ? html`${tokens(refunded)} refunded.` : nothing}</p>`
        : html`<div class="working">
            <progress max="100" .value=${progress} aria-label="Progress of ${label}"></progress>
            <span>${status === 'pending' ? 'Waiting' : `${progress} %`}</span>
            <button @click=${() => cancel(jobId)}>Cancel</button>
          </div>`}
  </article>`;
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
