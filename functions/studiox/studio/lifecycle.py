"""A job's life: pending → processing → completed | failed | cancelled, and what each event does to it. Pure.

A job is two documents: the job, which its owner may read, and its private state, with the provider's task and the
money's origin. `next_step` alone decides what an event changes. No step of a terminal job moves tokens, so settling
a job twice has no effect.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import msgspec
from msgspec.structs import replace

from studiox.kit.clock import datetime, timedelta
from studiox.kit.errors import StudioxError
from studiox.models.jobs import FailureReason, FirstAnswer, Job, JobError, JobState, JobStatus, JobWait, Lease
from studiox.models.media_files import MediaFile

# By type: how often a client's poll reaches the provider, how often the task polls, how long a job may take.
CLIENT_POLL_S = {"image": 3}
TASK_POLL_S = {"image": 5}
DEADLINE_MINUTES = {"image": 10, "edit": 15, "video": 40, "music": 20, "speech": 10, "analysis": 5, "lyrics": 5}

# A call that has not recorded the outcome of its submission after this long is dead: an instance lives at most 60 s
# longer than its request.
SENDING = timedelta(seconds=150)
MAX_BACKOFF_S = 60
# Ten seconds after the first failed attempt, then twice that, at most a minute: enough for an outage of three minutes.
MAX_MEDIA_ATTEMPTS = 6

MESSAGES: Mapping[FailureReason, str] = {
    "GenerationFailed": "The generation failed; your tokens were refunded.",
    "ContentRejected": "The provider refused this content; your tokens were refunded.",
    "InvalidInput": "The provider could not use these inputs; your tokens were refunded.",
    "InputMissing": "A file that it needs was deleted before it was sent; your tokens were refunded.",
    "ProviderUnavailable": "The provider cannot be reached; your tokens were refunded.",
    "TimedOut": "The generation took too long; your tokens were refunded.",
    "MediaFailed": "The result could not be saved; your tokens were refunded.",
}


class NotCancellable(StudioxError):
    code = "failed-precondition"
    figures = {"status": JobStatus}
    text = "This job has already ended."


class TooManyJobs(StudioxError):
    code = "resource-exhausted"
    figures = {"limit": int}
    text = "You have too many jobs running. Please wait until one has ended."


class ProviderRejected(StudioxError):
    code = "failed-precondition"
    figures = {"jobId": str, "refunded": int}
    text = "The provider refused this request. Your tokens were refunded."


class ProviderUnavailable(StudioxError):
    """`jobId` and `refunded` are given if a job was created; none is while the provider's circuit is open."""

    code = "unavailable"
    figures = {"jobId": str | None, "refunded": int | None}
    text = "The provider is not available right now. You were not charged."


class Sent(msgspec.Struct, frozen=True):
    """The provider accepted the order."""

    task_id: str


class Postponed(msgspec.Struct, frozen=True):
    """The provider did not accept the order for now. It is sent again later."""

    retry_after_s: float | None = None


class OutcomeLost(msgspec.Struct, frozen=True):
    """The provider's answer was lost. The order may be running, so it is never sent again."""


class Polled(msgspec.Struct, frozen=True):
    """The provider is still working, or its media could not be stored yet."""

    progress: int = 0
    media_attempt: bool = False
    """An attempt to store the media failed."""
    deferred: bool = False
    """The media are too large for a call that a client waits for. The task stores them."""


class Finished(msgspec.Struct, frozen=True):
    """The provider has finished, and its media are in Cloud Storage."""

    media: tuple[MediaFile, ...] = ()
    text: str | None = None
    credits: float | None = None
    """What the provider charged, in its own credits."""
    title: str | None = None
    missing: int = 0
    """Outputs that the order promised and that could not be stored. Their part of the price is refunded."""


class Failed(msgspec.Struct, frozen=True):
    """The job will have no result."""

    reason: FailureReason | Literal[""]
    """Empty where an administrator ended the job."""
    raw: str = ""
    """The provider's own words, for the private state."""
    answer: FirstAnswer = ""
    """What the ordering call answers, and a replay of it: a refusal, or `failed` for the failed job."""
    credits: float | None = None


class Cancelled(msgspec.Struct, frozen=True):
    """Its owner or an administrator cancelled it."""


class Expired(msgspec.Struct, frozen=True):
    """Its deadline has passed, and the last poll gave no result."""


Event = Sent | Postponed | OutcomeLost | Polled | Finished | Failed | Cancelled | Expired


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """What an event changes: the two documents as they are after it, the tokens and the place that go back."""

    job: Job
    state: JobState
    ends: Literal["", "completed", "failed", "cancelled"] = ""
    refund: bool = False
    """All of the price is refunded."""
    refund_part: int = 0
    """Tokens of a completed job's price that are refunded."""
    frees_place: bool = False
    """The job no longer counts among its owner's running jobs."""
    charged: float | None = None
    """The provider's charge in its own credits, if the event reports one."""


