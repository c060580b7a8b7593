"""So many a UTC day."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from studiox.kit.daily_quota import one_more_today, refuse_until_midnight
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


@pytest.mark.parametrize(
    ("left", "wait_s"),
    [(timedelta(days=1), 86_400), (timedelta(hours=1), 3_600), (timedelta(seconds=2, microseconds=1), 2)]
    + [(timedelta(seconds=2) - timedelta.resolution, 1), (timedelta(seconds=1), 1), (timedelta.resolution, 1)],
)
def test_the_refusal_ends_at_midnight(left: timedelta, wait_s: int) -> None:
    with pytest.raises(RateLimited) as refused:
        refuse_until_midnight(MIDNIGHT - left)
    assert refused.value.details["retryAfterSeconds"] == wait_s
