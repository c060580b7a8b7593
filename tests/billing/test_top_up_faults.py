"""What may go wrong while a top-up is paid: lost answers, deaths between any two steps, and outages."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

import main
from studiox.models.auto_top_up import order_id_of
from tests.auth.identity import Accounts
from tests.billing.top_ups import TopUps, lost, sent
from tests.conftest import Logged, forget_all
from tests.media.servers import Gcs
from tests.support import Rpcs, call
from tests.support.clock import Clock


def again(top_ups: TopUps) -> None:
    """The queue sends the task again."""
    reply = top_ups.pay({"uid": "u1", "orderId": top_ups.setting["orderId"]})
    assert reply.status == 200, reply.text


@pytest.mark.parametrize("arrives", [True, False])
@pytest.mark.parametrize("settled_by", ["task", "event", "reconciliation"])
def test_a_lost_answer_charges_once(top_ups: TopUps, clock: Clock, arrives: bool, settled_by: str) -> None:
    """B41: with the same key and the same parameters, whoever sends it."""
    shop = top_ups.shop
    top_ups.ready()
    top_ups.spend(601)
    with lost(top_ups, arrives=arrives):
        assert [reply.status for reply in top_ups.run()] == [503]
    assert top_ups.setting["orderId"]
    assert shop.balance() == 99
    if settled_by == "event" and arrives:
        shop.hear_all()
    elif settled_by == "reconciliation":
        clock.ahead += timedelta(minutes=10)
        shop.reconcile()
    else:
        again(top_ups)
    shop.hear_all()
    assert (shop.balance(), top_ups.charges()) == (599, 1)
    assert len(set(sent(top_ups))) == 1
    assert {key for _, key in sent(top_ups)} == {top_ups.orders()[0]["orderId"]}


def test_after_a_day_it_is_found_and_never_sent_again(top_ups: TopUps, clock: Clock) -> None:
    """B41: by then Stripe may have forgotten the key."""
    shop = top_ups.shop
    shop.follow(clock)
    top_ups.ready()
    top_ups.spend(601)
    with lost(top_ups, arrives=True):
        top_ups.run()
    shop.account.events.clear()  # they never come
    shop.api.forget_keys()
    before = len(sent(top_ups))
    clock.ahead += timedelta(hours=21)
    shop.reconcile()
    assert len(sent(top_ups)) == before
    assert (shop.balance(), top_ups.charges()) == (599, 1)


def test_what_never_reached_stripe_is_given_up_after_a_day(top_ups: TopUps, clock: Clock) -> None:
    """B41."""
    shop = top_ups.shop
    shop.follow(clock)
    top_ups.ready()
    top_ups.spend(601)
    with lost(top_ups, arrives=False):
        top_ups.run()
    before = len(sent(top_ups))
    for hours, failed in ((21, False), (5, True)):
        clock.ahead += timedelta(hours=hours)
        shop.reconcile()
        assert (top_ups.orders()[0]["status"] == "failed") == failed
    assert len(sent(top_ups)) == before
    assert top_ups.notified() == [("top_up_failed", "unavailable")]
    assert (top_ups.setting["enabled"], shop.balance(), top_ups.charges()) == (False, 99, 0)


def test_an_answer_that_is_lost_while_it_is_turned_off(top_ups: TopUps) -> None:
    """B41: it is not sent again, and what was paid is credited."""
    shop = top_ups.shop
    top_ups.ready()
    top_ups.spend(601)
    with lost(top_ups, arrives=True):
        top_ups.run()
    before = len(sent(top_ups))
    top_ups.turn(False)
    assert top_ups.turn(True).ok
    top_ups.turn(False)
    again(top_ups)
    assert len(sent(top_ups)) == before
    assert (shop.balance(), top_ups.charges(), top_ups.setting["enabled"]) == (599, 1, False)


def test_a_card_that_is_replaced_is_not_charged_for_the_old_order(top_ups: TopUps) -> None:
    """B41: the order keeps its card, so that a repeated request is the same request."""
    top_ups.ready()
    top_ups.spend(601)
    with lost(top_ups, arrives=True):
        top_ups.run()
    top_ups.turn(False)
    top_ups.turn(True)
    top_ups.shop.account.pay(top_ups.shop.checkout(packId="starter"))
    top_ups.shop.hear(top_ups.shop.account.events[-1:])
    again(top_ups)
    assert len(set(sent(top_ups))) == 1
    assert (top_ups.charges(), top_ups.setting["enabled"]) == (1, True)
    assert top_ups.shop.balance() == 1_099


def test_a_task_that_is_never_enqueued(top_ups: TopUps, clock: Clock) -> None:
    """B44: the debit's commit records the crossing; the hourly run finds it."""
    top_ups.ready()
    top_ups.queue.refused = 403
    top_ups.spend(601)
    assert not top_ups.queue.tasks
    top_ups.shop.reconcile()
    assert top_ups.charges() == 0, "its task may still come"
    clock.ahead += timedelta(minutes=6)
    top_ups.shop.reconcile()
    assert (top_ups.charges(), top_ups.shop.balance()) == (1, 599)


class _Died(BaseException):
    """The process dies."""


def death_after(commits: int) -> Callable[[str, Any], None]:
    left = [commits]

    def die(_method: str, _request: Any) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise _Died

    return die


