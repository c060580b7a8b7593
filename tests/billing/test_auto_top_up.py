"""Auto top-up: a pack bought by the saved card when a debit takes the balance below the threshold."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

import main
from studiox.models.auto_top_up import order_id_of
from tests.billing.shop import Shop
from tests.billing.top_ups import SETTINGS, TopUps
from tests.conftest import Logged, forget_all
from tests.support import Rpcs, call, crowd, task
from tests.support.clock import Clock


def test_a_crossing_is_topped_up_once(top_ups: TopUps, clock: Clock, invariants: Callable[[str], None]) -> None:
    shop = top_ups.shop
    top_ups.ready()
    order_id = order_id_of("u1", top_ups.spend(601))
    assert top_ups.setting["orderId"] == order_id
    assert [reply.status for reply in top_ups.run()] == [200]
    assert shop.balance() == 599
    assert shop.entries()[f"purchase:{order_id}"] == 500
    assert top_ups.notified() == [("top_up_done", None)]
    payment = shop.payments()[0]
    assert (payment["id"], payment["kind"], payment["amount"], payment["status"]) == (order_id, "top_up", 500, "paid")
    entry = shop.database.need(f"users/u1/ledger/purchase:{order_id}")
    assert (entry["type"], entry["ref"], entry["reason"]) == (
        "purchase",
        {"kind": "top_up", "id": order_id},
        "Auto top-up",
    )
    clock.ahead += timedelta(minutes=10)
    for _ in range(2):
        shop.hear_all()
        shop.reconcile()
    assert (shop.balance(), top_ups.charges(), len(top_ups.orders())) == (599, 1, 1)
    assert "orderId" not in top_ups.setting
    invariants("u1")


def test_the_next_crossing_is_another(top_ups: TopUps) -> None:
    top_ups.ready()
    for _ in range(2):
        top_ups.spend(top_ups.shop.balance() - 99)
        top_ups.run()
    assert (top_ups.charges(), top_ups.shop.balance()) == (2, 599)


def test_while_one_is_under_way_there_is_no_other(top_ups: TopUps) -> None:
    top_ups.ready()
    top_ups.spend(601)
    top_ups.give(100)
    top_ups.spend(150)
    assert len(top_ups.queue.tasks) == 1
    top_ups.run()
    assert (top_ups.charges(), top_ups.shop.balance()) == (1, 549)


def test_many_orders_at_once_cross_once(top_ups: TopUps, invariants: Callable[[str], None]) -> None:
    """B40."""
    top_ups.ready()
    prices = (150, 151, 152, 153, 5, 6, 7)
    crowd(len(prices), lambda number: top_ups.spend(prices[number]))
    tasks = [each.data for each in top_ups.queue.tasks]
    assert len(tasks) == 1
    replies = crowd(6, lambda _: top_ups.pay(tasks[0]))
    assert {reply.status for reply in replies} == {200}
    assert (top_ups.charges(), len(top_ups.orders()), top_ups.setting["ordered"]) == (1, 1, 500)
    top_ups.shop.hear_all()
    assert top_ups.shop.balance() == 700 - 624 + 500
    invariants("u1")


def test_a_job_calls_for_a_top_up_too(top_ups: TopUps) -> None:
    top_ups.ready()
    top_ups.spend(598)
    assert not top_ups.queue.tasks
    job = {"requestId": "r" * 16, "type": "image", "model": "Model A", "prompt": "a lake"}
    assert call(main.createStudioJob, job, uid="u1").ok
    assert [each.function for each in top_ups.queue.tasks] == ["payTopUp"]


def test_settings_are_answered(top_ups: TopUps) -> None:
    shop = top_ups.shop
    none = {"enabled": False, "packId": None, "below": None, "monthlyCeiling": None}
    assert top_ups.turn(False).result == none
    assert top_ups.turn(True).result == {"enabled": True, **SETTINGS}
    shop.bought()
    assert top_ups.turn(True, below=50).result == {
        "enabled": True,
        **SETTINGS,
        "below": 50,
        "card": {"brand": "visa", "last4": "4242"},
    }


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({}, "packId"),
        ({"packId": "gold"}, "packId"),
        ({"packId": "starter"}, "below"),
        ({"packId": "starter", "below": 501, "monthlyCeiling": 500}, "below"),
        ({"packId": "starter", "below": 1, "monthlyCeiling": 499}, "monthlyCeiling"),
        ({"packId": "starter", "below": 1.5}, "below"),
        ({"packId": 1}, "packId"),
        ({"amount": 1}, "amount"),
    ],
)
@pytest.mark.usefixtures("shop", "unchanged")
def test_bad_settings_are_refused(shop: Shop, given: dict[str, Any], field: str) -> None:
    answer = call(main.setAutoTopUp, {"enabled": True, **given}, uid="u1")
    assert answer.reason == "InvalidRequest"
    assert field in answer.details["fields"]
    assert shop.account.all("payment_intent") == []


def test_without_a_card_nothing_is_bought(top_ups: TopUps) -> None:
    assert top_ups.turn(True).ok
    top_ups.spend(150)
    assert not top_ups.queue.tasks
    assert "orderId" not in top_ups.setting


def test_only_a_checkout_of_those_who_asked_saves_a_card(top_ups: TopUps) -> None:
    shop = top_ups.shop
    shop.bought()
    assert shop.account.all("payment_method") == []
    top_ups.ready()
    [card] = shop.account.all("payment_method")
    assert top_ups.setting["card"] == {"paymentMethodId": card["id"], "brand": "visa", "last4": "4242"}
    shop.bought()
    assert shop.account.all("payment_method") == [card], "a further checkout saves none"


def test_turned_off_the_card_is_forgotten(top_ups: TopUps) -> None:
    top_ups.ready()
    answer = top_ups.turn(False)
    assert answer.result == {"enabled": False, **SETTINGS}
    [card] = top_ups.shop.account.all("payment_method")
    assert card["customer"] is None
    top_ups.spend(601)
    assert not top_ups.queue.tasks
    assert top_ups.turn(False).ok


def test_it_can_be_turned_off_while_stripe_is_down(top_ups: TopUps) -> None:
    top_ups.ready()
    top_ups.shop.api.down = True
    answer = top_ups.turn(False)
    assert answer.result["enabled"] is False
    assert answer.result["card"] == {"brand": "visa", "last4": "4242"}
    top_ups.shop.api.down = False
    assert "card" not in top_ups.turn(False).result
    assert top_ups.shop.account.all("payment_method")[0]["customer"] is None


def test_turned_off_before_its_task_nothing_is_bought(top_ups: TopUps) -> None:
    top_ups.ready()
    top_ups.spend(601)
    top_ups.turn(False)
    top_ups.run()
    assert (top_ups.charges(), top_ups.orders(), top_ups.notified()) == (0, [], [])
    assert "orderId" not in top_ups.setting


def test_the_ceiling_counts_what_was_ordered_in_the_month(top_ups: TopUps, clock: Clock) -> None:
    clock.stop(clock.now().replace(month=6, day=10))
    top_ups.ready()
    assert top_ups.turn(True, monthlyCeiling=1_000).ok
    for _ in range(4):
        top_ups.spend(top_ups.shop.balance() - 99)
        top_ups.run()
        if top_ups.shop.balance() < 100:
            top_ups.give(500)
    assert top_ups.charges() == 2
    assert top_ups.notified() == [("top_up_done", None), ("top_up_done", None), ("top_up_failed", "ceiling")]
    assert top_ups.setting["enabled"] is True
    clock.ahead += timedelta(days=30)
    top_ups.spend(top_ups.shop.balance() - 99)
    top_ups.run()
    assert top_ups.charges() == 3


def test_a_bank_that_asks_is_answered_by_a_checkout(top_ups: TopUps) -> None:
    """B42: nothing is charged twice, and the checkout's card serves the next top-up."""
    shop = top_ups.shop
    customer = top_ups.ready()
    shop.account.asks.add(customer)
    top_ups.spend(601)
    top_ups.run()
    [note] = [
        each for each in shop.database.under("users/u1/notifications").values() if each["type"] == "top_up_failed"
    ]
    assert note["problem"] == "authentication"
    assert note["url"].endswith("/tokens?buy=starter")
    assert top_ups.setting["enabled"] is True
    assert "card" not in top_ups.setting
    [intent] = [each for each in shop.account.all("payment_intent") if each["status"] != "succeeded"]
    assert intent["status"] == "canceled"
    shop.account.asks.clear()
    shop.bought()
    assert (shop.balance(), top_ups.charges()) == (599, 0)
    assert top_ups.setting["card"]["last4"] == "4242"
    top_ups.spend(550)
    top_ups.run()
    assert (shop.balance(), top_ups.charges()) == (549, 1)


