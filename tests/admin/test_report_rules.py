"""The weekly report's figures and anomalies, on both sides of each limit."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from studiox.admin.report_rules import (
    Activity,
    Tally,
    anomalies,
    document,
    is_worth_a_median,
    median,
    report_id,
    week_before,
)
from studiox.models.jobs import ReportedJob
from studiox.models.weekly_reports import Anomaly, Latency, WeeklyReport

MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
DAY, WEEK, TICK = timedelta(days=1), timedelta(days=7), timedelta.resolution


def _jobs(number: int, status: Any = "completed", **fields: Any) -> list[ReportedJob]:
    usual = {"model": "m1", "type": "image", "uid": "u1", "price": 3, "created_at": MONDAY}
    return [ReportedJob(status=status, **{**usual, **fields}) for _ in range(number)]


def _tally(*jobs: Iterable[ReportedJob]) -> Tally:
    tally = Tally()
    for some in jobs:
        for job in some:
            tally.add(job)
    return tally


def _found(*jobs: Iterable[ReportedJob]) -> list[Anomaly]:
    return anomalies(_tally(*jobs), [], {}, [])


@pytest.mark.parametrize(
    ("moment", "end"),
    [
        (MONDAY, MONDAY),
        (MONDAY + timedelta(hours=9, minutes=8, seconds=7, microseconds=6), MONDAY),
        (MONDAY + DAY, MONDAY),
        (MONDAY + WEEK - TICK, MONDAY),
        (MONDAY + WEEK, MONDAY + WEEK),
        (datetime.fromisoformat("2026-03-02T01:00:00+02:00"), MONDAY - WEEK),
    ],
)
def test_the_week_is_the_last_whole_one_in_utc(moment: datetime, end: datetime) -> None:
    assert week_before(moment) == (end - WEEK, end)


def test_a_week_is_counted() -> None:
    tally = _tally(
        _jobs(2, model="m2", params={"size": 512, "style": "oil", "prompt": "x"}),
        _jobs(1, "failed", uid="u2", refunded=3, params={"color": "red", "size": 256}),
        _jobs(3, "cancelled", type="video", price=5, refunded=1),
        _jobs(1, "pending", price=0),
    )
    found = [Anomaly("heavy_user", "u1", 1, 0)]
    assert document(
        tally, MONDAY, MONDAY + WEEK, new_users=4, revenue={"usd": 5, "eur": 6}, found=found, created_at=MONDAY
    ) == WeeklyReport(
        report_id="report_20260309",
        week_start_date="2026-03-02",
        week_end_date="2026-03-08",
        total_requests=7,
        successful_requests=2,
        failed_requests=1,
        cancelled_requests=3,
        success_rate=0.6667,
        failure_rate=0.3333,
        total_credits_consumed=24,
        total_credits_refunded=6,
        requests_by_model={"m1": 5, "m2": 2},
        requests_by_type={"image": 4, "video": 3},
        requests_by_size={"256": 1, "512": 2},
        requests_by_style={"oil": 2},
        requests_by_color={"red": 1},
        active_users=2,
        new_users=4,
        revenue={"eur": 6, "usd": 5},
        latency=Latency(p50=None, p95=None),
        anomalies=found,
        created_at=MONDAY,
    )
    assert report_id(MONDAY) == "report_20260302"


def test_an_empty_week_has_no_rates() -> None:
    empty = document(Tally(), MONDAY, MONDAY + WEEK, new_users=0, revenue={}, found=[], created_at=MONDAY)
    figures = (empty.success_rate, empty.failure_rate, empty.total_credits_consumed, empty.total_credits_refunded)
    assert figures == (0.0, 0.0, 0, 0)
    assert (empty.total_requests, empty.requests_by_model, empty.latency) == (0, {}, Latency(p50=None, p95=None))


def test_two_hundred_keys_are_told_apart() -> None:
    jobs = [job for number in range(200) for job in _jobs(1, model=f"m{number:03}")]
    assert len(_tally(jobs).by["requestsByModel"]) == 200
    counted = _tally(jobs, _jobs(1, model="new"), _jobs(1, model="newer"), _jobs(1, model="m000")).by["requestsByModel"]
    assert (len(counted), counted["other"], counted["m000"]) == (201, 2, 2)


def _latencies(*seconds: float) -> Tally:
    return _tally(*(_jobs(1, completed_at=MONDAY + timedelta(seconds=each)) for each in seconds))


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(0, 0.0), (-9, 0.0), (0.04, 0.0), (0.06, 0.1), (0.3, 0.3), (12.34, 12.3)]
    + [(7_199.9, 7_199.9), (7_200, 7_200.0), (7_200.1, 7_200.0), (9_999, 7_200.0)],
)
def test_a_latency_is_shown_to_a_tenth_up_to_two_hours(seconds: float, shown: float) -> None:
    assert _latencies(seconds).percentile(50) == shown


def test_a_percentile_is_the_latency_of_a_job() -> None:
    tenths = _latencies(*range(1, 11))
    assert [tenths.percentile(each) for each in (1, 10, 11, 50, 51, 95, 100)] == [1, 1, 2, 5, 6, 10, 10]
    assert _latencies(5, 5, 5, 9).percentile(75) == 5
    assert _latencies(5, 5, 5, 9).percentile(76) == 9
    assert _latencies(*range(1, 102)).percentile(100) == 101
    hundred = _latencies(*range(1, 101))
    report = document(hundred, MONDAY, MONDAY + WEEK, new_users=0, revenue={}, found=[], created_at=MONDAY)
    assert report.latency == Latency(p50=50.0, p95=95.0)


def test_only_completed_jobs_have_a_latency() -> None:
    assert _tally(_jobs(1, "failed", completed_at=MONDAY + DAY), _jobs(1)).percentile(50) is None


@pytest.mark.parametrize(
    ("failed", "jobs", "others_failed", "others", "expected"),
    [
        (6, 20, 0, 0, 0.1),
        (5, 20, 0, 0, None),
        (19, 19, 0, 0, None),
        (6, 21, 0, 0, None),
        (7, 21, 0, 0, 0.1),
        # the other models count, if there are enough jobs of theirs
        (11, 20, 4, 20, None),
        (12, 20, 4, 20, 0.2),
        (6, 20, 4, 19, 0.1),
        (6, 20, 1, 20, 0.1),
        (8, 21, 3, 24, 0.125),
        (7, 21, 3, 24, None),
        (20, 20, 7, 22, 0.3182),
    ],
)
def test_a_model_that_fails_three_times_as_often_is_found(
    failed: int, jobs: int, others_failed: int, others: int, expected: float | None
) -> None:
    found = _found(
        _jobs(failed, "failed"),
        _jobs(jobs - failed),
        *(_jobs(1, "failed", model=f"o{number}") for number in range(others_failed)),
        *(_jobs(1, model=f"o{number}") for number in range(others_failed, others)),
    )
    spike = Anomaly("failure_spike", "m1", round(failed / jobs, 4), expected or 0)
    assert found == ([] if expected is None else [spike])


def test_each_model_is_compared_with_the_others() -> None:
    fine, quiet = _jobs(40, model="m0"), _jobs(19, "failed", model="m9")
    found = _found(fine, quiet, _jobs(20, "failed"), _jobs(20, "failed", model="m2"))
    assert found == []  # a third or more of the others fails too
    found = _found(fine, fine, fine, quiet, _jobs(20, "failed"), _jobs(21, "failed", model="m2"))
    assert [each.subject for each in found] == ["m1", "m2"]


@pytest.mark.parametrize(
    ("jobs", "price", "refunded", "ratio"),
    [(20, 10, 3, 0.3), (20, 100, 29, None), (19, 10, 10, None), (20, 0, 0, None), (20, 9, 4, 0.4444)]
    + [(20, 3, 2, 0.6667)],
)
def test_three_times_the_usual_refunds_are_found(jobs: int, price: int, refunded: int, ratio: float | None) -> None:
    found = _found(_jobs(jobs, price=price, refunded=refunded))
    assert found == ([] if ratio is None else [Anomaly("refund_ratio", "all", ratio, 0.1)])


def test_a_week_of_one_token_has_a_ratio() -> None:
    assert _found(_jobs(19, price=0), _jobs(1, price=1, refunded=1)) == [Anomaly("refund_ratio", "all", 1.0, 0.1)]


@pytest.mark.parametrize(
    ("users", "each", "busy", "median"),
    [
        (9, 2, 21, 2),
        (9, 2, 20, None),
        (8, 2, 21, None),
        (10, 2, 21, 2),
        (9, 1, 20, 1),
        (9, 1, 19, None),
    ],
)
def test_a_user_with_more_than_ten_times_the_usual_jobs_is_found(
    users: int, each: int, busy: int, median: int | None
) -> None:
    """Beside this many users with as many jobs each."""
    found = _found(*(_jobs(each, uid=f"v{number}") for number in range(users)), _jobs(busy))
    assert found == ([] if median is None else [Anomaly("heavy_user", "u1", busy, median)])


def test_the_usual_number_of_jobs_is_the_middle_one() -> None:
    counts = (1, 1, 1, 1, 1, 2, 3, 3, 3, 21)
    users = [_jobs(count, uid=f"v{number}") for number, count in enumerate(counts)]
    assert _found(*users) == [Anomaly("heavy_user", "v9", 21, 2)]
    assert _found(*users[:9], _jobs(20, uid="v9")) == []


def test_broken_ledgers_losses_and_documents_are_listed_after_them() -> None:
    losses = {"b": 2.0, "a": 1.0, "c": 0.5, "zero": 0.0, "gain": -0.5}
    assert anomalies(Tally(), ["u2", "u1"], losses, ["jobs/b", "jobs/a"]) == [
        Anomaly("ledger_violation", "u2", 1, 0),
        Anomaly("ledger_violation", "u1", 1, 0),
        Anomaly("provider_loss", "a", 1.0, 0),
        Anomaly("provider_loss", "b", 2.0, 0),
        Anomaly("provider_loss", "c", 0.5, 0),
        Anomaly("malformed_document", "jobs/a", 1, 0),
        Anomaly("malformed_document", "jobs/b", 1, 0),
    ]


def test_a_report_lists_a_hundred() -> None:
    for given, kept in ((99, 99), (100, 100), (101, 100)):
        found = anomalies(Tally(), [f"u{number}" for number in range(given)], {}, [])
        assert [each.subject for each in found] == [f"u{number}" for number in range(kept)]


@pytest.mark.parametrize(
    "counts", [(1,), (1, 1, 2), (1, 2, 3, 4), (5, 5, 5), (2, 2, 90, 100), (1, 1, 1, 63, 64, 65, 66)]
)
def test_the_median_of_counts_is_the_middle_one(counts: tuple[int, ...]) -> None:
    asked: list[int] = []

    def at_least(jobs: int) -> int:
        asked.append(jobs)
        return sum(each >= jobs for each in counts)

    assert median(len(counts), at_least) == sorted(counts)[len(counts) // 2]
    assert len(asked) <= 2 * max(counts).bit_length()


@pytest.mark.parametrize(
    ("users", "most", "worth"), [(10, 20, True), (9, 20, False), (10, 19, False), (9, 19, False), (11, 21, True)]
)
def test_a_median_matters_only_if_somebody_may_be_heavy(users: int, most: int, worth: bool) -> None:
    assert is_worth_a_median(users, most) is worth


def test_what_the_counters_lack_is_an_anomaly() -> None:
    tally = _tally(_jobs(3))
    for ordered, missing in ((0, False), (2, False), (3, False), (4, True)):
        tally.ordered = ordered
        assert anomalies(tally, [], {}, []) == ([Anomaly("counters_short", "jobs", 3, 4)] if missing else [])


def test_activity_that_was_counted_elsewhere_is_reported() -> None:
    tally = _tally(_jobs(3))
    assert tally.activity == Activity(1, 3, [("u1", 3)])
    tally.counted_activity = Activity(10, 2, [("u7", 21), ("u8", 20), ("u9", 2)])
    made = document(tally, MONDAY, MONDAY + WEEK, new_users=0, revenue={}, found=[], created_at=MONDAY)
    assert made.active_users == 10
    assert anomalies(tally, [], {}, []) == [Anomaly("heavy_user", "u7", 21, 2)]
