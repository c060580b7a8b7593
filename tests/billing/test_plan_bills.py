"""Plans with tax, codes and several currencies: each invoice is explained, or grants nothing and is parked."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

import main
from tests.billing.shop import Shop
from tests.conftest import Logged
from tests.support import call
from tests.support.clock import Clock

pytestmark = pytest.mark.usefixtures("taxed")


def _off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STRIPE_TAX", "off")
    monkeypatch.setenv("PROMOTION_CODES", "false")


def _change(plan: str) -> None:
    answer = call(main.updateSubscription, {"planId": plan}, uid="u1")
    assert answer.ok, answer


def test_b28_a_months_tokens_come_whole_with_a_code_and_tax(shop: Shop, invariants: Callable[[str], None]) -> None:
    shop.subscribed(country="DE", code="HALF")
    assert shop.buckets()["monthly"] == 1000
    [payment] = shop.payments()
    assert (payment["amount"], payment["discount"], payment["tax"]) == (536, 450, 86)
    assert payment["itemId"] == "pro"
    assert shop.database.under("unmatchedPayments") == {}
    invariants("u1")


def test_a_month_that_costs_nothing_is_granted(shop: Shop) -> None:
    shop.subscribed(country="DE", code="FREE")
    assert (shop.buckets()["monthly"], shop.plan()) == (1000, ("pro", True))
    [payment] = shop.payments()
    assert (payment["amount"], payment["discount"], payment["status"]) == (0, 900, "paid")


def test_a_code_that_lasts_is_taken_after_codes_are_off(
    shop: Shop, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The subscription says what its checkout allowed."""
    sub = shop.subscribed(country="DE", code="ALWAYS25")
    _off(monkeypatch)
    clock.ahead = timedelta(days=31, minutes=1)
    shop.account.advance(sub)
    shop.hear_all()
    assert shop.buckets()["monthly"] == 1000
    assert [each["discount"] for each in shop.payments()] == [225, 225]
    assert shop.database.under("unmatchedPayments") == {}


@pytest.mark.parametrize("code", ["", "ALWAYS25", "FREE"])
def test_a_plan_is_changed_with_tax_and_codes(
    shop: Shop, clock: Clock, code: str, invariants: Callable[[str], None]
) -> None:
    """An upgrade brings tokens for what is paid of the difference, without tax. The next month brings all of them.

    With a code, money that comes back takes tokens at what they cost in this month, which may be more.
    """
    sub = shop.subscribed(country="DE", code=code)
    clock.ahead = timedelta(days=15, hours=12)
    _change("enterprise")
    half = shop.account.objects[shop.account.objects[sub]["latest_invoice"]]
    net = half["total"] - sum(each["amount"] for each in half["total_taxes"])
    assert half["total_taxes"]
    assert shop.buckets()["monthly"] == 1000 + 9000 * min(net, 7000) // 7000
    _change("pro")
    shop.hear_all()
    assert shop.buckets()["monthly"] == {"": 1000, "ALWAYS25": 894, "FREE": 692}[code]
    clock.ahead = timedelta(days=31, minutes=1)
    shop.account.advance(sub)
    shop.hear_all()
    assert shop.buckets()["monthly"] == 1000
    assert shop.database.under("unmatchedPayments") == {}
    invariants("u1")


@pytest.mark.parametrize(("returned", "kept"), [(535, 501), (1071, 0)])
def test_b31_a_refund_of_an_invoice_takes_its_part_with_tax(shop: Shop, returned: int, kept: int) -> None:
    sub = shop.subscribed(country="DE")
    shop.account.refund(shop.invoice_intent(sub), returned)
    shop.hear_all()
    assert shop.buckets()["monthly"] == kept


