"""What a checkout may sell and where it leads, by the rules alone."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from studiox.billing.plans import (
    NOTHING_ADDED,
    CheckoutItem,
    CheckoutTerms,
    checkout_terms,
    locale_of,
    requested_item,
    session_params,
    site_url,
)
from studiox.catalog.sales import PACKS, PLANS
from studiox.kit.errors import InvalidRequest
from studiox.models.catalog import Plan

PLAN: dict[str, Plan] = {plan.id: plan for plan in PLANS}
PRO = PLAN["pro"]
SITE = "https://studiox.example"
GIVEN: dict[str, Any] = {"order_id": "o1", "uid": "u1", "customer_id": "cus_1", "site": SITE, "locale": "auto"}
ASKED = {"packId", "planId", "priceId"}


def test_one_item_is_asked_for_by_one_id() -> None:
    assert requested_item("starter", None, None, PLAN) == CheckoutItem(pack_id="starter")
    assert requested_item(None, "pro", None, PLAN) == CheckoutItem(plan_id="pro")
    assert requested_item(None, None, PRO.price_id, PLAN) == CheckoutItem(plan_id="pro")


@pytest.mark.parametrize(
    ("pack", "plan", "price", "fields"),
    [
        (None, None, None, ASKED),
        ("starter", "pro", None, ASKED),
        ("starter", "pro", "price_studiox_pro", ASKED),
        (None, "free", None, {"planId"}),
        (None, "gold", None, {"planId"}),
        (None, None, "price_gold", {"priceId"}),
        (None, None, "", {"priceId"}),
    ],
)
def test_what_is_not_sold_is_refused(pack: str | None, plan: str | None, price: str | None, fields: set[str]) -> None:
    with pytest.raises(InvalidRequest) as refused:
        requested_item(pack, plan, price, PLAN)
    assert set(refused.value.details["fields"]) == fields


def test_an_address_of_the_site() -> None:
    assert site_url("https://studiox.example/", "/a?b=1") == "https://studiox.example/a?b=1"
    assert site_url("http://127.0.0.1:5000", "/") == "http://127.0.0.1:5000/"
    assert site_url("http://localhost:5000", "/") == "http://localhost:5000/"


@pytest.mark.parametrize(
    ("site", "path"),
    [
        ("https://studiox.example", "a"),
        ("https://studiox.example", "//elsewhere.example"),
        ("https://studiox.example", "/\\elsewhere.example"),
        ("https://studiox.example", "/a\nb"),
        ("https://studiox.example", "/@elsewhere.example"),
        ("http://studiox.example", "/"),
        ("ftp://localhost", "/"),
        ("https://user@studiox.example", "/"),
    ],
)
def test_no_address_of_another_site(site: str, path: str) -> None:
    with pytest.raises(ValueError, match="of the site"):
        site_url(site, path)


def test_a_session_sells_one_of_the_item_at_the_catalogues_price() -> None:
    pack, plan = PACKS[0], PRO
    sold = session_params(**GIVEN, pack=pack, plan=None, terms=NOTHING_ADDED)
    [item] = sold["line_items"]
    assert item["quantity"] == 1
    assert item["price_data"].items() >= {"currency": pack.currency, "unit_amount": pack.amount}.items()
    assert (sold["mode"], sold["metadata"]) == ("payment", {"orderId": "o1", "uid": "u1"})
    subscribed = session_params(**GIVEN, pack=None, plan=plan, terms=NOTHING_ADDED)
    assert (subscribed["mode"], subscribed["line_items"]) == ("subscription", [{"price": plan.price_id, "quantity": 1}])
    assert subscribed["subscription_data"]["metadata"] == {"uid": "u1"}
    added = {"automatic_tax", "customer_update", "allow_promotion_codes", "invoice_creation"}
    assert not added & (sold.keys() | subscribed.keys())
    assert "tax_behavior" not in item["price_data"]


def test_a_checkout_adds_what_the_parameters_say() -> None:
    """B28: and the subscription says for as long as it lives what its invoices may contain."""
    pack = PACKS[0]
    taxed = session_params(**GIVEN, pack=pack, plan=None, terms=CheckoutTerms(tax="inclusive"))
    assert taxed["automatic_tax"] == {"enabled": True}
    assert taxed["customer_update"] == {"address": "auto"}
    assert taxed["line_items"][0]["price_data"]["tax_behavior"] == "inclusive"
    assert "allow_promotion_codes" not in taxed
    coded = session_params(**GIVEN, pack=pack, plan=None, terms=CheckoutTerms(codes=True, invoices=True))
    assert (coded["allow_promotion_codes"], "automatic_tax" in coded) == (True, False)
    assert coded["invoice_creation"] == {"enabled": True, "invoice_data": {"metadata": coded["metadata"]}}
    whole = CheckoutTerms(tax="exclusive", codes=True, invoices=True)
    plan = session_params(**GIVEN, pack=None, plan=PRO, terms=whole)
    assert plan["subscription_data"]["metadata"] == {"uid": "u1", "allows": "codes tax"}
    assert "invoice_creation" not in plan
    only_tax = session_params(**GIVEN, pack=None, plan=PRO, terms=CheckoutTerms(tax="exclusive"))
    assert only_tax["subscription_data"]["metadata"]["allows"] == "tax"


def test_a_pack_with_a_price_in_stripe_is_sold_by_it() -> None:
    """B30: such a price has several currencies, and Stripe chooses."""
    pack = msgspec.structs.replace(PACKS[0], price_id="price_1", amounts={"eur": 480})
    sold = session_params(**GIVEN, pack=pack, plan=None, terms=CheckoutTerms(tax="exclusive"))
    assert sold["line_items"] == [{"price": "price_1", "quantity": 1}]


@pytest.mark.parametrize(
    ("tax", "terms"),
    [("off", NOTHING_ADDED), ("inclusive", CheckoutTerms("inclusive")), ("exclusive", CheckoutTerms("exclusive"))],
)
def test_the_parameters_terms(tax: str, terms: CheckoutTerms) -> None:
    assert checkout_terms(tax, codes=False, invoices=False) == terms
    assert checkout_terms(tax, codes=True, invoices=True) == terms._replace(codes=True, invoices=True)


@pytest.mark.parametrize("tax", ["", "on", "true", "Exclusive"])
def test_no_other_way_to_count_tax(tax: str) -> None:
    with pytest.raises(ValueError, match="STRIPE_TAX"):
        checkout_terms(tax, codes=False, invoices=False)


@pytest.mark.parametrize(
    ("language", "locale"),
    [
        (None, "auto"),
        ("en", "en"),
        ("de", "de"),
        ("ar", "auto"),
        ("no", "nb"),
        ("nn", "nb"),
        ("tl", "fil"),
        ("", "auto"),
    ],
)
def test_a_language_is_named_as_stripe_does(language: str | None, locale: str) -> None:
    assert locale_of(language) == locale
