"""Opening a checkout: the server's prices, one session a request, one customer a user, our own addresses only."""

from __future__ import annotations

import urllib.parse
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import main
from studiox.billing.plans import site_url
from tests.billing.shop import Shop
from tests.conftest import Logged
from tests.support import Database, call, crowd

SITE = "http://127.0.0.1:5000"


def _posts(shop: Shop, path: str) -> list[tuple[str, str, str, str]]:
    return [each for each in shop.api.requests if each[:2] == ("POST", path)]


def test_a_checkout_writes_down_what_it_sells(shop: Shop) -> None:
    session = shop.account.objects[shop.checkout(packId="creator")]
    assert session["client_reference_id"] == "u1"
    assert session["amount_total"] == 1000
    assert session["success_url"] == f"{SITE}/?checkout=success&session_id={{CHECKOUT_SESSION_ID}}"
    assert session["cancel_url"] == f"{SITE}/?checkout=cancelled"
    [order] = shop.database.under("orders").values()
    assert (order["uid"], order["tokens"], order["amount"], order["currency"]) == ("u1", 1200, 1000, "usd")
    assert order["sessionId"] == session["id"]
    [customer] = shop.account.all("customer")
    assert customer["metadata"] == {"uid": "u1"}
    assert customer["email"] == "u1@canary.test"
    audited = [each["action"] for each in shop.database.under("auditLogs").values()]
    assert "createCheckoutSession" in audited


def test_every_post_has_an_idempotency_key(shop: Shop) -> None:
    shop.bought()
    sub = shop.subscribed()
    call(main.updateSubscription, {"planId": "enterprise"}, uid="u1")
    call(main.cancelSubscription, {}, uid="u1")
    call(main.createPortalSession, {}, uid="u1")
    shop.account.subscribe(shop.account.objects[sub]["customer"], "price_studiox_pro", {"uid": "u1"})
    shop.hear_all()
    posts = [each for each in shop.api.requests if each[0] == "POST"]
    assert {each[1] for each in posts} >= {"/v1/customers", "/v1/checkout/sessions", "/v1/refunds"}
    assert [each for each in posts if not each[3]] == []


def test_a_double_click_opens_one_session(shop: Shop) -> None:
    """B18: one request id, 8 at once: one session, one order."""
    answers = crowd(8, lambda _: shop.ask(request_id="request-0123456789", packId="starter"))
    assert {answer.result["sessionId"] for answer in answers} == {shop.account.all("checkout.session")[0]["id"]}
    assert len(shop.account.all("checkout.session")) == 1
    assert len(shop.database.under("orders")) == 1
    again = shop.ask(request_id="request-0123456789", packId="creator")
    assert (again.code, again.reason) == ("already-exists", "RequestIdReused")


def test_racing_calls_make_one_customer(shop: Shop) -> None:
    calls = [lambda: shop.ask(packId="starter"), lambda: call(main.createPortalSession, {}, uid="u1")]
    answers = crowd(8, lambda number: calls[number % 2]())
    assert all(answer.ok for answer in answers)
    assert len(shop.account.all("customer")) == 1
    assert len(shop.database.under("orders")) == 4


def test_a_customer_deleted_in_stripe_is_made_anew(shop: Shop) -> None:
    shop.checkout(packId="starter")
    [first] = shop.account.all("customer")
    del shop.account.objects[first["id"]]
    shop.checkout(packId="starter")
    [second] = shop.account.all("customer")
    assert first["id"] != second["id"]
    assert shop.database.need("billing/u1")["customerId"] == second["id"]
    del shop.account.objects[second["id"]]
    assert call(main.createPortalSession, {}, uid="u1").ok


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"packId": "starter", "planId": "pro"},
        {"packId": "none"},
        {"planId": "free"},
        {"planId": "gold"},
        {"priceId": "price_unknown"},
        {"packId": "../users"},
        {"packId": "starter", "amount": 1},
        {"packId": "starter", "tokens": 10**9},
        {"packId": "starter", "uid": "u2"},
        {"packId": "starter", "quantity": 2},
        {"packId": "starter", "successUrl": "https://evil.example"},
        {"packId": "starter", "returnUrl": "//evil.example"},
        {"packId": "starter", "price": {"unit_amount": 1}},
    ],
)
def test_the_client_names_no_price_and_no_address(shop: Shop, asked: dict[str, Any], unchanged: None) -> None:  # noqa: ARG001
    """B15, B24: nothing is asked of Stripe."""
    answer = call(main.createCheckoutSession, {"requestId": "r" * 16, **asked}, uid="u1")
    assert (answer.code, answer.reason) == ("invalid-argument", "InvalidRequest")
    assert shop.api.requests == []


