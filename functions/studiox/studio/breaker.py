"""When a provider gets no orders: it failed too often in a row, or has cost us enough for today. Pure.

The health of all providers is one small document. `rows` holds a provider only while something is wrong with it:
its failures in a row and, when there were too many, until when it is left alone (the breaker is open). After that
pause one order is its trial; a success takes the row away, a failure opens it again for longer. `spent` says until
when a provider whose day's spend is used up gets nothing, `freeSpent` until when it gets no orders that nobody paid
for, and `deleted` what the orders of the day cost us whose accounts have been deleted since.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from studiox.kit.clock import datetime, timedelta

Health = Mapping[str, Mapping[str, Any]]

FAILURES = 10  # in a row: a provider that refuses now and then only makes its orders wait
WITHIN = timedelta(seconds=60)
"""A failure that comes later than this after the one before begins a new row: so few orders need no breaker."""
FIRST_PAUSE = timedelta(seconds=30)
MAX_PAUSE = timedelta(minutes=5)
TRIAL = timedelta(seconds=20)
"""How long a trial may keep the others waiting; after that the next order is another one."""


def held_until(health: Health, provider: str, now: datetime, *, unpaid: bool = False) -> datetime | None:
    """Until when this provider gets no orders; None if it may have one now. `unpaid`: one that nobody paid for."""
    row = health.get("rows", {}).get(provider, {})
    # A pause is never longer than it can be meant: it was written by the clock of another instance (faults J27).
    pauses = [(row.get("openUntil"), MAX_PAUSE), (row.get("trialUntil"), TRIAL)]
    ends = [until for until, most in pauses if until is not None and now < until <= now + most]
    spent = [health.get(name, {}).get(provider) for name in ("spent", *(["freeSpent"] if unpaid else []))]
    return max([*ends, *(until for until in spent if until is not None and now < until)], default=None)


def needs_trial(health: Health, provider: str) -> bool:
    """Whether the next order that it gets is a trial: `on_trial` goes into the commit of that order."""
    return "openUntil" in health.get("rows", {}).get(provider, {})


def on_trial(health: Health, provider: str, sender: str, now: datetime) -> Health:
    """The health once the order of `sender` is the trial."""
    row = health["rows"][provider]
    return _with_row(health, provider, {**row, "trialBy": sender, "trialUntil": now + TRIAL})


def failed(health: Health, provider: str, sender: str, now: datetime) -> Health:
    """The health after the order of `sender` failed."""
    row = health.get("rows", {}).get(provider, {})
    if "openUntil" in row:
        if row.get("trialBy") != sender:
            return health  # sent before it opened: that it failed is known
        openings = row["openings"] + 1
        pause = min(MAX_PAUSE, FIRST_PAUSE * 2 ** min(openings - 1, 10))
        return _with_row(health, provider, {"failures": row["failures"] + 1, "openings": openings, **_at(now, pause)})
    in_a_row = bool(row) and abs(now - row["failedAt"]) <= WITHIN
    failures = row["failures"] + 1 if in_a_row else 1
    if failures < FAILURES:
        return _with_row(health, provider, {"failures": failures, "failedAt": now})
    return _with_row(health, provider, {"failures": failures, "openings": 1, **_at(now, FIRST_PAUSE)})


def _at(now: datetime, pause: timedelta) -> dict[str, datetime]:
    return {"failedAt": now, "openUntil": now + pause}


def succeeded(health: Health, provider: str) -> Health:
    """The health after an order to it was answered as it should: nothing is wrong any more."""
    return _with_row(health, provider, None)


def told(health: Health, provider: str) -> Health:
    """The health after it told of a task: it is no longer a row, but only a trial closes what is open."""
    return health if needs_trial(health, provider) else _with_row(health, provider, None)


def _with_row(health: Health, provider: str, row: Mapping[str, Any] | None) -> Health:
    rows = {name: kept for name, kept in health.get("rows", {}).items() if name != provider}
    return {**health, "rows": {**rows, **({} if row is None else {provider: row})}}


def with_spent(health: Health, providers: Collection[str], unpaid: Collection[str], now: datetime) -> Health:
    """The health once it is known whose spend of the day (UTC) is used up, and whose on orders that nobody paid for."""
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    spent = {
        "spent": dict.fromkeys(sorted(providers), midnight),
        "freeSpent": dict.fromkeys(sorted(unpaid), midnight),
    }
    return health if all(each == health.get(name, {}) for name, each in spent.items()) else {**health, **spent}


def with_deleted(health: Health, costs: Mapping[str, Mapping[str, int]], now: datetime) -> Health:
    """The health with what these orders, which are being deleted, cost us: {spend key: {total, unpaid}}.

    Only the day's are kept: nobody sums another one's any more.
    """
    today = now.date().isoformat()
    kept = {key: dict(each) for key, each in health.get("deleted", {}).items() if key.endswith(today)}
    for key, cost in costs.items():
        if key.endswith(today):
            kept[key] = {name: kept.get(key, {}).get(name, 0) + value for name, value in cost.items()}
    return health if kept == health.get("deleted", {}) else {**health, "deleted": kept}


def spend_key(provider: str, now: datetime) -> str:
    """What the costs of a day are summed by."""
    return f"{provider}:{now.date().isoformat()}"
