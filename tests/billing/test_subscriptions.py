"""Plans: premium while paid for, monthly tokens by paid invoices, and one subscription for each user."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

import main
from local.vendors.stripe.objects import Object
from tests.billing.shop import RECONCILE, Shop
from tests.conftest import Logged
from tests.support import Rpcs, budgets, call, schedule
from tests.support.clock import Clock


def test_a_subscription_makes_premium_and_grants_the_months_tokens(
    shop: Shop, invariants: Callable[[str], None]
) -> None:
    sub = shop.subscribed()
    assert shop.plan() == ("pro", True)
    assert shop.buckets() == {"monthly": 1000, "bonus": 200, "purchased": 0}
    invoice = shop.account.objects[sub]["latest_invoice"]
    assert shop.entries() == {f"grant:{invoice}": 1000}
    answer = call(main.getSubscription, {}, uid="u1").result
    assert (answer["plan"], answer["status"], answer["cancelAtPeriodEnd"], answer["isPremium"]) == (
        "pro",
        "active",
        False,
        True,
    )
    assert call(main.getNextBillingDate, {}, uid="u1").result["nextBillingDate"] == answer["currentPeriodEnd"]
    assert [each["type"] for each in _history()] == ["started"]
    [payment] = shop.payments()
    assert (payment["kind"], payment["amount"], payment["status"], payment["tokens"]) == (
        "subscription",
        900,
        "paid",
        1000,
    )
    invariants("u1")


def _history(uid: str = "u1") -> list[dict[str, str]]:
    answer = call(main.getSubscriptionHistory, {}, uid=uid)
    assert answer.ok, answer
    return list(answer.result["events"])


def test_events_of_a_subscription_cost_two_round_trips(shop: Shop, rpcs: Rpcs) -> None:
    shop.account.pay(shop.checkout(planId="pro"))
    counts = {}
    for event in shop.account.events:
        rpcs.reset()
        shop.hear([event])
        counts[event["type"]] = rpcs.count()
    most = budgets.most("stripeWebhook", "cold")
    assert counts["customer.subscription.created"] == most
    assert counts["checkout.session.completed"] == most
    assert {type_: count for type_, count in counts.items() if count > most} == {}


def test_each_months_invoice_sets_the_bucket_anew(shop: Shop, invariants: Callable[[str], None]) -> None:
    sub = shop.subscribed()
    shop.database.get("users/u1")
    shop.account.advance(sub)
    shop.hear_all()
    assert shop.buckets()["monthly"] == 1000
    assert sorted(shop.entries().values()) == [-1000, 1000, 1000]
    assert {each["type"] for each in _history()} == {"renewed", "started"}
    invariants("u1")


def test_an_upgrade_adds_the_difference_once(shop: Shop) -> None:
    sub = shop.subscribed()
    for plan in ("enterprise", "pro", "enterprise"):
        answer = call(main.updateSubscription, {"planId": plan}, uid="u1")
        assert answer.ok, answer
        assert answer.result["plan"] == plan
    shop.hear_all()
    assert shop.buckets()["monthly"] == 10_000
    assert shop.plan() == ("enterprise", True)
    types = [each["type"] for each in _history()]
    assert sorted(types) == ["downgraded", "started", "upgraded", "upgraded"]
    assert shop.account.objects[sub]["status"] == "active"


def test_an_upgrade_that_cannot_be_paid_changes_nothing(shop: Shop) -> None:
    sub = shop.subscribed()
    shop.account.declines.add(shop.account.objects[sub]["customer"])
    answer = call(main.updateSubscription, {"planId": "enterprise"}, uid="u1")
    assert answer.ok
    assert answer.result["plan"] == "pro"
    shop.hear_all()
    assert shop.buckets()["monthly"] == 1000
    assert shop.plan() == ("pro", True)


def test_cancelling_keeps_the_paid_period(shop: Shop) -> None:
    sub = shop.subscribed()
    answer = call(main.cancelSubscription, {}, uid="u1").result
    assert answer["cancelAtPeriodEnd"] is True
    assert answer["isPremium"] is True
    assert call(main.getNextBillingDate, {}, uid="u1").result == {"nextBillingDate": None}
    assert call(main.updateSubscription, {"planId": "pro"}, uid="u1").result["cancelAtPeriodEnd"] is False
    assert call(main.cancelSubscription, {"atPeriodEnd": True}, uid="u1").result["cancelAtPeriodEnd"] is True
    shop.account.advance(sub)  # the period is over
    shop.hear_all()
    assert shop.plan() == ("free", False)
    assert shop.buckets()["monthly"] == 0
    assert "subscriptionId" not in shop.database.need("users/u1")
    assert call(main.getSubscription, {}, uid="u1").result["status"] == "canceled"
    assert call(main.cancelSubscription, {}, uid="u1").reason == "NoSubscription"
    types = [each["type"] for each in _history()]
    assert sorted(types) == ["cancel_scheduled", "cancel_scheduled", "ended", "resumed", "started"]
    assert _history()[0]["toPlan"] == "free"


def test_cancelling_at_once_ends_at_once(shop: Shop) -> None:
    shop.subscribed()
    answer = call(main.cancelSubscription, {"atPeriodEnd": False}, uid="u1").result
    assert (answer["plan"], answer["status"], answer["isPremium"]) == ("free", "canceled", False)
    assert shop.buckets()["monthly"] == 0
    assert shop.ask(planId="pro").ok


def test_a_refused_payment_leaves_seven_days(shop: Shop, clock: Clock) -> None:
    sub = shop.subscribed()
    shop.account.advance(sub, pay=False)
    shop.hear_all()
    assert shop.plan() == ("pro", True)
    [notice] = shop.database.under("users/u1/notifications").values()
    assert notice["type"] == "payment_failed"
    assert {each["status"] for each in shop.payments()} == {"paid", "failed"}
    clock.ahead = timedelta(days=6, hours=23)
    shop.reconcile()
    assert shop.plan() == ("pro", True)
    clock.ahead = timedelta(days=7, hours=1)
    shop.reconcile()
    assert shop.plan() == ("free", False)
    assert shop.buckets()["monthly"] == 0
    # It is paid after all.
    shop.account.pay_invoice(shop.account.objects[sub]["latest_invoice"])
    clock.ahead = timedelta()
    shop.hear_all()
    assert shop.plan() == ("pro", True)
    assert shop.buckets()["monthly"] == 1000
    assert {each["status"] for each in shop.payments()} == {"paid"}


def test_an_old_subscriptions_end_does_not_strip_the_new_one(shop: Shop) -> None:
    old = shop.subscribed()
    call(main.cancelSubscription, {"atPeriodEnd": False}, uid="u1")
    ended = [each for each in shop.account.events if each["type"] == "customer.subscription.deleted"]
    new = shop.subscribed(plan="enterprise")
    assert old != new
    for _ in range(2):
        shop.database.delete(f"stripeEvents/{ended[0]['id']}")
        shop.hear(ended)  # late, and again
    assert shop.plan() == ("enterprise", True)
    assert shop.buckets()["monthly"] == 10_000


def test_an_end_whose_event_was_lost_allows_a_new_subscription(shop: Shop) -> None:
    old = shop.subscribed()
    shop.account.end(old)  # its event is lost
    customer = shop.account.objects[old]["customer"]
    new = shop.account.subscribe(customer, "price_studiox_pro", {"uid": "u1"})
    shop.hear([each for each in shop.account.events if each["data"]["object"].get("id") == new["id"]])
    assert shop.plan() == ("pro", True)
    assert shop.database.need("users/u1")["subscriptionId"] == new["id"]
    assert shop.account.objects[new["id"]]["status"] == "active"


@pytest.mark.parametrize("younger_first", [True, False])
def test_a_second_subscription_is_cancelled_and_refunded(shop: Shop, younger_first: bool) -> None:
    first = shop.checkout(planId="pro")
    customer = shop.account.objects[first]["customer"]
    one = shop.account.pay(first)["subscription"]
    two = shop.account.subscribe(customer, "price_studiox_enterprise", {"uid": "u1"})["id"]
    shop.account.objects[two]["created"] += 1
    intent = shop.invoice_intent(two)
    events = list(shop.account.events)
    shop.hear(reversed(events) if younger_first else events)
    shop.hear_all()
    assert shop.account.objects[one]["status"] == "active"
    assert shop.account.objects[two]["status"] == "canceled"
    charge = shop.account.objects[shop.account.objects[intent]["latest_charge"]]
    assert charge["refunded"]
    assert shop.plan() == ("pro", True)
    assert shop.buckets()["monthly"] == 1000
    assert len([each for each in shop.api.requests if each[1] == "/v1/refunds"]) >= 1
    assert len(shop.account.all("refund")) == 1


def test_a_second_checkout_expires_the_first(shop: Shop) -> None:
    first, second = shop.checkout(planId="pro"), shop.checkout(planId="enterprise")
    assert shop.account.objects[first]["status"] == "expired"
    assert shop.account.objects[second]["status"] == "open"
    shop.account.pay(second)
    assert shop.ask(planId="pro").reason == "AlreadySubscribed"  # paid, though nobody has told us yet
    shop.hear_all()
    assert shop.ask(planId="pro").reason == "AlreadySubscribed"


def test_a_refunded_invoice_takes_back_what_is_left(shop: Shop, invariants: Callable[[str], None]) -> None:
    sub = shop.subscribed()
    shop.database.change("users/u1", buckets={"monthly": 1000, "bonus": 200, "purchased": 0})
    shop.account.refund(shop.invoice_intent(sub), 450)
    shop.hear_all()
    assert shop.buckets()["monthly"] == 500
    assert shop.payments()[0]["status"] == "partially_refunded"
    assert shop.revenue() == {"usd": 900 - 450}
    shop.account.refund(shop.invoice_intent(sub))
    shop.hear_all()
    assert shop.buckets()["monthly"] == 0
    assert shop.payments()[0]["status"] == "refunded"
    assert shop.plan() == ("pro", True)
    invariants("u1")


def test_a_disputed_invoice_is_given_back_when_won(shop: Shop) -> None:
    sub = shop.subscribed()
    dispute = shop.account.dispute(shop.invoice_intent(sub))
    shop.hear_all()
    assert shop.buckets()["monthly"] == 0
    shop.account.close_dispute(dispute["id"], won=True)
    shop.hear_all()
    assert shop.buckets()["monthly"] == 1000
    assert shop.entries()[f"restore:{dispute['id']}"] == 1000


@pytest.mark.parametrize("type_", ["customer.subscription.trial_will_end", "invoice.payment_action_required"])
def test_the_user_is_notified_once(shop: Shop, type_: str) -> None:
    sub = shop.subscribed()
    for _ in range(2):
        shop.hear([shop.account.tell(sub, type_)])
    kinds = {"customer.subscription.trial_will_end": "trial_ending"}
    notices = shop.database.under("users/u1/notifications").values()
    assert [each["type"] for each in notices] == [kinds.get(type_, "payment_action_required")]


def test_a_trial_is_premium_and_pausing_ends_it(shop: Shop) -> None:
    shop.checkout(planId="pro")
    customer = shop.account.all("customer")[0]["id"]
    sub = shop.account.subscribe(customer, "price_studiox_pro", {"uid": "u1"}, trial_days=7)
    shop.hear_all()
    assert shop.plan() == ("pro", True)
    shop.account.set_status(sub["id"], "paused")
    shop.hear_all()
    assert shop.plan() == ("free", False)
    shop.account.set_status(sub["id"], "active")
    shop.hear_all()
    assert shop.plan() == ("pro", True)
    assert [each["type"] for each in _history()][:2] == ["recovered", "paused"]


def test_a_plan_is_known_by_its_prices_metadata_or_the_catalogue(shop: Shop) -> None:
    account = shop.account
    shop.checkout(planId="pro")
    customer = account.all("customer")[0]["id"]
    account.objects["price_studiox_pro"]["metadata"] = {}
    sub = account.subscribe(customer, "price_studiox_pro", {})  # made by hand: the customer says whose it is
    shop.hear_all()
    assert shop.plan() == ("pro", True)
    account.end(sub["id"])
    odd = {**account.objects["price_studiox_pro"], "id": "price_odd", "metadata": {"planId": "enterprise"}}
    account.add(odd)
    account.subscribe(customer, "price_odd", {"uid": "u1"})
    shop.hear_all()
    assert shop.plan() == ("enterprise", True)
    assert shop.buckets()["monthly"] == 10_000


def test_what_was_paid_without_a_known_plan_is_parked(shop: Shop, logged: Logged) -> None:
    account = shop.account
    shop.checkout(planId="pro")
    account.add({**account.objects["price_studiox_pro"], "id": "price_odd", "metadata": {"planId": "gold"}})
    sub = account.subscribe(account.all("customer")[0]["id"], "price_odd", {"uid": "u1"})
    shop.hear_all()
    assert shop.database.need(f"unmatchedPayments/{sub['id']}")["reason"] == "plan_unknown"
    assert shop.plan() == ("free", False)
    assert logged.lines("payment_unmatched")
    # Somebody mends the price, and asks for the event by name.
    account.objects["price_odd"]["metadata"] = {"planId": "pro"}
    made = next(each["id"] for each in account.events if each["type"] == "customer.subscription.created")
    assert call(main.retryWebhooks, {"eventIds": [made]}, uid="boss", admin=True).result == {"retried": 1, "failed": 0}
    assert shop.plan() == ("pro", True)


def test_reconciling_ends_a_subscription_whose_end_event_was_lost(shop: Shop, clock: Clock) -> None:
    sub = shop.subscribed()
    shop.account.end(sub)
    shop.account.events.pop()  # not even Stripe's list has it
    clock.ahead = timedelta(days=32)
    schedule(RECONCILE)
    assert shop.plan() == ("free", False)


def test_update_needs_a_subscription_and_a_plan_on_sale(shop: Shop) -> None:
    assert call(main.updateSubscription, {"planId": "pro"}, uid="u1").reason == "NoSubscription"
    shop.subscribed()
    assert call(main.updateSubscription, {"planId": "free"}, uid="u1").reason == "InvalidRequest"
    assert call(main.updateSubscription, {"planId": "gold"}, uid="u1").reason == "InvalidRequest"


def test_an_answer_of_stripes_that_was_overtaken_is_not_applied(shop: Shop) -> None:
    """While one event's state is being fetched, the subscription ends and that is heard: the older state is dropped."""
    sub = shop.subscribed()
    shop.account.objects[sub]["cancel_at_period_end"] = True
    updated = shop.account.emit("customer.subscription.updated", shop.account.objects[sub])

    def overtake() -> None:
        shop.account.end(sub)
        shop.hear(shop.account.events[-1:])

    with shop.overtaken("/v1/invoices", overtake):
        shop.hear([updated])
    assert shop.plan() == ("free", False)
    assert shop.buckets()["monthly"] == 0
    assert _history()[0]["type"] == "ended"


