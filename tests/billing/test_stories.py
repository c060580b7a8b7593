"""Every order in which Stripe may tell a story ends in the same state: all 720 of six events (B2–B5, B8)."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable
from typing import Any

import pytest

from local.vendors.stripe import checkouts
from local.vendors.stripe.objects import Object
from studiox.models.auto_top_up import order_id_of
from tests.billing.shop import Shop, comparable, deliver
from tests.billing.top_ups import TopUps, lost
from tests.support import Database
from tests.support.queue import Queue

SIX = 6


def _purchase(shop: Shop) -> list[Object]:
    """Bought by a slow method, refunded in part, disputed, and the dispute won."""
    session = shop.checkout(packId="starter")
    shop.account.pay(session, slow=True)
    shop.account.arrive(session)
    intent = shop.intent(session)
    shop.account.refund(intent, 100)
    dispute = shop.account.dispute(intent, 400)
    shop.account.close_dispute(dispute["id"], won=True)
    return _told(
        shop,
        "checkout.session.completed",
        "checkout.session.async_payment_succeeded",
        "payment_intent.succeeded",
        "charge.refunded",
        "charge.dispute.created",
        "charge.dispute.closed",
    )


def _returns(shop: Shop) -> list[Object]:
    """Bought, refunded in vain, asked about, disputed, and the dispute won."""
    session = shop.checkout(packId="starter")
    shop.account.pay(session)
    intent = shop.intent(session)
    shop.account.fail_refund(shop.account.refund(intent)["id"])
    inquiry = shop.account.dispute(intent, 400, inquiry=True)
    shop.account.escalate(inquiry["id"])
    shop.account.close_dispute(inquiry["id"], won=True)
    return _told(
        shop,
        "checkout.session.completed",
        "charge.refunded",
        "refund.failed",
        "charge.dispute.created",
        "charge.dispute.funds_withdrawn",
        "charge.dispute.closed",
    )


def _taxed(shop: Shop) -> list[Object]:
    """Bought by a slow method with a code and tax and an invoice, refunded in part, disputed, and the dispute won."""
    session = shop.checkout(packId="starter")
    checkouts.enter(shop.account, session, "DE", "HALF")
    shop.account.pay(session, slow=True)
    shop.account.arrive(session)
    intent = shop.intent(session)
    shop.account.refund(intent, 100)
    dispute = shop.account.dispute(intent, 150)
    shop.account.close_dispute(dispute["id"], won=True)
    return _told(
        shop,
        "checkout.session.completed",
        "checkout.session.async_payment_succeeded",
        "invoice.paid",
        "charge.refunded",
        "charge.dispute.created",
        "charge.dispute.closed",
    )


def _subscription(shop: Shop) -> list[Object]:
    """Subscribed, upgraded, and told of by six kinds of events."""
    session = shop.account.pay(shop.checkout(planId="pro"))
    sub = shop.account.objects[str(session["subscription"])]
    shop.account.change_price(sub, shop.account.objects["price_studiox_enterprise"], invoice_now=True)
    return _told(
        shop,
        "checkout.session.completed",
        "customer.subscription.created",
        "customer.subscription.updated",
        "invoice.paid",
        "invoice.payment_succeeded",
        "payment_intent.succeeded",
    )


def _told(shop: Shop, *types: str) -> list[Object]:
    """The last event of each type."""
    last = {event["type"]: event for event in shop.account.events}
    return [last[type_] for type_ in types]


def _top_up(shop: Shop) -> list[Object]:
    """A top-up whose task lost Stripe's answer, refunded in part, disputed, and the dispute won."""
    top_ups = TopUps(shop, Queue())
    with pytest.MonkeyPatch.context() as parameters:
        parameters.setenv("STRIPE_TAX", "off")  # it is not offered where Stripe counts tax
        top_ups.ready()
        order_id = order_id_of("u1", top_ups.spend(601))
        with lost(top_ups, arrives=True):
            assert top_ups.pay({"uid": "u1", "orderId": order_id}).status == 503
    intent = shop.account.all("payment_intent")[0]["id"]
    shop.account.refund(intent, 100)
    shop.account.fail_refund(shop.account.refund(intent, 50)["id"])
    dispute = shop.account.dispute(intent, 400)
    shop.account.close_dispute(dispute["id"], won=True)
    return _told(
        shop,
        "payment_intent.succeeded",
        "charge.refunded",
        "refund.failed",
        "charge.dispute.created",
        "charge.dispute.funds_withdrawn",
        "charge.dispute.closed",
    )


