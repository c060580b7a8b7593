"""The weekly report, as a schedule and for administrators."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from firebase_functions import scheduler_fn
from msgspec import Meta

from .. import batch, clock, config
from ..clock import UTC, datetime
from ..endpoint import Admin, Request, Response, endpoint
from ..errors import InvalidRequest
from ..limits import Limit
from . import service, store, weekly


@scheduler_fn.on_schedule(
    schedule="0 0 * * 1",
    timezone=ZoneInfo("UTC"),
    secrets=[config.APP_SIGNING_KEY],
    timeout_sec=1800,
    memory=512,
)
@batch.resumed
def weeklyReport(event: scheduler_fn.ScheduledEvent) -> None:
    """Every Monday 00:00 UTC: report the week that has just ended."""
    start, _ = weekly.week_before(event.schedule_time)
    service.run_scheduled(start, at=clock.now())


class GetWeeklyReports(Request, frozen=True):
    limit: Annotated[int, Meta(ge=1, le=100)] = 12


class WeeklyReports(Response):
    reports: list[dict[str, Any]]


@endpoint(limit=Limit(120, per=60))
def getWeeklyReports(caller: Admin, request: GetWeeklyReports) -> WeeklyReports:
    """The last reports, newest week first."""
    return WeeklyReports(reports=[dict(report) for report in store.latest(request.limit)])


class RunWeeklyReport(Request, frozen=True):
    week_start: Annotated[str, Meta(pattern=r"\A\d{4}-\d{2}-\d{2}\Z")]


class ReportMade(Response):
    report_status: Literal["success"]
    report: dict[str, Any]


@endpoint(limit=Limit(60, per=60), timeout_sec=540, memory=512)
def runWeeklyReport(caller: Admin, request: RunWeeklyReport) -> ReportMade:
    """Report the week that began on this Monday, also the one under way."""
    start = _monday(request.week_start)
    report = service.run(start, actor=caller.uid, action="runWeeklyReport", at=clock.now())
    return ReportMade(report_status="success", report=dict(report))


def _monday(text: str) -> datetime:
    """`InvalidRequest` unless it is a Monday that has come."""
    try:
        day = datetime.fromisoformat(text).replace(tzinfo=UTC)
    except ValueError:
        raise InvalidRequest(fields={"weekStart": "not a date"}) from None
    if day.weekday() != 0 or day > clock.now() or not re.fullmatch(r"20\d\d-.*", text):
        raise InvalidRequest(fields={"weekStart": "not a Monday that has come"})
    return day
