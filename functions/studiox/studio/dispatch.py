"""The dispatcher's run: end jobs past their deadline, submit waiting ones, enqueue polls of the rest."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from msgspec.structs import replace

from studiox.catalog import margins
from studiox.kit import batch, clock, config, ids, log
from studiox.kit.clock import datetime, timedelta
from studiox.kit.errors import Contention, Unavailable
from studiox.kit.process import per_process
from studiox.kit.transaction import Docs, Reads, transact
from studiox.models import jobs
from studiox.models.jobs import Job, JobState
from studiox.models.provider_health import PROVIDER_HEALTH, ProviderHealth

from . import breaker, breaker_store, job_store, lifecycle, polling, spend
from .service import submit

T = TypeVar("T")

SUBMITS_PER_RUN = 10
WAITING_PER_RUN = 100  # read, to find those whose providers accept orders
SETTLES_PER_RUN = 50
RUN_S = 45.0  # of the minute between two runs
LATE_ORDERS = timedelta(minutes=5)
"""How much earlier than its commit an order's `createdAt` may be: a slow call, or an instance whose clock is behind."""


def dispatch() -> None:
    """One run of the dispatcher: end jobs past their deadline, submit waiting ones, enqueue polls of the rest.

    Bounded in number and time; the next run continues. An idle run costs two reads: no job is unfinished, and none was
    ordered since the spend was summed.
    """
    now = clock.now()
    until = time.monotonic() + RUN_S
    idle = job_store.unfinished() == 0
    _watch_spend(now, idle=idle)
    if idle:
        return
    expired = [job.job_id for job in job_store.due("deadlineAt", now, SETTLES_PER_RUN)]
    waiting = [job.job_id for job in job_store.due("nextAttemptAt", now, WAITING_PER_RUN)]
    with ThreadPoolExecutor(max_workers=8) as pool:
        list(pool.map(lambda job_id: _within(until, _expire, job_id), expired))
        list(pool.map(lambda job_ids: _submit_waiting(until, job_ids), _by_provider(waiting, now)))
    for job in job_store.due("nextPollAt", now, SETTLES_PER_RUN):
        if time.monotonic() > until:
            return
        polling.watch(job)


def _within(until: float, work: Callable[[str], T], job_id: str) -> T | None:
    """What `work` answers; None after `until` (monotonic) or if it fails, which is logged: failures are isolated."""
    if time.monotonic() > until:
        return None
    outcome = batch.alone("dispatchStudioJobs", lambda: work(job_id), jobId=job_id)
    return None if isinstance(outcome, batch.Trouble) else outcome


def _expire(job_id: str) -> None:
    polling.advance(job_id, action="dispatchStudioJobs", budget_s=polling.LAST_S)


