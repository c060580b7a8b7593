"""A job's life: pending → processing → completed | failed | cancelled, and what each event does to it. Pure.

A job is two documents: what its owner may see, and a private state with the provider's task and the money's
origin. `next_step` is the one place that says what an event changes; settling twice is impossible because a
terminal job takes no step that moves tokens.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from studiox.kit.clock import datetime, timedelta
from studiox.kit.errors import StudioxError
from studiox.kit.transaction import REMOVE

Status = Literal["pending", "processing", "completed", "failed", "cancelled"]
TERMINAL = ("completed", "failed", "cancelled")

# By type: how often a client's poll reaches the provider, how often the task asks, when the job has had its time.
CLIENT_POLL_S = {"image": 3}
TASK_POLL_S = {"image": 5}
DEADLINE_MINUTES = {"image": 10, "edit": 15, "video": 40, "music": 20, "speech": 10, "analysis": 5, "lyrics": 5}

# A call that never told how its submission ended, for so long, is dead (an instance lives 60 s past its request).
SENDING = timedelta(seconds=150)
MAX_BACKOFF_S = 60
# Ten seconds after the first failed attempt, then twice that, at most a minute: an outage of three minutes is survived.
MAX_MEDIA_ATTEMPTS = 6

Failure = Literal[
    "GenerationFailed", "ContentRejected", "InvalidInput", "ProviderUnavailable", "TimedOut", "MediaFailed"
]  # fmt: skip
MESSAGES: Mapping[str, str] = {
    "GenerationFailed": "The generation failed; your tokens were refunded.",
    "ContentRejected": "The provider refused this content; your tokens were refunded.",
    "InvalidInput": "The provider could not use these inputs; your tokens were refunded.",
    "ProviderUnavailable": "The provider cannot be reached; your tokens were refunded.",
    "TimedOut": "The generation took too long; your tokens were refunded.",
    "MediaFailed": "The result could not be saved; your tokens were refunded.",
}


class NotCancellable(StudioxError):
    code = "failed-precondition"
    figures = {"status": Status}
    text = "This job has ended."


class TooManyJobs(StudioxError):
    code = "resource-exhausted"
    figures = {"limit": int}
    text = "Too many jobs at once; wait for one to end."


class ProviderRejected(StudioxError):
    code = "failed-precondition"
    figures = {"jobId": str, "refunded": int}
    text = "The provider refused this request; your tokens were refunded."


class ProviderUnavailable(StudioxError):
    """`jobId` and `refunded` when there was a job; while a provider is left alone there is none."""

    code = "unavailable"
    figures = {"jobId": str | None, "refunded": int | None}
    text = "The provider cannot be reached now; it cost you no tokens."


class Sent(msgspec.Struct, frozen=True):
    """The provider took the order."""

    task_id: str


class Postponed(msgspec.Struct, frozen=True):
    """Surely not accepted for now: to be sent again."""

    retry_after_s: float | None = None


class OutcomeLost(msgspec.Struct, frozen=True):
    """Whether the provider took the order is not known: it is never sent again."""


class Polled(msgspec.Struct, frozen=True):
    """The provider still works, or its result could not be taken yet (`media_attempt`)."""

    progress: int = 0
    media_attempt: bool = False
    """An attempt to take the media failed."""
    deferred: bool = False
    """The media are too large for a call that a client waits for: only the task takes them."""


class Finished(msgspec.Struct, frozen=True):
    """The provider has finished, and its media are in Cloud Storage."""

    media: tuple[Mapping[str, Any], ...] = ()
    text: str | None = None
    credits: float | None = None
    """What the provider charged, in its own credits."""
    title: str | None = None
    missing: int = 0
    """Outputs that the order is for and that could not be had: their part of the price goes back."""


class Failed(msgspec.Struct, frozen=True):
    """It will give no result. `reason` is one of MESSAGES."""

    reason: str
    raw: str = ""
    answer: str = ""
    """The refusal that the submitting call answers, and answers again to a replay; `failed`: the failed job."""
    credits: float | None = None


class Cancelled(msgspec.Struct, frozen=True):
    """Its owner, or an administrator, wants no result."""


class Expired(msgspec.Struct, frozen=True):
    """Its deadline has passed, and the last poll brought no result."""


Event = Sent | Postponed | OutcomeLost | Polled | Finished | Failed | Cancelled | Expired


class Step(msgspec.Struct, kw_only=True):
    """What an event changes: fields of the two documents, and whether tokens go back and a place becomes free."""

    job: dict[str, Any] = msgspec.field(default_factory=dict)
    state: dict[str, Any] = msgspec.field(default_factory=dict)
    ends: Literal["", "completed", "failed", "cancelled"] = ""
    refund: bool = False
    refund_part: int = 0
    """Tokens of a completed job's price that go back."""
    frees_place: bool = False


