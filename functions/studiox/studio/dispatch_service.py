"""The dispatcher's round: end what is past its deadline, submit what waits, have the rest looked at."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from .. import clock, ids, log
from ..transact import REMOVE, Docs, transact
from . import jobs, settlement, store
from .service import Ordered, submit

T = TypeVar("T")

SUBMITS_PER_RUN = 10
WAITING_PER_RUN = 100  # looked at, to find those whose providers accept
SETTLES_PER_RUN = 50
RUN_S = 45.0  # of the minute between two runs


def dispatch() -> None:
    """One run of the dispatcher: end what is past its deadline, submit what waits, have the rest looked at.

    Bounded in number and time: what is left over is first in the next run.
    """
    now = clock.now()
    until = time.monotonic() + RUN_S
    expired = [job["jobId"] for job in store.due("deadlineAt", now, SETTLES_PER_RUN)]
    waiting = [job["jobId"] for job in store.due("nextAttemptAt", now, WAITING_PER_RUN)]
    with ThreadPoolExecutor(max_workers=8) as pool:
        list(pool.map(lambda job_id: _within(until, _expire, job_id), expired))
        list(pool.map(lambda job_ids: _submit_waiting(until, job_ids), _by_provider(waiting)))
    for job in store.due("nextPollAt", now, SETTLES_PER_RUN):
        if time.monotonic() > until:
            return
        settlement.watch(job)


def _within(until: float, work: Callable[[str], T], job_id: str) -> T | None:
    """One job's trouble is not the others'."""
    if time.monotonic() > until:
        return None
    try:
        return work(job_id)
    except Exception:  # noqa: BLE001 - it is logged with its traceback, and the next run tries again
        log.bug("bug", function="dispatchStudioJobs", jobId=job_id)
        return None


def _expire(job_id: str) -> None:
    settlement.advance(job_id, action="dispatchStudioJobs", budget_s=settlement.LAST_S)


def _by_provider(job_ids: list[str]) -> list[list[str]]:
    """The run's submissions, the longest waiting first: one list for each provider, each tried in turn."""
    lists: dict[str, list[str]] = {}
    for job_id, provider_name in store.providers_of(job_ids).items():
        lists.setdefault(provider_name, []).append(job_id)
    share = max(1, SUBMITS_PER_RUN // max(1, len(lists)))
    return [ids_[:share] for ids_ in lists.values()]


def _submit_waiting(until: float, job_ids: list[str]) -> None:
    """Submit one after the other, up to the first that is not accepted: its provider is passed over in this run."""
    for job_id in job_ids:
        if isinstance(_within(until, _resubmit, job_id), jobs.Postponed):
            return


def _resubmit(job_id: str) -> jobs.Event | None:
    """Claim a waiting job, so that only this run submits it, and submit it; what came of it."""
    now, sender = clock.now(), ids.new()
    path, state_path = store.job_path(job_id), store.state_path(job_id)

    def claim(docs: Docs) -> Ordered | None:
        job, state = docs.get(path), docs.get(state_path)
        if job is None or state is None or job["status"] != "pending":
            return None
        if state["submission"] == "sending" and state["sender"] == sender:
            return Ordered(job, state, replayed=False)  # our own claim, whose answer was lost (faults J22)
        if state["submission"] != "waiting":
            return None
        job = docs.update(path, {"nextAttemptAt": REMOVE, "nextPollAt": now + jobs.SENDING, "updatedAt": now})
        sending = {"submission": "sending", "sender": sender, "sendingSince": now}
        return Ordered(job, docs.update(state_path, sending), replayed=False)

    claimed = transact(path, claim, reads=[path, state_path])
    if claimed is None:
        return None
    job, event = submit(claimed.job, claimed.state, action="dispatchStudioJobs")
    settlement.watch(job)
    return event
