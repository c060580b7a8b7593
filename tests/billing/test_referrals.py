"""Referral codes: both get tokens once the invited person's first purchase is settled, and as long as it stands."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

import main
from local.vendors.stripe.objects import Object
from studiox.billing import referral_rules
from tests.billing.shop import Shop, deliver
from tests.conftest import forget_all
from tests.studio.deaths import Deaths, Died
from tests.support import Answer, Rpcs, call, crowd
from tests.support.clock import Clock

REWARD = 100
WELCOME = 200


@pytest.fixture
def code(shop: Shop) -> str:
    """Ann's. Ben may redeem it."""
    assert shop.url
    person("ann")
    person("ben")
    return code_of("ann")


def person(uid: str, email: str | None = None) -> str:
    assert call(main.initializeUser, {}, uid=uid, email=email or f"{uid}@canary.test").ok
    return uid


def code_of(uid: str) -> str:
    return str(summary(uid)["code"])


def summary(uid: str) -> dict[str, Any]:
    answer = call(main.getReferral, {}, uid=uid)
    assert answer.ok, answer
    return dict(answer.result)


def redeem(code: str, uid: str = "ben", *, verified: bool = True) -> Answer:
    return call(main.redeemReferral, {"code": code}, uid=uid, email=f"{uid}@canary.test", verified=verified)


def bonus(shop: Shop, *uids: str) -> list[int]:
    return [shop.buckets(uid)["bonus"] - WELCOME for uid in uids]


def rewards(shop: Shop, uid: str) -> list[tuple[str, int]]:
    """The referral's entries: (what happened, tokens)."""
    return sorted((name.split(":")[0], amount) for name, amount in shop.entries(uid).items() if ":referral:" in name)


def test_both_are_rewarded_for_the_first_purchase_alone(
    shop: Shop, code: str, invariants: Callable[[str], None]
) -> None:
    assert redeem(code).result == {"pending": True}
    assert summary("ann") == {"code": code, "invited": 1, "rewarded": 0, "tokens": 0}
    shop.bought("ben")
    shop.bought("ben", "creator")
    shop.hear_all()
    assert bonus(shop, "ann", "ben") == [REWARD, REWARD]
    assert summary("ann") == {"code": code, "invited": 1, "rewarded": 1, "tokens": REWARD}
    for uid in ("ann", "ben"):
        assert rewards(shop, uid) == [("reward", REWARD)]
        invariants(uid)
    assert call(main.getTokenTransactions, {"type": "reward"}, uid="ann").result["transactions"][0]["ref"]["kind"] == (
        "referral"
    )


def test_a_plans_first_invoice_is_a_purchase(shop: Shop, code: str, invariants: Callable[[str], None]) -> None:
    redeem(code)
    subscription = shop.subscribed("ben")
    assert bonus(shop, "ann", "ben") == [REWARD, REWARD]
    shop.account.refund(shop.invoice_intent(subscription))
    shop.hear_all()
    assert bonus(shop, "ann", "ben") == [0, 0]
    invariants("ann")
    invariants("ben")


def test_a_code_is_made_once_however_many_ask(shop: Shop) -> None:
    person("ann")
    codes = {answer.result["code"] for answer in crowd(8, lambda _: call(main.getReferral, {}, uid="ann"))}
    assert len(codes) == 1
    assert len(shop.database.under("referralCodes")) == 1


