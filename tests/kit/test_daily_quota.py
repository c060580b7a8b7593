"""So many a UTC day."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from studiox.kit.daily_quota import day_of, one_more_today, refuse_until_midnight
from studiox.kit.errors import RateLimited
from studiox.models.users import DayCount

NOW = datetime(2026, 3, 1, 12, 30, 15, 5, tzinfo=UTC)
MIDNIGHT = datetime(2026, 3, 2, tzinfo=UTC)


def test_the_days_count_goes_up_to_its_limit() -> None:
    assert one_more_today(None, 1, NOW) == 1
    assert one_more_today(DayCount(date="2026-03-01", count=2), 3, NOW) == 3
    assert one_more_today(DayCount(date="2026-02-28", count=3), 3, NOW) == 1
    for counted, most in ((DayCount(date="2026-03-01", count=3), 3), (DayCount(date="2026-03-01", count=4), 3)):
        with pytest.raises(RateLimited):
            one_more_today(counted, most, NOW)
    with pytest.raises(RateLimited):
        one_more_today(None, 0, NOW)


def test_the_first_instance_to_see_midnight_begins_the_day_for_all() -> None:
    """A clock that is behind does not go back to a day with a count of its own."""
    tomorrow = DayCount(date="2026-03-02", count=3)
    assert day_of(tomorrow, NOW) == "2026-03-02"
    assert day_of(DayCount(date="2026-02-28", count=3), NOW) == day_of(None, NOW) == "2026-03-01"
    assert one_more_today(tomorrow, 4, NOW) == 4
    with pytest.raises(RateLimited):
        one_more_today(tomorrow, 3, NOW)


@pytest.mark.parametrize(
    ("left", "wait_s"),
    [(timedelta(days=1), 86_400), (timedelta(hours=1), 3_600), (timedelta(seconds=2, microseconds=1), 2)]
    + [(timedelta(seconds=2) - timedelta.resolution, 1), (timedelta(seconds=1), 1), (timedelta.resolution, 1)],
)
def test_the_refusal_ends_at_midnight(left: timedelta, wait_s: int) -> None:
    with pytest.raises(RateLimited) as refused:
        refuse_until_midnight(MIDNIGHT - left)
    assert refused.value.details["retryAfterSeconds"] == wait_s