def _by_provider(job_ids: list[str], now: datetime) -> list[list[str]]:
    """The run's submissions in queues, the longest waiting first.

    Each provider that may have orders now has two: one for paid orders, and one for unpaid orders, which
    stops when the day's budget for them is used up.
    """
    queues: dict[tuple[str, bool], list[str]] = {}
    for job_id, queue in job_store.queues_of(job_ids).items():
        queues.setdefault(queue, []).append(job_id)
    health = breaker_store.look() if queues else ProviderHealth()
    for name, unpaid in list(queues):
        held = breaker.held_until(health, name, now, unpaid=unpaid)
        if held is not None:
            _put_off(queues.pop((name, unpaid)), min(held, now + breaker.MAX_PAUSE))
    share = max(1, SUBMITS_PER_RUN // max(1, len(queues)))
    return [ids_[:share] for ids_ in queues.values()]


def _put_off(job_ids: list[str], until: datetime) -> None:
    """Postpone these jobs, keeping their order. Otherwise they could fill the next runs and keep other jobs waiting."""
    paths = [jobs.job_path(job_id) for job_id in job_ids]

    def decide(docs: Docs) -> None:
        for number, path in enumerate(paths):
            job = docs.get(path)
            if job is not None and job.next_attempt_at is not None:
                docs.put(path, replace(job, next_attempt_at=until + timedelta(milliseconds=number)))

    try:
        transact("dispatchStudioJobs", decide, Reads(fresh=paths))
    except (Contention, Unavailable):
        log.warning("waiting_not_put_off", jobs=len(paths))  # the next run tries again


def _submit_waiting(until: float, job_ids: list[str]) -> None:
    """Submit these in order, until one is not accepted: the run then skips its provider."""
    for job_id in job_ids:
        if isinstance(_within(until, _resubmit, job_id), lifecycle.Postponed):
            return


def _resubmit(job_id: str) -> lifecycle.Event | None:
    """Claim a waiting job, so that only this run submits it, and submit it; the event, None if it needs no submission.

    `Postponed` also if its provider gets no orders by now, or another order is its trial.
    """
    now, sender = clock.now(), ids.new()
    path, state_path = jobs.job_path(job_id), jobs.state_path(job_id)

    def claim(docs: Docs) -> tuple[Job, JobState] | None:
        job, state = docs.get(path), docs.get(state_path)
        if job is None or state is None or job.status != "pending":
            return None
        if state.submission == "sending" and state.sender == sender:
            return job, state  # our own claim, whose answer was lost (fault J22)
        if state.submission != "waiting":
            return None
        if not breaker_store.admits(docs, None, state.provider, sender, now, unpaid=bool(state.unpaid)):
            raise lifecycle.ProviderUnavailable
        job = docs.update(path, next_attempt_at=None, next_poll_at=now + lifecycle.SENDING, updated_at=now)
        return job, docs.update(state_path, submission="sending", sender=sender, sending_since=now)

    try:
        claimed = transact(path, claim, Reads(fresh=[path, state_path, PROVIDER_HEALTH]))
    except lifecycle.ProviderUnavailable:
        return lifecycle.Postponed()
    if claimed is None:
        return None
    job, event = submit(*claimed, action="dispatchStudioJobs")
    polling.watch(job)
    return event


@per_process
def _summed() -> dict[tuple[int, int], datetime]:
    """{the two limits: when the day's spend was last compared with them while no job was unfinished}"""
    return {}


def _is_unchanged(limits: tuple[int, int], now: datetime) -> bool:
    """Whether the spend cannot have changed since it was last summed: no order since, on the same day.

    A charge that is reported later, for a job that had ended before, is counted at the next order.
    """
    before = _summed().get(limits)
    return before is not None and before.date() == now.date() and not job_store.created_since(before - LATE_ORDERS)


def _watch_spend(now: datetime, *, idle: bool) -> None:
    """Compare each provider's spend of the day with its two limits. After a failure, which is logged, no limit applies.

    `idle`: no job is unfinished. Then the sums are only read if they may have changed.
    """
    try:
        limit = spend.limit_micro_usd(config.DAILY_SPEND_LIMIT_USD.value)
        free_limit = spend.limit_micro_usd(config.FREE_SPEND_LIMIT_USD.value)
        if idle and _is_unchanged((limit, free_limit), now):
            return
        _summed().clear()
        health = breaker_store.look()
        watched = [name for name, credit in margins.CREDIT_MICRO_USD.items() if credit > 0 and (limit or free_limit)]
        spent = {name: _spent(health, name, now) for name in watched}
        closed, closed_to_unpaid = spend.used_up(spent, limit, free_limit)
        if breaker.with_spent(health, closed, closed_to_unpaid, now) is health:
            if idle:
                _summed()[limit, free_limit] = now
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
    except Exception:  # noqa: BLE001 - a malformed parameter, or a bug: jobs matter more than the limit
        log.bug("bug", function="dispatchStudioJobs")


def _spent(health: ProviderHealth, provider: str, now: datetime) -> spend.Spend:
    """The day's cost of a provider's orders, including those of accounts that were deleted since."""
    key = spend.spend_key(provider, now)
    summed, deleted = job_store.spent(key), (health.deleted or {}).get(key)
    if deleted is None:
        return summed
    return spend.Spend(summed.total + deleted.total, summed.unpaid + deleted.unpaid)
