"""When a provider is left alone: after failures in a row, one refusal of our account, or the day's spend. Pure.

The health of all providers is one map: `poyo` for its orders, `poyo/polls` for its polls, `poyo/spend` for the day's
limit. An entry is there only while something is wrong. Open, it refuses orders at once; when its pause is over, one
order is let through as a trial (half-open), and what comes of that closes it or opens it for twice as long.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..clock import datetime, timedelta

Health = Mapping[str, Mapping[str, Any]]

FAILURES = 5
WITHIN = timedelta(minutes=5)  # of each other: an older failure is no part of this trouble
FIRST_PAUSE = timedelta(seconds=30)
MAX_PAUSE = timedelta(minutes=10)
TRIAL = timedelta(seconds=150)  # a trial that never told how it ended, for so long, is dead

ORDERS, POLLS, SPEND = "", "/polls", "/spend"


def is_open(health: Health, provider: str, now: datetime) -> bool:
    """Whether this provider gets no orders now."""
    entries = (health.get(provider + kind) or {} for kind in (ORDERS, POLLS, SPEND))
    return any("openUntil" in entry and now < entry["openUntil"] for entry in entries)


def on_trial(health: Health, provider: str, now: datetime) -> Health | None:
    """The health once one order is on trial, so that others are refused meanwhile; None if none is needed."""
    trials = [provider + kind for kind in (ORDERS, POLLS) if "openUntil" in (health.get(provider + kind) or {})]
    if not trials:
        return None
    return {**health, **{key: {**health[key], "openUntil": now + TRIAL, "trial": True} for key in trials}}


def failed(health: Health, key: str, now: datetime, *, at_once: bool = False) -> Health:
    """The health after a failure of `key`; `at_once`: one is enough."""
    entry = health.get(key) or {}
    if "openUntil" in entry and now < entry["openUntil"] and not entry.get("trial"):
        return health  # sent before it opened
    fresh = "at" in entry and now - entry["at"] <= WITHIN
    count = 1 + (entry["failures"] if fresh or "openUntil" in entry else 0)
    after: dict[str, Any] = {"failures": count, "at": now, "opened": entry.get("opened", 0)}
    if at_once or "openUntil" in entry or count >= FAILURES:
        after["openUntil"] = now + min(MAX_PAUSE, FIRST_PAUSE * 2 ** min(after["opened"], 10))
        after["opened"] += 1
    return {**health, key: after}


def succeeded(health: Health, key: str) -> Health:
    """The health after a success of `key`: nothing is wrong with it any more."""
    return {name: entry for name, entry in health.items() if name != key}


def spent(health: Health, provider: str, spent: int, limit: int, now: datetime) -> Health:
    """The health once it is known what the provider has cost us today (UTC), in the unit of `limit` (0: none)."""
    if not 0 < limit <= spent:
        return succeeded(health, provider + SPEND)
    midnight = (now + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    return {**health, provider + SPEND: {"openUntil": midnight}}


def spend_key(provider: str, now: datetime) -> str:
    """What the costs of a day are summed by."""
    return f"{provider}:{now.date().isoformat()}"
