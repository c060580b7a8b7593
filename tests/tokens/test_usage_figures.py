"""The figures of a user's days: which days, and what counts as spent, refunded and earned."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest

from studiox.kit.errors import InvalidRequest
from studiox.models.jobs import UsedJob
from studiox.models.ledger import EntryAmount
from studiox.tokens import usage_analytics
from studiox.tokens.usage_analytics import Figures, by_day, is_settled, kept, period

TODAY = date(2026, 3, 31)


@pytest.mark.parametrize(
    ("first", "last", "begin", "end"),
    [
        (None, None, "2026-03-02", "2026-03-31"),
        (None, "2026-03-30", "2026-03-01", "2026-03-30"),
        ("2026-03-31", None, "2026-03-31", "2026-03-31"),
        ("2025-12-30", None, "2025-12-30", "2026-03-31"),
        ("2000-01-01", "2000-01-01", "2000-01-01", "2000-01-01"),
        ("2999-12-31", "2999-12-31", "2999-12-31", "2999-12-31"),
    ],
)
def test_a_period_is_thirty_days_or_what_is_asked_for(first: Any, last: Any, begin: str, end: str) -> None:
    assert period(first, last, TODAY) == (date.fromisoformat(begin), date.fromisoformat(end))


@pytest.mark.parametrize(
    ("first", "last", "problem"),
    [
        ("2026-04-01", None, {"from": "must not be after the end"}),
        ("2025-12-29", None, {"from": "at most 92 days"}),
        ("x", None, {"from": "not a date"}),
        (None, "2026-02-29", {"to": "not a date"}),
        ("1999-12-31", None, {"from": "must be from 2000 to 2999"}),
        (None, "3000-01-01", {"to": "must be from 2000 to 2999"}),
    ],
)
def test_other_periods_are_refused(first: Any, last: Any, problem: dict[str, str]) -> None:
    with pytest.raises(InvalidRequest) as refused:
        period(first, last, TODAY)
    assert refused.value.details["fields"] == problem


def _job(day: int, **fields: Any) -> UsedJob:
    at = datetime.combine(date(2026, 3, day), time.max, UTC)
    return UsedJob(**{"type": "image", "model": "m1", "status": "completed", "created_at": at, **fields})


def _entry(day: int, type_: Any, amount: int) -> EntryAmount:
    return EntryAmount(type=type_, amount=amount, created_at=datetime(2026, 3, day, tzinfo=UTC))


def test_each_day_has_figures_and_the_period_their_sums() -> None:
    days, total = by_day(
        [_job(1), _job(1, model="m2", type="video"), _job(3, status="failed")],
        [
            _entry(1, "deduction", -5),
            _entry(1, "deduction", -2),
            _entry(1, "refund", 5),
            _entry(3, "refund", 1),
            _entry(3, "purchase", 100),
            _entry(3, "reward", 1),
            _entry(3, "clawback", -1),
            _entry(3, "admin_adjustment", -9),
        ],
        date(2026, 3, 1),
        date(2026, 3, 3),
    )
    first = Figures(
        jobs=2, by_type=Counter(image=1, video=1), by_model=Counter(m1=1, m2=1), by_status=Counter(completed=2),
        spent=7, refunded=5, earned=0,
    )  # fmt: skip
    third = Figures(
        jobs=1, by_type=Counter(image=1), by_model=Counter(m1=1), by_status=Counter(failed=1), spent=0, refunded=1,
        earned=101,
    )  # fmt: skip
    assert days == {"2026-03-01": first, "2026-03-02": Figures(), "2026-03-03": third}
    assert total == Figures(
        jobs=3, by_type=Counter(image=2, video=1), by_model=Counter(m1=2, m2=1),
        by_status=Counter(completed=2, failed=1), spent=7, refunded=6, earned=101,
    )  # fmt: skip


def test_nothing_is_zero() -> None:
    nothing = Figures()
    assert (nothing.jobs, nothing.spent, nothing.refunded, nothing.earned) == (0, 0, 0, 0)
    assert list(by_day([], [], TODAY, TODAY)[0]) == ["2026-03-31"]


def _figures(*numbers: int) -> Figures:
    jobs, image, music, done, spent, refunded, earned = numbers
    types = Counter({"image": image, "music": music})
    return Figures(jobs, types, Counter({"m": jobs}), Counter({"completed": done}), spent, refunded, earned)


def test_figures_are_added_and_stored_as_they_are() -> None:
    total = _figures(3, 1, 2, 3, 30, 5, 7)
    total.include(_figures(1, 1, 0, 0, 4, 2, 1))
    assert total == _figures(4, 2, 2, 3, 34, 7, 8)
    assert kept(usage_analytics.to_keep(total)) == total


@pytest.mark.parametrize(
    ("after", "statuses", "settled"),
    [
        (timedelta(hours=25), ["completed", "failed", "cancelled"], True),
        (timedelta(hours=25), [], True),
        (timedelta(hours=25) - timedelta.resolution, [], False),
        (timedelta(hours=25), ["completed", "processing"], False),
        (timedelta(hours=25), ["pending"], False),
    ],
)
def test_a_day_is_settled_an_hour_after_its_end_if_its_jobs_have_ended(
    after: timedelta, statuses: list[Any], settled: bool
) -> None:
    midnight = datetime.combine(TODAY, time(), UTC)
    jobs = [UsedJob(type="image", model="m", status=each, created_at=midnight) for each in statuses]
    assert is_settled(TODAY, jobs, midnight + after) is settled