FINAL: dict[Callable[[Shop], list[Object]], dict[str, int]] = {
    _purchase: {"monthly": 0, "bonus": 200, "purchased": 400},
    _returns: {"monthly": 0, "bonus": 200, "purchased": 500},
    _taxed: {"monthly": 0, "bonus": 200, "purchased": 500 - 500 * 100 // 298},
    _top_up: {"monthly": 0, "bonus": 0, "purchased": 499},
    _subscription: {"monthly": 10_000, "bonus": 200, "purchased": 0},
}


@pytest.fixture(autouse=True)
def everything_on(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("STRIPE_TAX", "exclusive"), ("PROMOTION_CODES", "true"), ("PACK_INVOICES", "true")):
        monkeypatch.setenv(name, value)


@pytest.mark.parametrize("story", FINAL)
def test_all_720_orders_end_alike(
    shop: Shop, story: Callable[[Shop], list[Object]], invariants: Callable[[str], None]
) -> None:
    """By induction over what has come so far: whichever event of a set came last, the whole database is the same.

    So each of the 64 sets is one state, every one of the 720 ways from the empty set to the full one ends in the same,
    and so does every way that repeats events. STUDIOX_EXHAUSTIVE walks the 720 ways themselves.
    """
    events = story(shop)
    states = {frozenset[int](): shop.database.all()}
    for size in range(SIX):
        for come in [each for each in states if len(each) == size]:
            for number in set(range(SIX)) - come:
                _restore(shop.database, states[come])
                shop.hear([events[number]])
                after, whole = shop.database.all(), come | {number}
                if whole in states:
                    assert comparable(after) == comparable(states[whole]), (sorted(come), number)
                else:
                    invariants("u1")
                    states[whole] = after
    assert len(states) == 2**SIX
    assert states[frozenset(range(SIX))]["users/u1"]["buckets"] == FINAL[story]


if os.environ.get("STUDIOX_EXHAUSTIVE"):

    @pytest.mark.parametrize("story", FINAL)
    def test_the_720_orders_themselves(shop: Shop, story: Callable[[Shop], list[Object]]) -> None:
        events = story(shop)
        before = shop.database.all()
        ends = set()
        for order in itertools.permutations(events):
            shop.hear(order)
            ends.add(comparable(shop.database.all()))
            _restore(shop.database, before)
        assert len(ends) == 1


def _restore(database: Database, before: dict[str, dict[str, Any]]) -> None:
    after = database.all()
    database.apply(
        {path: data for path, data in before.items() if after.get(path) != data}, after.keys() - before.keys()
    )


def _tell_as_it_happens(shop: Shop, act: Callable[[], object]) -> None:
    """Deliver the act's events at once, before anything else happens."""
    heard = len(shop.account.events)
    act()
    shop.hear(shop.account.events[heard:])


def test_events_delivered_at_once_or_afterwards_end_alike(shop: Shop) -> None:
    """The balance and the history are the same; only the ledger shows that tokens went and came back (B8)."""
    session = shop.checkout(packId="starter")
    account = shop.account
    _tell_as_it_happens(shop, lambda: account.pay(session, slow=True))
    assert shop.balance() == 200
    assert shop.payments()[0]["status"] == "pending"
    _tell_as_it_happens(shop, lambda: account.arrive(session))
    assert shop.balance() == 700
    intent = shop.intent(session)
    _tell_as_it_happens(shop, lambda: account.refund(intent, 100))
    assert shop.balance() == 600
    _tell_as_it_happens(shop, lambda: account.dispute(intent, 400))
    assert shop.balance() == 200
    assert shop.payments()[0]["status"] == "disputed"
    dispute = account.all("dispute")[0]["id"]
    _tell_as_it_happens(shop, lambda: account.close_dispute(dispute, won=True))
    assert shop.balance() == 600
    assert shop.payments()[0]["status"] == "partially_refunded"
    charge = account.all("charge")[0]["id"]
    assert shop.entries() == {
        f"purchase:{session}": 500,
        f"clawback:{charge}:100": -100,
        f"clawback:{charge}:500": -400,
        f"restore:{dispute}": 400,
    }


def test_events_that_come_late_and_twice_change_nothing_more(shop: Shop) -> None:
    events = _purchase(shop)
    shop.hear(events)
    state = comparable(shop.database.all())
    for event in reversed(events):
        before = shop.database.need(f"stripeEvents/{event['id']}")
        shop.database.delete(f"stripeEvents/{event['id']}")  # even if we forgot that it came
        assert deliver(event).status == 200
        assert deliver(event).status == 200
        shop.database.put(f"stripeEvents/{event['id']}", before)
    assert comparable(shop.database.all()) == state
