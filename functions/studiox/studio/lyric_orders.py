"""Ordering lyrics, waiting for them, and recording failures."""

from __future__ import annotations

from typing import NamedTuple

from studiox.api.callables import User
from studiox.integrations.providers import registry
from studiox.kit import clock
from studiox.kit.audit import System
from studiox.kit.clock import datetime
from studiox.kit.errors import NotFound, Unavailable
from studiox.kit.transaction import Docs, Reads
from studiox.models.jobs import LYRIC_ERRORS, Job, LyricError

from . import job_store, lifecycle
from .orders import NewJob
from .service import create_job
from .settlement import settle_job

MODEL = "lyrics-writer"
FUNCTION = "generateLyrics"


class Wish(NamedTuple):
    """The requested lyrics."""

    theme: str
    mood: str
    preset_type: str
    language: str | None = None


class Written(NamedTuple):
    """The lyrics, their title, their price in tokens and the balance after it."""

    lyrics: str
    title: str
    price: int
    balance: int


def write(caller: User, request_id: str, wish: Wish) -> Written:
    """Order lyrics and wait for them. `ProviderRejected`, `ProviderUnavailable` after the refund.

    A replay returns the same lyrics. `Unavailable` while the first call waits for them, `NotFound` if they were deleted
    since.
    """
    given = {"prompt": wish.theme, "mood": wish.mood, "presetType": wish.preset_type}
    given |= {} if wish.language is None else {"language": wish.language}
    new = NewJob(request_id=request_id, type="lyrics", model=MODEL, given=given)
    try:
        job, balance, submitting = create_job(caller, new)
        if submitting:
            raise Unavailable(retryAfterSeconds=5)  # the first call ends the job
        if not job.is_terminal:
            # Not accepted for now, or the answer was lost. No caller asks again, so the order is not sent later.
            event = lifecycle.Failed("ProviderUnavailable", "", "ProviderUnavailable")
            job = settle_job(job.job_id, caller.uid, event, by=System(FUNCTION)) or job
        if job.status != "completed":
            raise _refusal(job)
    except (lifecycle.ProviderRejected, lifecycle.ProviderUnavailable) as refusal:
        job_id = refusal.details.get("jobId")
        if job_id is not None:
            _record_failure(job_id, caller.uid, wish, refusal.reason, clock.now())
        raise
    if job.text is None:
        raise NotFound
    return Written(job.text, job.title or wish.theme[:100], job.price, balance)


def _record_failure(job_id: str, uid: str, wish: Wish, reason: str, now: datetime) -> None:
    """Record the request and why it failed, once per job, for later improvements of the service."""
    path = LYRIC_ERRORS.document(job_id)
    cause, said = _cause(job_id, reason)
    error = LyricError(
        job_id=job_id,
        uid=uid,
        theme=wish.theme,
        mood=wish.mood,
        preset_type=wish.preset_type,
        cause=cause,
        message=said or cause,
        created_at=now,
    )

    def decide(docs: Docs) -> None:
        if not docs.exists(path):
            docs.create(path, error)

    System(FUNCTION).commit(path, decide, Reads(fresh=[path]), target=None)


def _cause(job_id: str, reason: str) -> tuple[str, str]:
    """Why the job failed, and the provider's own words: at most 500 characters, without our secrets."""
    found = job_store.find_job(job_id)
    if found is None:
        return reason, ""
    job, state = found
    said = registry.without_secrets(state.raw_error or "")
    return reason if job.error is None else job.error.reason, said[:500]


def _refusal(job: Job) -> lifecycle.ProviderRejected | lifecycle.ProviderUnavailable:
    # A lost or empty answer is not a refusal: the same request may succeed a moment later.
    unavailable = job.error is not None and job.error.reason in ("ProviderUnavailable", "GenerationFailed")
    kind = lifecycle.ProviderUnavailable if unavailable else lifecycle.ProviderRejected
    return kind(jobId=job.job_id, refunded=job.refunded)
