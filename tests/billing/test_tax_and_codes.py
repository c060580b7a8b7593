"""Packs with tax, a promotion code and an invoice: what our order sold is credited, and what was paid is explained."""

from __future__ import annotations

import urllib.parse
from collections.abc import Callable

import pytest
import urllib3

import main
from local.vendors.stripe import checkouts, objects
from tests.billing.shop import Shop
from tests.conftest import Logged
from tests.support import call


@pytest.fixture
def dear(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> Shop:
    """A shop with everything on."""
    monkeypatch.setenv("STRIPE_TAX", "exclusive")
    monkeypatch.setenv("PROMOTION_CODES", "true")
    monkeypatch.setenv("PACK_INVOICES", "true")
    return shop


def _paid(shop: Shop, country: str = "US", code: str = "", *, slow: bool = False, pack: str = "starter") -> str:
    session = shop.checkout(packId=pack)
    checkouts.enter(shop.account, session, country, code)
    shop.account.pay(session, slow=slow)
    shop.hear_all()
    return session


def test_b28_a_code_and_tax_are_explained(dear: Shop, invariants: Callable[[str], None]) -> None:
    session = _paid(dear, "DE", "HALF")
    assert dear.buckets()["purchased"] == 500
    [payment] = dear.payments()
    assert (payment["amount"], payment["discount"], payment["tax"]) == (298, 250, 48)
    [invoice] = dear.account.all("invoice")
    assert payment["invoiceUrl"] == invoice["hosted_invoice_url"]
    assert dear.database.need(f"orders/{payment['id']}")["paid"] == dear.account.objects[session]["amount_total"]
    assert dear.database.under("unmatchedPayments") == {}
    assert dear.revenue() == {"usd": 298}
    invariants("u1")


def test_a_code_and_tax_through_the_pages(dear: Shop) -> None:
    """A code that is refused is named, and the page shows what is taken off and what is added."""
    answer = dear.ask(packId="starter")
    pool, act = urllib3.PoolManager(retries=False), f"{dear.url}/act/{answer.result['sessionId']}"

    def press(button: str, **fields: str) -> str:
        form = urllib.parse.urlencode(fields)
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        assert pool.request("POST", f"{act}/{button}", body=form, headers=headers, redirect=False).status == 303
        return pool.request("GET", answer.result["url"]).data.decode()

    assert "This code is invalid." in press("enter", country="DE", code="old")
    shown = press("enter", country="DE", code="half")
    assert all(each in shown for each in ("Code HALF", "-2.50 USD", "Tax</td><td>0.48 USD", "2.98 USD"))
    press("pay")
    dear.hear_all()
    assert (dear.balance(), dear.payments()[0]["amount"]) == (700, 298)
    receipt = pool.request("GET", dear.payments()[0]["invoiceUrl"]).data.decode()
    assert "2.98 USD" in receipt


def test_tax_may_be_part_of_the_price(dear: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STRIPE_TAX", "inclusive")
    _paid(dear, "GB")
    [payment] = dear.payments()
    assert (payment["amount"], payment["tax"], dear.balance()) == (500, 83, 700)


def test_everything_is_off_by_default(shop: Shop) -> None:
    session = shop.account.objects[shop.checkout(packId="starter")]
    assert not session["allow_promotion_codes"]
    assert not session["automatic_tax"]["enabled"]
    assert session["invoice_creation"] is None
    checkouts.enter(shop.account, session["id"], "DE", "HALF")
    assert (session["amount_total"], session["_said"]) == (500, checkouts.NO_CODE)


def test_a_code_that_is_unknown_or_of_another_currency_is_refused(dear: Shop) -> None:
    session = dear.account.objects[dear.checkout(packId="starter")]
    for code in ("OLD", "NONE"):
        checkouts.enter(dear.account, session["id"], "US", code)
        assert (session["amount_total"], session["_said"]) == (500, checkouts.NO_CODE)
    checkouts.enter(dear.account, session["id"], "US", "TWO")
    assert (session["amount_total"], session["_said"]) == (300, "")


def test_b29_what_costs_nothing_is_credited_and_cannot_be_returned(
    dear: Shop, invariants: Callable[[str], None]
) -> None:
    session = _paid(dear, "DE", "FREE")
    assert dear.account.objects[session]["payment_status"] == "no_payment_required"
    assert dear.account.objects[session]["payment_intent"] is None
    assert dear.buckets()["purchased"] == 500
    [payment] = dear.payments()
    assert (payment["amount"], payment["discount"], payment["status"]) == (0, 500, "paid")
    assert "tax" not in payment
    assert payment["invoiceUrl"]
    assert call(main.confirmCheckout, {"sessionId": session}, uid="u1").result == {"status": "paid", "tokens": 500}
    dear.reconcile()
    assert dear.entries() == {f"purchase:{session}": 500}
    invariants("u1")


def test_b29_a_free_pack_whose_events_are_lost_is_found_by_reconciliation(dear: Shop) -> None:
    session = dear.checkout(packId="starter")
    checkouts.enter(dear.account, session, "US", "FREE")
    dear.account.pay(session)
    dear.account.events.clear()
    dear.reconcile()
    assert dear.balance() == 700


@pytest.mark.parametrize(
    ("was", "change", "reason"),
    [
        ("off", {"total_details": {"amount_discount": 100}, "amount_total": 400}, "discount_unexpected"),
        ("off", {"total_details": {"amount_tax": 95}, "amount_total": 595}, "tax_unexpected"),
        ("off", {"amount_total": 499}, "amount_mismatch"),
        ("off", {"amount_subtotal": 499, "amount_total": 499}, "amount_mismatch"),
        ("on", {"amount_total": 499}, "amount_mismatch"),
        ("on", {"total_details": {"amount_discount": 100}}, "amount_mismatch"),
        ("on", {"currency": "eur"}, "currency_mismatch"),
    ],
)  # fmt: skip
def test_b28_a_sum_that_nothing_explains_is_parked(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, was: str, change: dict[str, object], reason: str, logged: Logged
) -> None:
    """Also if the parameters have changed since the checkout: what counts is what it was opened with."""
    on = {"STRIPE_TAX": "exclusive", "PROMOTION_CODES": "true"}
    for name, value in on.items() if was == "on" else ():
        monkeypatch.setenv(name, value)
    session = shop.checkout(packId="starter")
    for name, value in on.items():
        monkeypatch.setenv(name, value)
    shop.account.pay(session)
    shop.account.objects[session].update({**change})
    shop.account.objects[session]["total_details"].setdefault("_breakdown", {"taxes": []})
    shop.hear_all()
    assert shop.database.need(f"unmatchedPayments/{session}")["reason"] == reason
    assert (shop.balance(), shop.payments()[0]["status"]) == (200, "in_review")
    assert logged.lines("payment_unmatched")


def test_a_checkout_that_was_opened_with_codes_takes_them_after_they_are_off(
    dear: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = dear.checkout(packId="starter")
    checkouts.enter(dear.account, session, "DE", "HALF")
    for name, value in (("STRIPE_TAX", "off"), ("PROMOTION_CODES", "false")):
        monkeypatch.setenv(name, value)
    dear.account.pay(session)
    dear.hear_all()
    assert dear.balance() == 700


@pytest.mark.parametrize("returned", [1, 149, 297, 298])
def test_b31_a_refund_takes_its_part_of_what_was_paid(
    dear: Shop, returned: int, invariants: Callable[[str], None]
) -> None:
    session = _paid(dear, "DE", "HALF")  # 298 of a price of 500
    dear.account.refund(dear.intent(session), returned)
    dear.hear_all()
    assert dear.buckets()["purchased"] == 500 - 500 * returned // 298
    assert dear.payments()[0]["status"] == ("refunded" if returned == 298 else "partially_refunded")
    invariants("u1")


def test_b31_a_dispute_with_tax_takes_its_part_and_gives_it_back(dear: Shop) -> None:
    session = _paid(dear, "DE")
    dispute = dear.account.dispute(dear.intent(session), 595)
    dear.hear_all()
    assert dear.buckets()["purchased"] == 0
    dear.account.close_dispute(dispute["id"], won=True)
    dear.hear_all()
    assert dear.buckets()["purchased"] == 500


def test_a_delayed_payment_with_tax_is_pending_with_its_sum(dear: Shop) -> None:
    session = _paid(dear, "FR", "HALF", slow=True)
    [payment] = dear.payments()
    assert (payment["amount"], payment["status"]) == (300, "pending")
    dear.account.arrive(session)
    dear.hear_all()
    assert (dear.balance(), dear.payments()[0]["status"]) == (700, "paid")


def test_the_invoice_of_a_pack_is_shown_even_if_it_comes_after_the_payment(dear: Shop) -> None:
    session = dear.checkout(packId="starter")
    dear.account.pay(session)
    stored, dear.account.objects[session]["invoice"] = dear.account.objects[session]["invoice"], None
    late = [each for each in dear.account.events if each["type"].startswith("invoice.")]
    dear.hear([each for each in dear.account.events if each not in late])
    assert "/receipts/" in dear.payments()[0]["invoiceUrl"]
    dear.account.objects[session]["invoice"] = stored
    dear.hear(late)
    assert dear.payments()[0]["invoiceUrl"] == dear.account.objects[stored]["hosted_invoice_url"]
    assert dear.balance() == 700


def _multi_currency(shop: Shop) -> None:
    options = {"eur": {"unit_amount": 480}, "gbp": {"unit_amount": 400}}
    price = {"id": "price_pack", "currency": "usd", "unit_amount": 500, "currency_options": options}
    product = shop.account.add(objects.product({"name": "Starter"}, 0))
    shop.account.add(objects.price({**price, "tax_behavior": "exclusive"}, product["id"], 0))
    shop.database.put("tokenPacks/starter", {"priceId": "price_pack", "amounts": {"eur": 480, "gbp": 400}})


@pytest.mark.parametrize(("country", "currency", "price"), [("US", "usd", 500), ("DE", "eur", 480), ("GB", "gbp", 400)])
def test_b30_stripe_chooses_the_currency_and_the_order_knows_its_price(
    shop: Shop, country: str, currency: str, price: int
) -> None:
    _multi_currency(shop)
    [pack] = [each for each in call(main.getTokenPacks).result["packs"] if each["id"] == "starter"]
    assert pack["amounts"] == {"usd": 500, "eur": 480, "gbp": 400}
    _paid(shop, country)
    assert shop.balance() == 700
    [payment] = shop.payments()
    assert (payment["amount"], payment["currency"]) == (price, currency)
    assert shop.revenue() == {currency: price}


def test_b30_the_price_of_another_currency_is_a_mismatch(shop: Shop) -> None:
    """Another sum of that currency, or another currency."""
    _multi_currency(shop)
    for change in ({"amount_subtotal": 500, "amount_total": 500}, {"currency": "jpy"}):
        session = shop.checkout(packId="starter")
        checkouts.enter(shop.account, session, "DE", "")
        shop.account.pay(session)
        shop.account.objects[session].update(change)
        shop.hear_all()
        reason = "currency_mismatch" if "currency" in change else "amount_mismatch"
        assert shop.database.need(f"unmatchedPayments/{session}")["reason"] == reason
    assert shop.balance() == 200


@pytest.mark.malformed("a broken override")
def test_amounts_need_a_price_in_stripe(shop: Shop, logged: Logged) -> None:
    shop.database.put("tokenPacks/starter", {"amounts": {"eur": 480}})
    assert "starter" not in [each["id"] for each in call(main.getTokenPacks).result["packs"]]
    assert logged.lines("catalogue_entry_broken")
