"""The rules of a change's preview on their own: what it costs, and which date it may be prorated from."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from studiox.billing.invoice_memory import noted
from studiox.billing.plans import PreviewOutdated
from studiox.billing.subscriptions import (
    PREVIEW_VALID,
    change_cost,
    check_proration_date,
    fetched_record,
    proration_date,
)
from studiox.integrations.stripe_types import Bill, Invoice, Line, Subscription
from studiox.models.subscriptions import SubscriptionRecord

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
END = NOW + timedelta(days=28)


def _invoice(created: datetime, total: int, balance: int = 0, *, whole: bool = False) -> Invoice:
    due = max(0, total + balance)
    lines = (Line("price", total, END, whole),)
    bill = Bill("usd", total, total)
    return Invoice("in1", "draft", due, 0, "usd", 0, created, lines, END, "", "", total, "upcoming", bill, balance)


def _record(*billed: int) -> SubscriptionRecord:
    """A subscription that began NOW, with invoices of so many seconds later."""
    seen = Subscription("sub1", "u1", "cus1", "active", "price", "pro", 900, "si1", NOW, END, False, NOW, None)
    invoices = {f"in{s}": noted(None, _invoice(NOW + timedelta(seconds=s), 900)) for s in billed}
    return replace(fetched_record(None, seen, [], "pro", "u1", NOW), invoices=invoices)


@pytest.mark.parametrize(
    ("now", "at", "fits"),
    [
        (PREVIEW_VALID, timedelta(), True),  # the moment of the latest invoice
        (PREVIEW_VALID, timedelta(seconds=-1), False),
        (2 * PREVIEW_VALID, PREVIEW_VALID, True),
        (2 * PREVIEW_VALID, PREVIEW_VALID - timedelta(seconds=1), False),
        (PREVIEW_VALID, PREVIEW_VALID, True),
        (PREVIEW_VALID, PREVIEW_VALID + timedelta(seconds=1), False),
        (timedelta(seconds=-2), timedelta(), True),  # Stripe's clock is ahead of ours
        (timedelta(seconds=-2), timedelta(seconds=-2), False),
    ],
)
def test_a_change_is_prorated_from_a_recent_preview_after_the_latest_invoice(
    now: timedelta, at: timedelta, fits: bool
) -> None:
    """All times are since the latest of two invoices."""
    record = _record(1, 0)
    latest = NOW + timedelta(seconds=1)
    if fits:
        check_proration_date(record, latest + at, latest + now)
    else:
        with pytest.raises(PreviewOutdated):
            check_proration_date(record, latest + at, latest + now)


def test_a_preview_is_of_a_whole_second() -> None:
    record = _record()
    assert proration_date(record, NOW + timedelta(seconds=1.9)) == NOW + timedelta(seconds=1)
    assert proration_date(record, NOW - timedelta(days=1)) == NOW, "not before the subscription began"


def _previewed(total: int, balance: int = 0, *, whole: bool = False) -> Invoice:
    return _invoice(NOW, total, balance, whole=whole)


@pytest.mark.parametrize(
    ("change", "renewal", "cost"),
    [
        (_previewed(700), _previewed(7900, whole=True), (700, 0, 7900)),
        (_previewed(700, -200), _previewed(7900, -200, whole=True), (500, 0, 7900)),
        (_previewed(700, -900), _previewed(7900, -900, whole=True), (0, 0, 7700)),
        (_previewed(700, 50), _previewed(7900, 50, whole=True), (750, 0, 7900)),
        (_previewed(-700), _previewed(900, whole=True), (0, 700, 200)),
        (_previewed(-700, -300), _previewed(900, -300, whole=True), (0, 700, 0)),
        (_previewed(7900, whole=True), _previewed(7900, whole=True), (0, 0, 7900)),  # nothing is prorated
        (None, _previewed(900, -100, whole=True), (0, 0, 800)),
        (_previewed(700), None, (700, 0, None)),
        (None, None, (0, 0, None)),
    ],
)
def test_what_a_change_costs(
    change: Invoice | None, renewal: Invoice | None, cost: tuple[int, int, int | None]
) -> None:
    assert change_cost(change, renewal) == cost
