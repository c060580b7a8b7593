"""What a subscription remembers of its invoices, and when it may forget one. Pure.

It forgets by time and in the order in which the invoices were made. How far it has forgotten is written down, so
that an invoice that is missing is either new or known to be settled, and nothing is ever granted for it again.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from studiox.integrations.stripe_objects import Invoice
from studiox.kit.clock import UTC, datetime, timedelta

from .orders import taken_target

KEEP = timedelta(days=400)
"""After its period an invoice brings no tokens. So long it may still be paid late, refunded or disputed."""
MOST = 300
"""Of somebody who changes plans all day: the oldest go before their time. A document holds 1 MiB."""
BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)

Record = Mapping[str, Any]
"""What is known of an invoice: its status, and what was granted and taken back for it."""

UNKNOWN: Record = {
    "counted": False,
    "granted": 0,
    "taken": 0,
    "everTaken": 0,
    "target": 0,
    "reversed": 0,
    "disputes": {},
}
_PAID = ("paid", "partially_refunded", "refunded", "disputed")


def noted(known: Record | None, invoice: Invoice) -> dict[str, Any]:
    """The record after what is seen of the invoice now."""
    return {
        **UNKNOWN,
        **(known or {}),
        "status": invoice.status,
        "attempts": invoice.attempts,
        "amount": invoice.paid or invoice.amount,
        "total": invoice.total,
        "createdAt": invoice.created,
        "periodEnd": invoice.period_end,
    }


def shown(record: Record) -> tuple[Any, ...]:
    """What its user sees of it."""
    return tuple(record.get(name) for name in ("status", "attempts", "amount", "granted", "reversed", "disputes"))


def remembered(
    records: Mapping[str, Record], forgotten: datetime | None, now: datetime
) -> tuple[dict[str, Record], datetime]:
    """The records to keep, and until when all invoices made are forgotten.

    A record that does not tell its age is of an invoice that Stripe lists no more.
    """
    dated = [(name, each) for name, each in records.items() if "createdAt" in each]
    kept = sorted(dated, key=lambda each: (each[1]["createdAt"], each[0]))
    until = forgotten or BEGINNING
    over = 0
    while over < len(kept) and (len(kept) - over > MOST or kept[over][1]["periodEnd"] + KEEP < now):
        until = max(until, kept[over][1]["createdAt"])
        over += 1
    return dict(kept[over:]), until


def is_news(invoice: Invoice, records: Mapping[str, Record], forgotten: datetime | None) -> bool:
    """Whether the invoice is remembered or new; else it was settled and forgotten."""
    return invoice.id in records or forgotten is None or invoice.created > forgotten


def restored(invoice: Invoice, payment: Mapping[str, Any]) -> dict[str, Any]:
    """The record of an invoice that was forgotten, as far as its user's history still tells it."""
    granted, refunded = payment.get("tokens", 0), payment.get("refunded", 0)
    target = taken_target(granted, refunded, max(invoice.total, invoice.paid))
    counted = payment["status"] in _PAID
    told = {"counted": counted, "granted": granted, "reversed": refunded}
    return noted({**told, "target": target, "taken": target, "everTaken": target}, invoice)