def test_a_code_that_is_somebodys_is_not_given_again(code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    codes = iter([code, "22222222"])
    monkeypatch.setattr(referral_rules, "new_code", lambda _choose: next(codes))
    assert code_of("ben") == "22222222"
    assert code_of("ann") == code


def test_a_code_is_read_as_people_type_it(code: str) -> None:
    assert redeem(f" {code[:4].lower()}-{code[4:]} ").ok


@pytest.mark.usefixtures("code")
@pytest.mark.parametrize("text", ["22222222", "nonsense", "../users/ann", "a" * 32])
def test_an_unknown_code_is_not_found(shop: Shop, text: str) -> None:
    before = shop.database.hash("rateLimits")
    assert redeem(text).reason == "NotFound"
    assert shop.database.hash("rateLimits") == before


@pytest.mark.usefixtures("shop", "unchanged")
@pytest.mark.parametrize("request_", [{}, {"code": ""}, {"code": "a" * 33}, {"code": 7}, {"code": "x", "uid": "ann"}])
def test_what_is_no_code_is_refused(request_: dict[str, Any]) -> None:
    assert call(main.redeemReferral, request_, uid="u1").reason == "InvalidRequest"


def test_a_code_is_redeemed_once_before_the_first_purchase(shop: Shop, code: str) -> None:
    person("cid")
    other = code_of("cid")
    assert redeem(code).ok
    assert redeem(code).ok, "a repeated call is the same call"
    assert redeem(other).reason == "AlreadyClaimed"
    assert summary("ann")["invited"] == 1
    shop.bought("ben")
    assert redeem(code).reason == "AlreadyClaimed"
    shop.bought("cid")
    late = redeem(code, "cid")
    assert (late.reason, late.details["fields"].keys()) == ("InvalidRequest", {"code"})
    assert bonus(shop, "cid") == [0]


def test_nobody_invites_themselves(shop: Shop, code: str) -> None:
    assert redeem(code, "ann").reason == "InvalidRequest"
    person("alias", "ann+two@canary.test")
    assert redeem(code, "alias").reason == "InvalidRequest"
    assert redeem(code, "alias", verified=False).ok, (
        "an address that nobody has confirmed must not tell whose code it is"
    )
    shop.bought("alias")
    assert bonus(shop, "ann", "alias") == [0, 0] or bonus(shop, "ann") == [0]
    assert rewards(shop, "ann") == rewards(shop, "alias") == []
    assert shop.database.need("referrals/alias")["refused"] == "same_person"


def customer(shop: Shop, uid: str) -> str:
    """The person's customer at Stripe, made by a checkout."""
    shop.checkout(uid, packId="starter")
    return str(shop.database.need(f"billing/{uid}")["customerId"])


def test_the_inviters_card_pays_for_no_reward(shop: Shop, code: str) -> None:
    shop.account.cards[customer(shop, "ann")] = shop.account.cards[customer(shop, "ben")] = "one-card"
    shop.bought("ann")
    redeem(code)
    shop.bought("ben")
    assert rewards(shop, "ann") == rewards(shop, "ben") == []
    assert shop.database.need("referrals/ben")["refused"] == "same_card"


def test_a_card_and_a_person_count_once(shop: Shop, code: str) -> None:
    person("cid")
    person("ben2", "ben+2@canary.test")
    shop.account.cards[customer(shop, "ben")] = shop.account.cards[customer(shop, "cid")] = "one-card"
    for uid in ("ben", "cid", "ben2"):
        assert redeem(code, uid).ok
        shop.bought(uid)
    assert [rewards(shop, uid) for uid in ("ann", "ben")] == [[("reward", REWARD)]] * 2
    assert rewards(shop, "cid") == rewards(shop, "ben2") == []
    assert shop.database.need("referrals/cid")["refused"] == "counted_before"


def suspend(shop: Shop) -> None:
    shop.database.change("users/ann", suspended=True)


def at_the_day(shop: Shop) -> None:
    [path] = shop.database.under("referralCodes")
    shop.database.change(f"referralCodes/{path}", rewarded=100)


def deleted(shop: Shop) -> None:
    [path] = shop.database.under("referralCodes")
    shop.database.delete(f"referralCodes/{path}")


@pytest.mark.parametrize("happens", [suspend, at_the_day, deleted])
def test_the_invited_gets_theirs_whatever_became_of_the_inviter(
    shop: Shop, code: str, happens: Callable[[Shop], None]
) -> None:
    redeem(code)
    happens(shop)
    session = shop.bought("ben")
    assert bonus(shop, "ann", "ben") == [0, REWARD]
    shop.account.refund(shop.intent(session))
    shop.hear_all()
    assert bonus(shop, "ann", "ben") == [0, 0]


def test_half_a_refund_keeps_the_rewards_and_more_takes_them(
    shop: Shop, code: str, invariants: Callable[[str], None]
) -> None:
    redeem(code)
    session = shop.bought("ben")
    shop.account.refund(shop.intent(session), 250)
    shop.hear_all()
    assert bonus(shop, "ann", "ben") == [REWARD, REWARD]
    refund = shop.account.refund(shop.intent(session), 1)
    shop.hear_all()
    assert bonus(shop, "ann", "ben") == [0, 0]
    assert summary("ann")["rewarded"] == summary("ann")["tokens"] == 0
    shop.account.fail_refund(refund["id"])
    shop.hear_all()
    assert bonus(shop, "ann", "ben") == [REWARD, REWARD]
    assert rewards(shop, "ann") == [("clawback", -REWARD), ("restore", REWARD), ("reward", REWARD)]
    for uid in ("ann", "ben"):
        invariants(uid)


def test_spent_rewards_become_a_debt(shop: Shop, code: str, invariants: Callable[[str], None]) -> None:
    shop.database.put("features/everything", {"tokens": 300, "label": "Everything"})
    redeem(code)
    session = shop.bought("ben")
    assert call(main.useTokens, {"feature": "everything", "requestId": "r" * 16}, uid="ann").ok
    shop.account.refund(shop.intent(session))
    shop.hear_all()
    assert shop.buckets("ann") == {"monthly": 0, "bonus": 0, "purchased": -REWARD}
    invariants("ann")


def test_a_free_order_is_no_purchase(shop: Shop, code: str) -> None:
    redeem(code)
    shop.database.put("users/ben/payments/free", {
        "id": "free", "kind": "pack", "amount": 0, "currency": "usd", "status": "paid",
        "createdAt": shop.database.need("users/ben")["createdAt"],
    })  # fmt: skip
    shop.bought("ben")
    assert shop.database.need("referrals/ben")["purchaseId"] != "free"
    assert bonus(shop, "ann", "ben") == [REWARD, REWARD]


def told(shop: Shop) -> list[Object]:
    """Ben buys; then half is refunded and the rest disputed, and the dispute is won."""
    session = shop.checkout("ben", packId="starter")
    shop.account.pay(session)
    intent = shop.intent(session)
    shop.account.refund(intent, 100)
    dispute = shop.account.dispute(intent, 400)
    shop.account.close_dispute(dispute["id"], won=True)
    last = {event["type"]: event for event in shop.account.events}
    return [last[f"c{each}"] for each in (
        "heckout.session.completed", "harge.refunded", "harge.dispute.created", "harge.dispute.closed"
    )]  # fmt: skip


@pytest.mark.parametrize("order", list(itertools.permutations(range(4))))
def test_b5_events_in_every_order_end_alike(
    shop: Shop, code: str, order: tuple[int, ...], invariants: Callable[[str], None]
) -> None:
    redeem(code)
    events = told(shop)
    for number in order:
        shop.hear([events[number]])
        invariants("ann")
        invariants("ben")
    assert bonus(shop, "ann", "ben") == [REWARD, REWARD]


def test_a_refund_before_the_reward_leaves_nothing_to_take(shop: Shop, code: str) -> None:
    redeem(code)
    session = shop.checkout("ben", packId="starter")
    shop.account.pay(session)
    shop.account.refund(shop.intent(session))
    shop.hear_all()
    shop.bought("ben")
    assert rewards(shop, "ann") == rewards(shop, "ben") == [], "only the first purchase counts"


def test_b1_all_events_at_once_reward_once(shop: Shop, code: str, invariants: Callable[[str], None]) -> None:
    redeem(code)
    shop.account.pay(shop.checkout("ben", packId="starter"))
    events = list(shop.account.events)
    replies = crowd(24, lambda number: deliver(events[number % len(events)]).status)
    assert set(replies) <= {200, 500}
    shop.hear_all()
    shop.reconcile()
    for uid in ("ann", "ben"):
        assert rewards(shop, uid) == [("reward", REWARD)]
        invariants(uid)


def test_a_payment_does_not_wait_for_its_referral(shop: Shop, code: str) -> None:
    """Stripe goes away after the purchase was fetched. The hourly reconciliation rewards both."""
    redeem(code)
    session = shop.checkout("ben", packId="starter")
    shop.account.pay(session)
    honest = shop.api.answer

    def answer(method: str, asked: str, form: str, headers: Any) -> tuple[int, Object]:
        if "/charges" in asked:
            return 503, {"error": {"type": "api_error", "message": "down"}}
        return honest(method, asked, form, headers)

    shop.api.answer = answer  # type: ignore[method-assign, assignment]
    shop.hear_all()
    assert shop.buckets("ben")["purchased"] == 500
    assert rewards(shop, "ben") == []
    shop.api.answer = honest  # type: ignore[method-assign]
    shop.reconcile()
    assert bonus(shop, "ann", "ben") == [REWARD, REWARD]


POINTS = 18
"""More than there are from the first event of a purchase, or of a refund, to the last."""


def hear_and_die(shop: Shop, deaths: Deaths, at: int) -> None:
    """The process dies at this point. Then Stripe sends everything again, and the reconciliation runs."""
    deaths.arm(at)
    for event in list(shop.account.events):
        with contextlib.suppress(Died):
            deliver(event)
    assert len(deaths.passed) < POINTS
    deaths.disarm()
    forget_all()
    shop.hear_all()
    shop.reconcile()


@pytest.mark.parametrize("at", range(POINTS))
def test_g7_a_process_that_dies_between_any_two_requests_rewards_once(
    shop: Shop, code: str, rpcs: Rpcs, monkeypatch: pytest.MonkeyPatch, at: int, invariants: Callable[[str], None]
) -> None:
    redeem(code)
    session = shop.checkout("ben", packId="starter")
    shop.account.pay(session)
    deaths = Deaths(rpcs, monkeypatch)
    hear_and_die(shop, deaths, at)
    for uid in ("ann", "ben"):
        assert rewards(shop, uid) == [("reward", REWARD)]
        invariants(uid)
    shop.account.refund(shop.intent(session))
    hear_and_die(shop, deaths, at)
    assert bonus(shop, "ann", "ben") == [0, 0]


def test_five_a_day(shop: Shop, code: str, clock: Clock) -> None:
    shop.follow(clock)
    for number in range(7):
        uid = person(f"guest{number}")
        if number == 6:
            clock.ahead += timedelta(days=1)
        assert redeem(code, uid).ok
        shop.bought(uid)
        assert bonus(shop, uid) == [REWARD]
    assert summary("ann") == {"code": code, "invited": 7, "rewarded": 6, "tokens": 6 * REWARD}


@pytest.mark.parametrize("listed", [False, True])
def test_a_purchase_that_is_settled_while_a_code_is_redeemed_is_seen(
    shop: Shop, code: str, rpcs: Rpcs, listed: bool
) -> None:
    """Before the payments are listed, and after it: whoever has paid is too late."""
    shop.account.pay(shop.checkout("ben", packId="starter"))

    def settle(_method: str, _request: Any) -> None:
        shop.hear_all()

    rpcs.plan("RunQuery", before=None if listed else settle, after=settle if listed else None)
    assert redeem(code).reason == "InvalidRequest"
    assert shop.entries("ann") == {}


@pytest.mark.malformed("A referral that a person has broken by hand.")
def test_a_broken_referral_stops_no_payment(shop: Shop, code: str) -> None:
    redeem(code)
    shop.database.change("referrals/ben", code=7, dueAt="never")
    shop.bought("ben")
    assert shop.buckets("ben")["purchased"] == 500
    assert rewards(shop, "ben") == []


def test_the_amount_is_a_parameter(shop: Shop, code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REFERRAL_TOKENS", "0")
    redeem(code)
    session = shop.bought("ben")
    assert rewards(shop, "ann") == rewards(shop, "ben") == []
    shop.account.refund(shop.intent(session))
    shop.hear_all()
    assert rewards(shop, "ben") == []
