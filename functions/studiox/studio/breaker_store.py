"""The providers' health, shared by all instances: `providerHealth/all`, half a minute in a process's memory.

An order reads the document with what it reads anyway, or every 30 s. A memory that is older than the truth does no
harm: an order that goes out to a provider that is left alone fails, and its failure brings the truth; before one is
refused, the document is read.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Collection, Mapping

from studiox.kit import clock, firestore, log
from studiox.kit.clock import datetime
from studiox.kit.errors import Contention, Unavailable
from studiox.kit.transaction import Docs, Reads, transact

from . import breaker
from .breaker import Health

PATH = "providerHealth/all"
KEEP_S = 30.0

_kept: deque[tuple[Health, float]] = deque(maxlen=1)
_lock = threading.Lock()


def _remember(health: Health) -> Health:
    with _lock:
        _kept.append((health, time.monotonic() + KEEP_S))
    return health


def _remembered() -> tuple[Health, float]:
    with _lock:
        return _kept[0] if _kept else ({}, 0.0)


def is_stale() -> bool:
    """Whether PATH must be read before an order may be decided."""
    return time.monotonic() >= _remembered()[1]


def admits(docs: Docs, provider: str, sender: str, now: datetime, *, fresh: bool, unpaid: bool) -> bool:
    """Whether this decision's order may go to the provider; if it is the trial, this is noted in its commit.

    `fresh`: the decision has read PATH. Else memory is enough to let an order pass, and never to refuse one.
    `unpaid`: the order waits while the pot of those that nobody paid for is empty.
    """

    def held(health: Health) -> bool:
        return breaker.held_until(health, provider, now, unpaid=unpaid) is not None

    health = _remembered()[0]
    if fresh or breaker.needs_trial(health, provider) or held(health):
        health = _remember(docs.get(PATH) or {})
    if held(health):
        return False
    if breaker.needs_trial(health, provider):
        docs.put(PATH, breaker.on_trial(health, provider, sender, now))
    return True


def look() -> Health:
    """The health as it is; one round trip. `Unavailable`."""
    [found] = firestore.read(PATH)
    return _remember(found or {})


def note(provider: str, sender: str, *, answered: bool) -> None:
    """What came of the order of `sender`; `answered`: the provider took it, or refused it for good.

    A failure is a commit; a success is one only if something was wrong. An alert when this opens the breaker.
    """
    if answered and provider not in _remembered()[0].get("rows", {}):
        return
    now = clock.now()

    def after(health: Health) -> Health:
        if answered:
            return breaker.succeeded(health, provider)
        return breaker.failed(health, provider, sender, now)

    was, is_ = (health.get("rows", {}).get(provider, {}) for health in _change(after))
    if "openUntil" in was and not is_:
        log.info("provider_breaker_closed", provider=provider)
    elif is_.get("openings", 0) > was.get("openings", 0):
        report = log.warning if "openUntil" in was else log.alert  # a trial that failed is no news
        report("provider_breaker_open", provider=provider, failures=is_["failures"], until=is_["openUntil"].isoformat())


def told(provider: str) -> None:
    """The provider told of a task when it was asked. A commit only if failures of its orders are being counted."""
    health = _remembered()[0]
    if provider in health.get("rows", {}) and not breaker.needs_trial(health, provider):
        _change(lambda found: breaker.told(found, provider))


def note_spent(providers: Collection[str], unpaid: Collection[str], now: datetime) -> tuple[list[str], list[str]]:
    """Stop the day's orders to these providers, those that nobody paid for to `unpaid`, and no others.

    Of both those that had some until now.
    """
    was, is_ = _change(lambda health: breaker.with_spent(health, providers, unpaid, now))

    def new(name: str) -> list[str]:
        return [each for each, until in is_.get(name, {}).items() if was.get(name, {}).get(each) != until]

    return new("spent"), new("freeSpent")


def keep_deleted(docs: Docs, costs: Mapping[str, Mapping[str, int]], now: datetime) -> None:
    """What these orders cost us stays in the day's sum, though this commit deletes them. PATH must have been read."""
    before = docs.get(PATH) or {}
    after = breaker.with_deleted(before, costs, now)
    if after != before:
        docs.put(PATH, after)


def _change(change: Callable[[Health], Health]) -> tuple[Health, Health]:
    """Before and after. That the database is away is no reason to fail: what is not noted is noted the next time."""

    def decide(docs: Docs) -> tuple[Health, Health]:
        before = docs.get(PATH) or {}
        after = change(before)
        if after != before:
            docs.put(PATH, after)
        return before, after

    try:
        before, after = transact(PATH, decide, Reads(fresh=[PATH]))
    except (Contention, Unavailable):
        log.warning("provider_health_not_noted")
        return {}, {}
    _remember(after)
    return before, after