def client_poll_every(type_: str) -> timedelta:
    return timedelta(seconds=CLIENT_POLL_S.get(type_, 8))


def task_poll_after(type_: str, polls: int) -> timedelta:
    """The pause before the task's next poll: constant for ten polls, then doubling up to a minute."""
    return timedelta(seconds=min(MAX_BACKOFF_S, TASK_POLL_S.get(type_, 10) * 2 ** max(0, polls - 10)))


def deadline(type_: str, created: datetime) -> datetime:
    return created + timedelta(minutes=DEADLINE_MINUTES[type_])


def missing(kept: int, listed: int, promised: int) -> int:
    """How many outputs are missing: of those that the order promised, else of those that the provider listed.

    0 if the provider listed no files at all: such a job has text, or fails.
    """
    return max(0, (promised or listed) - kept) if listed else 0


def next_step(job: Job, state: JobState, event: Event, now: datetime) -> Step | None:
    """What `event` does to the job; None if it changes nothing."""
    if job.is_terminal:
        return _after_the_end(job, state, event, now)
    match event:
        case Sent(task_id):
            return _sent(job, state, task_id, now)
        case Postponed(retry_after_s):
            return _postponed(job, state, retry_after_s, now)
        case OutcomeLost():
            return _outcome_lost(job, state, now)
        case Polled():
            return _polled(job, state, event, now)
        case Finished():
            return _finished(job, state, event, now)
        case Failed():
            return _failed(job, state, event, now)
        case Expired():
            reason: FailureReason = "TimedOut" if job.status == "processing" else "ProviderUnavailable"
            return _ended(job, state, "failed", now, reason)
        case Cancelled():
            return _cancelled(job, state, now)


def _sent(job: Job, state: JobState, task_id: str, now: datetime) -> Step | None:
    if state.task_id:
        return None
    return Step(
        job=replace(
            job,
            status="processing",
            started_at=job.started_at or now,
            next_attempt_at=None,
            next_poll_at=now + task_poll_after(job.type, 0),
            wait=None,
            updated_at=now,
        ),
        state=replace(state, submission="sent", task_id=task_id, answer=state.answer or "processing"),
    )


def _outcome_lost(job: Job, state: JobState, now: datetime) -> Step | None:
    if job.status != "pending":
        return None
    return Step(
        job=replace(
            job,
            status="processing",
            started_at=now,
            next_poll_at=job.deadline_at,
            wait=JobWait(reason="answer_lost", attempts=1),
            updated_at=now,
        ),
        state=replace(state, submission="unknown", answer="processing"),
    )


def _postponed(job: Job, state: JobState, retry_after_s: float | None, now: datetime) -> Step | None:
    if state.task_id:
        return None
    if job.status != "pending":
        # The outcome had counted as lost. Now it is certain that the provider does not run the order.
        return _ended(job, state, "failed", now, "ProviderUnavailable")
    attempts = state.attempts + 1
    pause = max(min(retry_after_s or 0, MAX_BACKOFF_S * 5), min(MAX_BACKOFF_S, 5 * 2**attempts))
    return Step(
        job=replace(
            job,
            next_attempt_at=now + timedelta(seconds=pause),
            next_poll_at=None,
            wait=JobWait(reason="provider_busy", attempts=attempts),
            updated_at=now,
        ),
        state=replace(state, submission="waiting", attempts=attempts, answer=state.answer or "pending"),
    )


def _polled(job: Job, state: JobState, event: Polled, now: datetime) -> Step | None:
    if not (event.media_attempt or event.deferred) and is_leased(state, now):
        return None  # a slow answer: another worker has taken the lease and stores the media
    polls = state.polls + 1
    due = now + task_poll_after(job.type, polls)
    after = replace(state, polls=polls, lease=None, deferred=state.deferred or event.deferred)
    wait = job.wait
    if event.media_attempt:
        attempts = state.media_attempts + 1
        pause = timedelta(seconds=min(MAX_BACKOFF_S, 5 * 2**attempts))
        due = min(now + pause, max(now, job.deadline_at or now))
        # A lease without a holder, used as back-off: until it ends the job is not polled or retried.
        after = replace(after, media_attempts=attempts, lease=Lease(holder="", until=due))
        wait = JobWait(reason="saving_failed", attempts=attempts)
    progress = max(job.progress, min(99, event.progress))
    return Step(job=replace(job, progress=progress, next_poll_at=due, wait=wait, updated_at=now), state=after)