@pytest.mark.parametrize("commits", [0, 1])
def test_a_task_that_dies_before_a_commit(
    top_ups: TopUps, rpcs: Rpcs, commits: int, invariants: Callable[[str], None]
) -> None:
    """B44: before the order is written, and before its payment is settled."""
    top_ups.ready()
    order_id = order_id_of("u1", top_ups.spend(601))
    rpcs.plan("Commit", times=100, before=death_after(commits))
    with pytest.raises(_Died):
        top_ups.run()
    rpcs.heal()
    forget_all()
    assert len(top_ups.orders()) == commits
    for _ in range(2):
        assert top_ups.pay({"uid": "u1", "orderId": order_id}).status == 200
    top_ups.shop.hear_all()
    assert (top_ups.charges(), top_ups.shop.balance(), top_ups.setting["ordered"]) == (1, 599, 500)
    invariants("u1")


@pytest.mark.parametrize("refusal", ["asks", "declines"])
def test_a_task_that_dies_after_a_refused_payment_was_cancelled(top_ups: TopUps, rpcs: Rpcs, refusal: str) -> None:
    """B44: the reason is still known."""
    shop = top_ups.shop
    getattr(shop.account, refusal).add(top_ups.ready())
    order_id = order_id_of("u1", top_ups.spend(601))
    rpcs.plan("Commit", times=100, before=death_after(1))
    with pytest.raises(_Died):
        top_ups.run()
    rpcs.heal()
    forget_all()
    assert top_ups.pay({"uid": "u1", "orderId": order_id}).status == 200
    problem = "authentication" if refusal == "asks" else "declined"
    assert top_ups.notified() == [("top_up_failed", problem)]
    assert top_ups.setting["enabled"] == (refusal == "asks")
    shop.hear_all()
    assert (shop.balance(), top_ups.charges()) == (99, 0)
    assert top_ups.notified() == [("top_up_failed", problem)]


def test_an_event_that_overtakes_the_task(top_ups: TopUps) -> None:
    shop = top_ups.shop
    top_ups.ready()
    top_ups.spend(601)
    with shop.overtaken("/v1/payment_intents", shop.hear_all):
        top_ups.run()
    assert (shop.balance(), top_ups.charges()) == (599, 1)
    assert top_ups.notified() == [("top_up_done", None)]


def test_a_confirmation_under_way_is_no_refusal(top_ups: TopUps) -> None:
    """B41: an intent that has no error yet is neither cancelled nor given up."""
    shop = top_ups.shop
    top_ups.ready()
    top_ups.spend(601)
    with lost(top_ups, arrives=True):
        top_ups.run()
    intent = shop.account.all("payment_intent")[0]
    whole = dict(intent)
    intent.update(status="requires_payment_method", latest_charge=None, amount_received=0)
    again(top_ups)
    assert (top_ups.orders()[0]["status"], top_ups.notified()) == ("pending", [])
    assert intent["status"] == "requires_payment_method"
    intent.update(whole)
    shop.hear_all()
    assert (shop.balance(), top_ups.charges()) == (599, 1)


def test_a_payment_that_is_no_longer_the_orders_is_not_credited(top_ups: TopUps, logged: Logged) -> None:
    """B23: the sum differs from what was agreed."""
    shop = top_ups.shop
    top_ups.ready()
    top_ups.spend(601)
    with lost(top_ups, arrives=True):
        top_ups.run()
    shop.account.all("payment_intent")[0].update(amount=400, amount_received=400)
    again(top_ups)
    assert shop.balance() == 99
    [parked] = shop.database.under("unmatchedPayments").values()
    assert parked["reason"] == "amount_mismatch"
    assert logged.lines("payment_unmatched")
    assert (shop.payments()[0]["kind"], shop.payments()[0]["status"]) == ("top_up", "in_review")
    shop.account.all("payment_intent")[0].update(amount=500, amount_received=500)
    shop.reconcile()
    assert shop.balance() == 599


ADDRESS = "u1@canary.test"


def test_deleting_the_account_forgets_the_card(top_ups: TopUps, auth: Accounts, gcs: Gcs) -> None:
    assert gcs.port
    auth.users.add("u1")
    shop = top_ups.shop
    top_ups.ready()
    order_id = order_id_of("u1", top_ups.spend(601))
    assert call(main.deleteAccount, {"confirm": ADDRESS}, uid="u1", email=ADDRESS).ok
    assert shop.account.all("payment_method")[0]["customer"] is None
    assert top_ups.pay({"uid": "u1", "orderId": order_id}).status == 200
    assert (top_ups.charges(), top_ups.orders()) == (0, [])


def test_an_account_is_not_deleted_before_its_card_is_forgotten(top_ups: TopUps, auth: Accounts, gcs: Gcs) -> None:
    assert gcs.port
    auth.users.add("u1")
    top_ups.ready()
    top_ups.shop.api.down = True
    call(main.deleteAccount, {"confirm": ADDRESS}, uid="u1", email=ADDRESS)
    assert top_ups.shop.database.need("users/u1")["closing"] is True
    top_ups.shop.api.down = False


def test_the_export_has_the_settings(top_ups: TopUps, auth: Accounts, gcs: Gcs) -> None:
    assert gcs.port
    auth.users.add("u1")
    top_ups.ready()
    made = call(main.exportAccount, {}, uid="u1")
    assert made.ok, made
    assert any(b'"autoTopUp"' in each["data"] and b"4242" in each["data"] for each in gcs.objects.values())
