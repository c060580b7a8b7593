// A job that is being made, as the studio and the queue show it: how far it is, how much longer, what it waits for.
import type { Job, TypicalSeconds } from '../../clients/typescript/src/index.ts';
import type { App } from './app.ts';
import { say, translated } from './language.ts';
import { at, percent, soon, timeLeft } from './words.ts';
import { making as english } from './words/en/making.ts';

const words = translated('making', english);

/** A running job's document. */
export interface Running {
  jobId: string;
  type: Job['type'];
  model: string;
  status: Job['status'];
  progress: number;
  params: Record<string, unknown>;
  createdAt: string;
  deadlineAt?: string;
  nextAttemptAt?: string;
  wait?: Job['wait'];
}

/** Half of a model's jobs take so many seconds, where that is not known. */
const GUESS: Record<string, number> = { video: 90, music: 60 };
const OTHERS = 20;

/** How long jobs of its model take, as the catalogue says; undefined if that is not known. */
const typical = (app: App, { model }: Running): TypicalSeconds | undefined =>
  app.options?.models.find(({ id }) => id === model)?.typicalSeconds;

const age = ({ createdAt }: Running): number => Math.max(0, Date.now() - Date.parse(createdAt)) / 1000;

/**
 * How much of it is done, in percent: what its provider reports, or what its age makes likely. Providers report seldom,
 * and some never. It nears 95, and stands still while the job is held up.
 */
export function done(app: App, job: Running): number {
  if (job.status === 'pending' || job.wait) return job.progress;
  const usual = typical(app, job)?.p50 ?? GUESS[job.type] ?? OTHERS;
  return Math.max(job.progress, Math.round(95 * (1 - Math.exp((-1.5 * age(job)) / usual))));
}

/** How far it is, or what it waits for. */
export function underWay(app: App, job: Running): string {
  const { status, wait, nextAttemptAt, deadlineAt } = job;
  const tried = wait && wait.attempts > 1 ? ` ${say(words.tried, { count: wait.attempts })}` : '';
  if (wait?.reason === 'provider_busy') {
    const pause = nextAttemptAt ? (Date.parse(nextAttemptAt) - Date.now()) / 1000 : 0;
    return `${pause > 1 ? say(words.busyUntil, { time: soon(pause) }) : words.busyNow}${tried}`;
  }
  if (wait?.reason === 'saving_failed') return `${words.notSaved}${tried}`;
  if (wait?.reason === 'answer_lost' && deadlineAt) return say(words.notConfirmed, { time: at(deadlineAt) });
  const usual = typical(app, job);
  const left = usual ? ` · ${timeLeft(usual, age(job))}` : '';
  return `${status === 'pending' ? words.waiting : percent(done(app, job))}${left}`;
}
