"""confirmCheckout: back from Stripe the caller's own session is settled at once, whether its event came or not."""

from __future__ import annotations

from collections.abc import Callable

import pytest

import main
from local.vendors.stripe.objects import Object
from studiox.kit import process, rate_limits
from tests.billing.shop import Shop, comparable, deliver
from tests.support import Answer, Rpcs, budgets, call, crowd


def confirm(session: str, uid: str = "u1") -> Answer:
    return call(main.confirmCheckout, {"sessionId": session}, uid=uid)


@pytest.mark.parametrize("first", ["the page", "the webhook"])
def test_a_pack_is_credited_by_whoever_comes_first(shop: Shop, first: str, invariants: Callable[[str], None]) -> None:
    session = shop.checkout(packId="starter")
    assert confirm(session).result == {"status": "open"}
    shop.account.pay(session)
    if first == "the webhook":
        shop.hear_all()
    for _ in range(2):
        assert confirm(session).result == {"status": "paid", "tokens": 500}
        assert shop.balance() == 700
    before = comparable(shop.database.under("users"))
    shop.hear_all()
    assert comparable(shop.database.under("users")) == before
    assert shop.entries() == {f"purchase:{session}": 500}
    invariants("u1")


def test_round_trips(shop: Shop, rpcs: Rpcs) -> None:
    process.restart()
    rpcs.reset()
    session = shop.checkout(packId="starter")
    assert rpcs.calls == budgets.calls("createCheckoutSession", "cold")
    process.restart()
    rpcs.reset()
    assert confirm(session).result == {"status": "open"}
    assert rpcs.calls == budgets.calls("confirmCheckout", "open")


def test_what_the_person_did_is_in_the_audit_log_whoever_comes_first(shop: Shop) -> None:
    session = shop.bought()
    assert confirm(session).ok
    entries = shop.database.under("auditLogs").values()
    [entry] = [each for each in entries if each["action"] == "confirmCheckout"]
    assert (entry["actor"], entry["details"]) == ("u1", {"sessionId": session})


