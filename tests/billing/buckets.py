"""Monthly buckets, grants, invoices and their records for the tests of the rules, with one price of each plan."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from studiox.billing.monthly_tokens import MonthlyBucket, PriceTerms
from studiox.integrations.stripe_types import Invoice, Line
from studiox.models.subscriptions import Grant, InvoiceRecord

EARLIER, END, LATER = (datetime(2026, month, 1, tzinfo=UTC) for month in (1, 2, 3))
PRO, TOP = PriceTerms("pro", 100, 1_000), PriceTerms("enterprise", 500, 3_000)
TERMS = {"pro": PRO, "top": TOP}


def an_invoice(
    *lines: tuple[str, int] | tuple[str, int, datetime],
    name: str = "in2",
    end: datetime = END,
    status: str = "paid",
    reason: str = "",
) -> Invoice:
    """Lines are (price, amount, end of the period); the end is the invoice's unless it is given."""
    made = tuple(Line(line[0], line[1], line[2] if len(line) == 3 else end) for line in lines)
    total = sum(line.amount for line in made)
    return Invoice(name, status, total, total, "usd", 1, EARLIER, made, end, "", "", total, reason)


def a_record(granted: int = 100, **fields: Any) -> InvoiceRecord:
    known = {"taken": 0, "ever_taken": 0, "target": 0, "reversed": 0, "disputes": {}, "total": 1_000, **fields}
    return InvoiceRecord(status="paid", attempts=1, amount=1_000, counted=True, granted=granted, **known)


def a_grant(tokens: int = 100, *invoices: str, plan: str = "pro", paid: int = 1_000, **fields: Any) -> Grant:
    return Grant(**{"period_end": END, "tokens": tokens, "invoices": invoices, "plan": plan, "paid": paid, **fields})


def a_bucket(
    grant: Grant | None = None, monthly: int = 0, owed: int = 0, /, **invoices: InvoiceRecord
) -> MonthlyBucket:
    return MonthlyBucket("sub1", grant, invoices, TERMS, monthly, owed)


def settled(bucket: MonthlyBucket, *invoices: Invoice, entitled: bool = True) -> list[tuple[str, int]]:
    """The ledger entries that the invoices make: their ids and tokens."""
    bucket.apply_invoices(list(invoices), entitled=entitled)
    return entries(bucket)


def entries(bucket: MonthlyBucket) -> list[tuple[str, int]]:
    return [(move.id, move.tokens) for move in bucket.moves]
