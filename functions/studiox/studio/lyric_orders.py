"""Ordering lyrics, waiting for them, and noting what failed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from studiox.api.callables import User
from studiox.integrations.providers import registry
from studiox.kit import clock
from studiox.kit.errors import NotFound, Unavailable
from studiox.studio import job_store

from . import lifecycle, lyrics_store, settlement
from .service import NewJob, create_job

MODEL = "lyrics-writer"
FUNCTION = "generateLyrics"


class Written(NamedTuple):
    """The lyrics, their title, what they cost, and what is left."""

    lyrics: str
    title: str
    price: int
    balance: int


def write(caller: User, request_id: str, wish: Mapping[str, str]) -> Written:
    """`wish`: theme, mood, presetType, perhaps language. `ProviderRejected`, `ProviderUnavailable` after the refund.

    A replay answers the same lyrics: `Unavailable` while the first call waits for them, `NotFound` when they have been
    deleted since.
    """
    given = {
        "prompt": wish["theme"],
        **{name: wish[name] for name in ("mood", "presetType", "language") if name in wish},
    }
    new = NewJob(function=FUNCTION, request_id=request_id, type="lyrics", model=MODEL, given=given)
    try:
        job, balance, under_way = create_job(caller, new)
        if under_way:
            raise Unavailable(retryAfterSeconds=5)  # the first call's to end, not ours
        if not lifecycle.is_terminal(job):
            # Not accepted for now, or the answer was lost: nobody comes back for it, so it is not sent later either.
            event = lifecycle.Failed("ProviderUnavailable", "", "ProviderUnavailable")
            job = settlement.settle(job["jobId"], caller.uid, event, action=FUNCTION)
        if job["status"] != "completed":
            raise _refusal(job)
    except (lifecycle.ProviderRejected, lifecycle.ProviderUnavailable) as refusal:
        job_id = refusal.details.get("jobId")
        if job_id is not None:
            kept = {name: wish[name] for name in ("theme", "mood", "presetType") if name in wish}
            cause, said = _cause(job_id, refusal.reason)
            lyrics_store.note_failure(job_id, caller.uid, kept, cause, said, clock.now())
        raise
    if "text" not in job:
        raise NotFound
    return Written(job["text"], job.get("title") or wish["theme"][:100], job["price"], balance)


def _cause(job_id: str, reason: str) -> tuple[str, str]:
    """Why the job failed, and the provider's own words for it: at most 500 characters, without a key of ours."""
    found = job_store.find_job(job_id)
    if found is None:
        return reason, ""
    job, state = found
    said = registry.without_secrets(str(state.get("rawError") or ""))
    return job.get("error", {}).get("reason", reason), said[:500]


def _refusal(job: Mapping[str, Any]) -> lifecycle.ProviderRejected | lifecycle.ProviderUnavailable:
    # An answer that was lost or was empty refuses nothing: the same wish may succeed in a moment.
    unavailable = job.get("error", {}).get("reason") in ("ProviderUnavailable", "GenerationFailed")
    kind = lifecycle.ProviderUnavailable if unavailable else lifecycle.ProviderRejected
    return kind(jobId=job["jobId"], refunded=job["refunded"])
