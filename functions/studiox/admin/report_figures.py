"""Reads what a week's jobs come to: from the daily counters where they hold all of them, otherwise from the jobs."""

from __future__ import annotations

from datetime import date, timedelta

from studiox.kit import firestore, query
from studiox.kit.clock import datetime
from studiox.kit.documents import MalformedDocument
from studiox.models import daily_counters, jobs, users
from studiox.models.weekly_reports import report_path

from .report_rules import MAX_ANOMALIES, Activity, Tally, is_worth_a_median, median, report_id

AT_ONCE = query.BULK
"""A week of so few jobs is read in one round trip, which costs no more than its counters."""
MOST_READ = 200_000
"""The most jobs that are read for a report: five minutes."""
MAX_RUNNING = 100_000


def of_week(start: datetime, end: datetime, at: datetime, skipped: list[MalformedDocument]) -> Tally:
    """The figures of the jobs ordered in [start, end). `at`: now. `skipped`: as `query.documents`. `Unavailable`.

    A job that exists and is neither running nor in the counters was imported, or ended before there were counters. A
    count of the jobs shows that there are some. Then all jobs are read, or, if they are too many, `ordered` of the
    tally is greater than its total.
    """
    ordered = query.count_between(jobs.JOBS, start, end)
    if ordered <= AT_ONCE:
        return _read(start, end, skipped)
    # In this order: a job that ends meanwhile is found twice rather than not at all.
    running = jobs.running_of(start, end, MAX_RUNNING, skipped)
    tally = ended_on(start.date(), (end - timedelta(days=1)).date())
    for job in running:
        tally.include(daily_counters.figures(job))
    week = users.week_of(start)
    is_whole = tally.total == ordered == users.jobs_of(week)
    if not is_whole and ordered <= MOST_READ:
        return _read(start, end, skipped)
    tally.ordered = ordered
    tally.counted_activity = _activity(week) if users.keeps(week, at) else _as_reported(end)
    return tally


def ended_on(first: date, last: date) -> Tally:
    """What the counters hold of the jobs that were ordered on these days. As many reads as `daily_counters.of_days`."""
    tally = Tally()
    tally.include(daily_counters.of_days(first, last))
    return tally


def _read(start: datetime, end: datetime, skipped: list[MalformedDocument]) -> Tally:
    tally = Tally()
    for job in jobs.ordered_between(start, end, skipped):
        tally.add(job)
    return tally


def _activity(week: str) -> Activity:
    """From the users' own counts: a few aggregations."""
    active = users.count_with_jobs(week, 1)
    busiest = users.busiest(week, MAX_ANOMALIES)
    if not busiest or not is_worth_a_median(active, busiest[0][1]):
        return Activity(active, 0, [])
    return Activity(active, median(active, lambda jobs: users.count_with_jobs(week, jobs)), busiest)


def _as_reported(end: datetime) -> Activity:
    """Of a week that the users' documents no longer hold: what its report says."""
    stored = firestore.get(report_path(report_id(end)))
    if stored is None:
        return Activity(0, 0, [])
    heavy = [each for each in stored.anomalies if each.kind == "heavy_user"]
    usual = int(heavy[0].expected) if heavy else 0
    return Activity(stored.active_users, usual, [(each.subject, int(each.value)) for each in heavy])
