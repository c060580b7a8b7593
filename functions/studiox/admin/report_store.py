"""Stores reports in `weeklyReports/{id}`, and reads a week's payments, losses and ledger alerts."""

from __future__ import annotations

from collections import Counter

from studiox.kit import query
from studiox.kit.clock import datetime
from studiox.kit.documents import MalformedDocument
from studiox.models.jobs import losses_between
from studiox.models.ledger_audits import LEDGER_ALERTS, LedgerAlert
from studiox.models.payments import PaymentStatus, payments_between
from studiox.models.weekly_reports import WEEKLY_REPORTS, WeeklyReport

MAX_LISTED = 100
MAX_ALERTS = 1_000
# The statuses in which we keep the payment's amount, less `refunded`.
KEPT: tuple[PaymentStatus, ...] = ("paid", "partially_refunded")


def latest(limit: int) -> list[WeeklyReport]:
    """The last reports, newest week first. `Unavailable`."""
    found = query.documents(WEEKLY_REPORTS, order="weekStartDate", newest_first=True, limit=limit)
    return [each.data for each in found]


def revenue(start: datetime, end: datetime, skipped: list[MalformedDocument]) -> Counter[str]:
    """Payments of [start, end) by currency, in minor units, less later refunds. `skipped`: as `query.documents`."""
    total: Counter[str] = Counter()
    for payment in payments_between(start, end, skipped):
        if payment.status in KEPT:
            total[payment.currency] += payment.amount - (payment.refunded or 0)
    return total


def losses(start: datetime, end: datetime, skipped: list[MalformedDocument]) -> Counter[str]:
    """By model: the providers' charges in [start, end) beyond the jobs' revenue, in millionths of a dollar.

    Cancelled jobs are excluded: their cost is expected and has its own limit. `skipped`: as `query.documents`.
    """
    total: Counter[str] = Counter()
    for loss in losses_between(start, end, skipped):
        if loss.status != "cancelled":
            total[loss.model] += loss.loss_micro_usd
    return total


def open_alerts(since: datetime, limit: int) -> list[LedgerAlert]:
    """The ledger alerts that were seen since then, the latest first. `Unavailable`."""
    found = query.documents(LEDGER_ALERTS, order="lastSeenAt", least=since, newest_first=True, limit=limit)
    return [each.data for each in found]


def violations(start: datetime, end: datetime, skipped: list[MalformedDocument]) -> list[str]:
    """The users with a ledger alert in [start, end), at most MAX_LISTED, from at most MAX_ALERTS alerts. `Unavailable`.

    An alert counts if it was first seen before `end` and last seen at or after `start`. `skipped`: as
    `query.documents`.
    """
    found = query.documents(LEDGER_ALERTS, order="lastSeenAt", least=start, limit=MAX_ALERTS, skipped=skipped)
    return sorted({alert.data.uid for alert in found if alert.data.first_seen_at < end})[:MAX_LISTED]
