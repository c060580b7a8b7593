"""The report's rules: which week, what is counted, what is unusual and what is not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studiox.admin import report_rules
from studiox.kit import documents
from studiox.models.jobs import ReportedJob
from studiox.models.weekly_reports import Anomaly
from tests.admin.weeks import MONDAY, WEEK, job, random_week, recount


def tally(jobs: list[dict[str, Any]]) -> report_rules.Tally:
    counted = report_rules.Tally()
    for each in jobs:
        if MONDAY <= each["createdAt"] < MONDAY + WEEK:
            counted.add(documents.decode(ReportedJob, each))
    return counted


def figures(jobs: list[dict[str, Any]]) -> dict[str, Any]:
    end = MONDAY + WEEK
    found = report_rules.document(tally(jobs), MONDAY, end, new_users=0, revenue={}, found=[], created_at=end)
    others = ("newUsers", "revenue", "anomalies", "createdAt")
    return {name: value for name, value in documents.encode(found).items() if name not in others}


@given(st.integers(0, 10**9), st.integers(0, 60))
def test_the_figures_equal_a_slow_recount(seed: int, jobs: int) -> None:
    made = list(random_week(seed, jobs))
    assert figures(made) == recount(made)


@given(st.integers(0, 15 * 365 * 86_400))
def test_j26_the_week_is_the_last_whole_one_in_utc(seconds: int) -> None:
    moment = datetime(2020, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
    start, end = report_rules.week_before(moment)
    assert (start.weekday(), start.time(), end - start) == (0, datetime.min.time(), WEEK)
    assert end <= moment < end + WEEK
    zoned = moment.astimezone(timezone(timedelta(hours=-7)))
    assert report_rules.week_before(zoned) == (start, end)


def test_a_week_with_endless_keys_lumps_the_rest_together() -> None:
    jobs = [job(n, MONDAY, params={"style": f"s{n}"}) for n in range(report_rules.MAX_KEYS + 50)]
    counted = figures(jobs)["requestsByStyle"]
    assert len(counted) == report_rules.MAX_KEYS + 1
    assert sum(counted.values()) == len(jobs)


def kinds(jobs: list[dict[str, Any]], violations: tuple[str, ...] = (), **losses: int) -> list[Anomaly]:
    return report_rules.anomalies(tally(jobs), violations, losses, [])


@pytest.mark.parametrize("seed", range(40))
def test_an_ordinary_week_has_no_anomaly(seed: int) -> None:
    jobs = list(random_week(seed, 40 * (seed + 1)))
    assert kinds(jobs) == []


def test_a_quiet_week_is_no_anomaly() -> None:
    failed: dict[str, Any] = {"status": "failed", "refunded": 3}
    assert kinds([]) == []
    assert kinds([job(n, MONDAY, **failed) for n in range(5)]) == []


def ordinary(number: int = 200) -> list[dict[str, Any]]:
    return [job(n, MONDAY, uid=f"u{n % 20}", model=f"m{n % 4}") for n in range(number)]


def test_a_model_that_fails_is_found() -> None:
    broken = [job(900 + n, MONDAY, model="broken", status="failed") for n in range(10)]
    fine = [job(950 + n, MONDAY, model="broken") for n in range(10)]
    assert kinds([*ordinary(), *broken, *fine]) == [Anomaly("failure_spike", "broken", 0.5, 0.1)]
    assert kinds([*ordinary(), *broken[:5], *fine, *fine]) == []


def test_a_bad_day_of_all_models_is_measured_against_the_others() -> None:
    """A fifth of everything failed: no model stands out, so nobody looks for the fault in one."""
    jobs = [{**each, "status": "failed"} if n % 5 == 0 else each for n, each in enumerate(ordinary())]
    assert kinds(jobs) == []


def test_many_refunds_are_found() -> None:
    jobs = [{**each, "status": "cancelled", "refunded": 3} if n % 3 == 0 else each for n, each in enumerate(ordinary())]
    assert [(each.kind, each.subject, each.expected) for each in kinds(jobs)] == [("refund_ratio", "all", 0.1)]
    assert kinds([{**each, "refunded": 3} if n % 5 == 0 else each for n, each in enumerate(ordinary())]) == []


def test_a_user_far_above_their_peers_is_found() -> None:
    mine = [job(1000 + n, MONDAY, uid="busy", model=f"m{n % 4}") for n in range(101)]
    assert kinds([*ordinary(), *mine]) == [Anomaly("heavy_user", "busy", 101, 10)]
    assert kinds([*ordinary(), *mine[:100]]) == []
    assert kinds([*ordinary(8), *mine]) == [], "nine users have no peers to speak of"


def test_ledger_violations_and_losses_are_named() -> None:
    found = kinds(ordinary(), ("u1", "u2"), dear=5, cheap=0)
    assert found == [
        Anomaly("ledger_violation", "u1", 1, 0),
        Anomaly("ledger_violation", "u2", 1, 0),
        Anomaly("provider_loss", "dear", 5, 0),
    ]


def test_a_report_names_a_bounded_number() -> None:
    assert len(kinds(ordinary(), tuple(f"u{n}" for n in range(500)))) == report_rules.MAX_ANOMALIES
