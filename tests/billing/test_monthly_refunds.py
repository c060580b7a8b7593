"""Refunds and disputes of a subscription's invoices: which of the monthly tokens they take and give back."""

from __future__ import annotations

import pytest

from studiox.billing.monthly_tokens import MonthlyBucket, Reversal, SubscriptionMove
from studiox.integrations.stripe_types import Charge, Dispute
from studiox.models.orders import DisputeRecord
from studiox.models.subscriptions import Grant, InvoiceRecord
from tests.billing.buckets import a_bucket, a_grant, a_record, an_invoice, entries


def _reversed(
    record: InvoiceRecord, refunded: int, *disputes: Dispute, grant: Grant | None = None, monthly: int = 500,
    amount: int = 1_000,
) -> MonthlyBucket:  # fmt: skip
    """After a refund of the invoice in1, whose grant it is if none is given."""
    bucket = a_bucket(grant or a_grant(100, "in1"), monthly, in1=record)
    bucket.reverse(Reversal("in1", Charge("ch1", amount, refunded, bool(disputes), "", disputes)))
    return bucket


def test_a_refund_and_its_failure_are_each_an_entry() -> None:
    bucket = _reversed(a_record(), 499)
    assert bucket.moves == [SubscriptionMove("clawback", "clawback:ch1:49", -49, "in1", "Payment given back")]
    taken = a_record(reversed=499, target=49, taken=49, ever_taken=49)
    assert (bucket.invoices, bucket.monthly) == ({"in1": taken}, 451)
    assert _reversed(taken, 500).moves[0].id == "clawback:ch1:50"
    same = _reversed(taken, 498)
    assert (same.moves, same.invoices) == ([], {"in1": a_record(reversed=498, target=49, taken=49, ever_taken=49)})
    bucket = _reversed(taken, 0)
    assert bucket.moves == [SubscriptionMove("restore", "restore:ch1:49", 49, "in1", "Payment stands")]
    assert bucket.invoices == {"in1": a_record(ever_taken=49, ever_returned=49)}
    again = _reversed(a_record(reversed=499, target=49, taken=49, ever_taken=49, ever_returned=5), 300)
    assert entries(again) == [("restore:ch1:24", 19)]
    assert again.invoices == {"in1": a_record(reversed=300, target=30, taken=30, ever_taken=49, ever_returned=24)}


def test_a_refund_of_an_unknown_invoice_takes_nothing() -> None:
    bucket = a_bucket(a_grant(100, "in0"), 500)
    bucket.reverse(Reversal("in1", Charge("ch1", 1_000, 1_000, False, "")))
    assert (bucket.moves, bucket.invoices) == ([], {})


@pytest.mark.parametrize(
    ("amount", "total", "target"), [(1_000, 1_000, 50), (500, 1_000, 50), (1_000, 500, 50), (1_000, None, 50)]
)
def test_a_refund_is_a_part_of_what_was_paid_by_card_and_by_balance(
    amount: int, total: int | None, target: int
) -> None:
    assert _reversed(a_record(total=total), 500, amount=amount).invoices["in1"].target == target


def test_a_refund_is_a_part_of_what_was_paid_with_tax() -> None:
    """Also of what a balance has paid: 1,190 in all, of which the card paid 595."""
    assert _reversed(a_record(tax=190), 595, amount=1_190).invoices["in1"].target == 50
    assert _reversed(a_record(tax=190), 595, amount=595).invoices["in1"].target == 50
    assert _reversed(a_record(tax=-190), 500, amount=1_000).invoices["in1"].target == 50


@pytest.mark.parametrize(
    ("tax", "back", "granted"),
    [(None, 600, 400), (0, 600, 400), (-10, 600, 400), (250, 500, 433), (250, 750, 400), (250, 752, 399), (1, 1, 500)],
)
def test_after_a_refund_an_invoice_brings_what_the_money_without_tax_buys(
    tax: int | None, back: int, granted: int
) -> None:
    """2,400 of 3,000 are left if 600 without tax come back: 400 of 500 tokens."""
    bucket = a_bucket(a_grant(0, "in1", paid=0), 0, in1=a_record(0, reversed=back, tax=tax))
    bucket.apply_invoices([an_invoice(("top", 3_000), reason="subscription_cycle")], entitled=True)
    assert bucket.monthly == granted


def test_a_dispute_holds_tokens_back_until_it_is_won() -> None:
    bucket = _reversed(a_record(), 200, Dispute("du1", 300, "open"))
    assert entries(bucket) == [("clawback:ch1:50", -50)]
    record = bucket.invoices["in1"]
    assert record.disputes == {"du1": DisputeRecord(amount=300, state="open", restored=False)}
    bucket = _reversed(record, 200, Dispute("du1", 300, "won"))
    assert entries(bucket) == [("restore:du1", 30)]
    assert bucket.invoices["in1"].disputes == {"du1": DisputeRecord(amount=300, state="won", restored=True)}


@pytest.mark.parametrize(
    ("record", "monthly", "taken"),
    [
        (a_record(), 0, 0),
        (a_record(), 99, 99),
        (a_record(), 100, 100),
        (a_record(), 101, 100),
        (a_record(target=20, taken=20, ever_taken=20), 500, 80),
        (a_record(target=20, taken=20, ever_taken=20, lowered=50), 500, 30),
        (a_record(target=20, taken=20, ever_taken=20, lowered=80), 500, 0),
        (a_record(target=20, taken=20, ever_taken=20, lowered=81), 500, 0),
        (a_record(target=20, taken=60, ever_taken=70), 500, 40),
    ],
)
def test_a_full_refund_takes_what_is_left_of_the_grant(record: InvoiceRecord, monthly: int, taken: int) -> None:
    bucket = _reversed(record, 1_000, monthly=monthly)
    ever = record.ever_taken + taken
    assert entries(bucket) == ([(f"clawback:ch1:{ever}", -taken)] if taken else [])
    after = bucket.invoices["in1"]
    assert (after.target, after.taken, after.ever_taken) == (100, record.taken + taken, ever)


@pytest.mark.parametrize(("taken", "back"), [(29, 0), (30, 0), (31, 1), (49, 19)])
def test_only_what_was_taken_beyond_the_refund_comes_back(taken: int, back: int) -> None:
    bucket = _reversed(a_record(reversed=499, target=49, taken=taken, ever_taken=taken), 300)
    assert entries(bucket) == ([(f"restore:ch1:{back}", back)] if back else [])
    after = bucket.invoices["in1"]
    assert (after.target, after.taken, after.ever_returned) == (30, taken - back, back)


@pytest.mark.parametrize("grant", [a_grant(100, "in1", over=True), a_grant(100, "in0"), None])
def test_a_refund_of_a_period_that_is_over_moves_nothing(grant: Grant | None) -> None:
    taken = a_record(reversed=1_000, target=100, taken=60, ever_taken=60)
    for record, refunded in ((a_record(), 1_000), (taken, 0)):
        bucket = a_bucket(grant, 500, in1=record)
        bucket.reverse(Reversal("in1", Charge("ch1", 1_000, refunded, False, "")))
        assert (bucket.moves, bucket.invoices["in1"].target) == ([], refunded // 10)
        assert bucket.invoices["in1"].taken == record.taken
