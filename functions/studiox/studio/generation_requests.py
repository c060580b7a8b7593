"""A generation that is awaited: ordered as any job, and refunded if it has not ended while its caller waits."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from studiox.api.callables import Reader, User
from studiox.catalog import store as catalogue
from studiox.integrations.providers import specs
from studiox.kit import ids
from studiox.kit.errors import Forbidden, InvalidRequest, NotFound, StudioxError
from studiox.media import objects

from . import lifecycle, settlement
from .service import NewJob, create_job

FUNCTION = "createGenerationRequest"
WAIT_S = 40.0
PAUSE_S = 1.0


class GenerationFailed(StudioxError):
    code = "unavailable"
    figures = {"generationRequestId": str, "refunded": int}
    text = "The generation failed; your tokens were refunded."


def check_user(caller: Reader, claimed: str | None) -> None:
    """S4's clients send the user's id along: it is the caller's, or `Forbidden`."""
    if claimed is not None and claimed != caller.uid:
        raise Forbidden


def generate(caller: User, model: str, given: Mapping[str, Any], request_id: str | None) -> tuple[str, int, str]:
    """The job's id, its price and an address of its picture, good for an hour. `GenerationFailed` after the refund.

    A replay answers the same picture, `NotFound` when it has been deleted since.
    """
    models, _ = catalogue.everything()
    if not any(
        each.id == model and each.type == "image" and specs.PROVIDERS[each.provider].answers_at_once for each in models
    ):
        raise InvalidRequest(fields={"model": "not one that answers at once"})
    new = NewJob(function=FUNCTION, request_id=request_id or ids.new(), type="image", model=model, given=dict(given))
    job = _awaited(create_job(caller, new).job)
    if job["status"] != "completed":
        raise GenerationFailed(generationRequestId=job["jobId"], refunded=job["refunded"])
    if not job["media"]:
        raise NotFound
    return job["jobId"], job["price"], objects.signed_url(job["media"][0]["path"])


def _awaited(job: Mapping[str, Any]) -> Mapping[str, Any]:
    """The job when it has ended; one that takes too long is failed, with its refund, because nobody asks again."""
    until = time.monotonic() + WAIT_S
    while not lifecycle.is_terminal(job):
        if time.monotonic() > until:
            return settlement.settle(job["jobId"], job["uid"], lifecycle.Failed("TimedOut"), action=FUNCTION)
        job = settlement.advance(job["jobId"], action=FUNCTION, inline=True, hint=True) or job
        if not lifecycle.is_terminal(job):
            time.sleep(PAUSE_S)
    return job