def is_terminal(job: Mapping[str, Any]) -> bool:
    return job["status"] in TERMINAL


def client_poll_every(type_: str) -> timedelta:
    return timedelta(seconds=CLIENT_POLL_S.get(type_, 8))


def task_poll_after(type_: str, polls: int) -> timedelta:
    """The pause before the task's next poll: steady for ten polls, then doubling to a minute."""
    return timedelta(seconds=min(MAX_BACKOFF_S, TASK_POLL_S.get(type_, 10) * 2 ** max(0, polls - 10)))


def deadline(type_: str, created: datetime) -> datetime:
    return created + timedelta(minutes=DEADLINE_MINUTES[type_])


def missing(kept: int, listed: int, promised: int) -> int:
    """How many files are missing of what the order promised, or else of what the provider listed, if it listed any."""
    return max(0, (promised or listed) - kept) if listed else 0


def next_step(job: Mapping[str, Any], state: Mapping[str, Any], event: Event, now: datetime) -> Step | None:
    """What `event` does to the job; None when it changes nothing."""
    if is_terminal(job):
        return _after_the_end(job, state, event, now)
    match event:
        case Sent(task_id):
            return _sent(job, state, task_id, now)
        case Postponed(retry_after_s):
            return _postponed(job, state, retry_after_s, now)
        case OutcomeLost():
            if job["status"] != "pending":
                return None
            return Step(
                job={"status": "processing", "startedAt": now, "nextPollAt": job["deadlineAt"], "updatedAt": now},
                state={"submission": "unknown", "answer": "processing"},
            )
        case Polled():
            return _polled(job, state, event, now)
        case Finished():
            return _finished(job, state, event, now)
        case Failed(reason, raw, answer, credits):
            step = _ended("failed", now, reason)
            step.state |= {"rawError": raw, "creditsCharged": credits, **({"answer": answer} if answer else {})}
            return step
        case Expired():
            reason = "TimedOut" if job["status"] == "processing" else "ProviderUnavailable"
            return _ended("failed", now, reason)
        case Cancelled():
            return _cancelled(state, now)


def _sent(job: Mapping[str, Any], state: Mapping[str, Any], task_id: str, now: datetime) -> Step | None:
    if state["taskId"]:
        return None
    return Step(
        job={
            "status": "processing",
            "startedAt": job.get("startedAt") or now,
            "nextAttemptAt": REMOVE,
            "nextPollAt": now + task_poll_after(job["type"], 0),
            "updatedAt": now,
        },
        state={"submission": "sent", "taskId": task_id, "answer": state["answer"] or "processing"},
    )


def _postponed(
    job: Mapping[str, Any], state: Mapping[str, Any], retry_after_s: float | None, now: datetime
) -> Step | None:
    if state["taskId"]:
        return None
    if job["status"] != "pending":
        # It was taken for lost meanwhile, and is surely not running: there is nothing to wait for.
        return _ended("failed", now, "ProviderUnavailable")
    attempts = state["attempts"] + 1
    pause = max(min(retry_after_s or 0, MAX_BACKOFF_S * 5), min(MAX_BACKOFF_S, 5 * 2**attempts))
    return Step(
        job={"nextAttemptAt": now + timedelta(seconds=pause), "nextPollAt": REMOVE, "updatedAt": now},
        state={"submission": "waiting", "attempts": attempts, "answer": state["answer"] or "pending"},
    )


def _polled(job: Mapping[str, Any], state: Mapping[str, Any], event: Polled, now: datetime) -> Step | None:
    lease = state.get("lease")
    if not (event.media_attempt or event.deferred) and lease is not None and now < lease["until"]:
        return None  # a slow answer: meanwhile somebody brings the media in, and this is not his lease to end
    polls = state["polls"] + 1
    due = now + task_poll_after(job["type"], polls)
    step = Step(state={"polls": polls, "lease": REMOVE})
    if event.deferred:
        step.state["deferred"] = True
    if event.media_attempt:
        attempts = state["mediaAttempts"] + 1
        due = min(now + timedelta(seconds=min(MAX_BACKOFF_S, 5 * 2**attempts)), max(now, job["deadlineAt"]))
        # A lease of nobody's: until then nobody asks or tries, however often a client polls.
        step.state |= {"mediaAttempts": attempts, "lease": {"holder": "", "until": due}}
    progress = max(job["progress"], min(99, event.progress))
    step.job = {"progress": progress, "nextPollAt": due, "updatedAt": now}
    return step


