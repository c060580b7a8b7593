"""The circuit breaker: when a provider gets no orders because it fails, or because it has cost us enough today. Pure.

Ten submissions that fail in a row open a provider's circuit. After a pause one order is the trial: a success closes the
circuit, a failure opens it again for twice as long. The day's spend limits stop orders until midnight (UTC).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from msgspec.structs import replace

from studiox.kit.clock import datetime, midnight_after, timedelta
from studiox.models.provider_health import DeletedCost, FailureStreak, ProviderHealth

from .spend import Spend

FAILURES = 10
WITHIN = timedelta(seconds=60)
"""A longer gap between two failures resets the streak: a provider that gets so few orders needs no breaker."""
FIRST_PAUSE = timedelta(seconds=30)
MAX_PAUSE = timedelta(minutes=5)
TRIAL = timedelta(seconds=20)
"""How long the others wait for a trial. After that the next order is the trial."""
CLOCKS_APART = timedelta(seconds=30)
"""The most by which an order's clock reading may precede that of a stored time's writer: an order reads its clock once
and decides within 20 s."""


def held_until(health: ProviderHealth, provider: str, now: datetime, *, unpaid: bool = False) -> datetime | None:
    """The time until which this provider gets no orders; None if it may get one now. `unpaid`: for an unpaid order."""
    streak = streak_of(health, provider)
    # These times come from the clock of another order's instance. A time too far ahead is ignored (fault J27).
    pauses = [] if streak is None else [(streak.open_until, MAX_PAUSE), (streak.trial_until, TRIAL)]
    ends = [until for until, most in pauses if until is not None and now < until <= now + most + CLOCKS_APART]
    limits = [health.spent, *([health.free_spent] if unpaid else [])]
    spent = [until for limit in limits if (until := (limit or {}).get(provider)) is not None and now < until]
    return max([*ends, *spent], default=None)


def streak_of(health: ProviderHealth, provider: str) -> FailureStreak | None:
    """The provider's failures in a row; None while it is healthy."""
    return (health.rows or {}).get(provider)


def needs_trial(health: ProviderHealth, provider: str) -> bool:
    """Whether the provider's next order is a trial: the commit of that order then includes `on_trial`."""
    streak = streak_of(health, provider)
    return streak is not None and streak.open_until is not None


def on_trial(health: ProviderHealth, provider: str, sender: str, now: datetime) -> ProviderHealth:
    """The health once the order of `sender` is the trial. The provider's circuit is open."""
    streak = streak_of(health, provider)
    if streak is None:
        raise KeyError(provider)
    return _with_streak(health, provider, replace(streak, trial_by=sender, trial_until=now + TRIAL))


def failed(health: ProviderHealth, provider: str, sender: str, now: datetime) -> ProviderHealth:
    """The health after the submission of `sender` failed."""
    streak = streak_of(health, provider)
    if streak is not None and streak.open_until is not None:
        if streak.trial_by != sender:
            return health  # sent before the circuit opened: already counted
        openings = (streak.openings or 0) + 1
        pause = min(MAX_PAUSE, FIRST_PAUSE * 2 ** min(openings - 1, 10))
        return _with_streak(health, provider, _opened(streak.failures + 1, openings, now, pause))
    failures = streak.failures + 1 if streak is not None and abs(now - streak.failed_at) <= WITHIN else 1
    if failures < FAILURES:
        return _with_streak(health, provider, FailureStreak(failures=failures, failed_at=now))
    return _with_streak(health, provider, _opened(failures, 1, now, FIRST_PAUSE))


def _opened(failures: int, openings: int, now: datetime, pause: timedelta) -> FailureStreak:
    return FailureStreak(failures=failures, failed_at=now, openings=openings, open_until=now + pause)


def succeeded(health: ProviderHealth, provider: str) -> ProviderHealth:
    """The health after a successful submission: the provider is healthy."""
    return _with_streak(health, provider, None)


def poll_succeeded(health: ProviderHealth, provider: str) -> ProviderHealth:
    """The health after a successful poll: the streak is reset, and an open circuit stays open until its trial."""
    return health if needs_trial(health, provider) else _with_streak(health, provider, None)


def _with_streak(health: ProviderHealth, provider: str, streak: FailureStreak | None) -> ProviderHealth:
    others = {name: each for name, each in (health.rows or {}).items() if name != provider}
    return replace(health, rows={**others, **({} if streak is None else {provider: streak})})


def with_spent(
    health: ProviderHealth, providers: Collection[str], unpaid: Collection[str], now: datetime
) -> ProviderHealth:
    """The health once `providers` have reached the day's limit (UTC), and `unpaid` the limit of unpaid orders."""
    midnight = midnight_after(now)
    spent = dict.fromkeys(sorted(providers), midnight)
    free_spent = dict.fromkeys(sorted(unpaid), midnight)
    if spent == (health.spent or {}) and free_spent == (health.free_spent or {}):
        return health
    return replace(health, spent=spent, free_spent=free_spent)


def with_deleted(health: ProviderHealth, costs: Mapping[str, Spend], now: datetime) -> ProviderHealth:
    """The health with the costs of these orders added, by spend key. The orders are being deleted.

    Only the current day's costs are kept, because earlier days are no longer summed.
    """
    today = now.date().isoformat()
    before = health.deleted or {}
    kept = {key: cost for key, cost in before.items() if key.endswith(today)}
    for key, cost in costs.items():
        if key.endswith(today):
            sum_ = kept.get(key, DeletedCost(total=0, unpaid=0))
            kept[key] = DeletedCost(total=sum_.total + cost.total, unpaid=sum_.unpaid + cost.unpaid)
    return health if kept == before else replace(health, deleted=kept)
