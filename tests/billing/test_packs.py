"""Token packs: sold once, credited once, taken back in proportion."""

from __future__ import annotations

from collections.abc import Callable

import pytest

import main
from studiox.kit import clock
from studiox.kit.transaction import Docs, Reads, transact
from studiox.tokens.service import debit_job
from tests.billing.shop import Shop, deliver
from tests.support import Rpcs, budgets, call, crowd, jobs


def test_a_pack_is_credited_when_it_is_paid(shop: Shop, invariants: Callable[[str], None]) -> None:
    session = shop.bought()
    assert shop.balance() == 700
    assert shop.buckets() == {"monthly": 0, "bonus": 200, "purchased": 500}
    assert shop.entries() == {f"purchase:{session}": 500}
    [payment] = shop.payments()
    assert (payment["kind"], payment["amount"], payment["currency"], payment["status"]) == ("pack", 500, "usd", "paid")
    assert (payment["itemId"], payment["tokens"]) == ("starter", 500)
    assert "refunded" not in payment
    assert shop.database.need(f"orders/{payment['id']}")["sessionId"] == session
    invariants("u1")


def test_a_purchase_costs_two_round_trips(shop: Shop, rpcs: Rpcs) -> None:
    shop.account.pay(shop.checkout(packId="starter"))
    shop.database.get("users/u1")
    counts = {}
    for event in shop.account.events:
        rpcs.reset()
        shop.hear([event])
        counts[event["type"]] = rpcs.count()
    assert counts["payment_intent.succeeded"] == budgets.most("stripeWebhook", "cold")
    assert counts["checkout.session.completed"] == budgets.most("stripeWebhook", "cold")
    assert shop.balance() == 700


def test_a_partial_refund_takes_its_part(shop: Shop) -> None:
    """B6."""
    session = shop.bought()
    shop.account.refund(shop.intent(session), 333)
    shop.hear_all()
    assert shop.balance() == 700 - 333
    [payment] = shop.payments()
    assert (payment["status"], payment["refunded"]) == ("partially_refunded", 333)
    assert shop.revenue() == {"usd": 500 - 333}
    shop.account.refund(shop.intent(session))
    shop.hear_all()
    assert shop.balance() == 200
    assert shop.payments()[0]["status"] == "refunded"
    charge = shop.account.all("charge")[0]["id"]
    assert set(shop.entries()) == {f"purchase:{session}", f"clawback:{charge}:333", f"clawback:{charge}:500"}


def test_a_debt_is_left_when_spent_tokens_are_taken_back(shop: Shop, invariants: Callable[[str], None]) -> None:
    """B7: nothing can be spent until it is paid off, by the next purchase first of all."""
    session = shop.bought()

    def spend(docs: Docs) -> None:
        debit_job(docs, "u1", "j1", 600, "A job", clock.now())

    transact("users/u1", spend, Reads(fresh=["users/u1"]))
    shop.account.refund(shop.intent(session))
    shop.hear_all()
    assert shop.buckets() == {"monthly": 0, "bonus": 0, "purchased": -400}
    job = {"requestId": "r" * 16, "type": "image", "model": "Model A", "prompt": "a lake"}
    assert call(main.createStudioJob, job, uid="u1").reason == "InsufficientTokens"
    shop.bought(pack="creator")
    assert shop.balance() == 800
    shop.database.put("jobs/j1", jobs.job("j1", "u1", price=600))
    invariants("u1")


@pytest.mark.parametrize("won", [True, False])
def test_a_dispute_takes_all_and_a_won_one_gives_it_back(shop: Shop, won: bool) -> None:
    """B8."""
    session = shop.bought()
    dispute = shop.account.dispute(shop.intent(session))
    shop.hear_all()
    assert shop.balance() == 200
    shop.account.close_dispute(dispute["id"], won=won)
    for _ in range(2):
        shop.hear_all()
    assert shop.balance() == (700 if won else 200)
    assert shop.payments()[0]["status"] == ("paid" if won else "disputed")


def test_a_slow_payment_is_pending_until_it_comes_or_does_not(shop: Shop) -> None:
    """B3, B4."""
    good, bad = shop.checkout(packId="starter"), shop.checkout(packId="creator")
    for session in (good, bad):
        shop.account.pay(session, slow=True)
    shop.hear_all()
    assert shop.balance() == 200
    assert {each["status"] for each in shop.payments()} == {"pending"}
    shop.account.arrive(good)
    shop.account.arrive(bad, well=False)
    shop.hear_all()
    assert shop.balance() == 700
    assert {each["amount"]: each["status"] for each in shop.payments()} == {500: "paid", 1000: "failed"}
    [notice] = shop.database.under("users/u1/notifications").values()
    assert notice["type"] == "payment_failed"


def test_a_refused_card_is_no_payment(shop: Shop) -> None:
    session = shop.checkout(packId="starter")
    shop.account.decline(session)
    shop.hear_all()
    assert shop.payments() == []
    assert shop.balance() == 200


def test_a_pack_and_a_plan_in_the_same_minute(shop: Shop, invariants: Callable[[str], None]) -> None:
    """B25: both count, in any order, also at once."""
    shop.account.pay(shop.checkout(packId="starter"))
    shop.account.pay(shop.checkout(planId="pro"))
    events = list(shop.account.events)
    answers = crowd(len(events), lambda number: deliver(events[number]).status)
    assert set(answers) == {200}
    assert shop.buckets() == {"monthly": 1000, "bonus": 200, "purchased": 500}
    invariants("u1")


def test_the_history_comes_in_pages_newest_first(shop: Shop) -> None:
    for pack in ("starter", "creator", "studio"):
        shop.bought(pack=pack)
    first = call(main.getBillingHistory, {"pageSize": 2}, uid="u1").result
    assert [each["amount"] for each in first["payments"]] == [5000, 1000]
    rest = call(main.getBillingHistory, {"pageSize": 2, "cursor": first["nextCursor"]}, uid="u1").result
    assert [each["amount"] for each in rest["payments"]] == [500]
    assert rest["nextCursor"] is None
    assert call(main.getBillingHistory, {}, uid="u2").result["payments"] == []