def _finished(job: Job, state: JobState, event: Finished, now: datetime) -> Step:
    made = len(event.media) + event.missing
    return Step(
        job=replace(
            _idle(job),
            status="completed",
            progress=100,
            media=list(event.media),
            started_at=job.started_at or now,
            completed_at=now,
            updated_at=now,
            text=job.text if event.text is None else event.text,
            title=event.title or job.title,
        ),
        state=replace(state, credits_charged=event.credits, lease=None, answer=state.answer or "completed"),
        ends="completed",
        frees_place=True,
        refund_part=job.price * event.missing // made if made else 0,
        charged=event.credits,
    )


def _idle(job: Job) -> Job:
    """The job without the times by which the dispatcher's queries find it, and without what held it up."""
    return replace(job, next_attempt_at=None, next_poll_at=None, deadline_at=None, wait=None)


def _failed(job: Job, state: JobState, event: Failed, now: datetime) -> Step:
    # A postponed order was answered with `pending`; no call waits for a later submission.
    answer = state.answer if state.attempts else event.answer or state.answer
    after = replace(state, raw_error=event.raw, credits_charged=event.credits, answer=answer)
    return replace(_ended(job, after, "failed", now, event.reason), charged=event.credits)


def _ended(
    job: Job,
    state: JobState,
    status: Literal["failed", "cancelled"],
    now: datetime,
    reason: FailureReason | Literal[""],
) -> Step:
    error = JobError(reason=reason, message=MESSAGES[reason]) if reason else job.error
    return Step(
        job=replace(_idle(job), status=status, completed_at=now, updated_at=now, error=error),
        state=replace(state, lease=None),
        ends=status,
        refund=True,
        frees_place=True,
    )


def is_leased(state: JobState, now: datetime) -> bool:
    """Whether a worker holds the job's lease, or the pause after a failed attempt is not over."""
    return state.lease is not None and now < state.lease.until


def at_provider(state: JobState) -> bool:
    """Whether the provider may be working on it."""
    return state.submission in ("sending", "sent", "unknown")


def is_over(job: Job, state: JobState) -> bool:
    """Whether nothing that the provider reports matters any more."""
    return job.is_terminal and not state.holds_place and not awaits_late_answer(job, state)


def awaits_late_answer(job: Job, state: JobState) -> bool:
    """Whether it was refunded because no result came in time: a late callback is then recorded (fault J8)."""
    timed_out = job.error is not None and job.error.reason in ("TimedOut", "ProviderUnavailable")
    return job.status == "failed" and timed_out and at_provider(state) and state.late_event is None


def _cancelled(job: Job, state: JobState, now: datetime) -> Step:
    """Refunded at once. While the provider may be working on it, it keeps its place and is still polled."""
    step = _ended(job, state, "cancelled", now, "")
    if not at_provider(state):
        return step
    looked_at = replace(step.job, next_poll_at=job.next_poll_at, deadline_at=job.deadline_at)
    return replace(step, job=looked_at, state=replace(step.state, holds_place=True), frees_place=False)


def _after_the_end(job: Job, state: JobState, event: Event, now: datetime) -> Step | None:
    """A terminal job never changes. A late answer is recorded, and frees the place that a cancelled job kept."""
    if not state.holds_place:
        return _recorded(job, state, event)
    match event:
        case Sent(task_id) if not state.task_id:
            return Step(
                job=replace(job, next_poll_at=now + task_poll_after(job.type, 0)),
                state=replace(state, submission="sent", task_id=task_id),
            )
        case OutcomeLost() if state.submission == "sending":
            return Step(job=replace(job, next_poll_at=job.deadline_at), state=replace(state, submission="unknown"))
        case Polled():
            polls = state.polls + 1
            due = now + task_poll_after(job.type, polls)
            return Step(job=replace(job, next_poll_at=due), state=replace(state, polls=polls))
        case Postponed() if state.task_id:
            return None
        case Finished() | Failed() | Expired() | Postponed():
            charged = event.credits if isinstance(event, Finished | Failed) else None
            late = replace(state, holds_place=False, late_event=type(event).__name__, credits_charged=charged)
            return Step(job=_idle(job), state=late, frees_place=True, charged=charged)
        case _:
            return None


def _recorded(job: Job, state: JobState, event: Event) -> Step | None:
    """What is recorded of a job that has ended: its task, and an answer that contradicts its end."""
    match event:
        case Sent(task_id) if not state.task_id:
            return Step(job=job, state=replace(state, submission="sent", task_id=task_id))
        case Finished(credits=credits) if job.status == "failed" and state.late_event is None:
            late = replace(state, late_event="Finished", credits_charged=credits)
            return Step(job=job, state=late, charged=credits)
        case Failed() if job.status == "completed" and state.late_event is None:
            return Step(job=job, state=replace(state, late_event="Failed"))
        case _:
            return None
