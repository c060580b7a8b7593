"""The providers' health, shared by all instances in `providerHealth/all` and cached by each for half a minute.

An order reads the document with its other reads, or once the cached one is 30 s old. A stale cache does no harm: an
order that goes to a provider whose circuit is open fails, and its failure refreshes the cache. No order is refused
without reading the document.
"""

from __future__ import annotations

import functools
import threading
import time
from collections import deque
from collections.abc import Callable, Collection, Mapping

from studiox.kit import clock, firestore, log
from studiox.kit.clock import datetime
from studiox.kit.errors import Contention, Unavailable
from studiox.kit.process import per_process
from studiox.kit.transaction import Docs, Reads, transact
from studiox.models.provider_health import PROVIDER_HEALTH, ProviderHealth

from . import breaker
from .spend import Spend

CACHE_S = 30.0

_lock = threading.Lock()


@per_process
def _cache() -> deque[tuple[ProviderHealth, float]]:
    return deque(maxlen=1)


def _remember(health: ProviderHealth) -> None:
    with _lock:
        _cache().append((health, time.monotonic() + CACHE_S))


def _last_seen() -> tuple[ProviderHealth, float]:
    with _lock:
        return found[0] if (found := _cache()) else (ProviderHealth(), 0.0)


def cached() -> ProviderHealth | None:
    """The health as this process last saw it; None if that is too old to decide about an order."""
    health, until = _last_seen()
    return health if time.monotonic() < until else None


def admits(
    docs: Docs, cached: ProviderHealth | None, provider: str, sender: str, now: datetime, *, unpaid: bool
) -> bool:
    """Whether this decision's order may go to the provider. If it is the trial, its commit records that.

    `cached`: without it the document is read. It may admit an order, and never refuses one.
    `unpaid`: the order is unpaid, so the limit of unpaid orders applies to it too.
    """

    def held(health: ProviderHealth) -> bool:
        return breaker.held_until(health, provider, now, unpaid=unpaid) is not None

    health = cached
    if health is None or breaker.needs_trial(health, provider) or held(health):
        health = docs.get(PROVIDER_HEALTH) or ProviderHealth()
        docs.after_commit.append(functools.partial(_remember, health))
    if held(health):
        return False
    if breaker.needs_trial(health, provider):
        docs.put(PROVIDER_HEALTH, breaker.on_trial(health, provider, sender, now))
    return True


def look() -> ProviderHealth:
    """The health as it is; one round trip. `Unavailable`."""
    health = firestore.get(PROVIDER_HEALTH) or ProviderHealth()
    _remember(health)
    return health


def note(provider: str, sender: str, *, answered: bool) -> None:
    """Record the submission of `sender`. `answered`: the provider accepted the order, or refused it for good.

    A failure is a commit; a success is one only while the provider has a streak of failures. An alert is logged when
    the circuit opens.
    """
    if answered and breaker.streak_of(_last_seen()[0], provider) is None:
        return
    now = clock.now()

    def after(health: ProviderHealth) -> ProviderHealth:
        if answered:
            return breaker.succeeded(health, provider)
        return breaker.failed(health, provider, sender, now)

    was, is_ = (breaker.streak_of(health, provider) for health in _change(after))
    was_open = was is not None and was.open_until is not None
    openings = 0 if was is None else was.openings or 0
    if was_open and is_ is None:
        log.info("provider_breaker_closed", provider=provider)
    elif is_ is not None and is_.open_until is not None and (is_.openings or 0) > openings:
        report = log.warning if was_open else log.alert  # a trial that failed is nothing new
        report("provider_breaker_open", provider=provider, failures=is_.failures, until=is_.open_until.isoformat())


def poll_succeeded(provider: str) -> None:
    """The provider answered a poll. A commit only while failures of its orders are being counted."""
    health = _last_seen()[0]
    if breaker.streak_of(health, provider) is not None and not breaker.needs_trial(health, provider):
        _change(lambda found: breaker.poll_succeeded(found, provider))


def note_spent(providers: Collection[str], unpaid: Collection[str], now: datetime) -> tuple[list[str], list[str]]:
    """Stop the day's orders to these providers, and the unpaid orders to `unpaid`; allow all others.

    Returns the providers that were not stopped before, for either limit.
    """
    was, is_ = _change(lambda health: breaker.with_spent(health, providers, unpaid, now))

    def new(before: Mapping[str, datetime] | None, after: Mapping[str, datetime] | None) -> list[str]:
        return [name for name, until in (after or {}).items() if (before or {}).get(name) != until]

    return new(was.spent, is_.spent), new(was.free_spent, is_.free_spent)


def keep_deleted(docs: Docs, costs: Mapping[str, Spend], now: datetime) -> None:
    """Add the cost of these orders, which this commit deletes, to the day's sum. The document must have been read."""
    before = docs.get(PROVIDER_HEALTH) or ProviderHealth()
    after = breaker.with_deleted(before, costs, now)
    if after != before:
        docs.put(PROVIDER_HEALTH, after)


def _change(change: Callable[[ProviderHealth], ProviderHealth]) -> tuple[ProviderHealth, ProviderHealth]:
    """The health before and after. An outage is ignored: what is not recorded now is recorded next time."""

    def decide(docs: Docs) -> tuple[ProviderHealth, ProviderHealth]:
        before = docs.get(PROVIDER_HEALTH) or ProviderHealth()
        after = change(before)
        if after != before:
            docs.put(PROVIDER_HEALTH, after)
        return before, after

    try:
        before, after = transact(PROVIDER_HEALTH, decide, Reads(fresh=[PROVIDER_HEALTH]))
    except (Contention, Unavailable):
        log.warning("provider_health_not_noted")
        return ProviderHealth(), ProviderHealth()
    _remember(after)
    return before, after
