"""The dispatcher's round: end what is past its deadline, submit what waits, have the rest looked at."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from studiox.catalog import margins
from studiox.kit import batch, clock, config, ids, log
from studiox.kit.clock import datetime, timedelta
from studiox.kit.errors import Contention, Unavailable
from studiox.kit.transaction import REMOVE, Docs, Reads, transact
from studiox.models import jobs
from studiox.studio import job_store

from . import breaker, breaker_store, lifecycle, settlement, spend
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
    _watch_spend(now)
    expired = [job["jobId"] for job in job_store.due("deadlineAt", now, SETTLES_PER_RUN)]
    waiting = [job["jobId"] for job in job_store.due("nextAttemptAt", now, WAITING_PER_RUN)]
    with ThreadPoolExecutor(max_workers=8) as pool:
        list(pool.map(lambda job_id: _within(until, _expire, job_id), expired))
        list(pool.map(lambda job_ids: _submit_waiting(until, job_ids), _by_provider(waiting, now)))
    for job in job_store.due("nextPollAt", now, SETTLES_PER_RUN):
        if time.monotonic() > until:
            return
        settlement.watch(job)


def _within(until: float, work: Callable[[str], T], job_id: str) -> T | None:
    """One job's trouble is not the others'."""
    if time.monotonic() > until:
        return None
    outcome = batch.alone("dispatchStudioJobs", lambda: work(job_id), jobId=job_id)
    return None if isinstance(outcome, batch.Trouble) else outcome


def _expire(job_id: str) -> None:
    settlement.advance(job_id, action="dispatchStudioJobs", budget_s=settlement.LAST_S)


def _by_provider(job_ids: list[str], now: datetime) -> list[list[str]]:
    """The run's submissions, the longest waiting first: one list for each provider that may have orders now, and one
    for those that somebody paid for, which go on when the others' pot is empty."""
    lists: dict[tuple[str, bool], list[str]] = {}
    for job_id, lane in job_store.lanes_of(job_ids).items():
        lists.setdefault(lane, []).append(job_id)
    health = breaker_store.look() if lists else {}
    for name, unpaid in list(lists):
        held = breaker.held_until(health, name, now, unpaid=unpaid)
        if held is not None:
            _put_off(lists.pop((name, unpaid)), min(held, now + breaker.MAX_PAUSE))
    share = max(1, SUBMITS_PER_RUN // max(1, len(lists)))
    return [ids_[:share] for ids_ in lists.values()]


def _put_off(job_ids: list[str], until: datetime) -> None:
    """Out of the next runs' sight, in this order: were there many of them, the runs would see no others' jobs."""
    paths = [jobs.job_path(job_id) for job_id in job_ids]

    def decide(docs: Docs) -> None:
        for number, path in enumerate(paths):
            if "nextAttemptAt" in (docs.get(path) or {}):
                docs.update(path, {"nextAttemptAt": until + timedelta(milliseconds=number)})

    try:
        transact("dispatchStudioJobs", decide, Reads(fresh=paths))
    except (Contention, Unavailable):
        log.warning("waiting_not_put_off", jobs=len(paths))  # the next run comes by them again


def _submit_waiting(until: float, job_ids: list[str]) -> None:
    """Submit one after the other, up to the first that is not accepted: its provider is passed over in this run."""
    for job_id in job_ids:
        if isinstance(_within(until, _resubmit, job_id), lifecycle.Postponed):
            return


def _resubmit(job_id: str) -> lifecycle.Event | None:
    """Claim a waiting job, so that only this run submits it, and submit it; what came of it.

    `Postponed` also when its provider may have no orders by now, or another one is its trial.
    """
    now, sender = clock.now(), ids.new()
    path, state_path = jobs.job_path(job_id), jobs.state_path(job_id)

    def claim(docs: Docs) -> Ordered | None:
        job, state = docs.get(path), docs.get(state_path)
        if job is None or state is None or job["status"] != "pending":
            return None
        if state["submission"] == "sending" and state["sender"] == sender:
            return Ordered(job, state, replayed=False)  # our own claim, whose answer was lost (faults J22)
        if state["submission"] != "waiting":
            return None
        unpaid = state.get("unpaid", False)
        if not breaker_store.admits(docs, state["provider"], sender, now, fresh=True, unpaid=unpaid):
            raise lifecycle.ProviderUnavailable
        job = docs.update(path, {"nextAttemptAt": REMOVE, "nextPollAt": now + lifecycle.SENDING, "updatedAt": now})
        sending = {"submission": "sending", "sender": sender, "sendingSince": now}
        return Ordered(job, docs.update(state_path, sending), replayed=False)

    try:
        claimed = transact(path, claim, Reads(fresh=[path, state_path, breaker_store.PATH]))
    except lifecycle.ProviderUnavailable:
        return lifecycle.Postponed()
    if claimed is None:
        return None
    job, event = submit(claimed.job, claimed.state, action="dispatchStudioJobs")
    settlement.watch(job)
    return event


def _watch_spend(now: datetime) -> None:
    """Hold each provider's spend of the day against its two limits; no trouble of this is the jobs'."""
    try:
        limit = spend.limit_micro_usd(config.DAILY_SPEND_LIMIT_USD.value)
        free_limit = spend.limit_micro_usd(config.FREE_SPEND_LIMIT_USD.value)
        health = breaker_store.look()
        watched = [name for name, credit in margins.CREDIT_MICRO_USD.items() if credit > 0 and (limit or free_limit)]
        spent = {name: _spent(health, name, now) for name in watched}
        closed, closed_to_unpaid = spend.used_up(spent, limit, free_limit)
        if breaker.with_spent(health, closed, closed_to_unpaid, now) is health:
            return
        new, new_to_unpaid = breaker_store.note_spent(closed, closed_to_unpaid, now)
        for name in new:
            cost = spent[name].total - (spent[name].unpaid if free_limit else 0)
            log.alert("provider_spend_limit", provider=name, spentMicroUsd=cost, limitMicroUsd=limit)
        for name in new_to_unpaid:
            cost = spent[name].unpaid
            log.alert("free_spend_limit", provider=name, spentMicroUsd=cost, limitMicroUsd=free_limit)
    except Unavailable:
        log.warning("spend_not_summed")
    except Exception:  # noqa: BLE001 - a parameter that is no number, or a bug: without a limit is better than without jobs
        log.bug("bug", function="dispatchStudioJobs")


def _spent(health: breaker.Health, provider: str, now: datetime) -> spend.Spend:
    """What a provider's orders of the day cost us, also those of accounts that were deleted meanwhile."""
    key = breaker.spend_key(provider, now)
    summed, deleted = job_store.spent(key), health.get("deleted", {}).get(key, {})
    return spend.Spend(summed.total + deleted.get("total", 0), summed.unpaid + deleted.get("unpaid", 0))
