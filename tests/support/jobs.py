"""Whole documents for fixtures, made from the structs: a test says only what it is about."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from studiox.kit import documents
from studiox.models.creations import Creation
from studiox.models.jobs import Job, JobState
from studiox.models.ledger import Buckets

THEN = datetime(2026, 3, 1, 12, tzinfo=UTC)


def job(job_id: str, uid: str, **fields: Any) -> dict[str, Any]:
    """`jobs/{id}`, by default of a picture that was completed at THEN. `fields` are the struct's."""
    usual: dict[str, Any] = {
        "type": "image",
        "model": "Model A",
        "status": "completed",
        "progress": 100,
        "price": 3,
        "refunded": 0,
        "session_id": f"s{job_id}",
        "params": {"prompt": "a fox"},
        "media": [],
        "created_at": THEN,
        "updated_at": THEN,
    }
    return documents.encode(Job(job_id=job_id, uid=uid, **{**usual, **fields}))


def state(uid: str, **fields: Any) -> dict[str, Any]:
    """`jobs/{id}/private/state` of a job that its provider has ended."""
    usual: dict[str, Any] = {
        "request_hash": "",
        "provider": "mock",
        "provider_model": "a",
        "inputs": {},
        "paid_from": Buckets(bonus=3),
        "balance_after": 0,
        "submission": "sent",
        "sender": "",
        "sending_since": THEN,
        "outputs": 0,
        "attempts": 0,
        "task_id": "task",
        "polls": 0,
        "media_attempts": 0,
        "deferred": False,
        "holds_place": False,
        "answer": "processing",
        "cost_micro_usd": 0,
    }
    return documents.encode(JobState(uid=uid, **{**usual, **fields}))


def creation(creation_id: str, uid: str, **fields: Any) -> dict[str, Any]:
    """`creations/{id}`, by default of a picture."""
    return documents.encode(made_creation(creation_id, uid, **fields))


def made_creation(creation_id: str, uid: str, **fields: Any) -> Creation:
    """The struct of `creation`."""
    usual: dict[str, Any] = {
        "job_id": creation_id,
        "title": "a fox",
        "type": "image",
        "model": "Model A",
        "prompt": "a fox",
        "params": {"prompt": "a fox"},
        "media": [],
        "is_favorite": False,
        "play_count": 0,
        "created_at": THEN,
        "updated_at": THEN,
    }
    return Creation(creation_id=creation_id, uid=uid, **{**usual, **fields})
