"""A generation that its caller waits for: an ordinary job, refunded if it has not ended in time."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from studiox.api.callables import Reader, User
from studiox.catalog import store as catalogue
from studiox.integrations.providers import specs
from studiox.kit import ids
from studiox.kit.audit import System
from studiox.kit.errors import Forbidden, InvalidRequest, NotFound, StudioxError
from studiox.media import objects
from studiox.models.jobs import Job

from . import lifecycle, polling
from .orders import NewJob
from .service import create_job
from .settlement import settle_job

FUNCTION = "createGenerationRequest"
WAIT_S = 40.0
PAUSE_S = 1.0


class GenerationFailed(StudioxError):
    code = "unavailable"
    figures = {"generationRequestId": str, "refunded": int}
    text = "The generation failed. Your tokens were refunded."


def check_user(caller: Reader, claimed: str | None) -> None:
    """Some clients send the user's id too. `Forbidden` unless it is the caller's."""
    if claimed is not None and claimed != caller.uid:
        raise Forbidden


def generate(caller: User, model: str, given: Mapping[str, Any], request_id: str | None) -> tuple[str, int, str]:
    """The job's id, its price and an address of its picture, valid for an hour. `GenerationFailed` after the refund.

    A replay returns the same picture, or raises `NotFound` if it was deleted since.
    """
    models, _ = catalogue.everything()
    if not any(
        each.id == model and each.type == "image" and specs.PROVIDERS[each.provider].answers_at_once for each in models
    ):
        raise InvalidRequest(fields={"model": "must be a model that answers at once"})
    new = NewJob(request_id=request_id or ids.new(), type="image", model=model, given=dict(given))
    job = _awaited(create_job(caller, new).job)
    if job.status != "completed":
        raise GenerationFailed(generationRequestId=job.job_id, refunded=job.refunded)
    if not job.media:
        raise NotFound
    return job.job_id, job.price, objects.signed_url(job.media[0].path)


def _awaited(job: Job) -> Job:
    """The job when it has ended. One that takes too long is failed and refunded, because no caller asks again."""
    until = time.monotonic() + WAIT_S
    while not job.is_terminal:
        if time.monotonic() > until:
            return settle_job(job.job_id, job.uid, lifecycle.Failed("TimedOut"), by=System(FUNCTION)) or job
        job = polling.advance(job.job_id, action=FUNCTION, inline=True, hint=True) or job
        if not job.is_terminal:
            time.sleep(PAUSE_S)
    return job
