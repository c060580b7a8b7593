"""Weekly reports, `weeklyReports/{report id}`: the figures of one week, and what was unusual in it."""

from __future__ import annotations

from typing import Literal

from studiox.kit.clock import datetime
from studiox.kit.documents import Collection, Path, Stored

AnomalyKind = Literal[
    "failure_spike", "refund_ratio", "heavy_user", "ledger_violation", "provider_loss", "malformed_document",
    "counters_short",
]  # fmt: skip


class Anomaly(Stored, frozen=True):
    """A measured `value`, where about `expected` was expected."""

    kind: AnomalyKind
    subject: str
    """A model, a uid, a document's path, or `all`."""
    value: int | float
    expected: int | float


class Latency(Stored, frozen=True, kw_only=True):
    """Seconds, to a tenth, within which this share of the completed jobs ended; None without any."""

    p50: float | None
    p95: float | None


class WeeklyReport(Stored, frozen=True, kw_only=True):
    """Written by the weekly schedule, and when an administrator runs a report. A second run replaces the figures."""

    report_id: str
    week_start_date: str
    """A Monday, as `2026-03-02`."""
    week_end_date: str
    """The Sunday after it."""
    total_requests: int
    """Jobs that were ordered, whatever their status."""
    successful_requests: int
    failed_requests: int
    cancelled_requests: int
    success_rate: float
    """Of the jobs that completed or failed, 0 to 1; 0 without any. So is `failure_rate`."""
    failure_rate: float
    total_credits_consumed: int
    """The tokens that the jobs took."""
    total_credits_refunded: int
    requests_by_model: dict[str, int]
    """Jobs by model. The next four: by job type, and by the inputs `size`, `style` and `color`."""
    requests_by_type: dict[str, int]
    requests_by_size: dict[str, int]
    requests_by_style: dict[str, int]
    requests_by_color: dict[str, int]
    active_users: int
    """Users with a job."""
    new_users: int
    revenue: dict[str, int]
    """By currency, in its minor unit, with tax and without what was refunded."""
    latency: Latency
    anomalies: list[Anomaly]
    created_at: datetime
    """When the report was first made."""


WEEKLY_REPORTS = Collection("weeklyReports", WeeklyReport)


def report_path(report_id: str) -> Path[WeeklyReport]:
    return WEEKLY_REPORTS.document(report_id)
