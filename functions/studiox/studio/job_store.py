"""Jobs as the studio writes and finds them (models/jobs.py says where they lie)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, get_args

from studiox.kit import firestore, query
from studiox.kit.clock import datetime
from studiox.kit.errors import NotFound
from studiox.kit.transaction import Docs, Reads, transact
from studiox.models.jobs import JOBS, JobType, job_path, state_path
from studiox.models.ledger import Buckets

from . import breaker_store, lifecycle
from .spend import Spend

Data = Mapping[str, Any]


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
        "deadlineAt": lifecycle.deadline(type, now),
        "nextPollAt": now + lifecycle.SENDING,
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
    money: Data,
    outputs: int,
    counted: Data | None = None,
    now: datetime,
) -> dict[str, Any]:
    return {
        **(counted or {}),
        **money,
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
        "outputs": outputs,
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


def lanes_of(job_ids: Sequence[str]) -> dict[str, tuple[str, bool]]:
    """{job id: (its provider's name, whether nobody paid for it)} in the same order, without the jobs that are no more.

    One round trip.
    """
    states = firestore.read(*map(state_path, job_ids)) if job_ids else []
    found = {job_id: state for job_id, state in zip(job_ids, states, strict=True) if state is not None}
    return {job_id: (state["provider"], state.get("unpaid", False)) for job_id, state in found.items()}


def owned_job(uid: str, job_id: str) -> tuple[Data, Data]:
    """The caller's job. `NotFound` for an absent one and somebody else's alike."""
    found = find_job(job_id)
    if found is None or found[0]["uid"] != uid:
        raise NotFound
    return found


def list_jobs(
    uid: str, *, status: str | None, type: str | None, size: int, cursor: str | None
) -> tuple[list[Data], str | None]:
    return query.page(JOBS, {"uid": uid, "status": status, "type": type}, "createdAt", size=size, cursor=cursor)


def due(field: str, now: datetime, limit: int) -> Sequence[Data]:
    """Jobs whose `field` (nextAttemptAt, nextPollAt, deadlineAt) has come, the longest waiting first. `Unavailable`."""
    return [found.data for found in query.documents(JOBS, order=field, most=now, limit=limit)]


def find_by_task(provider: str, task_id: str) -> str | None:
    """The job whose order this provider answered with this task's id. `Unavailable`."""
    states = query.documents("private", equal={"taskId": task_id}, limit=2, group=True)
    return next((each.path.split("/")[1] for each in states if each.data.get("provider") == provider), None)


def spent(spend_key: str) -> Spend:
    """What the orders under this key of `breaker.spend_key` cost us; an aggregation, or two if there are any.

    `Unavailable`.
    """
    spent_on = {"spentOn": spend_key}
    total = query.total("private", "costMicroUsd", equal=spent_on, group=True)
    return Spend(total, query.total("private", "unpaidMicroUsd", equal=spent_on, group=True) if total else 0)


def delete_jobs(uid: str, limit: int, now: datetime) -> bool:
    """Delete up to `limit` of the user's jobs, both documents; False if there may be more. What they cost today stays
    in the day's sum, by the same commit. `Unavailable`, `Contention`."""
    paths = query.names(JOBS, {"uid": uid}, limit)
    states = [state_path(path.rsplit("/", 1)[1]) for path in paths]

    def decide(docs: Docs) -> None:
        costs: dict[str, dict[str, int]] = {}
        for state in filter(None, map(docs.get, states)):
            if "spentOn" in state:
                sums = costs.setdefault(state["spentOn"], {"total": 0, "unpaid": 0})
                sums["total"] += state["costMicroUsd"]
                sums["unpaid"] += state.get("unpaidMicroUsd", 0)
        breaker_store.keep_deleted(docs, costs, now)
        for path in (*paths, *states):
            docs.delete(path)

    if paths:
        transact(breaker_store.PATH, decide, Reads(fresh=[breaker_store.PATH, *paths, *states]))
    return len(paths) < limit


def totals(uid: str) -> tuple[dict[str, int], dict[str, int], int, int]:
    """The user's jobs by status and by type, the tokens they cost, and those that were given back.

    Counted by Firestore: one aggregation for each status and type, whatever the number of jobs. `Unavailable`.
    """
    own = {"uid": uid}

    def count(field: str, values: Sequence[str]) -> dict[str, int]:
        return {value: query.count(JOBS, equal={**own, field: value}) for value in values}

    by_status, by_type = count("status", get_args(lifecycle.Status)), count("type", get_args(JobType))
    return by_status, by_type, query.total(JOBS, "price", equal=own), query.total(JOBS, "refunded", equal=own)


def note_loss(docs: Docs, job_id: str, about: Data, now: datetime) -> None:
    """That the provider charged more for the job than it earned: the weekly report adds these up."""
    docs.put(f"providerLosses/{job_id}", {"jobId": job_id, **about, "createdAt": now})
