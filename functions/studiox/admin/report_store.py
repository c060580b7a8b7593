"""Stores reports in `weeklyReports/{id}`, and reads a week's payments, losses and ledger alerts."""

from __future__ import annotations

import itertools
from collections import Counter

from studiox.kit import query
from studiox.kit.clock import datetime
from studiox.models.jobs import PROVIDER_LOSSES
from studiox.models.ledger_audits import LEDGER_ALERTS
from studiox.models.payments import PAYMENTS
from studiox.models.weekly_reports import WEEKLY_REPORTS, WeeklyReport

MAX_LISTED = 100
# The statuses in which we keep the payment's amount, less `refunded`.
KEPT = ("paid", "succeeded", "partially_refunded")


def latest(limit: int) -> list[WeeklyReport]:
    """The last reports, newest week first. `Unavailable`."""
    found = query.documents(WEEKLY_REPORTS, order="weekStartDate", newest_first=True, limit=limit)
    return [each.data for each in found]


def revenue(start: datetime, end: datetime) -> Counter[str]:
    """Payments of [start, end) by currency, in minor units, less later refunds."""
    total: Counter[str] = Counter()
    for payment in query.between(str(PAYMENTS), start, end, ("amount", "currency", "status", "refunded"), group=True):
        if payment.get("status") in KEPT:
            total[str(payment["currency"])] += int(payment["amount"]) - int(payment.get("refunded") or 0)
    return total


def losses(start: datetime, end: datetime) -> Counter[str]:
    """By model: the providers' charges in [start, end) beyond the jobs' revenue, in millionths of a dollar.

    Cancelled jobs are excluded: their cost is expected and has its own limit.
    """
    total: Counter[str] = Counter()
    for loss in query.between(str(PROVIDER_LOSSES), start, end, ("model", "status", "lossMicroUsd")):
        if loss.get("status") != "cancelled":
            total[str(loss["model"])] += int(loss["lossMicroUsd"])
    return total


def violations(start: datetime, end: datetime) -> list[str]:
    """The users with a ledger alert in [start, end), from at most MAX_LISTED alerts. `Unavailable`.

    An alert counts if it was first seen before `end` and last seen at or after `start`.
    """
    found = query.documents(LEDGER_ALERTS, order="lastSeenAt", least=start)
    seen = (alert.data.uid for alert in found if alert.data.first_seen_at < end)
    return sorted(set(itertools.islice(seen, MAX_LISTED)))
