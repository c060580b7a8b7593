"""Plan changes through the deployed callables and the webhook, against a Stripe that prorates by the second."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

import main
from studiox.integrations.stripe_objects import invoice
from studiox.integrations.stripe_types import BadShape
from studiox.kit.transaction import Docs, Reads, transact
from studiox.models.ledger import Buckets, Cause
from studiox.models.ledger_store import post
from tests.billing.shop import Shop
from tests.support import call
from tests.support.clock import Clock

START = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def paid(shop: Shop, clock: Clock) -> Shop:
    clock.stop(START)
    shop.follow(clock)
    return shop


def _change(plan: str) -> None:
    answer = call(main.updateSubscription, {"planId": plan}, uid="u1")
    assert answer.ok, answer
    assert answer.result["plan"] == plan


def _spend(clock: Clock, tokens: int) -> None:
    def decide(docs: Docs) -> None:
        cause = Cause(id="feature:f1", type="deduction", kind="feature", ref="f1", reason="A feature")
        post(docs, "u1", cause, Buckets(monthly=-tokens), clock.now())

    transact("users/u1", decide, Reads(fresh=["users/u1"]))


def _balance(shop: Shop, sub: str) -> int:
    """What Stripe owes the customer."""
    return -int(shop.account.objects[shop.account.objects[sub]["customer"]]["balance"])


def test_an_upgrade_late_in_the_month_brings_what_it_costs(
    paid: Shop, clock: Clock, invariants: Callable[[str], None]
) -> None:
    sub = paid.subscribed()
    clock.ahead = timedelta(days=30, hours=23)
    _change("enterprise")
    bill = paid.account.objects[paid.account.objects[sub]["latest_invoice"]]
    assert bill["amount_paid"] in (9, 10)
    assert paid.buckets()["monthly"] == 1000 + 9000 * bill["amount_paid"] // 7000
    paid.hear_all()
    clock.ahead = timedelta(days=31, minutes=1)
    paid.account.advance(sub)
    paid.hear_all()
    assert paid.buckets()["monthly"] == 10_000
    invariants("u1")


def test_up_and_down_leaves_no_tokens_for_a_credit(paid: Shop, clock: Clock, invariants: Callable[[str], None]) -> None:
    sub = paid.subscribed()
    for _ in range(2):
        _change("enterprise")
        assert paid.buckets()["monthly"] == 10_000
        clock.ahead += timedelta(seconds=1)
        _change("pro")
        assert paid.buckets()["monthly"] == 1000
        assert _balance(paid, sub) == 7000
    before = paid.entries()
    paid.hear_all()
    assert paid.entries() == before
    clock.ahead = timedelta(days=31, minutes=1)
    paid.account.advance(sub)  # paid by the balance alone
    paid.hear_all()
    assert paid.buckets()["monthly"] == 1000
    assert _balance(paid, sub) == 6100
    invariants("u1")


def test_what_was_spent_before_going_down_comes_off_later_months(
    paid: Shop, clock: Clock, invariants: Callable[[str], None]
) -> None:
    sub = paid.subscribed()
    _change("enterprise")
    clock.ahead = timedelta(seconds=1)
    _spend(clock, 8_500)
    _change("pro")
    assert paid.buckets()["monthly"] == 0
    assert paid.database.need("billing/u1")["owedTokens"] == 7_500
    clock.ahead = timedelta(days=31, minutes=1)
    paid.account.advance(sub)
    paid.hear_all()
    assert paid.buckets()["monthly"] == 0
    _change("enterprise")
    paid.hear_all()
    assert paid.buckets()["monthly"] > 2_000
    assert paid.database.need("billing/u1")["owedTokens"] == 0
    invariants("u1")


def test_a_lower_plan_without_a_credit_takes_the_unspent_difference(paid: Shop, clock: Clock) -> None:
    """Billed with the next period: the credit that comes then counts what was taken."""
    sub = paid.subscribed(plan="enterprise")
    account = paid.account
    account.change_price(account.objects[sub], account.objects["price_studiox_pro"], invoice_now=False)
    paid.hear_all()
    assert paid.buckets()["monthly"] == 1000
    clock.ahead = timedelta(days=31, minutes=1)
    account.advance(sub)
    paid.hear_all()
    assert paid.buckets()["monthly"] == 1000
    assert _balance(paid, sub) == 7000 - 900


def test_an_upgrade_in_a_trial_waits_for_the_first_payment(paid: Shop, clock: Clock) -> None:
    paid.checkout(planId="pro")
    customer = paid.account.all("customer")[0]["id"]
    sub = paid.account.subscribe(customer, "price_studiox_pro", {"uid": "u1"}, trial_days=7)["id"]
    paid.hear_all()
    _change("enterprise")
    paid.hear_all()
    assert paid.buckets()["monthly"] == 1000
    clock.ahead = timedelta(days=7, minutes=1)
    paid.account.advance(sub)
    paid.hear_all()
    assert paid.buckets()["monthly"] == 10_000


def test_a_refunded_upgrade_takes_its_tokens_back(paid: Shop, invariants: Callable[[str], None]) -> None:
    sub = paid.subscribed()
    _change("enterprise")
    paid.account.refund(paid.invoice_intent(sub))
    paid.hear_all()
    assert paid.buckets()["monthly"] == 1000
    invariants("u1")


def test_pausing_and_resuming_in_a_paid_period_loses_no_tokens(
    paid: Shop, clock: Clock, invariants: Callable[[str], None]
) -> None:
    sub = paid.subscribed()
    _spend(clock, 300)
    clock.ahead = timedelta(days=3)
    paid.account.set_status(sub, "paused")
    paid.hear_all()
    assert paid.plan() == ("free", False)
    assert paid.buckets()["monthly"] == 700
    user = paid.database.need("users/u1")
    assert user["creditResetAt"] == START + timedelta(days=31), "they last until the period is over"
    clock.ahead = timedelta(days=5)
    paid.account.set_status(sub, "active")
    paid.hear_all()
    assert paid.plan() == ("pro", True)
    assert paid.buckets()["monthly"] == 700
    paid.account.set_status(sub, "paused")
    paid.account.end(sub)
    paid.hear_all()
    assert paid.buckets()["monthly"] == 0
    invariants("u1")


def test_an_invoice_says_what_it_is_over() -> None:
    """Without tax on top, with what the balance paid; where Stripe says no total, the lines do."""
    line = {"amount": 7000, "period": {"start": 1, "end": 2}, "pricing": {"price_details": {"price": "price_1"}}}
    bare = {"id": "in_1", "status": "paid", "amount_paid": 0, "currency": "usd", "created": 1}
    data = {**bare, "lines": {"data": [line]}}
    assert invoice(data).total == 7000
    assert invoice({**data, "total": -500}).total == -500
    taxes = [{"amount": 700, "tax_behavior": "exclusive"}, {"amount": 300, "tax_behavior": "inclusive"}]
    assert invoice({**data, "total": 7700, "total_taxes": taxes}).total == 7000
    assert invoice({**data, "total": 7700, "total_tax_amounts": [{"amount": 700, "inclusive": False}]}).total == 7000
    with pytest.raises(BadShape):
        invoice({**data, "total": "7000"})
