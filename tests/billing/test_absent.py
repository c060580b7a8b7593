"""What Stripe does not have: ended on its own pages, deleted in the dashboard, or of the other mode."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

import main
from local.vendors.stripe.objects import Object
from studiox.integrations import stripe
from tests.billing.shop import Shop
from tests.conftest import Logged
from tests.support import Answer, call

CHANGES: dict[str, Callable[[], Answer]] = {
    "update": lambda: call(main.updateSubscription, {"planId": "enterprise"}, uid="u1"),
    "same plan": lambda: call(main.updateSubscription, {"planId": "pro"}, uid="u1"),
    "preview": lambda: call(main.previewSubscription, {"planId": "enterprise"}, uid="u1"),
    "cancel": lambda: call(main.cancelSubscription, {}, uid="u1"),
    "cancel now": lambda: call(main.cancelSubscription, {"atPeriodEnd": False}, uid="u1"),
}

CHANGE = stripe.PriceChange("sub_gone", "si_gone", "price_studiox_pro")
ASKED: dict[str, tuple[Callable[[], object], object]] = {
    "session": (lambda: stripe.session("cs_test_gone"), None),
    "expire_session": (lambda: stripe.expire_session("cs_test_gone"), ""),
    "create_portal": (lambda: stripe.create_portal("cus_gone", "https://studio.example/", "auto", "k1"), None),
    "set_locale": (lambda: stripe.set_locale("cus_gone", "de"), None),
    "create_session": (lambda: stripe.create_session({"customer": "cus_gone", "line_items": []}, "k2"), None),
    "intent": (lambda: stripe.intent("pi_gone"), None),
    "invoice_subscription": (lambda: stripe.invoice_subscription("in_gone"), ""),
    "subscription": (lambda: stripe.subscription("sub_gone"), None),
    "price": (lambda: stripe.price("price_gone", "usd"), ("", 0)),
    "change_price": (lambda: stripe.change_price(CHANGE, "k3"), False),
    "preview_change": (lambda: stripe.preview_change(CHANGE), None),
    "preview_renewal": (lambda: stripe.preview_renewal(CHANGE), None),
    "set_cancel_at_period_end": (lambda: stripe.set_cancel_at_period_end("sub_gone", True, "k4"), False),
    "cancel_subscription": (lambda: stripe.cancel_subscription("sub_gone"), None),
    "refund": (lambda: stripe.refund("pi_gone", "sub_gone"), None),
    "event": (lambda: stripe.event("evt_gone"), None),
}


@pytest.mark.parametrize("name", ASKED)
def test_every_call_has_an_answer_for_an_object_that_stripe_lacks(shop: Shop, name: str, logged: Logged) -> None:
    ask, answer = ASKED[name]
    asked = len(shop.api.requests)
    assert ask() == answer
    assert len(shop.api.requests) > asked
    assert not logged.lines("stripe_refused_request")


def _unheard(shop: Shop, act: Callable[[], object]) -> None:
    """What happens in Stripe and no event tells us."""
    heard = len(shop.account.events)
    act()
    del shop.account.events[heard:]


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("how", ["ended", "customer deleted", "other mode"])
def test_a_subscription_whose_end_event_was_lost_is_none(
    shop: Shop, how: str, change: str, logged: Logged, invariants: Callable[[str], None]
) -> None:
    sub = shop.subscribed()
    customer = shop.account.objects[sub]["customer"]
    gone: dict[str, Callable[[], object]] = {
        "ended": lambda: shop.account.end(sub),
        "customer deleted": lambda: shop.account.delete_customer(customer),
        "other mode": lambda: shop.vanish(),
    }
    _unheard(shop, gone[how])
    answer = CHANGES[change]()
    assert (answer.code, answer.reason) == ("failed-precondition", "NoSubscription")
    assert shop.plan() == ("free", False)
    assert shop.buckets() == {"monthly": 0, "bonus": 200, "purchased": 0}
    assert call(main.getSubscription, {}, uid="u1").result["status"] == "canceled"
    assert bool(logged.lines("subscription_gone")) is (how == "other mode")
    invariants("u1")
    # Nothing blocks the next one.
    assert call(main.createPortalSession, {}, uid="u1").ok
    shop.account.pay(shop.checkout(planId="enterprise"))
    shop.hear_all()
    assert shop.plan() == ("enterprise", True)


@pytest.mark.parametrize("change", ["update", "cancel"])
def test_one_that_ends_while_it_is_being_changed_is_none(shop: Shop, change: str) -> None:
    sub = shop.subscribed()
    honest = shop.api.answer

    def end_first(method: str, path: str, form: str, headers: Mapping[str, str]) -> tuple[int, Object]:
        if (method, path) == ("POST", f"/v1/subscriptions/{sub}"):
            _unheard(shop, lambda: shop.account.end(sub))
        return honest(method, path, form, headers)

    shop.api.answer = end_first  # type: ignore[method-assign]
    assert CHANGES[change]().reason == "NoSubscription"
    assert shop.plan() == ("free", False)


def test_cancelling_uses_stripes_state_not_the_last_event(shop: Shop) -> None:
    """Cancelled here, kept after all on Stripe's page; that event is late."""
    sub = shop.subscribed()
    assert CHANGES["cancel"]().ok
    shop.account.objects[sub]["cancel_at_period_end"] = False
    shop.account.objects[sub]["cancel_at"] = None
    answer = CHANGES["cancel"]().result
    assert answer["cancelAtPeriodEnd"] is True
    assert shop.account.objects[sub]["cancel_at_period_end"] is True