def test_a_card_that_is_declined_turns_it_off(top_ups: TopUps) -> None:
    """B42."""
    shop = top_ups.shop
    shop.account.declines.add(top_ups.ready())
    top_ups.spend(601)
    top_ups.run()
    shop.hear_all()
    assert (shop.balance(), top_ups.charges()) == (99, 0)
    assert top_ups.notified() == [("top_up_failed", "declined")]
    assert (shop.payments()[0]["kind"], shop.payments()[0]["status"]) == ("top_up", "failed")
    assert top_ups.setting["enabled"] is False
    assert shop.account.all("payment_method")[0]["customer"] is None


@pytest.mark.parametrize("gone", ["card", "customer"])
def test_what_was_removed_in_stripe_turns_it_off(top_ups: TopUps, gone: str, logged: Logged) -> None:
    shop = top_ups.shop
    customer = top_ups.ready()
    top_ups.spend(601)
    if gone == "card":
        shop.account.all("payment_method")[0]["customer"] = None
    else:
        shop.account.delete_customer(customer)
    assert [reply.status for reply in top_ups.run()] == [200]
    assert (top_ups.charges(), top_ups.notified()) == (0, [("top_up_failed", "declined")])
    assert top_ups.setting["enabled"] is False
    assert "ALERT" not in logged.getvalue()


