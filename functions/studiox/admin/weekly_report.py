"""Makes the weekly report and stores it."""

from __future__ import annotations

from msgspec.structs import replace

from studiox.kit import audit, batch, documents, log
from studiox.kit.clock import datetime
from studiox.kit.documents import MalformedDocument
from studiox.kit.errors import Contention, Unavailable
from studiox.kit.transaction import Docs, Reads
from studiox.models.users import count_new_users
from studiox.models.weekly_reports import Anomaly, WeeklyReport, report_path

from . import report_figures, report_rules, report_store

PAUSES_S = (60.0, 300.0, 600.0)
"""Pauses between a schedule's attempts during an outage, within its 1,800 s."""


def run_scheduled(start: datetime, *, at: datetime) -> None:
    """`run`, retried after an outage, because the next run reports another week. If all attempts fail, it logs an
    alert. `Contention`, `Unavailable`.
    """
    try:
        batch.patiently(lambda: run(start, actor="system", action="weeklyReport", at=at), PAUSES_S)
    except (Contention, Unavailable):
        log.alert("report_not_made", weekStart=start.date().isoformat())
        raise


def run(start: datetime, *, actor: str, action: str, at: datetime) -> WeeklyReport:
    """Report the week that began at `start`, which may be the current week. A second run makes the same document.

    Each anomaly is alerted once, when it first appears in the report. A malformed document is one, and is not counted.
    """
    end = start + report_rules.WEEK
    path = report_path(report_rules.report_id(end))
    skipped: list[MalformedDocument] = []
    tally = report_figures.of_week(start, end, at, skipped)
    violations = report_store.violations(start, end, skipped)
    losses, revenue = report_store.losses(start, end, skipped), report_store.revenue(start, end, skipped)
    found = report_rules.anomalies(tally, violations, losses, {each.path for each in skipped})
    figures = report_rules.document(
        tally,
        start,
        end,
        new_users=count_new_users(start, end),
        revenue=revenue,
        found=found,
        created_at=at,
    )

    def decide(docs: Docs) -> tuple[WeeklyReport, list[Anomaly]]:
        before = docs.get(path)
        report = figures if before is None else replace(figures, created_at=before.created_at)
        if report != before:
            docs.put(path, report)
        known = {(each.kind, each.subject) for each in (before.anomalies if before else [])}
        return report, [each for each in report.anomalies if (each.kind, each.subject) not in known]

    by = audit.System(action, actor)
    # A person's call is always recorded.
    report, new = by.commit(path, decide, Reads(fresh=[path]), target=path, always=actor != "system")
    for anomaly in new:
        log.alert("anomaly", report=str(path), **documents.encode(anomaly))
    log.info("report_made", report=str(path), jobs=tally.total, by=action)
    return report
