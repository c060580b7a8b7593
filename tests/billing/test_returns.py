"""Money that goes back and comes again: refunds that fail at the bank, inquiries, slow payments that fail (B4–B8)."""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import partial

import pytest

from local.vendors.stripe.objects import Object
from tests.billing.shop import Shop
from tests.conftest import Logged

Invariants = Callable[[str], None]


def _tell(shop: Shop, act: Callable[[], Object]) -> Object:
    """Do it, and deliver its events before anything else happens."""
    heard = len(shop.account.events)
    made = act()
    shop.hear(shop.account.events[heard:])
    return made


def test_a_refund_that_fails_at_the_bank_gives_the_tokens_back(shop: Shop, invariants: Invariants) -> None:
    intent = shop.intent(shop.bought())
    first = _tell(shop, lambda: shop.account.refund(intent, 100))
    second = _tell(shop, lambda: shop.account.refund(intent))
    assert (shop.balance(), shop.payments()[0]["status"]) == (200, "refunded")
    _tell(shop, lambda: shop.account.fail_refund(second["id"]))
    assert (shop.balance(), shop.payments()[0]["status"]) == (600, "partially_refunded")
    _tell(shop, lambda: shop.account.fail_refund(first["id"]))
    assert (shop.balance(), shop.payments()[0]["status"]) == (700, "paid")
    assert shop.revenue() == {"usd": 500}
    _tell(shop, lambda: shop.account.refund(intent))
    assert (shop.balance(), shop.payments()[0]["status"]) == (200, "refunded")
    assert sorted(shop.entries().values()) == [-500, -400, -100, 100, 400, 500]
    invariants("u1")


def test_b26_a_refund_fails_while_its_event_is_being_handled(shop: Shop, invariants: Invariants) -> None:
    """The later event finds what we have recorded and changes nothing. The refund's older state is not applied then."""
    intent = shop.intent(shop.bought())
    refund = shop.account.refund(intent)
    told = shop.account.events[-1]

    def overtake() -> None:
        shop.account.fail_refund(refund["id"])
        shop.hear(shop.account.events[-2:])

    with shop.overtaken("/v1/checkout/sessions/.+", overtake):
        shop.hear([told])
    assert shop.balance() == 700
    invariants("u1")


def test_a_failed_refund_of_tokens_already_spent_pays_the_debt(shop: Shop, invariants: Invariants) -> None:
    """B7."""
    intent = shop.intent(shop.bought())
    before = shop.buckets()
    refund = _tell(shop, lambda: shop.account.refund(intent))
    assert shop.buckets()["purchased"] == 0
    _tell(shop, lambda: shop.account.fail_refund(refund["id"]))
    assert shop.buckets() == before
    invariants("u1")


def test_a_refund_of_a_plan_that_fails_gives_the_months_tokens_back(shop: Shop, invariants: Invariants) -> None:
    intent = shop.invoice_intent(shop.subscribed())
    refund = _tell(shop, lambda: shop.account.refund(intent, 450))
    assert shop.buckets()["monthly"] == 500
    _tell(shop, lambda: shop.account.fail_refund(refund["id"]))
    assert (shop.buckets()["monthly"], shop.payments()[0]["status"]) == (1000, "paid")
    again = _tell(shop, lambda: shop.account.refund(intent))
    assert (shop.buckets()["monthly"], shop.payments()[0]["status"]) == (0, "refunded")
    _tell(shop, lambda: shop.account.fail_refund(again["id"]))
    assert shop.buckets()["monthly"] == 1000
    invariants("u1")


def test_an_inquiry_takes_nothing_before_money_moves(shop: Shop, invariants: Invariants) -> None:
    intent = shop.intent(shop.bought())
    inquiry = _tell(shop, lambda: shop.account.dispute(intent, inquiry=True))
    assert (shop.balance(), shop.payments()[0]["status"]) == (700, "paid")
    _tell(shop, lambda: shop.account.escalate(inquiry["id"]))
    assert (shop.balance(), shop.payments()[0]["status"]) == (200, "disputed")
    _tell(shop, lambda: shop.account.close_dispute(inquiry["id"], won=True))
    assert (shop.balance(), shop.payments()[0]["status"]) == (700, "paid")
    assert shop.entries()[f"restore:{inquiry['id']}"] == 500
    invariants("u1")


def test_an_inquiry_that_is_closed_changes_nothing(shop: Shop) -> None:
    pack, plan = shop.intent(shop.bought()), shop.invoice_intent(shop.subscribed())
    before, entries = shop.buckets(), shop.entries()
    for intent in (pack, plan):
        inquiry = _tell(shop, partial(shop.account.dispute, intent, inquiry=True))
        assert shop.buckets() == before
        _tell(shop, partial(shop.account.close_dispute, inquiry["id"], won=True))
    assert (shop.buckets(), shop.entries()) == (before, entries)


