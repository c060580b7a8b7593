"""Months, and times as others write them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from studiox.kit import clock


def test_now_is_in_utc() -> None:
    before = datetime.now(UTC)
    now = clock.now()
    assert before <= now <= datetime.now(UTC)
    assert now.tzinfo is UTC


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-07-01T12:00:00", datetime(2026, 7, 1, 12, tzinfo=UTC)),
        ("2026-07-01T12:00:00Z", datetime(2026, 7, 1, 12, tzinfo=UTC)),
        ("2026-07-01T12:00:00.5+02:00", datetime(2026, 7, 1, 10, 0, 0, 500_000, tzinfo=UTC)),
    ],
)
def test_a_time_without_a_zone_is_utc(text: str, moment: datetime) -> None:
    parsed = clock.parse(text)
    assert (parsed, parsed.tzinfo) == (moment, UTC)


@pytest.mark.parametrize("text", ["", "yesterday", "1782907200", "2026-13-01"])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        clock.parse(text)


def test_milliseconds_are_rounded() -> None:
    moment = datetime(1970, 1, 1, 0, 0, 2, tzinfo=UTC)
    assert clock.to_millis(moment) == 2_000
    assert clock.to_millis(moment + timedelta(microseconds=1_499)) == 2_001
    assert clock.to_millis(moment + timedelta(microseconds=1_501)) == 2_002


@pytest.mark.parametrize(
    ("moment", "after"),
    [
        ((2026, 1, 31), (2026, 2, 28)),
        ((2028, 1, 31), (2028, 2, 29)),
        ((2026, 2, 28), (2026, 3, 28)),
        ((2026, 3, 31), (2026, 4, 30)),
        ((2026, 11, 30), (2026, 12, 30)),
        ((2026, 12, 31), (2027, 1, 31)),
    ],
)
def test_a_day_that_the_next_month_lacks_is_its_last(moment: tuple[int, int, int], after: tuple[int, int, int]) -> None:
    of_day = (13, 14, 15, 123_456)
    assert clock.a_month_after(datetime(*moment, *of_day, tzinfo=UTC)) == datetime(*after, *of_day, tzinfo=UTC)


def test_the_day_of_an_anchor_comes_back_after_a_short_month() -> None:
    assert clock.a_month_after(datetime(2026, 2, 28, tzinfo=UTC), 31) == datetime(2026, 3, 31, tzinfo=UTC)
    assert clock.months_after(datetime(2026, 1, 31, tzinfo=UTC), 0, 31) == datetime(2026, 1, 31, tzinfo=UTC)
    assert clock.months_after(datetime(2026, 10, 31, tzinfo=UTC), 16, 31) == datetime(2028, 2, 29, tzinfo=UTC)
    assert clock.months_after(datetime(2026, 3, 1, tzinfo=UTC), -1, 30) == datetime(2026, 2, 28, tzinfo=UTC)


def test_a_month_later_the_zone_is_the_same() -> None:
    zone = timezone(timedelta(hours=2))
    assert clock.a_month_after(datetime(2026, 1, 5, tzinfo=zone)).tzinfo is zone


def test_a_day_begins_at_midnight_in_utc() -> None:
    assert clock.iso(clock.start_of(date(2026, 2, 28))) == "2026-02-28T00:00:00Z"


@pytest.mark.parametrize("hour", [0, 23])
def test_a_day_ends_at_the_next_midnight(hour: int) -> None:
    moment = datetime(2026, 2, 28, hour, 59, 59, 999_999, tzinfo=UTC)
    assert clock.iso(clock.midnight_after(moment)) == "2026-03-01T00:00:00Z"
