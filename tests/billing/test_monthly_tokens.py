"""Monthly tokens to the last one: what an invoice grants, what a credit or a lower plan takes, what is owed."""

from __future__ import annotations

from typing import Any

import pytest

from studiox.billing.monthly_tokens import (
    LOWERED,
    NO_TERMS,
    SET_OFF,
    MonthlyBucket,
    PriceTerms,
    SubscriptionMove,
    credited_tokens,
    in_proportion,
)
from studiox.integrations.stripe_types import Invoice
from studiox.models.orders import DisputeRecord
from studiox.models.subscriptions import Grant, InvoiceRecord
from tests.billing.buckets import (
    EARLIER,
    END,
    LATER,
    PRO,
    TERMS,
    TOP,
    a_bucket,
    a_grant,
    a_record,
    an_invoice,
    entries,
    settled,
)


@pytest.mark.parametrize(
    ("paid", "full", "tokens"),
    [(4, 5, 8), (5, 5, 10), (6, 5, 10), (1, 3, 3), (2, 3, 6), (0, 5, 0), (-1, 5, 0), (1, 2, 5), (0, 1, 0)]
    + [(0, 0, 10), (-1, 0, 0), (-5, -5, 10), (-6, -5, 0)],
)
def test_money_buys_its_part_of_ten_tokens_rounded_down(paid: int, full: int, tokens: int) -> None:
    assert in_proportion(10, paid, full) == tokens


DEAR, CHEAP = PriceTerms("", 30, 11), PriceTerms("", 20, 10)


@pytest.mark.parametrize(
    ("credit", "source", "target", "grant", "tokens"),
    [
        # by the plans' prices
        (5, TOP, PRO, None, 1),
        (6, TOP, PRO, None, 2),
        (2_000, TOP, PRO, None, 400),
        (2, DEAR, CHEAP, None, 20),
        (2, DEAR._replace(amount=10), CHEAP, None, 10),
        (2, DEAR._replace(amount=9), CHEAP, None, 10),
        (2, CHEAP, DEAR, None, 0),
        (2, CHEAP._replace(amount=12), DEAR, None, 0),
        # by what the period's tokens cost
        (1, NO_TERMS, NO_TERMS, a_grant(7, paid=0), 0),
        (1, NO_TERMS, NO_TERMS, a_grant(7, paid=-1), 0),
        (1, NO_TERMS, NO_TERMS, a_grant(7, paid=1), 7),
        (1, NO_TERMS, NO_TERMS, a_grant(7, paid=3), 3),
        (3, NO_TERMS, NO_TERMS, a_grant(7, paid=3), 7),
        (4, NO_TERMS, NO_TERMS, a_grant(7, paid=3), 7),
        # the larger of both
        (2_000, TOP, PRO, a_grant(7, paid=3_000), 400),
        (2_000, TOP, PRO, a_grant(700, paid=3_000), 467),
    ],
)
def test_a_credit_stands_for_tokens_rounded_up(
    credit: int, source: PriceTerms, target: PriceTerms, grant: Grant | None, tokens: int
) -> None:
    assert credited_tokens(credit, source, target, grant) == tokens


def test_a_periods_first_invoice_sets_the_bucket_to_the_plans_tokens_once() -> None:
    bucket = a_bucket(None, 30)
    bucket.apply_invoices([an_invoice(("pro", 900))], entitled=True)
    assert bucket.moves == [
        SubscriptionMove("plan_expiry", "expiry:in2", -30, "sub1", "Monthly tokens expired"),
        SubscriptionMove("plan_grant", "grant:in2", 100, "in2", "Monthly tokens"),
    ]
    assert (bucket.monthly, bucket.owed) == (100, 0)
    assert bucket.grant == a_grant(100, "in2", paid=900)
    assert (bucket.invoices["in2"].counted, bucket.invoices["in2"].granted) == (True, 100)
    assert len(settled(bucket, an_invoice(("pro", 900)))) == 2


def test_a_renewal_expires_the_rest_and_grants_anew() -> None:
    bucket = a_bucket(a_grant(100, "in1", ahead=3), 40)
    assert settled(bucket, an_invoice(("pro", 1_000), end=LATER)) == [("expiry:in2", -40), ("grant:in2", 100)]
    assert bucket.grant == a_grant(100, "in2", period_end=LATER)


