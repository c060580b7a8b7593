"""A report from the daily counters is the report from the jobs; where the counters lack some, the jobs are read."""

from __future__ import annotations

import zlib
from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

import main
from studiox.admin import report_figures, weekly_report
from studiox.kit import clock
from studiox.models.daily_counters import DAILY_COUNTERS
from studiox.models.weekly_reports import Anomaly, WeeklyReport
from tests.admin.weeks import MONDAY, WEEK, job, put_all, put_jobs, random_week, recount
from tests.conftest import Logged
from tests.support import Database, Rpcs, call, counted
from tests.support.people import user_data

LATER = MONDAY + WEEK


@pytest.fixture(autouse=True)
def _no_week_is_small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report_figures, "AT_ONCE", 0)


def run(at: datetime = LATER) -> WeeklyReport:
    return weekly_report.run(MONDAY, actor="system", action="weeklyReport", at=at)


def put_counters(jobs: list[dict[str, Any]]) -> None:
    """The counters of the jobs that have ended, and the week of each user."""
    shards: dict[str, dict[str, Counter[str]]] = defaultdict(lambda: defaultdict(Counter))
    weeks: Counter[str] = Counter()
    for each in jobs:
        weeks[each["uid"]] += MONDAY <= each["createdAt"] < MONDAY + WEEK
        if each["status"] in counted.ENDED:
            shard = zlib.crc32(each["jobId"].encode()) % 50
            for (kind, value), number in counted.of(each).items():
                shards[f"{DAILY_COUNTERS}/{shard:02}-{each['createdAt']:%Y-%m-%d}"][kind][value] += number
    put_all((path, {"counts": {kind: dict(held) for kind, held in each.items()}}) for path, each in shards.items())
    put_all((f"users/{uid}", user_data(now=MONDAY - WEEK, jobsByWeek={"2026-03-02": n})) for uid, n in weeks.items())


def whole_week(seed: int, number: int, **fields: Any) -> list[dict[str, Any]]:
    """Jobs that run have a deadline, as the product's have."""
    jobs = [{**each, **fields} for each in random_week(seed, number)]
    running = {"deadlineAt": MONDAY + WEEK + timedelta(minutes=10)}
    return [each if each["status"] in counted.ENDED else {**each, **running} for each in jobs]


def orders(rpcs: Rpcs) -> set[str]:
    """The fields by whose order jobs were read."""
    asked = [each for each in rpcs.queries if "structuredQuery" in each]
    found = [each["structuredQuery"] for each in asked]
    jobs = [each for each in found if each["from"][0]["collectionId"] == "jobs"]
    return {each["orderBy"][0]["field"]["fieldPath"] for each in jobs}


