"""An order of a job: what the caller asks for, and the two documents that it creates. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec

from studiox.integrations.moderation.protocol import Content
from studiox.kit.clock import datetime
from studiox.models.catalog import Model
from studiox.models.jobs import Job, JobState, JobType
from studiox.models.ledger import Buckets
from studiox.models.ratings import Rating

from . import lifecycle
from .spend import OrderCost


class NewJob(NamedTuple):
    """A job as its caller orders it. `given` holds its inputs by the request's names."""

    request_id: str
    type: JobType
    model: str
    given: Mapping[str, Any]
    session_id: str | None = None
    max_price: int | None = None

    @property
    def input_paths(self) -> list[str]:
        return self.given.get("inputPaths") or []

    @property
    def fingerprint(self) -> str:
        """Equal for equal requests only: a replay must repeat the request."""
        parts = [self.type, self.model, dict(self.given), self.session_id, self.max_price]
        return hashlib.sha256(msgspec.json.encode(parts, order="sorted")).hexdigest()


def content_of(job: Job) -> Content:
    """What a job gives its model: every text, also a negative prompt, and the pictures."""
    return Content(
        texts=[value for value in job.params.values() if isinstance(value, str)],
        pictures=job.params.get("inputPaths") or [],
    )


def new_job(
    *,
    job_id: str,
    uid: str,
    type: JobType,
    model: str,
    price: int,
    session_id: str,
    params: dict[str, Any],
    sources: list[str],
    rating: Rating,
    now: datetime,
) -> Job:
    return Job(
        job_id=job_id,
        uid=uid,
        type=type,
        model=model,
        status="pending",
        progress=0,
        price=price,
        refunded=0,
        session_id=session_id,
        params=params,
        sources=sources or None,
        rating=rating,
        media=[],
        created_at=now,
        updated_at=now,
        deadline_at=lifecycle.deadline(type, now),
        next_poll_at=now + lifecycle.SENDING,
    )


def new_state(
    *,
    uid: str,
    request_hash: str,
    model: Model,
    inputs: dict[str, Any],
    outputs: int,
    paid_from: Buckets,
    balance: int,
    cost: OrderCost,
    sender: str,
    song_counted_until: datetime | None,
    now: datetime,
) -> JobState:
    """Marked as being submitted by `sender`, so that no other call submits it (fault J5)."""
    return JobState(
        uid=uid,
        request_hash=request_hash,
        provider=model.provider,
        provider_model=model.provider_model,
        inputs=inputs,
        paid_from=paid_from,
        balance_after=balance,
        submission="sending",
        sender=sender,
        sending_since=now,
        outputs=outputs,
        attempts=0,
        task_id="",
        polls=0,
        media_attempts=0,
        deferred=False,
        holds_place=False,
        answer="",
        paid_tokens=cost.paid_tokens,
        unpaid=cost.unpaid,
        cost_micro_usd=cost.micro_usd,
        expected_micro_usd=cost.micro_usd,
        unpaid_micro_usd=cost.unpaid_micro_usd,
        song_counted_until=song_counted_until,
    )
