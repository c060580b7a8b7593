"""Which invoices a subscription's document remembers, until when, and what is known of a forgotten one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from studiox.billing.invoice_memory import BEGINNING, may_change, noted, remembered, restored, shown
from studiox.integrations.stripe_types import Bill, Invoice
from studiox.models.orders import DisputeRecord
from studiox.models.payments import Payment
from studiox.models.subscriptions import InvoiceRecord

NOW = datetime(2026, 3, 1, tzinfo=UTC)
DAY, TICK = timedelta(days=1), timedelta.resolution
OPEN = Invoice("in1", "open", 900, 0, "usd", 2, NOW, (), NOW + DAY, "", "", 800)
RECORD = InvoiceRecord(
    status="open", attempts=2, amount=900, total=800, created_at=NOW, period_end=NOW + DAY, counted=False, granted=0,
    taken=0, ever_taken=0, target=0, reversed=0, disputes={},
)  # fmt: skip


def test_a_fetch_changes_the_invoices_state_and_not_what_was_granted() -> None:
    assert noted(None, OPEN) == RECORD
    disputes = {"du1": DisputeRecord(amount=1, state="open", restored=False)}
    known = replace(RECORD, counted=True, granted=9, taken=8, ever_taken=7, target=6, reversed=5, disputes=disputes)
    paid = OPEN._replace(status="paid", paid=700, attempts=3)
    assert noted(known, paid) == replace(known, status="paid", amount=700, attempts=3)
    assert shown(known) == ("open", 2, None, 900, 9, 5, disputes)


def test_tax_on_top_and_what_is_wrong_with_the_sum_are_noted() -> None:
    taxed = OPEN._replace(bill=Bill("usd", 800, 952, tax=152))
    assert noted(None, taxed) == replace(RECORD, tax=152)
    wrong = noted(RECORD, OPEN, "tax_unexpected")
    assert wrong == replace(RECORD, problem="tax_unexpected")
    assert shown(wrong) != shown(RECORD)
    assert noted(wrong, OPEN) == RECORD


def test_a_forgotten_invoice_is_restored_by_the_share_of_what_was_paid_with_tax() -> None:
    taxed = OPEN._replace(total=800, paid=0, bill=Bill("usd", 800, 952, tax=152))
    assert restored(taxed, replace(PAID, refunded=476, tokens=90)).target == 45


def _records(*ages: timedelta, **fields: Any) -> dict[str, InvoiceRecord]:
    return {f"in{number}": replace(RECORD, created_at=NOW - age, **fields) for number, age in enumerate(ages)}


def _kept(records: dict[str, InvoiceRecord], forgotten: datetime | None = None) -> tuple[list[str], datetime]:
    kept, until = remembered(records, forgotten, NOW)
    assert all(records[name] is each for name, each in kept.items())
    return list(kept), until


def test_nothing_is_forgotten_without_a_reason() -> None:
    assert datetime(1970, 1, 1, tzinfo=UTC) == BEGINNING
    assert _kept({}) == ([], BEGINNING)
    assert _kept(_records(DAY, 2 * DAY, DAY)) == (["in1", "in0", "in2"], BEGINNING)
    same = dict(reversed(_records(DAY, DAY).items()))
    assert _kept(same, NOW - 9 * DAY) == (["in0", "in1"], NOW - 9 * DAY)


@pytest.mark.parametrize(("over", "kept"), [(400 * DAY, True), (400 * DAY + TICK, False)])
def test_an_invoice_is_forgotten_four_hundred_days_after_its_period(over: timedelta, kept: bool) -> None:
    records = _records(430 * DAY, period_end=NOW - over)
    assert _kept(records) == ((["in0"], BEGINNING) if kept else ([], NOW - 430 * DAY))
    assert _kept(records, NOW - 420 * DAY) == (["in0"] if kept else [], NOW - 420 * DAY)


def test_only_the_oldest_are_forgotten() -> None:
    young = _records(2 * DAY, DAY)
    young["in1"] = replace(young["in1"], period_end=NOW - 999 * DAY)
    assert _kept(young) == (["in0", "in1"], BEGINNING)
    without_period = _records(3 * DAY, period_end=None)
    assert _kept(without_period) == (["in0"], BEGINNING)
    unlisted = {**_records(DAY), "in9": replace(RECORD, created_at=None)}
    assert _kept(unlisted) == (["in0"], BEGINNING)


@pytest.mark.parametrize(("number", "dropped"), [(299, 0), (300, 0), (301, 1), (303, 3)])
def test_three_hundred_are_remembered(number: int, dropped: int) -> None:
    records = _records(*(each * DAY for each in range(number)))
    names = [f"in{each}" for each in reversed(range(number))]
    until = NOW - (number - dropped) * DAY if dropped else BEGINNING
    assert _kept(records) == (names[dropped:], until)


def test_an_invoice_is_settled_if_it_is_remembered_or_new() -> None:
    assert may_change(OPEN, {}, None) is True
    assert may_change(OPEN, {"in1": RECORD}, NOW + DAY) is True
    assert may_change(OPEN, {"in2": RECORD}, NOW - TICK) is True
    assert may_change(OPEN, {"in2": RECORD}, NOW) is False


PAID = Payment(
    id="in1", kind="subscription", amount=900, currency="usd", status="paid", refunded=400, tokens=90, created_at=NOW
)


@pytest.mark.parametrize(
    ("total", "paid", "refunded", "tokens", "taken"),
    [
        (800, 0, 400, 90, 45),
        (0, 800, 400, 90, 45),
        (800, 0, None, 90, 0),
        (800, 0, 400, None, 0),
        (800, 900, 1, 900, 1),
    ],
)
def test_a_forgotten_invoice_is_restored_from_the_billing_history(
    total: int, paid: int, refunded: int | None, tokens: int | None, taken: int
) -> None:
    invoice = OPEN._replace(total=total, paid=paid)
    found = restored(invoice, replace(PAID, refunded=refunded, tokens=tokens))
    assert found == replace(
        RECORD, amount=paid or 900, total=total, counted=True, granted=tokens or 0, reversed=refunded or 0,
        target=taken, taken=taken, ever_taken=taken,
    )  # fmt: skip


@pytest.mark.parametrize("status", ["paid", "partially_refunded", "refunded", "disputed", "failed", "pending", "void"])
def test_what_was_paid_was_counted(status: Any) -> None:
    was_paid = status not in ("failed", "pending", "void")
    assert restored(OPEN, replace(PAID, status=status)).counted is was_paid
