"""The weekly recount: do the daily counters hold what the jobs come to? The report is made from them."""

from __future__ import annotations

from collections.abc import Mapping

from studiox.fan_out import service as fan_out
from studiox.kit import clock, log, query
from studiox.kit.clock import datetime, timedelta
from studiox.models import daily_counters, jobs
from studiox.models.daily_counters import Figures
from studiox.models.schedule_runs import Run

PAGE = query.BULK
MAX_FIELDS = 20
"""The most fields that an alert names."""


def audit_week(start: datetime) -> None:
    """Recount the jobs of the week that began at `start`, or divide the recount among tasks.

    The week should have ended a while ago: while jobs of it still end, the counters are no fixed number.
    `Contention`, `Unavailable`: repeat it.
    """
    about = {"start": start, "before": _held(start)}
    fan_out.start(SCHEDULE, Run(clock.now(), about))


def _parts(run: Run) -> Mapping[str, fan_out.Part]:
    """The week's jobs, in the order in which they were ordered."""
    start = run.about["start"]
    week = query.Span("createdAt", low=start, below=start + timedelta(days=7))
    return {"jobs": fan_out.Part(jobs.JOBS.select(jobs.ReportedJob), week, _recount, PAGE)}


def _recount(_run: Run, page: list[query.Found[jobs.ReportedJob]]) -> Mapping[str, int]:
    return _named(daily_counters.recounted(each.data for each in page))


def _settle(run: Run, counts: Mapping[str, int], failed: int) -> None:
    """Compare. A run that gave up some of its jobs cannot; `shard_failed` has been alerted."""
    start: datetime = run.about["start"]
    before, after = run.about["before"], _held(start)
    if failed or not (before or after):
        return  # the week is from before there were counters
    wrong = differences(before, counts, after)
    if wrong:
        fields = {name: wrong[name] for name in sorted(wrong)[:MAX_FIELDS]}
        log.alert("counters_differ", weekStart=start.date().isoformat(), differing=len(wrong), fields=fields)


def differences(
    before: Mapping[str, int], recounted: Mapping[str, int], after: Mapping[str, int]
) -> dict[str, list[int]]:
    """{name: [recounted, counted]} of the fields whose recount is not between the counters at its begin and end.

    An account that is deleted meanwhile takes its jobs with it.
    """
    found = {}
    for name in {*before, *recounted, *after}:
        held = before.get(name, 0), after.get(name, 0)
        number = recounted.get(name, 0)
        if not min(held) <= number <= max(held):
            found[name] = [number, held[1]]
    return found


def _held(start: datetime) -> dict[str, int]:
    first = start.date()
    return _named(daily_counters.of_days(first, first + timedelta(days=6)))


def _named(figures: Figures) -> dict[str, int]:
    """{`kind/value`: number}"""
    return {"/".join(path): number for path, number in sorted(figures.items()) if number}


def _tell(run: Run, counts: Mapping[str, int], failed: int) -> None:
    recounted = sum(number for name, number in counts.items() if name.startswith("status/"))
    log.info("counters_audited", weekStart=run.about["start"].date().isoformat(), jobs=recounted, failedShards=failed)


SCHEDULE = fan_out.Schedule("weeklyReport", _parts, _tell, _settle)
