"""Each rule of the circuit breaker, at its boundaries. What orders and the dispatcher do with it: test_breaker.py."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from studiox.models.provider_health import DeletedCost, FailureStreak, ProviderHealth
from studiox.studio import breaker
from studiox.studio.spend import Spend

NOW = datetime(2026, 3, 1, 12, 34, 56, 789, tzinfo=UTC)
MIDNIGHT = datetime(2026, 3, 2, tzinfo=UTC)
TICK = timedelta(microseconds=1)
ROW = 10
PAUSE = timedelta(seconds=30)
TRIAL = timedelta(seconds=20)
AHEAD = timedelta(seconds=30)


def with_streak(**fields: Any) -> ProviderHealth:
    """Poyo's health after a failure at NOW."""
    return ProviderHealth(rows={"poyo": FailureStreak(**{"failures": 1, "failed_at": NOW, **fields})})


def streak(health: ProviderHealth) -> FailureStreak:
    found = breaker.streak_of(health, "poyo")
    assert found is not None
    return found


def after(count: int, health: ProviderHealth | None = None, *, apart_s: float = 1) -> ProviderHealth:
    health = health or ProviderHealth()
    for number in range(count):
        health = breaker.failed(health, "poyo", "", NOW + timedelta(seconds=number * apart_s))
    return health


def test_ten_failures_in_a_row_open_it() -> None:
    at = NOW + timedelta(seconds=ROW)
    assert breaker.held_until(after(ROW - 1), "poyo", at) is None
    assert breaker.held_until(after(ROW), "poyo", at) == NOW + timedelta(seconds=ROW - 1) + breaker.FIRST_PAUSE
    assert breaker.held_until(after(ROW), "piapi", at) is None
    late = after(3 * ROW, apart_s=61)
    assert (late.rows or {})["poyo"].failures == 1, "failures that are far apart are no row"


def test_a_success_ends_the_row_and_touches_no_others() -> None:
    health = breaker.failed(after(ROW - 1), "piapi", "", NOW)
    health = breaker.succeeded(health, "poyo")
    assert set(health.rows or {}) == {"piapi"}
    assert breaker.held_until(after(1, health), "poyo", NOW) is None


def test_what_was_sent_before_it_opened_does_not_prolong_it() -> None:
    health = after(ROW)
    assert breaker.failed(health, "poyo", "another", NOW + timedelta(seconds=20)) is health


def test_a_trial_that_fails_opens_it_for_twice_as_long_at_most_five_minutes() -> None:
    health, now, pauses = after(ROW, apart_s=0), NOW, []
    for trial in map(str, range(6)):
        until = breaker.held_until(health, "poyo", now)
        assert until is not None
        pauses.append((until - now).total_seconds())
        now = until
        assert breaker.held_until(health, "poyo", now) is None
        assert breaker.needs_trial(health, "poyo")
        health = breaker.on_trial(health, "poyo", trial, now)
        assert breaker.held_until(health, "poyo", now) == now + breaker.TRIAL
        assert breaker.failed(health, "poyo", "one sent before", now) is health
        health = breaker.failed(health, "poyo", trial, now)
    assert pauses == [30, 60, 120, 240, 300, 300]
    assert not breaker.needs_trial(breaker.succeeded(health, "poyo"), "poyo")


def test_a_trial_that_never_told_makes_room_for_the_next() -> None:
    now = NOW + breaker.FIRST_PAUSE
    health = breaker.on_trial(after(ROW, apart_s=0), "poyo", "dead", now)
    assert breaker.held_until(health, "poyo", now + breaker.TRIAL) is None


def test_j27_a_pause_by_a_clock_that_is_ahead_stops_nobody() -> None:
    assert breaker.held_until(after(ROW), "poyo", NOW - timedelta(minutes=10)) is None


def test_an_order_that_looked_at_its_clock_before_the_trial_did_waits_for_it() -> None:
    trial = NOW + breaker.FIRST_PAUSE + timedelta(seconds=20)
    health = breaker.on_trial(after(ROW, apart_s=0), "poyo", "trial", trial)
    for earlier_s in (0.000001, 1, 20):
        assert breaker.held_until(health, "poyo", trial - timedelta(seconds=earlier_s)) == trial + breaker.TRIAL


def test_a_pause_ends_on_the_tick_and_is_ignored_if_a_clock_ahead_wrote_it() -> None:
    for field, longest in (("open_until", timedelta(minutes=5)), ("trial_until", TRIAL)):
        until = NOW + PAUSE
        health = with_streak(**{field: until})
        for now, held in (
            (until - longest - AHEAD - TICK, None),
            (until - longest - AHEAD, until),
            (until - TICK, until),
            (until, None),
        ):
            assert breaker.held_until(health, "poyo", now) == held, (field, now)
            assert breaker.held_until(health, "piapi", now) is None


def test_the_last_of_all_pauses_counts() -> None:
    health = replace(
        with_streak(open_until=NOW + PAUSE, trial_until=NOW + TRIAL),
        spent={"poyo": NOW + timedelta(seconds=40)},
        free_spent={"poyo": NOW + timedelta(seconds=50)},
    )
    assert breaker.held_until(health, "poyo", NOW) == NOW + timedelta(seconds=40)
    assert breaker.held_until(health, "poyo", NOW, unpaid=False) == NOW + timedelta(seconds=40)
    assert breaker.held_until(health, "poyo", NOW, unpaid=True) == NOW + timedelta(seconds=50)
    assert breaker.held_until(replace(health, spent=None), "poyo", NOW) == NOW + PAUSE


