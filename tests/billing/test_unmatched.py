"""Money that nobody was credited for: its buyer sees it, and somebody hears of it until it is dealt with (B16, B23)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import main
from tests.billing.shop import Shop
from tests.conftest import Logged
from tests.support import call
from tests.support.clock import Clock


def _parked(shop: Shop) -> str:
    """A pack for which too little was paid."""
    session = shop.checkout(packId="starter")
    shop.account.objects[session]["amount_total"] = 100
    shop.account.pay(session)
    shop.hear_all()
    return session


def _notices(shop: Shop) -> list[str]:
    return [each["type"] for each in shop.database.under("users/u1/notifications").values()]


def _waited(logged: Logged) -> list[int]:
    return [each["waitedHours"] for each in logged.lines("payment_unmatched")]


def test_its_buyer_sees_it_and_is_notified_once(shop: Shop) -> None:
    session = _parked(shop)
    [payment] = shop.payments()
    assert (payment["kind"], payment["amount"], payment["currency"]) == ("pack", 100, "usd")
    assert payment["status"] == "in_review"
    assert "tokens" not in payment
    assert _notices(shop) == ["payment_in_review"]
    shop.reconcile()
    assert _notices(shop) == ["payment_in_review"]
    assert shop.revenue() == {}
    assert "uid" not in shop.database.need(f"unmatchedPayments/{session}"), "it need not go with an account"


def test_each_hour_it_is_said_how_long_it_has_waited(shop: Shop, logged: Logged, clock: Clock) -> None:
    _parked(shop)
    assert set(_waited(logged)) == {0}
    for hours in (1, 2, 30):
        clock.ahead = timedelta(hours=hours, minutes=5)
        shop.reconcile()
        assert _waited(logged)[-1] == hours
    heard = len(_waited(logged))
    shop.reconcile()
    assert len(_waited(logged)) == heard + 1, "once a run"


def test_what_was_refunded_in_stripe_waits_no_more(shop: Shop, logged: Logged) -> None:
    session = _parked(shop)
    shop.account.refund(shop.intent(session))
    shop.hear_all()
    heard = len(_waited(logged))
    shop.reconcile()
    assert len(_waited(logged)) == heard
    assert [each["status"] for each in shop.payments()] == ["refunded"]
    assert shop.balance() == 200


def test_what_a_person_says_is_done_waits_no_more(shop: Shop, logged: Logged) -> None:
    session = _parked(shop)
    credit = {"uid": "u1", "amount": 500, "reason": "paid by hand", "requestId": "request-0123456789"}
    assert call(main.addTokens, credit, uid="boss", admin=True).ok
    shop.database.change(f"unmatchedPayments/{session}", resolved="credited")
    heard = len(_waited(logged))
    for _ in range(2):
        shop.reconcile()
    assert len(_waited(logged)) == heard
    assert [each["status"] for each in shop.payments()] == ["paid"]
    assert shop.balance() == 700


def test_what_can_be_credited_later_is_credited_by_the_next_run(shop: Shop, logged: Logged) -> None:
    """The user was away (a deletion undone from a backup); no event comes again."""
    session = shop.checkout(packId="starter")
    user = shop.database.need("users/u1")
    shop.database.delete("users/u1")
    shop.account.pay(session)
    shop.hear_all()
    shop.reconcile()
    shop.database.put("users/u1", user)
    shop.reconcile()
    assert shop.balance() == 700
    assert [each["status"] for each in shop.payments()] == ["paid"]
    heard = len(_waited(logged))
    shop.reconcile()
    assert len(_waited(logged)) == heard
    assert shop.database.need(f"unmatchedPayments/{session}")["resolved"] == "settled"


def test_money_for_an_order_that_is_lost_shows_too(shop: Shop) -> None:
    session = shop.checkout(packId="starter")
    [order] = shop.database.under("orders")
    shop.database.delete(f"orders/{order}")
    shop.account.pay(session)
    shop.hear_all()
    assert [(each["id"], each["status"]) for each in shop.payments()] == [(session, "in_review")]


def test_a_payment_of_an_unknown_plan_shows_until_its_price_is_corrected(shop: Shop, logged: Logged) -> None:
    account = shop.account
    shop.checkout(planId="pro")
    account.add({**account.objects["price_studiox_pro"], "id": "price_odd", "metadata": {"planId": "gold"}})
    sub = account.subscribe(account.all("customer")[0]["id"], "price_odd", {"uid": "u1"})
    shop.hear_all()
    assert [(each["kind"], each["amount"], each["status"]) for each in shop.payments()] == [
        ("subscription", 900, "in_review")
    ]
    assert _notices(shop) == ["payment_in_review"]
    account.objects["price_odd"]["metadata"] = {"planId": "pro"}
    shop.reconcile()  # no event is asked for again
    assert shop.plan() == ("pro", True)
    assert shop.buckets()["monthly"] == 1000
    [payment] = shop.payments()
    assert (payment["id"], payment["status"]) == (account.objects[sub["id"]]["latest_invoice"], "paid")
    heard = len(_waited(logged))
    shop.reconcile()
    assert len(_waited(logged)) == heard


def test_a_payment_that_stripe_no_longer_has_keeps_waiting(shop: Shop) -> None:
    """Our key may be of the other mode: nobody was given the money."""
    session = _parked(shop)
    kept: dict[str, Any] = dict(shop.account.objects)
    shop.vanish()
    shop.reconcile()
    assert shop.database.need(f"unmatchedPayments/{session}")["waits"] is True
    assert [each["status"] for each in shop.payments()] == ["in_review"]
    shop.account.objects.update(kept)


def test_letters_say_so_to_those_who_want_them(shop: Shop) -> None:
    shop.database.change("users/u1", preferences={"emailPayments": True})
    _parked(shop)
    [letter] = shop.database.under("mail").values()
    assert "reviewing" in letter["message"]["text"]
