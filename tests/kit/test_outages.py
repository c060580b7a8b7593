"""Schedules and tasks while Firestore is away: a warning, nothing lost, and never a bug."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

import main
from studiox.admin import weekly_report as reports
from studiox.integrations.stripe import PaymentsUnavailable
from studiox.kit import batch
from studiox.kit.errors import Contention, NotFound, Unavailable
from tests.conftest import Logged
from tests.support import Database, Rpcs, call, schedule, task
from tests.support.clock import Clock
from tests.support.rpcs import Fault

pytestmark = pytest.mark.malformed("documents of no struct in models/")

SCHEDULES = [
    main.auditLedger,
    main.dispatchStudioJobs,
    main.measureModels,
    main.reconcilePayments,
    main.resetMonthlyTokens,
    main.sweepMedia,
    main.weeklyReport,
]
RESET: Any = main.resetMonthlyTokens
REPORT: Any = main.weeklyReport
MONDAY = datetime(2026, 3, 2, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch, "PAUSES_S", (0.0, 0.0))
    monkeypatch.setattr(reports, "PAUSES_S", (0.0, 0.0))


def away(rpcs: Rpcs) -> None:
    for method in ("BatchGetDocuments", "RunQuery", "RunAggregationQuery", "Commit"):
        rpcs.fail_before(method, times=10**6, code="DEADLINE_EXCEEDED")


@pytest.mark.parametrize("function", SCHEDULES, ids=lambda each: each.__name__)
def test_a_schedule_that_an_outage_stops_is_no_bug(rpcs: Rpcs, logged: Logged, function: Any) -> None:
    """It is answered with 503, so that Cloud Scheduler repeats it and its failures can be counted."""
    away(rpcs)
    assert schedule(function, MONDAY).status == 503
    assert not [line for line in logged.lines() if line["severity"] == "ERROR"]
    told = [line["function"] for line in logged.lines("schedule_interrupted")]
    assert told == [function.__name__]


@pytest.mark.parametrize(
    ("function", "data"),
    [
        (main.settleStudioJob, {"jobId": "0123456789abcdef0123456789abcdef"}),
        (main.cleanUp, {"kind": "post", "id": "0123456789abcdef0123456789abcdef"}),
    ],
    ids=["settleStudioJob", "cleanUp"],
)
def test_a_task_that_an_outage_stops_is_sent_again(rpcs: Rpcs, logged: Logged, function: Any, data: Any) -> None:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("studiox.kit.transaction.DEADLINE_S", 0.05)
        away(rpcs)
        assert task(function, data).status == 503
    assert not [line for line in logged.lines() if line["severity"] == "ERROR"]
    assert [line["function"] for line in logged.lines("task_interrupted")] == [function.__name__]


def test_the_weekly_report_is_tried_again_and_a_person_told_when_it_is_not_made(
    database: Database, rpcs: Rpcs, logged: Logged
) -> None:
    rpcs.fail_before("RunQuery", times=2, code="DEADLINE_EXCEEDED")
    assert schedule(REPORT, MONDAY).status == 200
    assert set(database.under("weeklyReports")) == {"report_20260302"}
    assert not logged.lines("report_not_made")
    away(rpcs)
    assert schedule(REPORT, MONDAY + timedelta(days=7)).status == 503
    assert [line["weekStart"] for line in logged.lines("report_not_made")] == ["2026-03-02"]


def test_one_users_outage_does_not_put_the_month_off(
    database: Database, rpcs: Rpcs, logged: Logged, clock: Clock
) -> None:
    for uid in ("ann", "bob"):
        assert call(main.initializeUser, uid=uid, email=f"{uid}@canary.test").ok
    clock.ahead = timedelta(days=40)
    left = [1]

    def fail(_method: str, request: Any) -> None:
        if left[0] > 0 and any(name.endswith("/users/bob") for name in request["documents"]):
            left[0] -= 1
            raise Fault("DEADLINE_EXCEEDED", "too slow")

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("studiox.kit.transaction.DEADLINE_S", 0.0)
        rpcs.plan("BatchGetDocuments", times=10**6, before=fail)
        assert schedule(RESET).status == 200
    assert left == [0]
    assert not logged.lines("bug")
    assert {database.need(f"users/{uid}")["buckets"]["monthly"] for uid in ("ann", "bob")} == {50}
    assert logged.lines("monthly_reset")[0]["users"] == 2


def test_what_passes_by_itself_is_told_from_a_bug(logged: Logged) -> None:
    def fail(error: Exception) -> None:
        raise error

    for error in (Unavailable(), Contention(), PaymentsUnavailable()):
        assert batch.alone("f", lambda error=error: fail(error)) is batch.Trouble.OUTAGE  # type: ignore[misc]
    for bug in (ZeroDivisionError(), NotFound()):
        assert batch.alone("f", lambda bug=bug: fail(bug)) is batch.Trouble.BUG  # type: ignore[misc]
    assert len(logged.lines("postponed")) == 3
    assert len(logged.lines("bug")) == 2


def test_patience_ends_and_is_not_for_refusals() -> None:
    calls = []

    def work() -> None:
        calls.append(1)
        raise Unavailable

    with pytest.raises(Unavailable):
        batch.patiently(work)
    assert len(calls) == 3

    def refuse() -> None:
        calls.append(1)
        raise NotFound

    with pytest.raises(NotFound):
        batch.patiently(refuse)
    assert len(calls) == 4
