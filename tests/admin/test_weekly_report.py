"""weeklyReport, getWeeklyReports and runWeeklyReport on a real engine."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import main
from studiox.admin import report_store
from studiox.kit.documents import encode
from studiox.models.jobs import ProviderLoss
from studiox.models.ledger_audits import LedgerAlert
from studiox.models.payments import Payment
from tests.admin.weeks import MONDAY, WEEK, job, put_all, put_jobs, random_week, recount
from tests.conftest import SECRETS, Logged
from tests.support import Answer, Database, Rpcs, call, schedule
from tests.support.people import user_data
from tests.support.samples import sample

ROOT = Path(__file__).resolve().parents[2]
WEEKLY: Any = main.weeklyReport
Paid = tuple[str, int, str, str, dict[str, Any]]
REPORT = f"weeklyReports/report_{MONDAY + WEEK:%Y%m%d}"


def run(start: str = "2026-03-02", *, admin: bool = True) -> Answer:
    return call(main.runWeeklyReport, {"weekStart": start}, uid="boss", admin=admin)


def alert(uid: str, first_seen_at: datetime, last_seen_at: datetime | None = None) -> dict[str, Any]:
    found = {"kind": "balance", "subject": "balance", "expected": "1", "found": "2"}
    return encode(
        LedgerAlert(uid=uid, first_seen_at=first_seen_at, last_seen_at=last_seen_at or first_seen_at, **found)
    )


def payment(amount: int, currency: str, status: str) -> dict[str, Any]:
    return encode(sample(Payment, amount=amount, currency=currency, status=status, created_at=MONDAY))


def loss(micro_usd: int, **fields: Any) -> dict[str, Any]:
    given = {"model": "m", "status": "failed", **fields}
    return encode(sample(ProviderLoss, loss_micro_usd=micro_usd, created_at=MONDAY, **given))


def report(database: Database) -> dict[str, Any]:
    assert schedule(WEEKLY, MONDAY + WEEK).status == 200
    return database.need(REPORT)


@pytest.mark.parametrize("seed", range(3))
def test_the_report_equals_a_slow_recount(database: Database, seed: int) -> None:
    jobs = list(random_week(seed, 700))
    put_jobs(jobs)
    made = report(database)
    assert recount(jobs).items() <= made.items()
    assert made["anomalies"] == []


def test_a_week_without_anything(database: Database) -> None:
    made = report(database)
    assert recount([]).items() <= made.items()
    assert (made["newUsers"], made["revenue"], made["latency"]) == (0, {}, {"p50": None, "p95": None})


def test_the_scheduled_time_says_which_week_however_late_it_runs(database: Database) -> None:
    for late in (timedelta(0), timedelta(minutes=7), timedelta(days=6, hours=23)):
        assert schedule(WEEKLY, MONDAY + WEEK + late).status == 200
    assert [path for path in database.all() if path.startswith("weeklyReports/")] == [REPORT]
    assert database.need(REPORT)["weekStartDate"] == "2026-03-02"


def test_j23_a_second_run_gives_the_same_document_and_no_second_audit_entry(database: Database) -> None:
    put_jobs(random_week(7, 100))
    first = report(database)
    entries = len(database.under("auditLogs"))
    assert report(database) == first
    assert len(database.under("auditLogs")) == entries == 1
    [entry] = database.under("auditLogs").values()
    assert (entry["actor"], entry["action"], entry["target"]) == ("system", "weeklyReport", REPORT)


def test_new_users_are_those_of_the_week(database: Database) -> None:
    moments = [MONDAY - timedelta(microseconds=1), MONDAY, MONDAY + timedelta(days=3), MONDAY + WEEK]
    put_all((f"users/u{n}", user_data(createdAt=at)) for n, at in enumerate(moments))
    assert report(database)["newUsers"] == 2


def test_revenue_is_what_was_paid_and_kept_of_all_users(database: Database) -> None:
    """More payments than a page holds."""
    paid: list[Paid] = [(f"users/u{n % 9}/payments/p{n}", 900, "usd", "paid", {}) for n in range(1_100)]
    others: list[Paid] = [
        ("users/a/payments/x1", 500, "eur", "partially_refunded", {"refunded": 100}),
        ("users/a/payments/x2", 500, "eur", "refunded", {}),
        ("users/a/payments/x3", 500, "eur", "failed", {}),
        ("users/a/payments/x4", 500, "eur", "disputed", {}),
        ("users/a/payments/x5", 500, "eur", "pending", {}),
        ("users/a/payments/x6", 700, "eur", "paid", {"createdAt": MONDAY + WEEK}),
    ]
    put_all(
        (path, payment(amount, currency, status) | more) for path, amount, currency, status, more in [*paid, *others]
    )
    assert report(database)["revenue"] == {"usd": 990_000, "eur": 400}


def test_anomalies_of_the_books_and_the_providers(database: Database, logged: Logged) -> None:
    put_all(
        [
            ("ledgerAlerts/a1", alert("u7", MONDAY)),
            ("ledgerAlerts/a2", alert("u7", MONDAY)),
            ("ledgerAlerts/a3", alert("u8", MONDAY - timedelta(days=1))),
            ("ledgerAlerts/a4", alert("u9", MONDAY + WEEK)),
            ("ledgerAlerts/a5", alert("u6", MONDAY - timedelta(days=9), MONDAY + WEEK)),
            ("providerLosses/j1", loss(70)),
            ("providerLosses/j2", loss(5, status="completed")),
            ("providerLosses/j3", loss(9, model="n", status="cancelled")),
        ]
    )
    expected = [
        {"kind": "ledger_violation", "subject": "u6", "value": 1, "expected": 0},
        {"kind": "ledger_violation", "subject": "u7", "value": 1, "expected": 0},
        {"kind": "provider_loss", "subject": "m", "value": 75, "expected": 0},
    ]
    assert report(database)["anomalies"] == expected
    assert [(line["kind"], line["subject"]) for line in logged.lines("anomaly")] == [
        ("ledger_violation", "u6"),
        ("ledger_violation", "u7"),
        ("provider_loss", "m"),
    ]
    report(database)
    assert len(logged.lines("anomaly")) == 3, "each is alerted once"


@pytest.mark.malformed("a report that goes on without them")
def test_what_is_malformed_is_an_anomaly_and_not_counted(database: Database, logged: Logged) -> None:
    paid, lost = payment(500, "usd", "paid"), loss(70)
    broken = {
        "jobs/j2": job(2, MONDAY, price="a marked price"),
        "ledgerAlerts/a2": {**alert("u8", MONDAY), "uid": 7},
        "providerLosses/l2": {**lost, "lossMicroUsd": "70"},
        "users/u1/payments/p2": {**paid, "amount": None},
    }
    whole = {
        "jobs/j1": job(1, MONDAY),
        "jobs/j3": job(3, MONDAY),
        "ledgerAlerts/a1": alert("u7", MONDAY),
        "providerLosses/l1": lost,
        "users/u1/payments/p1": paid,
    }
    put_all((broken | whole).items())
    made = report(database)
    assert (made["totalRequests"], made["revenue"]) == (2, {"usd": 500})
    assert [(each["kind"], each["subject"]) for each in made["anomalies"]] == [
        ("ledger_violation", "u7"),
        ("provider_loss", "m"),
        *(("malformed_document", path) for path in sorted(broken)),
    ]
    told = {(each["severity"], each["path"], each["field"]) for each in logged.lines("document_malformed")}
    fields = {"jobs/j2": "price", "ledgerAlerts/a2": "uid", "providerLosses/l2": "lossMicroUsd"}
    fields["users/u1/payments/p2"] = "amount"
    assert told == {("ALERT", path, field) for path, field in fields.items()}
    assert "marked" not in logged.getvalue()


def test_of_an_old_week_no_more_alerts_are_read_than_of_a_new_one(rpcs: Rpcs, monkeypatch: pytest.MonkeyPatch) -> None:
    """Alerts that were first seen after the week do not count for it, but they are read."""
    monkeypatch.setattr(report_store, "MAX_ALERTS", 4)
    monkeypatch.setattr(report_store, "MAX_LISTED", 2)
    put_all((f"ledgerAlerts/a{n}", alert(f"u{n}", MONDAY + timedelta(minutes=n))) for n in range(3))
    put_all((f"ledgerAlerts/b{n}", alert(f"v{n}", MONDAY + WEEK)) for n in range(20))
    rpcs.reset()
    assert report_store.violations(MONDAY, MONDAY + WEEK, []) == ["u0", "u1"]
    assert rpcs.documents == 4


def test_an_administrator_reports_the_week_under_way(database: Database) -> None:
    now = datetime.now(UTC)
    monday = (now - timedelta(days=now.weekday())).replace(hour=0, minute=0, second=0, microsecond=0)
    put_jobs([job(1, monday), job(2, monday - timedelta(seconds=1))])
    answer = run(f"{monday:%Y-%m-%d}")
    assert answer.result["reportStatus"] == "success"
    made = answer.result["report"]
    assert (made["reportId"], made["totalRequests"]) == (f"report_{monday + WEEK:%Y%m%d}", 1)
    assert datetime.fromisoformat(made["createdAt"]) <= datetime.now(UTC)
    put_jobs([job(3, monday)])
    again = run(f"{monday:%Y-%m-%d}").result["report"]
    assert (again["totalRequests"], again["createdAt"]) == (2, made["createdAt"])
    run(f"{monday:%Y-%m-%d}")  # brings nothing new, and is what somebody did
    assert [entry["actor"] for entry in database.under("auditLogs").values()] == ["boss"] * 3


@pytest.mark.parametrize("start", ["2026-03-03", "2026-02-30", "2126-03-04", "0026-03-02", "2026-3-2", "2026-03-02\n"])
@pytest.mark.usefixtures("unchanged")
def test_only_a_monday_that_has_come(start: str) -> None:
    assert run(start).reason == "InvalidRequest"


@pytest.mark.usefixtures("unchanged")
def test_reports_are_for_administrators() -> None:
    assert run(admin=False).reason == "Forbidden"
    assert call(main.getWeeklyReports, {}, uid="u1").reason == "Forbidden"
    assert call(main.getWeeklyReports, {}).reason == "Unauthenticated"


def test_reports_are_listed_newest_week_first(database: Database) -> None:
    for week in (2, 0, 1):
        assert schedule(WEEKLY, MONDAY + WEEK * (week + 1)).status == 200
    answer = call(main.getWeeklyReports, {}, uid="boss", admin=True)
    assert [each["weekStartDate"] for each in answer.result["reports"]] == ["2026-03-16", "2026-03-09", "2026-03-02"]
    [newest] = call(main.getWeeklyReports, {"limit": 1}, uid="boss", admin=True).result["reports"]
    held = database.need("weeklyReports/report_20260323")
    assert newest == {**held, "createdAt": held["createdAt"].isoformat().replace("+00:00", "Z")}
    assert call(main.getWeeklyReports, {"limit": 101}, uid="boss", admin=True).reason == "InvalidRequest"


MEASURED = """
import json, resource, sys
from datetime import datetime, timedelta, UTC
from studiox.admin import weekly_report
monday = datetime(2026, 3, 2, tzinfo=UTC)
peaks = []
for weeks in (0, 1):
    weekly_report.run(monday + timedelta(days=7 * weeks), actor="a", action="b", at=monday)
    peaks.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
json.dump(peaks, sys.stdout)
"""


@pytest.mark.long(20)
def test_memory_does_not_grow_with_the_number_of_jobs(project: str) -> None:
    """12,000 jobs after 500, in a process of its own: not 3 MiB more, where their documents alone are 6."""
    put_jobs(random_week(1, 500))
    put_jobs({**each, "jobId": f"n{each['jobId']}"} for each in random_week(2, 12_000, MONDAY + WEEK))
    env = {**os.environ, **SECRETS, "PYTHONPATH": str(ROOT / "functions"), "GCLOUD_PROJECT": project}
    done = subprocess.run([sys.executable, "-c", MEASURED], env=env, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-2000:]
    few, many = json.loads(done.stdout)
    assert many - few < 3 * 1024, (few, many)