def test_a_plan_is_also_bought_by_its_price(shop: Shop) -> None:
    """The fifth seed's clients send a price."""
    session = shop.account.objects[shop.checkout(priceId="price_studiox_pro")]
    assert session["mode"] == "subscription"
    assert session["_line_items"][0]["price"]["id"] == "price_studiox_pro"


def test_stripe_down_leaves_nothing_half_done(shop: Shop, logged: Logged) -> None:
    shop.api.down = True
    before = shop.database.hash("rateLimits")
    for _ in range(2):
        answer = shop.ask(request_id="request-0123456789", packId="starter")
        assert (answer.code, answer.reason) == ("unavailable", "PaymentsUnavailable")
    assert call(main.createPortalSession, {}, uid="u1").reason == "PaymentsUnavailable"
    assert shop.database.hash("rateLimits") == before
    shop.api.down = False
    assert shop.ask(request_id="request-0123456789", packId="starter").ok
    assert len(shop.account.all("checkout.session")) == 1
    assert logged.lines("stripe_unavailable")


def test_no_address_of_stripe_at_all(database: Database) -> None:
    """Refused connections: the address leads nowhere."""
    call(main.initializeUser, {}, uid="u1")
    before = database.hash("rateLimits")
    answer = call(main.createCheckoutSession, {"requestId": "r" * 16, "packId": "starter"}, uid="u1")
    assert (answer.code, answer.reason) == ("unavailable", "PaymentsUnavailable")
    assert database.hash("rateLimits") == before


