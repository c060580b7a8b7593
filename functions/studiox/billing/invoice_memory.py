"""Which invoices a subscription's document keeps, and when it drops them. Pure.

Invoices are forgotten by age, oldest first: all that were created up to `forgotten`. So an invoice that is missing from
the document is either new, or settled and forgotten; nothing is granted for it twice.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec.structs import replace

from studiox.integrations.stripe_types import Invoice
from studiox.kit.clock import UTC, datetime, timedelta
from studiox.models.payments import Payment
from studiox.models.subscriptions import InvoiceRecord

from .orders import taken_target

KEEP = timedelta(days=400)
"""After the end of its period an invoice grants no tokens. It may be paid late, refunded or disputed until then."""
MAX_INVOICES = 300
"""Keeps the document far below Firestore's limit of 1 MiB when a user changes plans all day."""
BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)

_PAID = ("paid", "partially_refunded", "refunded", "disputed")


def noted(known: InvoiceRecord | None, invoice: Invoice, problem: str | None = None) -> InvoiceRecord:
    """The invoice's record after a fetch; what was granted and taken stays. `problem`: why its sum is unexplained."""
    before = known or InvoiceRecord(
        status="",
        attempts=0,
        amount=0,
        counted=False,
        granted=0,
        taken=0,
        ever_taken=0,
        target=0,
        reversed=0,
        disputes={},
    )
    return replace(
        before,
        status=invoice.status,
        attempts=invoice.attempts,
        amount=invoice.paid or invoice.amount,
        total=invoice.total,
        tax=invoice.bill.tax or None,
        problem=problem,
        created_at=invoice.created,
        period_end=invoice.period_end,
    )


def shown(record: InvoiceRecord) -> tuple[object, ...]:
    """The fields that the user's billing history shows."""
    state = record.status, record.attempts, record.problem
    return *state, record.amount, record.granted, record.reversed, record.disputes


def remembered(
    records: Mapping[str, InvoiceRecord], forgotten: datetime | None, now: datetime
) -> tuple[dict[str, InvoiceRecord], datetime]:
    """The records to keep, oldest first, and until when all invoices are forgotten.

    A record without `created_at` is of an invoice that Stripe no longer lists; it is dropped.
    """
    kept = sorted((each.created_at, name) for name, each in records.items() if each.created_at is not None)
    until = forgotten or BEGINNING
    dropped = 0
    while dropped < len(kept):
        created, name = kept[dropped]
        period_end = records[name].period_end
        is_over = period_end is not None and period_end + KEEP < now
        if not is_over and len(kept) - dropped <= MAX_INVOICES:
            break
        until = max(until, created)
        dropped += 1
    return {name: records[name] for _, name in kept[dropped:]}, until


def may_change(invoice: Invoice, records: Mapping[str, InvoiceRecord], forgotten: datetime | None) -> bool:
    """Whether the invoice is remembered or new. Otherwise it is settled and forgotten."""
    return invoice.id in records or forgotten is None or invoice.created > forgotten


def restored(invoice: Invoice, payment: Payment) -> InvoiceRecord:
    """The record of a forgotten invoice, rebuilt from the user's billing history."""
    granted, refunded = payment.tokens or 0, payment.refunded or 0
    target = taken_target(granted, refunded, max(invoice.total + invoice.bill.tax, invoice.paid))
    return replace(
        noted(None, invoice),
        counted=payment.status in _PAID,
        granted=granted,
        reversed=refunded,
        target=target,
        taken=target,
        ever_taken=target,
    )
