"""The providers' health, shared by all instances: `providerHealth/all`, ten seconds in a process's memory."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any

from .. import clock, config, firestore, log
from ..catalog import margins
from ..errors import Contention, Unavailable
from ..transact import Docs, transact
from . import breaker
from .breaker import Health

PATH = "providerHealth/all"
KEEP_S = 10.0

_lock = threading.Lock()
_kept: deque[tuple[Health, float]] = deque(maxlen=1)


def _remembered() -> Health | None:
    with _lock:
        return _kept[0][0] if _kept and time.monotonic() < _kept[0][1] else None


def _remember(health: Health) -> Health:
    with _lock:
        _kept.append((health, time.monotonic() + KEEP_S))
    return health


def stale() -> list[str]:
    """The document, if it must be read before an order may be decided."""
    return [] if _remembered() is not None else [PATH]


def _read(docs: Docs) -> Health:
    return docs.get(PATH) or {}


def admits(docs: Docs, provider: str) -> bool:
    """Whether this provider may get this decision's order; after a pause the first one is its trial (half-open)."""
    now = clock.now()
    health = _remembered()
    if health is None:
        health = _remember(_read(docs))
    if breaker.is_open(health, provider, now):
        return False
    if breaker.on_trial(health, provider, now) is None:
        return True
    health = _read(docs)  # as it is: of all instances one makes the trial, in the commit of its order
    if breaker.is_open(health, provider, now):
        return False
    after = breaker.on_trial(health, provider, now)
    if after is not None:
        docs.put(PATH, after)
        with _lock:
            _kept.append((health, 0.0))  # known, and to be read anew
    return True


def open_providers(providers: set[str]) -> set[str]:
    """Those of these that get no orders now; at most one round trip."""
    health = _remembered()
    if health is None:
        [found] = firestore.read(PATH)
        health = _remember(found or {})
    return {each for each in providers if breaker.is_open(health, each, clock.now())}


def failed(provider: str, kind: str = breaker.ORDERS, *, at_once: bool = False) -> None:
    """Note a failure; an alert when it is the one that opens the breaker."""
    now = clock.now()
    before, after = _change(lambda health: breaker.failed(health, provider + kind, now, at_once=at_once))
    if breaker.is_open(after, provider, now) and not breaker.is_open(before, provider, now):
        log.alert("provider_breaker_open", provider=provider, until=after[provider + kind]["openUntil"].isoformat())


def succeeded(provider: str, kind: str = breaker.ORDERS) -> None:
    """Note a success: no write unless there was something wrong."""
    with _lock:
        known = _kept[0][0] if _kept else {}  # however old: a trial was decided on it
    if provider + kind in known:
        _change(lambda health: breaker.succeeded(health, provider + kind))
        log.info("provider_breaker_closed", provider=provider, kind=kind)


def note_spend(provider: str, spent: int, limit: int) -> None:
    """Stop or allow orders by what the provider has cost us today; one alert a day."""
    now = clock.now()
    if not open_providers({provider}) and not 0 < limit <= spent:
        return
    before, after = _change(lambda health: breaker.spent(health, provider, spent, limit, now))
    key = provider + breaker.SPEND
    if key in after and after[key] != before.get(key):
        log.alert("provider_spend_limit", provider=provider, spentMicroUsd=spent, limitMicroUsd=limit)


def _change(change: Callable[[Health], Health]) -> tuple[Health, Health]:
    """Before and after. A database that is not there is no reason to fail: what is not noted is noted next time."""

    def decide(docs: Docs) -> tuple[Health, Health]:
        before = _read(docs)
        after = change(before)
        if after != before:
            docs.put(PATH, after)
        return before, after

    try:
        before, after = transact(PATH, decide, reads=[PATH])
    except (Contention, Unavailable):
        log.warning("provider_health_not_noted")
        return {}, {}
    _remember(after)
    return before, after


def spent_today(provider: str) -> int:
    """What the orders that went out today (UTC) are expected to cost us, in millionths of a dollar; one aggregation."""
    from google.cloud.firestore_v1.base_query import FieldFilter

    key = breaker.spend_key(provider, clock.now())
    query: Any = firestore.client().collection_group("private").where(filter=FieldFilter("spentOn", "==", key))
    with firestore.reachable():
        [[result]] = query.sum("expectedMicroUsd").get(retry=firestore.read_retry(), timeout=firestore.RPC_TIMEOUT_S)
    return int(result.value or 0)


def watch_spend() -> None:
    """Hold each provider's spend of the day against DAILY_SPEND_LIMIT_USD: once a minute, by the dispatcher."""
    limit = config.DAILY_SPEND_LIMIT_USD.value * 1_000_000
    try:
        for provider, credit in margins.CREDIT_MICRO_USD.items():
            if credit:
                note_spend(provider, spent_today(provider) if limit > 0 else 0, limit)
    except Unavailable:
        log.warning("spend_not_summed")