@pytest.mark.parametrize(
    ("invoice", "entitled"),
    [
        (an_invoice(("pro", 1_000)), False),
        (an_invoice(("pro", 1_000), status="open"), True),
        (an_invoice(("", 1_000)), True),
        (an_invoice(("", -1_000)), True),
        (an_invoice(("unknown", 1_000)), True),
    ],
)
def test_unpaid_or_unknown_or_without_the_plan_nothing_is_granted(invoice: Invoice, entitled: bool) -> None:
    bucket = a_bucket(None, 30)
    assert settled(bucket, invoice, entitled=entitled) == []
    assert (bucket.grant, bucket.monthly, bucket.owed) == (None, 30, 0)
    assert bucket.invoices["in2"].counted is False


def test_only_the_newest_period_is_granted() -> None:
    earlier, now = an_invoice(("pro", 1_000), name="in1", end=EARLIER), an_invoice(("pro", 1_000), ("", 5))
    assert settled(a_bucket(), earlier, now) == [("grant:in2", 100)]
    assert settled(a_bucket(a_grant(100, "in0")), earlier) == []
    unpaid = an_invoice(("pro", 1_000), name="in3", end=LATER, status="open")
    assert settled(a_bucket(), now, unpaid) == [("grant:in2", 100)]


@pytest.mark.parametrize(
    ("lines", "moved", "owed"),
    [
        ([("pro", 0)], [("grant:in2", 100)], 0),
        ([("pro", 1)], [("grant:in2", 100)], 0),
        ([("pro", -1)], [], 1),
        ([("pro", 1), ("top", 1)], [("grant:in2", 500)], 0),
        ([("top", -1), ("pro", 2)], [], 0),
        ([("pro", 1_000), ("pro", -1, EARLIER)], [("grant:in2", 100), ("clawback:in2:1", -1)], 0),
        ([("pro", 1_000), ("pro", 1, EARLIER)], [("grant:in2", 100)], 0),
        ([("pro", 1_000), ("top", -3_000, EARLIER)], [("grant:in2", 100), ("clawback:in2:100", -100)], 400),
        (
            [("pro", 1_000), ("top", -30, EARLIER), ("pro", 10, EARLIER)],
            [("grant:in2", 100), ("clawback:in2:4", -4)],
            0,
        ),
        ([("pro", -10), ("top", -30, EARLIER)], [], 6),
    ],
)
def test_an_invoice_charges_or_credits_each_period(lines: list[Any], moved: list[tuple[str, int]], owed: int) -> None:
    bucket = a_bucket()
    assert (settled(bucket, an_invoice(*lines)), bucket.owed) == (moved, owed)
    assert bucket.invoices["in2"].counted


@pytest.mark.parametrize(
    ("grant", "lines", "tokens"),
    [
        (a_grant(), [("pro", -500), ("top", 1_500)], 200),
        (a_grant(), [("top", 1_000)], 200),
        (a_grant(), [("top", 2_001)], 400),
        (a_grant(), [("mid", -1_000), ("top", 1_500)], 200),  # the credited plan counts, whatever the grant says
        (a_grant(100, plan=""), [("top", 1_000)], 200),  # an old grant: its tokens tell the plan
        (a_grant(250, plan=""), [("top", 2_999)], 249),
        (a_grant(250, plan=""), [("top", 3_000)], 250),
        (a_grant(300, plan="enterprise"), [("top", -10), ("pro", 20)], 0),
        # never more in all than the better plan brings
        (a_grant(450), [("top", 2_000)], 50),
        (a_grant(500), [("top", 2_000)], 0),
        (a_grant(501), [("top", 2_000)], 0),
    ],
)
def test_an_upgrade_brings_its_part_of_the_difference(grant: Grant, lines: list[Any], tokens: int) -> None:
    terms = {**TERMS, "mid": PriceTerms("free", 300, 2_500)}
    bucket = MonthlyBucket("sub1", grant, {}, terms, 100, 0)
    paid = sum(line[1] for line in lines)
    assert settled(bucket, an_invoice(*lines)) == ([("grant:in2", tokens)] if tokens else [])
    assert bucket.grant == a_grant(grant.tokens + tokens, "in2", plan="enterprise", paid=1_000 + paid)
    assert (bucket.invoices["in2"].counted, bucket.invoices["in2"].granted) == (True, tokens)