@pytest.mark.parametrize("override", [{"enabled": False}, {"amount": 600}, {"tokens": 400}])
def test_only_what_was_agreed_is_charged(top_ups: TopUps, override: dict[str, Any]) -> None:
    """B43."""
    top_ups.ready()
    top_ups.shop.database.put("tokenPacks/starter", override)
    forget_all()
    top_ups.spend(601)
    top_ups.run()
    assert (top_ups.charges(), top_ups.notified()) == (0, [("top_up_failed", "pack_changed")])
    assert top_ups.setting["enabled"] is False
    assert "card" in top_ups.setting


def test_where_stripe_counts_tax_it_is_not_offered(top_ups: TopUps, monkeypatch: pytest.MonkeyPatch) -> None:
    top_ups.ready()
    top_ups.spend(601)
    monkeypatch.setenv("STRIPE_TAX", "exclusive")
    assert top_ups.turn(True).reason == "AutoTopUpUnavailable"
    top_ups.run()
    assert (top_ups.charges(), top_ups.notified()) == (0, [("top_up_failed", "unavailable")])
    assert top_ups.turn(False).ok


def test_a_suspended_account_is_not_topped_up(top_ups: TopUps) -> None:
    top_ups.ready()
    top_ups.spend(601)
    user = top_ups.shop.database.need("users/u1")
    top_ups.shop.database.put("users/u1", {**user, "suspended": True})
    top_ups.run()
    assert (top_ups.charges(), top_ups.orders()) == (0, [])


def test_refunds_and_disputes_take_the_tokens_back(top_ups: TopUps, invariants: Callable[[str], None]) -> None:
    shop = top_ups.shop
    top_ups.ready()
    top_ups.spend(601)
    top_ups.run()
    intent = shop.account.all("payment_intent")[0]["id"]
    shop.account.refund(intent, 100)
    shop.hear_all()
    assert shop.balance() == 499
    assert shop.payments()[0]["status"] == "partially_refunded"
    dispute = shop.account.dispute(intent, 400)
    shop.hear_all()
    assert shop.balance() == 99
    shop.account.close_dispute(dispute["id"], won=True)
    shop.hear_all()
    assert shop.balance() == 499
    invariants("u1")


def test_a_debit_that_crosses_costs_no_round_trip(top_ups: TopUps, rpcs: Rpcs) -> None:
    top_ups.ready()
    top_ups.spend(5)
    top_ups.spend(591)
    counts = []
    for _ in range(2):  # from 104 tokens to 99, and further down
        rpcs.reset()
        top_ups.spend(5)
        counts.append(rpcs.count())
    assert top_ups.queue.tasks
    assert counts[0] == counts[1]


@pytest.mark.parametrize(
    "data", [None, {}, {"uid": "u1"}, {"uid": "a/b", "orderId": "o1"}, {"uid": "u1", "orderId": 5}]
)
@pytest.mark.usefixtures("shop", "unchanged")
def test_malformed_tasks_are_dropped(data: Any) -> None:
    assert task(main.payTopUp, data).status == 200


@pytest.mark.usefixtures("top_ups", "unchanged")
def test_an_order_that_nobody_called_for_is_not_made(top_ups: TopUps) -> None:
    assert top_ups.pay({"uid": "u1", "orderId": "o1"}).status == 200
    assert top_ups.pay({"uid": "nobody", "orderId": "o1"}).status == 200
