"""How a job ends: polls, callbacks, the dispatcher, tasks and cancels all settle it by `settle_job`."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
from msgspec.structs import replace

from studiox.catalog import margins
from studiox.kit import clock, log
from studiox.kit.audit import Actor
from studiox.kit.clock import datetime
from studiox.kit.transaction import Docs, Reads
from studiox.models import daily_counters, jobs, notifications
from studiox.models.creations import add_creation
from studiox.models.jobs import Job, JobState, ProviderLoss
from studiox.models.ledger import part_of
from studiox.models.notifications import About
from studiox.models.users import change_user, user_path
from studiox.tokens import allowance
from studiox.tokens.service import refund_job

from . import lifecycle, results, spend
from .lifecycle import Event, Step


class Settled(msgspec.Struct, frozen=True):
    """What one settlement did, and what to log about it."""

    job: Job | None
    """As it is now; None if it was deleted."""
    loss: ProviderLoss | None = None
    contradiction: str = ""
    """The event that contradicts how the job ended."""
    absurd_charge: float | None = None
    age_seconds: int | None = None
    """The job's age when this event ended it; None if it did not. Only an end is audited."""


def settle_job(
    job_id: str,
    uid: str,
    event: Event,
    *,
    by: Actor,
    just_committed: bool = False,
    first: Callable[[Docs, JobState], None] | None = None,
    reason: str = "",
) -> Job | None:
    """Apply `event` to the job with all its effects, in one commit; the job as it is then, None if it was deleted.

    The only way that a job ends: its refund, its creation, the place that it held and what the daily counters get are
    in the same commit, so that settling twice has no effect. `just_committed`: this process has just committed the
    job's documents. `first` is given the private state and may refuse, or write, in the same commit. `by`: who ends it,
    and by which function; `reason`: why an administrator does, for the audit entry.
    """
    now = clock.now()
    path, state_path, user = jobs.job_path(job_id), jobs.state_path(job_id), user_path(uid)

    def decide(docs: Docs) -> Settled:
        job, state = docs.get(path), docs.get(state_path)
        if job is None or state is None:
            return Settled(None)
        step = lifecycle.next_step(job, state, event, now)
        if step is None:
            return Settled(job)
        if first is not None:
            first(docs, state)
        step = replace(step, state=spend.with_costs(job, state, step, now))
        after = _apply(docs, step, now)
        _count(docs, job, after, state)
        loss = _loss(after, state, step, now)
        if loss is not None:
            docs.put(jobs.PROVIDER_LOSSES.document(job_id), loss)
        is_new = step.state.late_event is not None and state.late_event is None and not state.holds_place
        contradiction = step.state.late_event if is_new else None
        age_seconds = int((now - job.created_at).total_seconds()) if step.ends else None
        return Settled(after, loss, contradiction or "", spend.absurd_charge(job, state, step), age_seconds)

    def details(settled: Settled) -> dict[str, object] | None:
        if settled.job is None or settled.age_seconds is None:
            return None
        return {"status": settled.job.status, **({"reason": reason} if reason else {})}

    documents = (path, state_path)
    reads = Reads(cached=[user, *documents]) if just_committed else Reads(fresh=documents)
    settled = by.commit(user, decide, reads, target=path, details=details)
    _log(job_id, event, by.function, settled)
    return settled.job


def _log(job_id: str, event: Event, action: str, settled: Settled) -> None:
    job, loss = settled.job, settled.loss
    if job is not None and settled.contradiction:
        log.alert("job_contradiction", jobId=job_id, status=job.status, event=settled.contradiction)
    if job is not None and settled.absurd_charge is not None:
        log.alert("provider_charge_absurd", jobId=job_id, model=job.model, creditsCharged=settled.absurd_charge)
    if loss is not None:
        # A cancelled job's loss is the known price of cancelling, and cancels are limited.
        report = log.warning if loss.status == "cancelled" else log.alert
        report(
            "provider_loss",
            jobId=job_id,
            model=loss.model,
            provider=loss.provider,
            status=loss.status,
            tokensKept=loss.tokens_kept,
            creditsCharged=loss.credits_charged,
            lossMicroUsd=loss.loss_micro_usd,
        )
    fields: dict[str, object] = {"status": None if job is None else job.status, "by": action}
    if settled.age_seconds is not None:  # counted by infra/alerts.tf
        fields["ageSeconds"] = settled.age_seconds
    log.info("job_event", jobId=job_id, event=type(event).__name__, **fields)


def _loss(job: Job, before: JobState, step: Step, now: datetime) -> ProviderLoss | None:
    """What is recorded when this step reports a charge above what the job has earned. `job`: as it is after it."""
    kept = job.price - job.refunded
    lost = 0 if step.charged is None else margins.loss(spend.charge(job, before, step.charged), kept)
    if step.charged is None or not lost:
        return None
    return ProviderLoss(
        job_id=job.job_id,
        model=job.model,
        provider=step.state.provider,
        status=job.status,
        tokens_kept=kept,
        credits_charged=step.charged,
        loss_micro_usd=lost,
        created_at=now,
    )


def _apply(docs: Docs, step: Step, now: datetime) -> Job:
    """Write the step: both documents, tokens, library, place and notification. The job as written."""
    job, state = step.job, step.state
    uid, job_id = job.uid, job.job_id
    user = docs.get(user_path(uid)) if step.ends or step.frees_place else None
    if user is not None:
        job = _refund(docs, step, now)
        if step.frees_place:
            change_user(docs, uid, now, active_jobs=max(0, user.active_jobs - 1))
        if waste := spend.wasted(step):
            change_user(docs, uid, now, wasted=spend.with_waste(user.wasted, waste, now))
        if step.refund and state.song_counted_until is not None:
            change_user(docs, uid, now, **allowance.with_one_less(user, state.song_counted_until))
        if step.ends in ("completed", "failed"):
            _notify(docs, job, now)
    if step.ends == "completed":
        add_creation(docs, results.creation_of(job, now))
        job = replace(job, creation_id=job_id)
    docs.put(jobs.state_path(job_id), replace(state, counted=state.counted or job.is_terminal))
    docs.put(jobs.job_path(job_id), job)
    return job


def _notify(docs: Docs, job: Job, now: datetime) -> None:
    """Tell the owner that the job has completed or failed."""
    about: About = {"job_id": job.job_id, "job_type": job.type, "title": results.title_of(job)}
    if job.status == "completed":
        about["creation_id"] = job.job_id
        notifications.add(docs, job.uid, "job_completed", job.job_id, now, **about)
    else:
        # In Arabic a letter says that it failed, without the reason.
        in_arabic = notifications.LETTERS["job_failed"].text.ar
        words = None if job.error is None else notifications.Words(job.error.message, in_arabic)
        notifications.add(docs, job.uid, "job_failed", job.job_id, now, words, **about)


def _count(docs: Docs, before: Job, after: Job, state: JobState) -> None:
    """Keep the daily counters. `state`: as it was before the step."""
    if after.is_terminal:
        daily_counters.add(docs, after.job_id, after, before if state.counted else None)


def _refund(docs: Docs, step: Step, now: datetime) -> Job:
    """Refund what the step gives back; the job with the sum."""
    job, paid_from = step.job, step.state.paid_from
    if step.refund and job.price > 0:
        refund_job(docs, job, paid_from, f"Job {step.ends}", now)
        return replace(job, refunded=job.price)
    if step.refund_part:
        refund_job(docs, job, part_of(paid_from, step.refund_part), "Outputs missing", now)
        return replace(job, refunded=step.refund_part)
    return job
