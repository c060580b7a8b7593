"""Where jobs lie: `jobs/{id}` for the owner, `jobs/{id}/private/state` for nobody."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .. import firestore, pages
from ..clock import datetime
from ..errors import NotFound, Unavailable
from ..tokens.ledger import Buckets
from ..transact import REMOVE, Docs
from . import jobs

Data = Mapping[str, Any]


def job_path(job_id: str) -> str:
    return f"jobs/{job_id}"


def state_path(job_id: str) -> str:
    return f"jobs/{job_id}/private/state"


def add_job(docs: Docs, job: dict[str, Any], state: dict[str, Any]) -> None:
    """A new job, both documents, marked as being submitted: nobody else will submit it (faults J5)."""
    docs.create(job_path(job["jobId"]), job)
    docs.create(state_path(job["jobId"]), state)


def new_job(
    *, job_id: str, uid: str, type: str, model: str, price: int, session_id: str, params: Data, now: datetime
) -> dict[str, Any]:
    return {
        "jobId": job_id,
        "uid": uid,
        "type": type,
        "model": model,
        "status": "pending",
        "progress": 0,
        "price": price,
        "refunded": 0,
        "sessionId": session_id,
        "params": dict(params),
        "media": [],
        "createdAt": now,
        "updatedAt": now,
        "deadlineAt": jobs.deadline(type, now),
        "nextPollAt": now + jobs.SENDING,
    }


def new_state(
    *,
    uid: str,
    request_hash: str,
    provider: str,
    provider_model: str,
    inputs: Data,
    paid_from: Buckets,
    balance: int,
    sender: str,
    now: datetime,
) -> dict[str, Any]:
    return {
        "uid": uid,
        "requestHash": request_hash,
        "provider": provider,
        "providerModel": provider_model,
        "inputs": dict(inputs),
        "paidFrom": {"monthly": paid_from.monthly, "bonus": paid_from.bonus, "purchased": paid_from.purchased},
        "balanceAfter": balance,
        "submission": "sending",
        "sender": sender,
        "sendingSince": now,
        "attempts": 0,
        "taskId": "",
        "polls": 0,
        "mediaAttempts": 0,
        "deferred": False,
        "holdsPlace": False,
        "answer": "",
    }


def find_job(job_id: str) -> tuple[Data, Data] | None:
    """A job with its private state, whoever owns it."""
    job, state = firestore.read(job_path(job_id), state_path(job_id))
    return None if job is None or state is None else (job, state)


def providers_of(job_ids: Sequence[str]) -> dict[str, str]:
    """{job id: its provider's name} in the same order, without the jobs that are no more. One round trip."""
    states = firestore.read(*map(state_path, job_ids)) if job_ids else []
    return {job_id: state["provider"] for job_id, state in zip(job_ids, states, strict=True) if state is not None}


def owned_job(uid: str, job_id: str) -> tuple[Data, Data]:
    """The caller's job. `NotFound` for an absent one and somebody else's alike."""
    found = find_job(job_id)
    if found is None or found[0]["uid"] != uid:
        raise NotFound
    return found


def forget_result(docs: Docs, job_id: str) -> None:
    """The creation that the job made is being deleted, and its files with it; the job itself stays as it ended."""
    if docs.get(job_path(job_id)) is not None:
        docs.update(job_path(job_id), {"media": [], "text": REMOVE, "creationId": REMOVE})


def list_jobs(
    uid: str, *, status: str | None, type: str | None, size: int, cursor: str | None
) -> tuple[list[Data], str | None]:
    return pages.page("jobs", {"uid": uid, "status": status, "type": type}, "createdAt", size=size, cursor=cursor)


def due(field: str, now: datetime, limit: int) -> Sequence[Data]:
    """Jobs whose `field` (nextAttemptAt, nextPollAt, deadlineAt) has come, the longest waiting first."""
    from google.api_core import exceptions
    from google.cloud.firestore_v1.base_query import FieldFilter

    query = (
        firestore.client().collection("jobs").where(filter=FieldFilter(field, "<=", now)).order_by(field).limit(limit)
    )
    try:
        return [snapshot.to_dict() or {} for snapshot in query.stream(timeout=firestore.RPC_TIMEOUT_S)]
    except (exceptions.ServerError, exceptions.RetryError) as error:
        raise Unavailable(retryAfterSeconds=5) from error