def test_a_days_limit_ends_on_the_tick() -> None:
    health = ProviderHealth(spent={"poyo": MIDNIGHT})
    assert breaker.held_until(health, "poyo", MIDNIGHT - TICK) == MIDNIGHT
    assert breaker.held_until(health, "poyo", MIDNIGHT) is None
    assert breaker.held_until(health, "piapi", NOW) is None


def test_an_open_circuit_needs_a_trial_also_after_its_pause() -> None:
    assert breaker.needs_trial(ProviderHealth(), "poyo") is False
    assert breaker.needs_trial(with_streak(), "poyo") is False
    assert breaker.needs_trial(with_streak(open_until=NOW - PAUSE), "poyo") is True


def test_a_trial_is_noted_beside_the_streak() -> None:
    health = with_streak(failures=10, openings=1, open_until=NOW)
    assert streak(breaker.on_trial(health, "poyo", "c", NOW)) == FailureStreak(
        failures=10, failed_at=NOW, openings=1, open_until=NOW, trial_by="c", trial_until=NOW + TRIAL
    )
    with pytest.raises(KeyError):
        breaker.on_trial(ProviderHealth(), "poyo", "c", NOW)


@pytest.mark.parametrize("way", [1, -1])
def test_failures_a_minute_apart_are_in_a_row_whichever_clock_is_ahead(way: int) -> None:
    for apart, failures in ((timedelta(seconds=60), 5), (timedelta(seconds=60) + TICK, 1)):
        now = NOW + way * apart
        after = breaker.failed(with_streak(failures=4), "poyo", "", now)
        assert streak(after) == FailureStreak(failures=failures, failed_at=now)
    assert streak(breaker.failed(ProviderHealth(), "poyo", "", NOW)) == FailureStreak(failures=1, failed_at=NOW)


def test_the_tenth_failure_opens_the_circuit_for_half_a_minute() -> None:
    assert streak(breaker.failed(with_streak(failures=8), "poyo", "", NOW)) == FailureStreak(failures=9, failed_at=NOW)
    assert streak(breaker.failed(with_streak(failures=9), "poyo", "", NOW)) == FailureStreak(
        failures=10, failed_at=NOW, openings=1, open_until=NOW + PAUSE
    )


@pytest.mark.parametrize(
    ("openings", "pause_s"), [(None, 30), (0, 30), (1, 60), (2, 120), (3, 240), (4, 300), (5, 300), (10_000, 300)]
)
def test_a_trial_that_fails_doubles_the_pause(openings: int | None, pause_s: int) -> None:
    before = with_streak(failures=10, openings=openings, open_until=NOW, trial_by="c", trial_until=NOW + TRIAL)
    now = NOW + timedelta(hours=1)
    assert streak(breaker.failed(before, "poyo", "c", now)) == FailureStreak(
        failures=11, failed_at=now, openings=(openings or 0) + 1, open_until=now + timedelta(seconds=pause_s)
    )


def test_a_poll_resets_the_streak_but_closes_no_circuit() -> None:
    opened = with_streak(open_until=NOW)
    assert breaker.poll_succeeded(opened, "poyo") is opened
    assert breaker.poll_succeeded(with_streak(), "poyo") == ProviderHealth(rows={})


def test_the_days_limits_end_at_midnight() -> None:
    health = breaker.with_spent(ProviderHealth(), ["poyo"], ["piapi"], NOW)
    assert health == ProviderHealth(spent={"poyo": MIDNIGHT}, free_spent={"piapi": MIDNIGHT})
    assert breaker.with_spent(health, ["poyo"], ["piapi"], NOW) is health
    assert breaker.with_spent(health, ["poyo"], [], NOW) == ProviderHealth(spent={"poyo": MIDNIGHT}, free_spent={})
    assert breaker.with_spent(health, [], ["piapi"], NOW) == ProviderHealth(spent={}, free_spent={"piapi": MIDNIGHT})
    untouched = ProviderHealth()
    assert breaker.with_spent(untouched, [], [], NOW) is untouched


def test_deleted_orders_are_added_to_the_day_and_earlier_days_are_dropped() -> None:
    first = breaker.with_deleted(ProviderHealth(), {"poyo:2026-03-01": Spend(5, 2)}, NOW)
    assert first == ProviderHealth(deleted={"poyo:2026-03-01": DeletedCost(total=5, unpaid=2)})
    more = {"poyo:2026-03-01": Spend(7, 3), "piapi:2026-02-28": Spend(9, 9)}
    second = breaker.with_deleted(first, more, NOW)
    assert second == ProviderHealth(deleted={"poyo:2026-03-01": DeletedCost(total=12, unpaid=5)})
    assert breaker.with_deleted(second, {}, NOW) is second
    assert breaker.with_deleted(second, {"piapi:2026-02-28": Spend(9, 9)}, NOW) is second
    assert breaker.with_deleted(second, {}, MIDNIGHT) == ProviderHealth(deleted={})
