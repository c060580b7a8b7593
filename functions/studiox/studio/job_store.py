"""Jobs as the studio writes and finds them. models/jobs.py has their documents."""

from __future__ import annotations

from collections.abc import Sequence
from typing import get_args

from studiox.kit import firestore, malformed, query
from studiox.kit.clock import UTC, datetime
from studiox.kit.documents import MalformedDocument
from studiox.kit.errors import NotFound
from studiox.kit.query import Found
from studiox.kit.transaction import Docs, Reads, transact
from studiox.models import daily_counters
from studiox.models.jobs import JOBS, STATES, Job, JobState, JobStatus, JobType, WaitingJob, job_path, state_path
from studiox.models.provider_health import PROVIDER_HEALTH

from . import breaker_store
from .spend import Spend

BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)


def add_job(docs: Docs, job: Job, state: JobState) -> None:
    """A new job: both documents."""
    docs.create(job_path(job.job_id), job)
    docs.create(state_path(job.job_id), state)


def find_job(job_id: str) -> tuple[Job, JobState] | None:
    """A job with its private state, without an ownership check. None if it does not exist. `Unavailable`."""
    job, state = firestore.get_pair(job_path(job_id), state_path(job_id))
    return None if job is None or state is None else (job, state)


def queues_of(job_ids: Sequence[str]) -> dict[str, tuple[str, bool]]:
    """{job id: (provider's name, whether the order is unpaid)} in the same order, without deleted jobs.

    A job whose state is malformed is reported and left out. One round trip. `Unavailable`.
    """
    states = malformed.get_all([state_path(job_id) for job_id in job_ids])
    found = {job_id: state for job_id, state in zip(job_ids, states, strict=True) if isinstance(state, JobState)}
    return {job_id: (state.provider, bool(state.unpaid)) for job_id, state in found.items()}


def owned_job(uid: str, job_id: str) -> tuple[Job, JobState]:
    """The caller's job. `NotFound` also for another user's."""
    found = find_job(job_id)
    if found is None or found[0].uid != uid:
        raise NotFound
    return found


def list_jobs(
    uid: str, *, status: JobStatus | None, type: JobType | None, size: int, cursor: str | None
) -> tuple[list[Found[Job]], str | None]:
    return query.page(JOBS, {"uid": uid, "status": status, "type": type}, "createdAt", size=size, cursor=cursor)


def due(field: str, now: datetime, limit: int) -> list[Job]:
    """Jobs whose `field` (nextAttemptAt, nextPollAt, deadlineAt) is due, longest overdue first. `Unavailable`."""
    return [found.data for found in query.documents(JOBS, order=field, most=now, limit=limit)]


def unfinished() -> int:
    """The number of jobs that still need a submission, a poll or an end: those with a deadline. `Unavailable`.

    A job with `nextPollAt` or `nextAttemptAt` has a deadline too (lifecycle.py), so if there are none, none is due. An
    aggregation, which is billed as one read for each thousand of them.
    """
    return query.count(JOBS, order="deadlineAt", least=BEGINNING)


def running() -> dict[JobStatus, int]:
    """How many jobs have not ended, by status. Two aggregations. `Unavailable`."""
    return {status: query.count(JOBS, equal={"status": status}) for status in get_args(JobStatus)[:2]}


def waiting(limit: int) -> list[datetime]:
    """When the jobs that wait for their provider were ordered, of the `limit` that are submitted next. `Unavailable`.

    Only jobs that wait have a `nextAttemptAt`.
    """
    found = query.documents(JOBS.select(WaitingJob), order="nextAttemptAt", limit=limit, page_size=query.BULK)
    return [each.data.created_at for each in found]


def created_since(moment: datetime) -> int:
    """The number of jobs ordered since then. `Unavailable`."""
    return query.count(JOBS, order="createdAt", least=moment)


def find_by_task(provider: str, task_id: str) -> str | None:
    """The id of the job of this provider's task, None if unknown. `Unavailable`."""
    states = query.documents(STATES, equal={"taskId": task_id}, limit=2, group=True)
    return next((each.path.split("/")[1] for each in states if each.data.provider == provider), None)


def spent(spend_key: str) -> Spend:
    """The cost to us of the orders under this key of `spend.spend_key`. One aggregation, or two if there are any.

    `Unavailable`.
    """
    spent_on = {"spentOn": spend_key}
    total = query.total(STATES, "costMicroUsd", equal=spent_on, group=True)
    return Spend(total, query.total(STATES, "unpaidMicroUsd", equal=spent_on, group=True) if total else 0)


def delete_jobs(uid: str, limit: int, now: datetime) -> bool:
    """Delete up to `limit` of the user's jobs, both documents; False if there may be more.

    The same commit adds their cost of today to the day's sum, and subtracts them from the daily counters. Malformed
    documents are reported and not summed. At most three writes a job. `Unavailable`, `Contention`.
    """
    paths = query.names(JOBS, {"uid": uid}, limit)
    states = [state_path(path.id) for path in paths]

    def decide(docs: Docs) -> list[MalformedDocument]:
        costs: dict[str, Spend] = {}
        broken: list[MalformedDocument] = []
        counted = []
        for path in paths:
            try:
                state = docs.get(state_path(path.id))
                if state is not None and state.spent_on is not None:
                    before = costs.get(state.spent_on, Spend())
                    unpaid = before.unpaid + (state.unpaid_micro_usd or 0)
                    costs[state.spent_on] = Spend(before.total + state.cost_micro_usd, unpaid)
                if state is not None and state.counted and (job := docs.get(path)) is not None:
                    counted.append(job)
            except MalformedDocument as error:
                broken.append(error)
        breaker_store.keep_deleted(docs, costs, now)
        for path in paths:
            docs.delete(path)
            docs.delete(state_path(path.id))
        for job in counted:
            daily_counters.subtract(docs, job.job_id, job)
        return broken

    if paths:
        for error in transact(PROVIDER_HEALTH, decide, Reads(fresh=[PROVIDER_HEALTH, *paths, *states])):
            malformed.report(error)
    return len(paths) < limit


def totals(uid: str) -> tuple[dict[str, int], dict[str, int], int, int]:
    """The user's jobs by status and by type, the tokens they cost, and the tokens that were refunded.

    Firestore counts: one aggregation for each status and type, whatever the number of jobs. `Unavailable`.
    """
    own = {"uid": uid}

    def count(field: str, values: Sequence[str]) -> dict[str, int]:
        return {value: query.count(JOBS, equal={**own, field: value}) for value in values}

    by_status, by_type = count("status", get_args(JobStatus)), count("type", get_args(JobType))
    return by_status, by_type, query.total(JOBS, "price", equal=own), query.total(JOBS, "refunded", equal=own)
