"""The weekly recount finds what the counters have too little or too much, alone or divided among tasks."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

import main
from studiox.fan_out import service as fan_out
from studiox.models.schedule_runs import Run
from studiox.studio import counter_audit
from tests.admin.weeks import MONDAY, WEEK, job, put_jobs, random_week
from tests.conftest import Logged
from tests.support import Database, Rpcs, counted, schedule
from tests.support.queue import Queue

WORK: Any = main.workShard
REPORT: Any = main.weeklyReport
DAY = timedelta(days=1)


def put_counters(database: Database, jobs: list[dict[str, Any]]) -> None:
    for (day, kind, value), number in counted.of_all(jobs).items():
        path = f"dailyCounters/00-{day}"
        counts = (database.get(path) or {"counts": {}})["counts"]
        counts.setdefault(kind, {})[value] = number
        database.put(path, {"counts": counts})


def put_week(database: Database, number: int = 40) -> list[dict[str, Any]]:
    jobs = list(random_week(3, number))
    put_jobs(jobs)
    put_counters(database, jobs)
    return jobs


def change(database: Database, day: datetime, kind: str, value: str, number: int) -> None:
    path = f"dailyCounters/00-{day:%Y-%m-%d}"
    counts = database.need(path)["counts"]
    counts.setdefault(kind, {})[value] = counts[kind].get(value, 0) + number
    database.put(path, {"counts": counts})


def test_counters_that_are_right_are_no_alert(database: Database, logged: Logged, rpcs: Rpcs) -> None:
    jobs = put_week(database)
    rpcs.reset()
    counter_audit.audit_week(MONDAY)
    assert logged.lines("counters_differ") == []
    [line] = logged.lines("counters_audited")
    ended = [each for each in jobs if MONDAY <= each["createdAt"] < MONDAY + WEEK and each["status"] in counted.ENDED]
    assert (line["jobs"], line["weekStart"]) == (len(ended), "2026-03-02")
    assert "Commit" not in rpcs.calls, "a small week is recounted at once"
    assert rpcs.calls.count("RunQuery") == 1


@pytest.mark.parametrize("number", [-1, 1])
def test_each_field_that_differs_is_named(database: Database, logged: Logged, number: int) -> None:
    put_week(database)
    change(database, MONDAY + DAY, "model", "Model A", number)
    change(database, MONDAY + DAY, "tokens", "refunded", 7 * number)
    counter_audit.audit_week(MONDAY)
    [line] = logged.lines("counters_differ")
    assert (line["severity"], line["weekStart"], line["differing"]) == ("ALERT", "2026-03-02", 2)
    assert {name: held - found for name, (found, held) in line["fields"].items()} == {
        "model/Model A": number,
        "tokens/refunded": 7 * number,
    }


def test_a_week_from_before_there_were_counters_is_no_alert(logged: Logged) -> None:
    put_jobs(random_week(3, 40))
    counter_audit.audit_week(MONDAY)
    assert logged.lines("counters_differ") == []
    assert len(logged.lines("counters_audited")) == 1


@pytest.mark.parametrize(
    ("before", "recounted", "after", "differ"),
    [(5, 5, 5, False), (5, 4, 4, False), (5, 5, 4, False), (6, 5, 4, False), (5, 3, 4, True), (5, 6, 4, True)]
    + [(4, 4, 5, False), (4, 6, 5, True), (0, 1, 0, True), (1, 0, 1, True), (0, 1, 1, False), (1, 0, 0, False)],
)
def test_what_changed_during_the_recount_is_no_difference(
    before: int, recounted: int, after: int, differ: bool
) -> None:
    found = counter_audit.differences(*({"x": n, "y": 2} if n else {"y": 2} for n in (before, recounted, after)))
    assert found == ({"x": [recounted, after]} if differ else {})


@pytest.mark.parametrize("broken", [False, True])
def test_a_long_week_is_divided_and_compared_when_its_last_part_has_ended(
    database: Database, logged: Logged, queue: Queue, monkeypatch: pytest.MonkeyPatch, broken: bool
) -> None:
    for name, value in (("ALONE", 1), ("PER_SHARD", 4)):
        monkeypatch.setattr(fan_out, name, value)
    monkeypatch.setattr(counter_audit, "PAGE", 2)
    put_week(database)
    if broken:
        change(database, MONDAY, "status", "failed", 1)
    counter_audit.audit_week(MONDAY)
    [run] = database.under("scheduleRuns")
    assert len(database.need(f"scheduleRuns/{run}")["shards"]) > 5
    assert logged.lines("counters_audited") == []
    queue.run({"workShard": WORK})
    assert len(logged.lines("counters_audited")) == 1
    assert [list(line["fields"]) for line in logged.lines("counters_differ")] == ([["status/failed"]] if broken else [])


def test_a_run_that_gave_up_a_part_compares_nothing(logged: Logged, database: Database) -> None:
    put_week(database)
    run = Run(MONDAY + WEEK, {"start": MONDAY, "before": {"status/completed": 1}})
    counter_audit.SCHEDULE.settle(run, {}, 1)
    assert logged.lines("counters_differ") == []
    counter_audit.SCHEDULE.settle(run, {"status/completed": 1}, 0)
    assert logged.lines("counters_differ") == [], "the counters grew meanwhile"
    counter_audit.SCHEDULE.settle(run, {}, 0)
    assert len(logged.lines("counters_differ")) == 1


def test_the_schedule_recounts_the_week_before_the_one_that_it_reports(database: Database, logged: Logged) -> None:
    put_jobs([job(1, MONDAY), job(2, MONDAY + WEEK)])
    put_counters(database, [job(1, MONDAY)])
    assert schedule(REPORT, MONDAY + 2 * WEEK).status == 200
    assert database.need(f"weeklyReports/report_{MONDAY + 2 * WEEK:%Y%m%d}")["totalRequests"] == 1
    [line] = logged.lines("counters_audited")
    assert (line["weekStart"], line["jobs"]) == ("2026-03-02", 1)
    assert logged.lines("counters_differ") == []