def test_a_refused_key_is_an_operators_alert(shop: Shop, logged: Logged, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STRIPE_SECRET_KEY", "sk_test_canary_wrong_0123456789")
    assert shop.ask(packId="starter").reason == "PaymentsUnavailable"
    assert logged.lines("stripe_refuses_our_key")


def test_a_plan_without_its_price_in_stripe_is_an_operators_alert(shop: Shop, logged: Logged) -> None:
    shop.database.put("plans/pro", {"priceId": "price_not_there"})
    assert shop.ask(planId="pro").reason == "PaymentsUnavailable"
    assert logged.lines("plan_price_missing")


def test_suspended_users_buy_nothing(shop: Shop) -> None:
    shop.database.change("users/u1", suspended=True)
    assert shop.ask(packId="starter").reason == "AccountSuspended"
    assert shop.api.requests == []


def test_checkouts_are_limited_before_stripe_is_asked(shop: Shop) -> None:
    answers = [shop.ask(packId="none") for _ in range(2)]
    assert {answer.reason for answer in answers} == {"InvalidRequest"}
    [path] = [f"rateLimits/{name}" for name in _limits(shop)]
    counter = shop.database.need(path)
    shop.database.put(path, {**counter, "count": 60})
    asked = len(shop.api.requests)
    assert shop.ask(packId="starter").reason == "RateLimited"
    assert len(shop.api.requests) == asked


def _limits(shop: Shop) -> set[str]:
    """The counters that a checkout touches."""
    before = set(shop.database.under("rateLimits"))
    shop.checkout(packId="starter")
    return set(shop.database.under("rateLimits")) - before


def test_an_account_that_was_never_provisioned_may_buy(shop: Shop) -> None:
    shop.user("u1")
    assert shop.ask("stranger", packId="starter").ok
    assert shop.balance("stranger") == 200


def test_the_catalogue_is_public_and_can_be_changed(database: Database) -> None:
    packs = call(main.getTokenPacks).result["packs"]
    assert [each["id"] for each in packs] == ["starter", "creator", "studio"]
    assert packs[0] == {
        "id": "starter",
        "name": "Starter",
        "tokens": 500,
        "amount": 500,
        "currency": "usd",
        "amounts": {"usd": 500},
    }
    plans = {each["id"]: each for each in call(main.getPlans).result["plans"]}
    assert {name: (each["monthlyTokens"], each["maxConcurrentJobs"]) for name, each in plans.items()} == {
        "free": (50, 3),
        "pro": (1000, 10),
        "enterprise": (10_000, 50),
    }
    assert plans["free"]["allowances"] == {"songsPerMonth": 3}
    assert plans["free"]["interval"] == "month"
    del database


@pytest.mark.malformed("broken overrides")
def test_overrides_change_packs_and_plans(database: Database, logged: Logged) -> None:
    database.put("tokenPacks/starter", {"amount": 450})
    database.put("tokenPacks/studio", {"enabled": False})
    gold = {"name": "Gold", "tokens": 99_000, "amount": 60_000, "currency": "eur"}
    database.put("tokenPacks/gold", gold)
    database.put("tokenPacks/broken", {**gold, "tokens": -1})
    database.put("plans/pro", {"monthlyTokens": 2000})
    database.put("plans/enterprise", {"amount": "much"})
    packs = {each["id"]: each["amount"] for each in call(main.getTokenPacks).result["packs"]}
    assert packs == {"starter": 450, "creator": 1000, "gold": 60_000}
    plans = {each["id"]: each for each in call(main.getPlans).result["plans"]}
    assert plans["pro"]["monthlyTokens"] == 2000
    assert plans["enterprise"]["amount"] == 7900
    assert len(logged.lines("catalogue_entry_broken")) == 2


HOSTILE = (
    "//evil.example",
    "/\\evil.example",
    "@evil.example",
    "https:evil.example",
    "https://evil.example",
    "/@evil",
    "\t//evil.example",
    "/\t/evil.example",
    "javascript:alert(1)",
    ".evil.example",
    ":80@evil.example",
    "",
)


@given(path=st.text(max_size=30) | st.sampled_from(HOSTILE))
def test_no_address_leads_away_from_the_site(path: str) -> None:
    """B24."""
    try:
        made = site_url("https://studio.example", path)
    except ValueError:
        return
    assert urllib.parse.urlsplit(made)[:2] == ("https", "studio.example")
    assert made.startswith("https://studio.example/")


@pytest.mark.parametrize("site", ["http://studio.example", "ftp://a", "https://user@studio.example", "javascript:1"])
def test_a_site_must_be_https(site: str) -> None:
    with pytest.raises(ValueError):
        site_url(site, "/")


def _speaks(language: str | None) -> None:
    assert call(main.updateProfile, {"preferences": {"language": language}}, uid="u1").ok


def _told(shop: Shop) -> list[str]:
    """The languages that Stripe was told for the customer's invoices."""
    return [form for method, path, form, _ in shop.api.requests if method == "POST" and "/customers/" in path]


def test_stripes_pages_and_invoices_follow_the_accounts_language(shop: Shop) -> None:
    session = shop.account.objects[shop.checkout(packId="starter")]
    assert (session["locale"], _told(shop)) == ("auto", [])
    _speaks("de")
    session = shop.account.objects[shop.checkout(packId="starter")]
    customer = shop.account.objects[session["customer"]]
    assert (session["locale"], customer["preferred_locales"]) == ("de", ["de"])
    assert call(main.createPortalSession, {}, uid="u1").ok
    [portal] = shop.account.all("billing_portal.session")
    assert portal["locale"] == "de"
    assert len(_told(shop)) == 1, "told once"
    _speaks("ar")  # which Stripe does not speak: its pages take the browser's, and the invoices stay
    assert shop.account.objects[shop.checkout(packId="starter")]["locale"] == "auto"
    assert customer["preferred_locales"] == ["de"]
    shop.account.delete_customer(customer["id"])
    _speaks("fr")
    session = shop.account.objects[shop.checkout(packId="starter")]
    assert shop.account.objects[session["customer"]]["preferred_locales"] == ["fr"]


def test_a_customer_that_is_made_anew_is_told_the_language_again(shop: Shop) -> None:
    _speaks("de")
    first = shop.account.objects[shop.checkout(packId="starter")]["customer"]
    shop.account.delete_customer(first)
    again = shop.account.objects[shop.checkout(packId="starter")]["customer"]
    assert again != first
    assert shop.account.objects[again]["preferred_locales"] == ["de"]