def test_the_page_and_the_webhook_at_once_credit_once(shop: Shop, invariants: Callable[[str], None]) -> None:
    session = shop.checkout(packId="starter")
    shop.account.pay(session)
    events = list(shop.account.events)

    def one(number: int) -> object:
        return confirm(session).result if number % 2 else deliver(events[number // 2 % len(events)]).status

    answers = crowd(24, one)
    assert [each for each in answers if isinstance(each, dict)] == [{"status": "paid", "tokens": 500}] * 12
    assert [each for each in answers if isinstance(each, int)] == [200] * 12
    assert shop.entries() == {f"purchase:{session}": 500}
    invariants("u1")


@pytest.mark.parametrize("position", range(7))
def test_wherever_it_comes_among_the_events_they_end_alike(shop: Shop, position: int) -> None:
    session = shop.checkout(packId="starter")
    acts: list[Callable[[], Object]] = [
        lambda: shop.account.pay(session, slow=True),
        lambda: shop.account.arrive(session, well=False),
        lambda: shop.account.try_again(session),
        lambda: shop.account.arrive(session),
        lambda: shop.account.refund(shop.intent(session), 100),
        lambda: shop.account.dispute(shop.intent(session), 400),
    ]
    for number, act in enumerate(acts):
        if number == position:
            assert confirm(session).ok
        heard = len(shop.account.events)
        act()
        if number % 2:
            shop.hear(shop.account.events[heard:])
    assert confirm(session).result == {"status": "paid", "tokens": 500}
    assert shop.balance() == 200
    assert shop.payments()[0]["status"] == "disputed"
    shop.hear_all()
    assert shop.balance() == 200


def test_a_slow_payment_is_under_way_until_it_is_there(shop: Shop) -> None:
    session = shop.checkout(packId="starter")
    shop.account.pay(session, slow=True)
    assert confirm(session).result == {"status": "processing"}
    assert [each["status"] for each in shop.payments()] == ["pending"]
    shop.account.arrive(session, well=False)
    assert confirm(session).result == {"status": "expired"}
    shop.account.try_again(session)
    shop.account.arrive(session)
    assert confirm(session).result == {"status": "paid", "tokens": 500}
    assert shop.balance() == 700


def test_a_session_that_was_not_paid_is_over(shop: Shop) -> None:
    session = shop.checkout(packId="starter")
    shop.account.expire(session)
    assert confirm(session).result == {"status": "expired"}
    assert shop.payments() == []


def test_a_plan_begins_with_the_page(shop: Shop, invariants: Callable[[str], None]) -> None:
    session = shop.checkout(planId="pro")
    shop.account.pay(session)
    assert confirm(session).result == {"status": "paid", "plan": "pro"}
    assert shop.plan() == ("pro", True)
    assert shop.buckets()["monthly"] == 1000
    shop.hear_all()
    assert confirm(session).result == {"status": "paid", "plan": "pro"}
    assert shop.buckets()["monthly"] == 1000
    [order] = shop.database.under("orders").values()
    assert order["status"] == "paid"
    invariants("u1")


def test_a_second_plan_was_not_bought(shop: Shop) -> None:
    session = shop.checkout(planId="pro")
    customer = shop.account.objects[session]["customer"]
    first = shop.account.subscribe(customer, "price_studiox_enterprise", {"uid": "u1"})
    shop.hear_all()
    second = shop.account.pay(session)["subscription"]
    shop.account.objects[second]["created"] += 1
    assert confirm(session).result == {"status": "expired"}
    assert shop.account.objects[second]["status"] == "canceled"
    assert shop.account.objects[first["id"]]["status"] == "active"
    assert shop.plan() == ("enterprise", True)


def test_an_unmatched_payment_is_in_review(shop: Shop) -> None:
    session = shop.checkout(packId="starter")
    shop.account.objects[session]["amount_total"] = 100
    shop.account.pay(session)
    assert confirm(session).result == {"status": "processing"}
    assert [each["status"] for each in shop.payments()] == ["in_review"]
    assert shop.balance() == 200


def test_somebody_elses_and_unknown_sessions_are_not_found(shop: Shop) -> None:
    session = shop.checkout(packId="starter")
    shop.account.pay(session)
    shop.user("u2")
    linked = {**shop.account.objects[session], "id": "cs_test_linked", "metadata": {}}
    shop.account.add(linked)  # a payment link of Stripe's takes any reference from its address
    before = shop.database.hash()
    for answer in (confirm(session, "u2"), confirm("cs_test_unknown"), confirm("cs_test_linked")):
        assert (answer.code, answer.reason) == ("not-found", "NotFound")
    assert confirm("../customers").reason == "InvalidRequest"
    assert call(main.confirmCheckout, {"sessionId": session}).reason == "Unauthenticated"
    assert shop.database.hash() == before


def test_stripe_down_changes_nothing(shop: Shop) -> None:
    session = shop.checkout(packId="starter")
    shop.account.pay(session)
    shop.api.down = True
    before = shop.database.hash("rateLimits")
    assert confirm(session).reason == "PaymentsUnavailable"
    assert shop.database.hash("rateLimits") == before
    shop.api.down = False
    assert confirm(session).result == {"status": "paid", "tokens": 500}


def test_it_is_limited_before_stripe_is_asked(shop: Shop) -> None:
    session = shop.checkout(packId="starter")
    before = set(shop.database.under("rateLimits"))
    assert confirm(session).ok
    [counter] = set(shop.database.under("rateLimits")) - before
    shop.database.change(f"rateLimits/{counter}", count=60)
    asked = len(shop.api.requests)
    assert confirm(session).reason == "RateLimited"
    assert len(shop.api.requests) == asked


@pytest.mark.parametrize("item", [{"packId": "starter"}, {"planId": "pro"}])
def test_a_confirmation_whose_answer_was_lost_is_charged_and_recorded_once(
    item: dict[str, str], shop: Shop, rpcs: Rpcs, invariants: Callable[[str], None]
) -> None:
    """The settlement finds its own commit, and begins again, since the documents have changed."""
    session = shop.checkout(**item)
    shop.account.pay(session)
    rpcs.fail_after_apply("Commit")
    assert confirm(session).result["status"] == "paid"
    recorded = [each for each in shop.database.under("auditLogs").values() if each["action"] == "confirmCheckout"]
    assert [each["details"] for each in recorded] == [{"sessionId": session}]
    assert shop.database.need(counter("confirmCheckout"))["count"] == 1
    invariants("u1")


def test_a_checkout_whose_answer_was_lost_is_charged_once(shop: Shop, rpcs: Rpcs) -> None:
    rpcs.fail_after_apply("Commit")
    assert shop.checkout(packId="starter")
    assert shop.database.need(counter("createCheckoutSession"))["count"] == 1


def counter(function: str) -> str:
    return str(rate_limits.charge(function, "u1", rate_limits.Limit(60, per=60)).path)
