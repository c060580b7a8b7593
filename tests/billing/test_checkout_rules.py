"""What a checkout may sell and where it leads, by the rules alone."""

from __future__ import annotations

import pytest

from studiox.billing.plans import CheckoutItem, requested_item, session_params, site_url
from studiox.catalog.sales import PACKS, PLANS
from studiox.kit.errors import InvalidRequest
from studiox.models.catalog import Plan

PLAN: dict[str, Plan] = {plan.id: plan for plan in PLANS}
PRO = PLAN["pro"]
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
    given: dict[str, str] = {"order_id": "o1", "uid": "u1", "customer_id": "cus_1", "site": "https://studiox.example"}
    sold = session_params(**given, pack=pack, plan=None)
    [item] = sold["line_items"]
    assert item["quantity"] == 1
    assert item["price_data"].items() >= {"currency": pack.currency, "unit_amount": pack.amount}.items()
    assert (sold["mode"], sold["metadata"]) == ("payment", {"orderId": "o1", "uid": "u1"})
    subscribed = session_params(**given, pack=None, plan=plan)
    assert (subscribed["mode"], subscribed["line_items"]) == ("subscription", [{"price": plan.price_id, "quantity": 1}])
    assert subscribed["subscription_data"]["metadata"] == {"uid": "u1"}