@pytest.mark.parametrize("seed", range(3))
def test_it_is_the_report_from_the_jobs(
    database: Database, rpcs: Rpcs, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    jobs = whole_week(seed, 700)
    jobs += [job(9_000 + n, MONDAY + timedelta(hours=n % 168), uid="busy", model="Model A") for n in range(150)]
    put_jobs(jobs)
    put_counters(jobs)
    rpcs.reset()
    made = run()
    assert orders(rpcs) == {"deadlineAt"}, "only running jobs were read"
    assert recount(jobs).items() <= database.need(f"weeklyReports/{made.report_id}").items()
    assert [each.subject for each in made.anomalies if each.kind == "heavy_user"] == ["busy"]
    monkeypatch.setattr(report_figures, "AT_ONCE", 10**9)
    assert run() == made


@pytest.mark.parametrize("lacking", ["a counter", "a user's week", "a deadline", "all"])
def test_jobs_that_the_counters_lack_are_read(database: Database, rpcs: Rpcs, lacking: str) -> None:
    jobs = whole_week(5, 300)
    put_jobs(jobs)
    if lacking != "all":
        put_counters(jobs)
    if lacking == "a counter":
        database.delete(f"dailyCounters/{min(database.under('dailyCounters'))}")
        [path, *_] = [each for each in database.under("dailyCounters") if "2026-03-04" in each]
        database.delete(f"dailyCounters/{path}")
    elif lacking == "a user's week":
        database.change("users/u1", jobsByWeek={"2026-02-23": 3})
    elif lacking == "a deadline":
        [one, *_] = [each for each in jobs if each["status"] == "pending" and each["createdAt"] > MONDAY]
        del one["deadlineAt"]
        put_jobs([one])
    rpcs.reset()
    made = run()
    assert recount(jobs).items() <= database.need(f"weeklyReports/{made.report_id}").items()
    assert orders(rpcs) == {"deadlineAt", "createdAt"}
    assert made.anomalies == []


def test_a_week_that_is_too_long_to_read_says_what_the_counters_lack(
    rpcs: Rpcs, monkeypatch: pytest.MonkeyPatch, logged: Logged
) -> None:
    monkeypatch.setattr(report_figures, "MOST_READ", 100)
    jobs = [job(n, MONDAY, uid=f"u{n % 30}") for n in range(300)]
    put_jobs(jobs)
    put_counters(jobs[:290])
    rpcs.reset()
    made = run()
    assert orders(rpcs) == {"deadlineAt"}
    assert (made.total_requests, made.active_users) == (290, 30)
    assert made.anomalies == [Anomaly("counters_short", "jobs", 290, 300)]
    [line] = logged.lines("anomaly")
    assert (line["kind"], line["value"], line["expected"]) == ("counters_short", 290, 300)


def test_a_job_that_ends_meanwhile_is_no_lack(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is counted twice, in the list of running jobs and in the counters."""
    monkeypatch.setattr(report_figures, "MOST_READ", 100)
    jobs = [job(n, MONDAY, uid=f"u{n % 30}") for n in range(300)]
    put_jobs([{**jobs[0], "status": "processing", "deadlineAt": LATER}, *jobs[1:]])
    put_counters(jobs)
    made = run()
    assert (made.total_requests, made.anomalies) == (301, [])


@pytest.mark.parametrize(("weeks", "active"), [(2, 30), (3, 12)])
def test_users_of_a_week_that_their_documents_no_longer_hold_are_as_reported(
    database: Database, monkeypatch: pytest.MonkeyPatch, weeks: int, active: int
) -> None:
    monkeypatch.setattr(report_figures, "MOST_READ", 100)
    jobs = [job(n, MONDAY, uid=f"u{n % 30}") for n in range(300)]
    put_jobs(jobs)
    put_counters(jobs)
    at = MONDAY + weeks * WEEK
    made = run(at)
    heavy = [{"kind": "heavy_user", "subject": "u3", "value": 90, "expected": 8}]
    database.change(f"weeklyReports/{made.report_id}", activeUsers=12, anomalies=heavy)
    again = run(at)
    assert again.active_users == active
    assert [each.subject for each in again.anomalies] == ([] if active == 30 else ["u3"])


def test_reads_do_not_grow_with_the_jobs(rpcs: Rpcs) -> None:
    """With more than a hundred users. But for the counts, of which Firestore bills one read for each thousand."""
    found = []
    run()  # which reads the settings, as an instance does once a minute
    for number in (600, 3_000):
        jobs = [job(n, MONDAY + timedelta(minutes=n), uid=f"u{n % (number // 5)}") for n in range(number)]
        put_jobs(jobs)
        put_counters(jobs)
        rpcs.reset()
        assert run().total_requests == number
        found.append((rpcs.calls.copy(), rpcs.billed["reads"]))
    few, many = found
    assert few == many
    assert few[0].count("BatchGetDocuments") == 8, "a day's counters in one round trip; and the report"


def test_the_week_under_way_is_reported_with_its_running_jobs(database: Database, rpcs: Rpcs) -> None:
    now = datetime.now(UTC)
    monday = datetime.combine((now - timedelta(days=now.weekday())).date(), datetime.min.time(), UTC)
    running = {"status": "processing", "deadlineAt": now + timedelta(minutes=9)}
    jobs = [job(1, monday, **running), job(2, monday), job(3, monday - timedelta(days=1), **running)]
    put_jobs(jobs)
    [day] = {f"{monday:%Y-%m-%d}"}
    database.put(f"dailyCounters/07-{day}", {"counts": {"status": {"completed": 1}, "model": {"Model A": 1}}})
    database.put("users/u0", user_data(now=clock.now(), jobsByWeek={day: 2}))
    rpcs.reset()
    made = call(main.runWeeklyReport, {"weekStart": day}, uid="boss", admin=True).result["report"]
    assert (made["totalRequests"], made["requestsByModel"], made["activeUsers"]) == (2, {"Model A": 2}, 1)
    assert orders(rpcs) == {"deadlineAt"}


def test_a_span_of_days_is_summed() -> None:
    jobs = [job(n, MONDAY + timedelta(days=n % 9)) for n in range(90)]
    put_counters(jobs)
    tally = report_figures.ended_on((MONDAY + timedelta(days=1)).date(), (MONDAY + timedelta(days=3)).date())
    assert (tally.total, tally.consumed, tally.percentile(50)) == (30, 90, 3.0)
