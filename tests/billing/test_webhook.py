"""stripeWebhook: what is genuine, what is ours, and that 200 means durable (B1, B9–B14, B16, B19, B20, B22)."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import main
from local.vendors.stripe.objects import Object, event
from local.vendors.stripe.webhooks import signed
from studiox.integrations.stripe_types import EVENT_TYPES
from tests.billing.shop import SECRET, Shop, comparable, deliver, send
from tests.conftest import Logged
from tests.support import Rpcs, budgets, call, crowd, http
from tests.support.clock import Clock

PAYMENTS, DELIVERIES = (100, 200) if os.environ.get("STUDIOX_EXHAUSTIVE") else (40, 24)


def _signature(body: bytes, secret: str = SECRET, at: float | None = None, scheme: str = "v1") -> str:
    moment = int(time.time() if at is None else at)
    made = hmac.new(secret.encode(), f"{moment}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={moment},{scheme}={made}"


def _paid(shop: Shop) -> Object:
    """A payment whose event has not come yet."""
    shop.account.pay(shop.checkout(packId="starter"))
    return shop.account.events[-1]


def test_one_event_delivered_200_times_at_once_credits_once(shop: Shop, invariants: Callable[[str], None]) -> None:
    """B1."""
    paid = _paid(shop)
    for _ in range(2):
        replies = crowd(32, lambda _: deliver(paid).status)
        assert set(replies) == {200}
    assert shop.balance() == 700
    assert len(shop.entries()) == 1
    invariants("u1")


@pytest.mark.long(14)
def test_many_payments_many_deliveries_at_once_each_credited_once(
    shop: Shop, invariants: Callable[[str], None]
) -> None:
    """B1, B2: 40 payments of four users, 24 deliveries of each (STUDIOX_EXHAUSTIVE: 100 and 200), 32 at a time."""
    users = [shop.user(f"crowd{number}") for number in range(4)]
    for number in range(PAYMENTS):
        shop.account.pay(shop.checkout(users[number % 4], packId="starter"))
    events = [each for each in shop.account.events if each["type"] in EVENT_TYPES]
    each_times = DELIVERIES * PAYMENTS // len(events)
    work = [each for each in events for _ in range(each_times)]
    with ThreadPoolExecutor(32) as pool:
        answers = Counter(pool.map(lambda event: deliver(event).status, work))
    assert answers == {200: len(work)}
    for user in users:
        assert shop.balance(user) == 200 + 500 * PAYMENTS // 4
        assert set(shop.entries(user).values()) == {500}
        invariants(user)


@pytest.mark.parametrize(
    "forged",
    [
        None,
        "",
        "t=1,v1=",
        "v1=00",
        "t=,v1=00",
        "t=abc,v1=00",
        "t=٣,v1=00",
        f"t={'9' * 400},v1=00",
        "t=1,t=2,v1=00",
        "t=1",
        "v1=00,t=",
        "t=1,v1=ü",
        "t=1,v1=00=00",
        f"t={int(time.time())},v1={'0' * 64}," + "v1=00," * 2000,
        "ü" * 10,
    ],
)
def test_a_forged_signature_is_refused(shop: Shop, forged: str | None, rpcs: Rpcs) -> None:
    """B9: 400, and nothing is read or written."""
    body, _ = signed(_paid(shop), SECRET)
    before = shop.database.hash()
    rpcs.reset()
    assert send(body, forged and forged.encode().decode("latin-1")).status == 400
    assert rpcs.count() == 0
    assert shop.database.hash() == before


def test_only_the_secrets_own_signature_of_these_bytes_counts(shop: Shop, logged: Logged) -> None:
    """B9: v0, another secret, another body."""
    body, signature = signed(_paid(shop), SECRET)
    assert send(body, _signature(body, scheme="v0")).status == 400
    assert send(body, _signature(body, secret="whsec_another")).status == 400
    assert send(body + b" ", signature).status == 400
    assert send(json.dumps(json.loads(body)).encode(), signature).status == 400  # re-serialised (B13)
    assert shop.balance() == 200
    assert "cs_test" not in "".join(map(str, logged.lines("stripe_event_refused")))
    assert send(body, signature).status == 200


@pytest.mark.parametrize(("away", "status"), [(-301, 400), (-298, 200), (298, 200), (302, 400), (315_360_000, 400)])
def test_a_signature_counts_for_300_seconds_either_way(shop: Shop, away: int, status: int) -> None:
    """B10, B11: the SDK alone takes one that is dated ten years ahead."""
    body, _ = signed(_paid(shop), SECRET)
    assert send(body, _signature(body, at=time.time() + away)).status == status
    assert shop.balance() == (700 if status == 200 else 200)


def test_one_of_several_signatures_is_enough(shop: Shop) -> None:
    """Stripe signs with the old and the new secret while one is rolled (B12)."""
    body, signature = signed(_paid(shop), SECRET)
    time_part, claim = signature.split(",")
    assert send(body, f"{time_part},v1={'0' * 64},{claim},v0={'0' * 64}").status == 200
    assert shop.balance() == 700


def test_only_the_time_that_was_signed_counts(shop: Shop) -> None:
    """B10: another `t` beside the signed one changes nothing."""
    body, _ = signed(_paid(shop), SECRET)
    now, old = int(time.time()), int(time.time()) - 1000
    stale = _signature(body, at=old)
    assert send(body, f"t={now},{stale}").status == 400
    assert send(body, f"{stale},t={now}").status == 400
    assert shop.balance() == 200


def test_two_secrets_are_accepted_while_one_is_replaced(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """B12."""
    body, _ = signed(_paid(shop), SECRET)
    monkeypatch.setenv("STRIPE_WEBHOOK_SECRET", f" whsec_new , {SECRET},")
    assert send(body, _signature(body, "whsec_new")).status == 200
    assert send(body, _signature(body)).status == 200
    assert send(body, _signature(body, "")).status == 400
    monkeypatch.setenv("STRIPE_WEBHOOK_SECRET", "whsec_new")
    assert send(body, _signature(body)).status == 400


@pytest.mark.parametrize("empty", ["", "  ", ",", " , ,"])
def test_an_empty_secret_refuses_to_serve(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, logged: Logged, empty: str
) -> None:
    """B11: loudly, and never with an empty key."""
    body, _ = signed(_paid(shop), SECRET)
    monkeypatch.setenv("STRIPE_WEBHOOK_SECRET", empty)
    assert send(body, _signature(body, "")).status == 500
    assert send(body, _signature(body, empty.strip())).status == 500
    assert logged.lines("secret_missing")
    assert shop.balance() == 200


@pytest.mark.parametrize(
    "body", [b"\xef\xbb\xbf{}", b"\xff\xfe", b"", b"[]", b"null", b'{"a":NaN}', b"{" * 5000, "ü".encode("latin-1")]
)
def test_what_is_no_json_object_is_refused(body: bytes) -> None:
    """B13: 400, never 500, even when signed."""
    assert send(body, _signature(body)).status == 400


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "HEAD"])
def test_only_post(method: str) -> None:
    assert http(main.stripeWebhook, method).status == 405


def test_events_of_the_other_mode_or_account_are_not_ours(shop: Shop, rpcs: Rpcs) -> None:
    """B14."""
    paid = _paid(shop)
    rpcs.reset()
    assert deliver({**paid, "livemode": True}).status == 200
    assert deliver({**paid, "account": "acct_other"}).status == 200
    assert deliver({**paid, "type": "customer.tax_id.created"}).status == 200
    assert deliver({"object": "event"}).status == 200
    assert rpcs.count() == 0
    assert shop.balance() == 200


def test_live_keys_accept_live_events_only(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """B14, the other way round."""
    paid = _paid(shop)
    monkeypatch.setenv("STRIPE_SECRET_KEY", "sk_live_0123456789")
    assert deliver(paid).status == 200
    assert shop.balance() == 200


def test_a_known_type_in_a_bad_shape_is_sent_again(shop: Shop, logged: Logged) -> None:
    """B22."""
    paid = _paid(shop)
    before = comparable(shop.database.all())
    for broken in ({**paid, "data": {}}, {**paid, "created": "now"}, {**paid, "id": None}):
        assert deliver(broken).status == 500
    assert len(logged.lines("stripe_event_malformed")) == 3
    assert comparable(shop.database.all()) == before


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(type_=st.sampled_from(EVENT_TYPES), about=st.dictionaries(st.sampled_from(
    ["id", "metadata", "payment_intent", "parent", "client_reference_id", "customer", "amount"]), _JSON))  # fmt: skip
def test_any_object_of_any_known_type_never_moves_money(shop: Shop, type_: str, about: dict[str, Any]) -> None:
    """B22: what is not in Stripe has no effect, whatever a signed body says."""
    body = json.dumps({**event(type_, about, int(time.time()))}).encode()
    if b"\\ud" in body:  # a lone surrogate is no JSON text
        return
    assert send(body, _signature(body)).status in (200, 500)
    assert shop.balance() == 200


def test_a_payment_without_a_buyer_or_an_order_is_parked(shop: Shop, logged: Logged) -> None:
    """B16: a deleted user; an order that is not there."""
    for number, spoil in enumerate(("users/u1", "order")):
        session = shop.account.objects[shop.checkout(packId="starter", uid="u1")]
        paid = shop.account.pay(session["id"]) and shop.account.events[-1]
        order = f"orders/{session['metadata']['orderId']}"
        user = shop.database.need("users/u1")
        shop.database.delete(order if spoil == "order" else spoil)
        assert deliver(paid).status == 200
        assert deliver(paid).status == 200
        parked = shop.database.need(f"unmatchedPayments/{session['id']}")
        assert parked["reason"] == ("order_missing" if spoil == "order" else "user_missing")
        assert parked["amount"] == 500
        assert len(logged.lines("payment_unmatched")) == number + 1
        shop.database.put("users/u1", user)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"amount_total": 1}, "amount_mismatch"),
        ({"amount_total": 0, "payment_status": "no_payment_required"}, "amount_mismatch"),
        ({"currency": "jpy"}, "currency_mismatch"),
        ({"client_reference_id": "u2"}, "user_mismatch"),
    ],
)
def test_a_payment_that_differs_from_its_order_is_parked(shop: Shop, change: dict[str, Any], reason: str) -> None:
    """B23: another currency, a 100 % coupon, another amount."""
    session = shop.checkout(packId="starter")
    shop.account.pay(session)
    shop.account.objects[session].update(change)
    shop.hear_all()
    assert shop.database.need(f"unmatchedPayments/{session}")["reason"] == reason
    assert shop.balance() == 200


def test_two_of_a_pack_are_twice_the_tokens(shop: Shop) -> None:
    """B23: tokens = the line's quantity times the pack's."""
    session = shop.checkout(packId="starter")
    shop.account.objects[session]["_line_items"][0]["quantity"] = 2
    shop.account.objects[session].update(amount_subtotal=1000, amount_total=1000)
    shop.account.pay(session)
    shop.hear_all()
    assert shop.balance() == 1200


def test_what_was_sold_is_credited_whatever_the_price_table_says_now(shop: Shop) -> None:
    """B17."""
    session = shop.checkout(packId="starter")
    shop.database.put("tokenPacks/starter", {"tokens": 1, "amount": 99_999})
    shop.account.pay(session)
    shop.hear_all()
    assert shop.balance() == 700


@pytest.mark.parametrize("fault", ["fail_before", "fail_after_apply"])
def test_200_is_only_said_when_it_is_durable(shop: Shop, rpcs: Rpcs, fault: str, clock: Clock) -> None:
    """B19, B20: Firestore is away, or dies between the commit and its answer; Stripe sends the event again."""
    paid = _paid(shop)
    clock.ahead = timedelta()
    getattr(rpcs, fault)("Commit", times=1)
    first = deliver(paid)
    if fault == "fail_before":
        assert shop.balance() == (700 if first.status == 200 else 200)
    assert deliver(paid).status == 200
    assert shop.balance() == 700
    assert len(shop.entries()) == 1


def test_a_process_that_dies_after_its_commit_leaves_a_known_event(shop: Shop, rpcs: Rpcs) -> None:
    """B19: nobody answered Stripe; the next delivery finds it done."""
    paid = _paid(shop)

    class Killed(BaseException):
        pass

    def die(_method: str, _request: object) -> None:
        raise Killed

    rpcs.plan("Commit", after=die)
    with pytest.raises(Killed):
        deliver(paid)
    assert shop.balance() == 700
    rpcs.reset()
    assert deliver(paid).status == 200
    assert shop.balance() == 700
    assert rpcs.calls == budgets.calls("stripeWebhook", "replay")


def test_firestore_down_is_500_and_nothing_is_lost(shop: Shop, rpcs: Rpcs, monkeypatch: pytest.MonkeyPatch) -> None:
    """B20."""
    from studiox.kit import firestore

    monkeypatch.setattr(firestore, "RPC_TIMEOUT_S", 0.3)
    paid = _paid(shop)
    rpcs.fail_before("BatchGetDocuments", times=10_000)
    assert deliver(paid).status == 500
    rpcs.heal()
    assert deliver(paid).status == 200
    assert shop.balance() == 700


def test_stripe_down_is_500_and_is_noted(shop: Shop) -> None:
    paid = _paid(shop)
    shop.api.down = True
    assert deliver(paid).status == 500
    assert shop.balance() == 200
    record = shop.database.need(f"stripeEvents/{paid['id']}")
    assert (record["status"], record["error"], record["attempts"]) == ("failed", "PaymentsUnavailable", 1)
    status = call(main.getWebhookStatus, {}, uid="boss", admin=True).result
    assert status["counts"] == {"handled": 0, "failed": 1, "parked": 0}
    assert [each["eventId"] for each in status["failed"]] == [paid["id"]]
    assert call(main.retryWebhooks, {}, uid="boss", admin=True).result == {"retried": 0, "failed": 1}
    shop.api.down = False
    assert call(main.retryWebhooks, {}, uid="boss", admin=True).result == {"retried": 1, "failed": 0}
    assert shop.balance() == 700
    assert call(main.getWebhookStatus, {}, uid="boss", admin=True).result["counts"]["handled"] == 1
    assert call(main.retryWebhooks, {}, uid="boss", admin=True).result == {"retried": 0, "failed": 0}


def test_an_event_that_never_came_can_be_asked_for(shop: Shop) -> None:
    paid = _paid(shop)
    asked = {"eventIds": [paid["id"], "evt_unknown"]}
    assert call(main.retryWebhooks, asked, uid="boss", admin=True).result == {"retried": 1, "failed": 1}
    assert shop.balance() == 700


def test_only_administrators_look_at_the_webhook() -> None:
    for function in (main.getWebhookStatus, main.retryWebhooks):
        assert call(function, {}, uid="u1").reason == "Forbidden"
        assert call(function, {}).reason == "Unauthenticated"