def _finished(job: Mapping[str, Any], state: Mapping[str, Any], event: Finished, now: datetime) -> Step:
    made = len(event.media) + event.missing
    part = job["price"] * event.missing // made if made else 0
    step = Step(ends="completed", frees_place=True, refund_part=part)
    step.job = {
        "status": "completed",
        "progress": 100,
        "media": list(event.media),
        "startedAt": job.get("startedAt") or now,
        "completedAt": now,
        "updatedAt": now,
        **_IDLE,
    }
    if event.text is not None:
        step.job["text"] = event.text
    if event.title:
        step.job["title"] = event.title
    step.state = {"creditsCharged": event.credits, "lease": REMOVE, "answer": state["answer"] or "completed"}
    return step


# A job that nobody needs to look at any more has none of these, and so is in no query of the dispatcher.
_IDLE = {"nextAttemptAt": REMOVE, "nextPollAt": REMOVE, "deadlineAt": REMOVE}


def _ended(status: Literal["failed", "cancelled"], now: datetime, reason: str) -> Step:
    step = Step(ends=status, refund=True, frees_place=True, state={"lease": REMOVE})
    step.job = {"status": status, "completedAt": now, "updatedAt": now, **_IDLE}
    if reason:
        step.job["error"] = {"reason": reason, "message": MESSAGES[reason]}
    return step


def at_provider(state: Mapping[str, Any]) -> bool:
    """Whether the provider may be working on it."""
    return state["submission"] in ("sending", "sent", "unknown")


def is_over(job: Mapping[str, Any], state: Mapping[str, Any]) -> bool:
    """Whether nothing that the provider says matters any more."""
    return is_terminal(job) and not state["holdsPlace"] and not awaits_late_answer(job, state)


def awaits_late_answer(job: Mapping[str, Any], state: Mapping[str, Any]) -> bool:
    """Refunded because no result came in time: should the provider call back, what it says is noted (faults J8)."""
    reason = job.get("error", {}).get("reason")  # an administrator's failure has none
    timed_out = job["status"] == "failed" and reason in ("TimedOut", "ProviderUnavailable")
    return timed_out and at_provider(state) and "lateEvent" not in state


def _cancelled(state: Mapping[str, Any], now: datetime) -> Step:
    """Refunded at once; while the provider may still work on it, it keeps its place and is still looked at."""
    step = _ended("cancelled", now, "")
    if at_provider(state):
        step.frees_place = False
        step.state["holdsPlace"] = True
        step.job = {name: value for name, value in step.job.items() if name not in ("nextPollAt", "deadlineAt")}
    return step


def _after_the_end(job: Mapping[str, Any], state: Mapping[str, Any], event: Event, now: datetime) -> Step | None:
    """A terminal job never changes; a late answer is noted, and frees the place that a cancelled one kept."""
    if not state["holdsPlace"]:
        return _noted(job, state, event)
    match event:
        case Sent(task_id) if not state["taskId"]:
            return Step(
                job={"nextPollAt": now + task_poll_after(job["type"], 0)},
                state={"submission": "sent", "taskId": task_id},
            )
        case OutcomeLost() if state["submission"] == "sending":
            return Step(job={"nextPollAt": job["deadlineAt"]}, state={"submission": "unknown"})
        case Polled():
            polls = state["polls"] + 1
            return Step(job={"nextPollAt": now + task_poll_after(job["type"], polls)}, state={"polls": polls})
        case Postponed() if state["taskId"]:
            return None
        case Finished() | Failed() | Expired() | Postponed():
            late = {"holdsPlace": False, "lateEvent": type(event).__name__}
            charged = event.credits if isinstance(event, Finished | Failed) else None
            return Step(job=dict(_IDLE), state={**late, "creditsCharged": charged}, frees_place=True)
        case _:
            return None


def _noted(job: Mapping[str, Any], state: Mapping[str, Any], event: Event) -> Step | None:
    """What is worth remembering of a job that has ended: its task, and an answer that contradicts its end."""
    match event:
        case Sent(task_id) if not state["taskId"]:
            return Step(state={"submission": "sent", "taskId": task_id})
        case Finished(credits=credits) if job["status"] == "failed" and "lateEvent" not in state:
            return Step(state={"lateEvent": "Finished", "creditsCharged": credits})
        case Failed() if job["status"] == "completed" and "lateEvent" not in state:
            return Step(state={"lateEvent": "Failed"})
        case _:
            return None