def test_a_plan_whose_price_is_gone_is_an_operators_alert(shop: Shop, logged: Logged) -> None:
    shop.database.put("plans/enterprise", {"priceId": "price_not_there"})
    shop.subscribed()
    assert CHANGES["update"]().reason == "PaymentsUnavailable"
    assert logged.lines("plan_price_missing")
    assert shop.plan() == ("pro", True)


def test_a_lost_checkout_is_closed(shop: Shop) -> None:
    """It never blocks the next one."""
    lost = shop.checkout(planId="pro")
    del shop.account.objects[lost]
    session = shop.checkout(planId="enterprise")
    shop.account.pay(session)
    shop.hear_all()
    assert shop.plan() == ("enterprise", True)


def test_a_customer_deleted_again_and_again_is_made_anew(shop: Shop) -> None:
    """Also where calls that died made the ones in between: Stripe remembers their keys for a day."""
    for _ in range(2):
        assert call(main.createPortalSession, {}, uid="u1").ok
        account = shop.database.need("billing/u1")
        shop.account.delete_customer(account["customerId"])
        assert shop.ask(packId="starter").ok
        assert shop.database.need("billing/u1")["generation"] == account["generation"] + 1
        shop.account.delete_customer(shop.database.need("billing/u1")["customerId"])
        shop.database.put("billing/u1", account)  # the call's commit never came
    assert call(main.createPortalSession, {}, uid="u1").ok


def test_events_about_deleted_objects_are_accepted(shop: Shop) -> None:
    shop.account.pay(shop.checkout(packId="starter"))
    shop.account.pay(shop.checkout(planId="pro"))
    events = list(shop.account.events)
    shop.vanish()
    shop.hear(events)
    assert shop.balance() == 200
    assert shop.plan() == ("free", False)
    records = shop.database.under("stripeEvents").values()
    assert {each["status"] for each in records} == {"handled"}


def _did(shop: Shop, action: str) -> list[Mapping[str, Any]]:
    found = sorted(shop.database.under("auditLogs").values(), key=lambda each: each["at"])
    return [each["details"] for each in found if (each["actor"], each["action"]) == ("u1", action)]


@pytest.mark.parametrize("first", ["the call", "the webhook", "the webhook, twice"])
def test_what_the_person_did_is_in_the_audit_log_whoever_settles_it(shop: Shop, first: str) -> None:
    shop.subscribed()
    honest = shop.api.answer

    def tell_at_once(method: str, path: str, form: str, headers: Mapping[str, str]) -> tuple[int, Object]:
        heard = len(shop.account.events)
        answer = honest(method, path, form, headers)
        for _ in range(("the call", "the webhook", "the webhook, twice").index(first)):
            shop.hear(shop.account.events[heard:])
        return answer

    shop.api.answer = tell_at_once  # type: ignore[method-assign]
    for change in ("update", "cancel", "cancel", "same plan", "cancel now"):
        answer = CHANGES[change]()
        assert answer.ok, answer
    assert _did(shop, "updateSubscription") == [{"planId": "enterprise"}, {"planId": "pro"}]
    assert _did(shop, "cancelSubscription") == [{"atPeriodEnd": True}, {"atPeriodEnd": True}, {"atPeriodEnd": False}]
