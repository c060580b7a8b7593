"""Changes whose event was lost are found in Stripe itself (B21)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from tests.billing.shop import RECONCILE, Shop, comparable
from tests.conftest import Logged
from tests.support import schedule
from tests.support.clock import Clock


def test_lost_events_are_applied_and_a_second_run_changes_nothing(
    shop: Shop, invariants: Callable[[str], None]
) -> None:
    session = shop.checkout(packId="starter")
    shop.account.pay(session)
    shop.account.pay(shop.checkout(planId="pro"))
    shop.account.refund(shop.intent(session), 100)
    shop.reconcile()
    assert shop.buckets() == {"monthly": 1000, "bonus": 200, "purchased": 400}
    assert shop.plan() == ("pro", True)
    before = _but_checkpoint(shop)
    shop.reconcile()
    assert _but_checkpoint(shop) == before
    invariants("u1")


def _but_checkpoint(shop: Shop) -> str:
    return comparable({path: data for path, data in shop.database.all().items() if path != "reconciliations/stripe"})


def test_even_without_any_event_paid_sessions_and_subscriptions_are_found(shop: Shop) -> None:
    shop.account.pay(shop.checkout(packId="starter"))
    shop.account.pay(shop.checkout(planId="pro"))
    shop.account.events.clear()
    shop.reconcile()
    assert shop.buckets() == {"monthly": 1000, "bonus": 200, "purchased": 500}
    assert shop.plan() == ("pro", True)


def test_after_an_outage_it_looks_back_as_far_as_the_outage(shop: Shop, clock: Clock) -> None:
    """B21: ten days without a run; Stripe gave up after three."""
    shop.reconcile()
    shop.account.pay(shop.checkout(packId="starter"))
    clock.ahead = timedelta(days=10)
    shop.reconcile()
    assert shop.balance() == 700


def test_a_failed_event_is_tried_again(shop: Shop) -> None:
    shop.account.pay(shop.checkout(packId="starter"))
    shop.api.down = True
    assert shop.deliver(shop.account.events[-1]).status == 500
    shop.api.down = False
    shop.reconcile()
    assert shop.balance() == 700


@pytest.mark.malformed("a reconciliation that goes on without it")
def test_a_malformed_order_is_a_failure_and_the_others_are_settled(shop: Shop, logged: Logged) -> None:
    broken, other = shop.checkout(packId="starter"), shop.checkout(packId="starter")
    shop.account.pay(broken)
    shop.account.pay(other)
    orders = {data["sessionId"]: path for path, data in shop.database.all().items() if path.startswith("orders/")}
    shop.database.change(orders[broken], amount="500")
    shop.reconcile()
    assert shop.balance() == 700
    assert shop.database.need(orders[broken])["status"] == "open"
    assert {(each["path"], each["field"]) for each in logged.lines("document_malformed")} == {
        (orders[broken], "amount")
    }
    assert logged.lines("reconciliation_incomplete")
    shop.database.change(orders[broken], amount=500)
    shop.reconcile()
    assert shop.balance() == 1200


@pytest.mark.malformed("a reconciliation that goes on without it")
def test_a_malformed_subscription_is_a_failure_too(shop: Shop, logged: Logged) -> None:
    shop.account.pay(shop.checkout(planId="pro"))
    shop.reconcile()
    checkpoint = shop.database.need("reconciliations/stripe")
    shop.account.events.clear()
    [path] = [path for path in shop.database.all() if path.startswith("subscriptions/")]
    plan = shop.database.need(path)["plan"]
    shop.database.change(path, plan=7)
    shop.reconcile()
    [incomplete] = logged.lines("reconciliation_incomplete")
    assert incomplete["failures"] == 1
    assert shop.database.need("reconciliations/stripe") == checkpoint
    shop.database.change(path, plan=plan)
    shop.reconcile()
    assert shop.database.need("reconciliations/stripe") != checkpoint


def test_stripe_down_is_an_alert_and_moves_no_checkpoint(shop: Shop, logged: Logged) -> None:
    shop.api.down = True
    shop.reconcile()
    assert logged.lines("reconciliation_incomplete")
    assert shop.database.get("reconciliations/stripe") is None


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_probe_may_run_it(shop: Shop, method: str) -> None:
    assert schedule(RECONCILE, method=method).status == 200
    assert shop.balance() == 200
