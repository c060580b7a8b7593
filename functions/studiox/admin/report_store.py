"""Stores reports in `weeklyReports/{id}`, and reads a week's payments, losses and ledger alerts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from studiox.kit import query
from studiox.kit.clock import datetime
from studiox.kit.documents import MalformedDocument
from studiox.models.jobs import losses_between
from studiox.models.ledger_audits import LEDGER_ALERTS, LedgerAlert
from studiox.models.payments import PAYMENTS, PaymentCurrency, PaymentStatus, payments_between
from studiox.models.weekly_reports import WEEKLY_REPORTS, WeeklyReport

MAX_LISTED = 100
MAX_ALERTS = 1_000
MAX_CURRENCIES = 50
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


def currencies() -> list[str]:
    """The currencies of all payments, at most MAX_CURRENCIES. One read for each, and one more. `Unavailable`."""
    found: list[str] = []
    while len(found) < MAX_CURRENCIES:
        after = f"{found[-1]}\0" if found else ""
        asked = PAYMENTS.select(PaymentCurrency)
        first = next(iter(query.documents(asked, order="currency", least=after, limit=1, group=True)), None)
        if first is None:
            break
        found.append(first.data.currency)
    return found


def revenue_in(currencies: Sequence[str], start: datetime, end: datetime) -> dict[str, int]:
    """As `revenue`, summed by Firestore: two aggregations for each currency. `Unavailable`."""

    def total(field: str, currency: str) -> int:
        kept = {"currency": currency, "status": KEPT}
        return query.total(PAYMENTS, field, equal=kept, order="createdAt", least=start, below=end, group=True)

    paid = {currency: total("amount", currency) for currency in currencies}
    return {currency: amount - total("refunded", currency) for currency, amount in paid.items() if amount}


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
