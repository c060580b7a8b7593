"""What a change of plan would cost is what is charged for it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

import main
from local.vendors.stripe.objects import Object
from tests.billing.shop import Shop
from tests.support import Answer, Database, call
from tests.support.clock import Clock

pytestmark = pytest.mark.usefixtures("taxed")
HALF = timedelta(days=15, hours=12)


def _preview(plan: str) -> dict[str, Any]:
    answer = call(main.previewSubscription, {"planId": plan}, uid="u1")
    assert answer.ok, answer
    return dict(answer.result)


def _change(shown: dict[str, Any]) -> Answer:
    given = {"planId": shown["plan"], "prorationDate": shown["prorationDate"]}
    return call(main.updateSubscription, given, uid="u1")


def _latest(shop: Shop, sub: str) -> Object:
    return shop.account.objects[shop.account.objects[sub]["latest_invoice"]]


@pytest.mark.parametrize(
    ("plan", "other", "country", "code"),
    [
        ("pro", "enterprise", "US", ""),
        ("pro", "enterprise", "DE", "ALWAYS25"),
        ("pro", "enterprise", "US", "FREE"),
        ("enterprise", "pro", "US", ""),
        ("enterprise", "pro", "DE", "ALWAYS25"),
        ("enterprise", "pro", "DE", "HALF"),
    ],
)
def test_what_was_shown_is_charged(shop: Shop, clock: Clock, plan: str, other: str, country: str, code: str) -> None:
    """Also minutes later, and for the month after it."""
    sub = shop.subscribed(plan=plan, country=country, code=code)
    customer = shop.account.objects[shop.account.objects[sub]["customer"]]
    clock.ahead = HALF
    before = shop.database.hash("rateLimits")
    shown = _preview(other)
    assert shop.database.hash("rateLimits") == before
    assert shown["prorationDate"] == "2026-03-17T00:00:00Z"
    clock.ahead += timedelta(minutes=9)
    assert _change(shown).result["plan"] == other
    made = _latest(shop, sub)
    assert (shown["dueNow"], shown["currency"]) == (made["amount_paid"], made["currency"])
    assert shown["credited"] == -customer["balance"]
    assert bool(shown["dueNow"]) is (other == "enterprise")
    assert bool(shown["credited"]) is (other == "pro")
    clock.ahead = timedelta(days=31, minutes=1)
    shop.account.advance(sub)
    assert shown["nextAt"] == "2026-04-01T12:00:00Z"
    assert shown["nextAmount"] == _latest(shop, sub)["amount_paid"]


def test_a_credit_pays_for_the_next_upgrade_and_the_preview_says_so(shop: Shop, clock: Clock) -> None:
    sub = shop.subscribed(plan="enterprise", country="US")
    clock.ahead = HALF
    assert _change(_preview("pro")).ok  # credits 3,500
    clock.ahead += timedelta(days=1)
    shown = _preview("enterprise")
    assert (shown["dueNow"], shown["credited"]) == (0, 0)
    assert _change(shown).ok
    assert _latest(shop, sub)["amount_due"] == 0
    clock.ahead = timedelta(days=31, minutes=1)
    shop.account.advance(sub)
    assert shown["nextAmount"] == _latest(shop, sub)["amount_paid"] < 7900


def test_a_trial_owes_nothing_until_it_ends(shop: Shop) -> None:
    shop.checkout(planId="pro")
    customer = shop.account.all("customer")[0]["id"]
    shop.account.subscribe(customer, "price_studiox_pro", {"uid": "u1"}, trial_days=7)
    shop.hear_all()
    shown = _preview("enterprise")
    assert (shown["dueNow"], shown["credited"], shown["nextAmount"]) == (0, 0, 7900)
    assert shown["nextAt"] == "2026-03-08T12:00:00Z"


@pytest.mark.parametrize("cancelled", [False, True])
def test_the_own_plan_costs_what_it_costs(shop: Shop, cancelled: bool) -> None:
    """Chosen again it undoes a cancellation, and its price stays."""
    sub = shop.subscribed(plan="pro", country="US")
    if cancelled:
        assert call(main.cancelSubscription, {}, uid="u1").ok
    shown = _preview("pro")
    assert (shown["dueNow"], shown["credited"], shown["nextAmount"]) == (0, 0, 900)
    assert _change(shown).result["cancelAtPeriodEnd"] is False
    assert _latest(shop, sub)["billing_reason"] == "subscription_create"


def test_a_subscription_without_a_next_invoice_has_no_next_amount(shop: Shop) -> None:
    sub = shop.subscribed(plan="pro", country="US")
    shop.account.set_status(sub, "paused")
    shown = _preview("pro")
    assert (shown["dueNow"], shown["nextAmount"], shown["nextAt"], shown["currency"]) == (0, None, None, "usd")


def test_b33_an_old_preview_charges_nothing(shop: Shop, clock: Clock) -> None:
    shop.subscribed(plan="pro", country="US")
    shown = _preview("enterprise")
    clock.ahead = timedelta(minutes=10, seconds=1)
    events, before = len(shop.account.events), shop.database.hash("rateLimits")
    assert _change(shown).reason == "PreviewOutdated"
    assert (len(shop.account.events), shop.database.hash("rateLimits")) == (events, before)


def test_b33_a_change_is_not_prorated_from_before_the_last_one(shop: Shop, clock: Clock) -> None:
    """Otherwise every way up and down would bring a credit for a plan that nobody had paid for then."""
    sub = shop.subscribed(plan="pro", country="US")
    customer = shop.account.objects[shop.account.objects[sub]["customer"]]
    clock.ahead = timedelta(days=1)
    early = _preview("enterprise")
    clock.ahead += timedelta(minutes=5)
    assert _change(_preview("enterprise")).ok
    assert _change(early).ok  # it is the plan already
    assert _change({**early, "plan": "pro"}).reason == "PreviewOutdated"
    assert customer["balance"] == 0
    assert _change(_preview("pro")).ok


def test_b33_a_preview_from_before_a_renewal_is_outdated(shop: Shop, clock: Clock) -> None:
    sub = shop.subscribed(plan="pro", country="US")
    clock.ahead = timedelta(days=31) - timedelta(minutes=1)
    shown = _preview("enterprise")
    clock.ahead += timedelta(minutes=2)
    shop.account.advance(sub)  # no event has told us yet
    assert _change(shown).reason == "PreviewOutdated"


def test_b33_a_double_click_is_one_change(shop: Shop) -> None:
    sub = shop.subscribed(plan="pro", country="US")
    shown = _preview("enterprise")
    assert [_change(shown).result["plan"] for _ in range(2)] == ["enterprise", "enterprise"]
    assert [each["billing_reason"] for each in shop.account.all("invoice")] == [
        "subscription_update",
        "subscription_create",
    ]
    assert _latest(shop, sub)["amount_paid"] == shown["dueNow"] == 7000


@pytest.mark.parametrize("given", ["soon", "2026-03-01T12:00:00", 7])
def test_a_date_that_is_none_is_refused(database: Database, given: object) -> None:
    answer = call(main.updateSubscription, {"planId": "pro", "prorationDate": given}, uid="u1")
    assert (answer.reason, list(answer.details["fields"])) == ("InvalidRequest", ["prorationDate"])
    assert database.under("subscriptions") == {}


def test_a_preview_is_refused_as_the_change_is(shop: Shop) -> None:
    assert call(main.previewSubscription, {"planId": "pro"}, uid="u1").reason == "NoSubscription"
    shop.subscribed(plan="pro", country="US")
    assert call(main.previewSubscription, {"planId": "free"}, uid="u1").reason == "InvalidRequest"
    shop.api.down = True
    assert call(main.previewSubscription, {"planId": "enterprise"}, uid="u1").reason == "PaymentsUnavailable"