def _tale(shop: Shop) -> list[Callable[[], object]]:
    """A purchase by a slow method, and all that happens to its money afterwards."""
    account, session = shop.account, shop.checkout(packId="starter")
    made: dict[str, str] = {}

    def keep(name: str, act: Callable[[], Object]) -> Callable[[], object]:
        return lambda: made.update({name: act()["id"]})

    return [
        lambda: account.pay(session, slow=True),
        lambda: account.arrive(session, well=False),
        lambda: account.try_again(session),
        lambda: account.arrive(session),
        keep("part", lambda: account.refund(shop.intent(session), 100)),
        keep("rest", lambda: account.refund(shop.intent(session))),
        lambda: account.fail_refund(made["rest"]),
        keep("inquiry", lambda: account.dispute(shop.intent(session), 200, inquiry=True)),
        lambda: account.escalate(made["inquiry"]),
        lambda: account.fail_refund(made["part"]),
        lambda: account.close_dispute(made["inquiry"], won=True),
        keep("last", lambda: account.refund(shop.intent(session), 300)),
    ]


@pytest.mark.parametrize("seed", range(12))
def test_late_and_reordered_events_end_alike(shop: Shop, seed: int, invariants: Invariants) -> None:
    """Between what happens, some of what is not told yet is told, in any order, some of it twice."""
    dice, untold, seen = random.Random(seed), list[Object](), 0
    for act in _tale(shop):
        act()
        untold += shop.account.events[seen:]
        seen = len(shop.account.events)
        dice.shuffle(untold)
        for _ in range(dice.randint(0, min(3, len(untold)))):
            event = untold[0] if dice.random() < 0.2 else untold.pop(0)
            shop.hear([event])
            invariants("u1")
    shop.hear(untold)
    assert shop.buckets() == {"monthly": 0, "bonus": 200, "purchased": 200}
    assert shop.payments()[0]["status"] == "partially_refunded"
    invariants("u1")


def test_an_answer_of_stripes_that_was_overtaken_is_not_applied(shop: Shop) -> None:
    """While the refund's state is being fetched, the refund fails and that is heard: the older state is dropped."""
    session = shop.bought()
    refund = shop.account.refund(shop.intent(session))
    told = shop.account.events[-1]

    def overtake() -> None:
        shop.hear([told | {"id": "evt_before"}])  # taken back
        shop.account.fail_refund(refund["id"])
        shop.hear(shop.account.events[-1:])  # and given back, before the first look is through

    with shop.overtaken(f"/v1/checkout/sessions/{session}", overtake):
        shop.hear([told])
    assert (shop.balance(), shop.payments()[0]["status"]) == (700, "paid")


def test_a_slow_payment_that_fails_twice_is_notified_twice(shop: Shop) -> None:
    session = shop.checkout(packId="starter")
    _tell(shop, lambda: shop.account.pay(session, slow=True))
    _tell(shop, lambda: shop.account.arrive(session, well=False))
    assert shop.payments()[0]["status"] == "failed"
    shop.account.try_again(session)
    late = {**shop.account.events[-1], "id": "evt_late"}
    shop.hear([late])  # comes while the payment is under way again
    assert shop.payments()[0]["status"] == "pending"
    _tell(shop, lambda: shop.account.arrive(session, well=False))
    assert shop.payments()[0]["status"] == "failed"
    notices = [each["type"] for each in shop.database.under("users/u1/notifications").values()]
    assert notices == ["payment_failed", "payment_failed"]
    shop.account.try_again(session)
    _tell(shop, lambda: shop.account.arrive(session))
    assert (shop.balance(), shop.payments()[0]["status"]) == (700, "paid")


def test_b27_a_refund_of_a_second_subscription_that_the_bank_refuses_is_an_alert(shop: Shop, logged: Logged) -> None:
    """The simulation found it: the shop kept the money, and nobody knew."""
    customer = shop.account.objects[shop.checkout(planId="pro")]["customer"]
    shop.account.subscribe(customer, "price_studiox_pro", {"uid": "u1"})
    second = shop.account.subscribe(customer, "price_studiox_pro", {"uid": "u1"})
    shop.account.objects[second["id"]]["created"] += 1
    shop.hear_all()
    [refund] = shop.account.all("refund")
    assert not logged.lines("second_subscription_not_refunded")
    shop.account.fail_refund(refund["id"])
    shop.hear_all()
    [alert] = logged.lines("second_subscription_not_refunded")
    assert alert["subscription"] == second["id"]


def test_a_refund_of_a_pack_that_the_bank_refuses_is_no_alert(shop: Shop, logged: Logged) -> None:
    intent = shop.account.pay(shop.checkout(packId="starter"))["payment_intent"]
    shop.account.fail_refund(shop.account.refund(intent)["id"])
    shop.hear_all()
    assert not logged.lines("second_subscription_not_refunded")