@pytest.mark.parametrize("reason", ["subscription_create", "subscription_cycle"])
def test_the_periods_own_invoice_may_come_after_its_upgrade(reason: str) -> None:
    bucket = a_bucket(a_grant(100, "in0", period_end=EARLIER), 7)
    upgrade = an_invoice(("pro", -1_000), ("top", 3_000))
    assert settled(bucket, upgrade) == [("expiry:in2", -7), ("grant:in2", 400)]
    assert bucket.grant == a_grant(400, "in2", plan="enterprise", paid=2_000)
    whole = an_invoice(("pro", 1_000), name="in1", reason=reason)
    assert settled(bucket, whole, upgrade)[2:] == [("grant:in1", 100)]
    assert bucket.grant == a_grant(500, "in2", "in1", plan="enterprise", paid=3_000)


def test_a_plan_that_brings_as_much_takes_the_grants_name_and_a_lower_one_does_not() -> None:
    for tokens, name in ((101, "free"), (100, "free"), (99, "pro")):
        bucket = MonthlyBucket("sub1", a_grant(), {}, {**TERMS, "twin": PriceTerms("free", tokens, 1_200)}, 0, 0)
        settled(bucket, an_invoice(("twin", 200)))
        assert bucket.grant is not None
        assert bucket.grant.plan == name
    bucket = a_bucket()
    settled(bucket, an_invoice(("top", -1), ("pro", 2)))
    assert bucket.grant == a_grant(0, "in2", plan="enterprise", paid=1)


OPEN = {"du1": DisputeRecord(amount=100, state="open", restored=False)}