def test_an_upgrade_after_a_refund_counts_the_refund_without_its_tax(shop: Shop) -> None:
    """Half is returned with its tax: half of the month's money is left, and the upgrade adds its own."""
    sub = shop.subscribed(country="DE")
    shop.account.refund(shop.invoice_intent(sub), 535)
    shop.hear_all()
    _change("enterprise")
    assert shop.buckets()["monthly"] == 10_000 * (900 + 7000 - 535 * 900 // 1071) // 7900


SPOILT: dict[str, tuple[dict[str, Any], str]] = {
    "discount": ({"total": 800, "total_discount_amounts": [{"amount": 100}]}, "discount_unexpected"),
    "tax": ({"total": 1071, "total_taxes": [{"amount": 171, "tax_behavior": "exclusive"}]}, "tax_unexpected"),
    "tax in it": ({"total_taxes": [{"amount": 143, "tax_behavior": "inclusive"}]}, "tax_unexpected"),
    "anything": ({"total": 899}, "amount_mismatch"),
}


@pytest.mark.parametrize("how", SPOILT)
def test_b32_an_invoice_that_nothing_explains_is_parked_by_itself(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, clock: Clock, how: str, logged: Logged
) -> None:
    """The plan stays, the earlier month's tokens expire with it, and a cancellation still ends it."""
    _off(monkeypatch)
    sub = shop.subscribed()
    clock.ahead = timedelta(days=31, minutes=1)
    shop.account.advance(sub)
    invoice = shop.account.objects[shop.account.objects[sub]["latest_invoice"]]
    whole = dict(invoice)
    change, reason = SPOILT[how]
    invoice.update(change)
    shop.hear_all()
    parked = shop.database.need(f"unmatchedPayments/{invoice['id']}")
    assert (parked["kind"], parked["reason"], parked["amount"], parked["waits"]) == ("invoice", reason, 900, True)
    assert [each["status"] for each in shop.payments()] == ["in_review", "paid"]
    assert [name for name in shop.entries() if name.startswith("grant:")] == [f"grant:{_first(shop, sub)}"]
    assert shop.plan() == ("pro", True)
    assert logged.lines("payment_unmatched")
    shop.reconcile()
    assert shop.database.need(f"unmatchedPayments/{invoice['id']}")["waits"]
    invoice.clear()
    invoice.update(whole)
    clock.ahead += timedelta(minutes=1)
    shop.reconcile()
    assert shop.database.need(f"unmatchedPayments/{invoice['id']}")["resolved"] == "settled"
    assert [each["status"] for each in shop.payments()] == ["paid", "paid"]
    assert shop.database.need(f"users/u1/payments/{invoice['id']}")["itemId"] == "pro"
    assert shop.buckets()["monthly"] == 1000
    call(main.cancelSubscription, {"atPeriodEnd": False}, uid="u1")
    assert shop.plan() == ("free", False)


def _first(shop: Shop, sub: str) -> str:
    bills = [
        each for each in shop.account.all("invoice") if each["parent"]["subscription_details"]["subscription"] == sub
    ]
    return str(bills[-1]["id"])


def test_b32_a_subscription_ends_although_its_invoice_is_parked(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full refund resolves it."""
    _off(monkeypatch)
    session = shop.account.pay(shop.checkout(planId="pro"))
    sub = str(session["subscription"])
    invoice = shop.account.objects[shop.account.objects[sub]["latest_invoice"]]
    invoice["total"] = 899
    shop.hear_all()
    assert shop.buckets()["monthly"] == 0
    assert call(main.cancelSubscription, {"atPeriodEnd": False}, uid="u1").ok
    assert shop.plan() == ("free", False)
    shop.account.refund(shop.invoice_intent(sub))
    shop.hear_all()
    parked = shop.database.need(f"unmatchedPayments/{invoice['id']}")
    assert (parked["resolved"], parked["waits"]) == ("refunded", False)
    assert shop.payments()[0]["status"] == "refunded"


def test_b32_an_invoice_that_is_explained_after_the_plan_has_ended_is_paid_and_grants_nothing(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, clock: Clock
) -> None:
    _off(monkeypatch)
    session = shop.account.pay(shop.checkout(planId="pro"))
    invoice = shop.account.objects[str(session["invoice"])]
    invoice["total"] = 899
    shop.hear_all()
    assert call(main.cancelSubscription, {"atPeriodEnd": False}, uid="u1").ok
    assert shop.payments()[0]["status"] == "in_review"
    invoice["total"] = 900
    clock.ahead = timedelta(minutes=1)
    shop.reconcile()
    assert shop.database.need(f"unmatchedPayments/{invoice['id']}")["resolved"] == "settled"
    assert (shop.payments()[0]["status"], shop.buckets()["monthly"]) == ("paid", 0)


def test_b32_a_discount_is_explained_once_the_subscription_allows_it(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, clock: Clock
) -> None:
    _off(monkeypatch)
    session = shop.account.pay(shop.checkout(planId="pro"))
    sub = shop.account.objects[str(session["subscription"])]
    invoice = shop.account.objects[sub["latest_invoice"]]
    invoice.update(total=800, total_discount_amounts=[{"amount": 100}])
    shop.hear_all()
    assert shop.buckets()["monthly"] == 0
    sub["metadata"]["allows"] = "codes"
    clock.ahead = timedelta(minutes=1)
    shop.reconcile()
    assert shop.buckets()["monthly"] == 1000
    assert shop.database.need(f"unmatchedPayments/{invoice['id']}")["resolved"] == "settled"


@pytest.mark.parametrize(
    ("country", "currency", "amount"), [("FR", "eur", 1020), ("GB", "gbp", 840), ("US", "usd", 900)]
)
def test_b30_a_plan_is_paid_in_the_buyers_currency(
    shop: Shop, clock: Clock, country: str, currency: str, amount: int, invariants: Callable[[str], None]
) -> None:
    """Also its changes: tokens follow the prices of that currency."""
    for plan, euro, pound in (("pro", 850, 700), ("enterprise", 7000, 6000)):
        options = {"eur": {"unit_amount": euro}, "gbp": {"unit_amount": pound}}
        shop.account.objects[f"price_studiox_{plan}"]["_currency_options"] = options
        shop.database.put(f"plans/{plan}", {"amounts": {"eur": euro, "gbp": pound}})
    sub = shop.subscribed(country=country)
    [payment] = shop.payments()
    assert (payment["amount"], payment["currency"]) == (amount, currency)
    clock.ahead = timedelta(days=15, hours=12)
    _change("enterprise")
    assert shop.buckets()["monthly"] == 5500
    assert {each["currency"] for each in shop.payments()} == {currency}
    assert shop.revenue().keys() == {currency}
    shop.database.put("plans/pro", {"priceId": "price_new"})  # the old price is no longer of the catalogue
    call(main.updateSubscription, {"planId": "enterprise"}, uid="u1")
    shop.account.change_price(shop.account.objects[sub], shop.account.objects["price_studiox_pro"], invoice_now=True)
    shop.hear_all()
    assert shop.buckets()["monthly"] == 1000
    invariants("u1")