def test_b26_an_answer_is_overtaken_by_an_event_that_changes_nothing(shop: Shop) -> None:
    """A cancellation is taken back while its event is being handled, so the later event finds what we have recorded."""
    sub = shop.subscribed()
    stored = shop.account.objects[sub]

    def cancels(at_period_end: bool) -> Object:
        stored["cancel_at_period_end"] = at_period_end
        return shop.account.emit("customer.subscription.updated", stored)

    updated = cancels(True)
    with shop.overtaken("/v1/invoices", lambda: shop.hear([cancels(False)])):
        shop.hear([updated])
    assert shop.database.need(f"subscriptions/{sub}")["cancelAtPeriodEnd"] is False


def test_b26_an_event_that_changes_nothing_was_asked_about_before_another_one_committed(shop: Shop) -> None:
    """What was asked first is committed last, and changes nothing: it is asked again, for the other is older."""
    sub = shop.subscribed()
    stored = shop.account.objects[sub]
    first, second = (shop.account.emit("customer.subscription.updated", stored) for _ in range(2))

    def overtake() -> None:
        stored["cancel_at_period_end"] = True
        shop.hear([second])
        stored["cancel_at_period_end"] = False

    with shop.overtaken("/v1/invoices", overtake):
        shop.hear([first])
    assert shop.database.need(f"subscriptions/{sub}")["cancelAtPeriodEnd"] is False