@pytest.mark.parametrize(
    ("grant", "record", "paid", "tokens"),
    [
        (a_grant(100, "in1", paid=100), a_record(), 2_000, 400),  # a discount is no refund
        (a_grant(100, "gone", "in1"), a_record(reversed=400, taken=40), 2_000, 500 * 2_600 // 3_000 - 60),
        (a_grant(100, "in1"), a_record(reversed=400, taken=40, disputes=OPEN), 2_000, 500 * 2_500 // 3_000 - 60),
        (a_grant(100, "in1"), a_record(disputes=OPEN), 2_000, 500 * 2_900 // 3_000 - 100),
        (a_grant(100, "in1"), a_record(reversed=1_000), 2_000, 500 * 2_000 // 3_000 - 100),
        (a_grant(100, "in1"), a_record(reversed=1_000), 100, 0),
        (a_grant(100, "in1", paid=600), a_record(reversed=600), 600, 0),  # 100 bought, 100 left
        (a_grant(100, "in1", paid=606), a_record(reversed=600), 600, 1),
    ],
)
def test_after_a_refund_an_upgrade_brings_what_the_money_left_buys(
    grant: Grant, record: InvoiceRecord, paid: int, tokens: int
) -> None:
    bucket = a_bucket(grant, 100, in1=record)
    settled(bucket, an_invoice(("top", paid)))
    assert bucket.invoices["in2"].granted == tokens


def test_a_credit_takes_the_unspent_difference_and_the_next_one_counts_it() -> None:
    held = {"in0": a_record(100), "in1": a_record(400)}
    bucket = a_bucket(a_grant(500, "in0", "gone", "in1", plan="enterprise", paid=3_000), 450, **held)
    bucket.apply_invoices([an_invoice(("top", -1_500), ("pro", 500))], entitled=True)
    assert bucket.moves == [SubscriptionMove("clawback", "clawback:in2:350", -350, "in2", LOWERED)]
    assert (bucket.monthly, bucket.owed) == (100, 0)
    # 200 tokens were credited, 150 more were taken
    assert bucket.grant == a_grant(100, "in0", "gone", "in1", plan="pro", paid=2_000, ahead=150)
    assert [bucket.invoices[each].lowered for each in held] == [0, 350]
    settled(bucket, an_invoice(("pro", -400), name="in3"))
    assert entries(bucket)[1:] == [("clawback:in3:100", -100)]
    assert (bucket.monthly, bucket.owed) == (0, 0)
    assert bucket.grant == a_grant(0, "in0", "gone", "in1", plan="", paid=1_600, ahead=210)
    assert [bucket.invoices[each].lowered for each in held] == [90, 400]
    assert [each.lowered for each in held.values()] == [None, None]


def test_what_was_spent_before_the_credit_is_owed() -> None:
    bucket = a_bucket(a_grant(500, "in1", plan="enterprise", paid=1_000), 500, 3, in1=a_record(500))
    bucket.apply_invoices([an_invoice(("top", -1_500), ("pro", 500))], entitled=True)
    assert bucket.moves == [
        SubscriptionMove("clawback", "clawback:in2:400", -400, "in2", LOWERED),
        SubscriptionMove("clawback", "clawback:in2:500", -100, "in2", SET_OFF),
    ]
    assert (bucket.monthly, bucket.owed) == (0, 3)
    assert bucket.grant == a_grant(0, "in1", plan="pro", paid=0)


@pytest.mark.parametrize(
    ("grant", "before", "after", "monthly", "owed"),
    [
        (a_grant(100, plan="enterprise", paid=999), 200, a_grant(0, paid=0), 0, 0),
        (a_grant(500, plan="enterprise", paid=3_000, ahead=30), 200, a_grant(100, paid=2_000), 30, 0),
        (a_grant(500, plan="enterprise", paid=3_000, over=True), 450, a_grant(100, paid=2_000, over=True), 450, 200),
        (a_grant(500, plan="enterprise", period_end=EARLIER), 450, None, 250, 0),
        (None, 450, None, 450, 200),
    ],
)
def test_a_credit_lowers_the_grant_of_its_own_period(
    grant: Grant | None, before: int, after: Grant | None, monthly: int, owed: int
) -> None:
    """It stands for 200 tokens."""
    bucket = a_bucket(grant, before)
    settled(bucket, an_invoice(("top", -1_500), ("pro", 500)))
    assert bucket.grant == (after or grant)
    assert (bucket.monthly, bucket.owed, bucket.invoices["in2"].counted) == (monthly, owed, True)


def test_a_credit_of_the_last_period_lowers_that_periods_grant() -> None:
    bucket = a_bucket(a_grant(500, "in1", plan="enterprise", paid=3_000), 450, in1=a_record(500))
    renewal = an_invoice(("top", -1_000, END), ("pro", 1_000), end=LATER)
    assert settled(bucket, renewal) == [("clawback:in2:450", -450), ("grant:in2", 100)]
    assert bucket.invoices["in1"].lowered == 450
    assert (bucket.grant, bucket.owed) == (a_grant(100, "in2", period_end=LATER), 0)


@pytest.mark.parametrize(
    ("monthly", "owed", "taken", "left"),
    [(99, 0, 0, 0), (100, 0, 0, 0), (101, 0, 1, 0), (300, 0, 200, 0), (600, 0, 400, 0)]
    + [(300, 199, 200, 0), (300, 200, 200, 0), (300, 201, 200, 1)],
)
def test_a_lower_plan_takes_back_the_unspent_difference(monthly: int, owed: int, taken: int, left: int) -> None:
    held = {"in0": a_record(100, lowered=10), "in1": a_record(150)}
    bucket = a_bucket(a_grant(500, "in0", "in1", plan="enterprise", ahead=5), monthly, owed, **held)
    bucket.apply_plan(PRO, "sub1:2")
    entry = SubscriptionMove("clawback", f"clawback:sub1:2:{taken}", -taken, "sub1", LOWERED)
    assert bucket.moves == ([entry] if taken else [])
    ahead = taken + left - owed
    assert bucket.grant == a_grant(100, "in0", "in1", plan="pro", ahead=5 + ahead)
    assert (bucket.monthly, bucket.owed) == (monthly - taken, left)
    latest = min(ahead, 150)
    assert [bucket.invoices[each].lowered for each in held] == [10 + min(ahead - latest, 90), latest]


@pytest.mark.parametrize(
    ("grant", "plan", "taken", "left"),
    [
        (a_grant(500, plan="enterprise"), TOP._replace(tokens=501), 0, 500),
        (a_grant(500, plan="enterprise"), TOP, 0, 500),
        (a_grant(501, plan="enterprise"), TOP, 0, 501),
        (a_grant(500, plan="enterprise"), TOP._replace(tokens=499), 1, 499),
        (a_grant(500, plan=""), PRO, 400, 100),  # an old grant
        (a_grant(101, plan="enterprise"), PRO, 1, 100),
        (a_grant(100, plan="enterprise"), PRO, 0, 100),
        (a_grant(99, plan="enterprise"), PRO, 0, 99),
        (a_grant(500, plan="enterprise", over=True), PRO, 0, 500),
    ],
)
def test_only_a_plan_that_is_lower_than_the_paid_one_takes_tokens(
    grant: Grant, plan: PriceTerms, taken: int, left: int
) -> None:
    bucket = a_bucket(grant, 600)
    bucket.apply_plan(plan, "sub1:2")
    assert entries(bucket) == ([(f"clawback:sub1:2:{taken}", -taken)] if taken else [])
    assert bucket.grant is not None
    assert bucket.grant.tokens == left


def test_without_a_grant_no_plan_takes_tokens() -> None:
    bucket = a_bucket(None, 500)
    bucket.apply_plan(PRO, "sub1:2")
    assert (bucket.grant, bucket.moves) == (None, [])


def test_a_payment_is_newer_than_the_plan() -> None:
    bucket = a_bucket()
    assert len(settled(bucket, an_invoice(("top", 3_000)))) == 1
    bucket.apply_plan(PRO, "sub1:2")
    assert len(bucket.moves) == 1


@pytest.mark.parametrize(("owed", "taken"), [(0, 0), (1, 1), (99, 99), (100, 100), (101, 100)])
def test_a_grant_pays_off_what_is_owed(owed: int, taken: int) -> None:
    bucket = a_bucket(None, 0, owed)
    bucket.apply_invoices([an_invoice(("pro", 1_000))], entitled=True)
    assert bucket.moves[1:] == (
        [SubscriptionMove("clawback", f"clawback:in2:{taken}", -taken, "in2", SET_OFF)] if taken else []
    )
    assert (bucket.monthly, bucket.owed) == (100 - taken, owed - taken)


@pytest.mark.parametrize(
    ("grant", "monthly", "owed", "after", "left"),
    [
        (a_grant(100, ahead=5), 150, 30, a_grant(100, ahead=75, over=True), 0),
        (a_grant(100, ahead=5), 40, 60, a_grant(100, ahead=5, over=True), 20),
        (a_grant(100, over=True), 40, 60, a_grant(100, over=True), 60),
        (None, 40, 60, None, 60),
        (a_grant(100), 0, 60, a_grant(100, over=True), 60),
    ],
)
def test_tokens_that_expire_pay_off_what_is_owed(
    grant: Grant | None, monthly: int, owed: int, after: Grant | None, left: int
) -> None:
    bucket = a_bucket(grant, monthly, owed)
    bucket.expire("expiry:sub1:2")
    assert entries(bucket) == ([("expiry:sub1:2", -monthly)] if monthly else [])
    assert (bucket.grant, bucket.monthly, bucket.owed) == (after, 0, left)


def test_an_invoice_whose_sum_is_unexplained_grants_nothing_and_is_noted() -> None:
    """B32: and the others count."""
    bucket = a_bucket()
    wrong = an_invoice(("top", 3_000), name="in3", end=LATER)
    bucket.apply_invoices([an_invoice(("pro", 1_000)), wrong], entitled=True, unexplained={"in3": "amount_mismatch"})
    assert entries(bucket) == [("grant:in2", 100)]
    assert (bucket.invoices["in3"].problem, bucket.invoices["in3"].counted) == ("amount_mismatch", False)
    bucket.apply_invoices([wrong], entitled=True)
    assert (bucket.invoices["in3"].problem, bucket.invoices["in3"].counted) == (None, True)
