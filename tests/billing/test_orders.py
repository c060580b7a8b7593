"""The rules of an order on their own: nothing is taken twice, nor more than was sold (B3–B8)."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from studiox.billing.orders import new_order, payment_status, settle_order, taken_target
from studiox.integrations.stripe_types import Charge, Dispute, Session
from studiox.models.catalog import Pack

NOW = datetime(2026, 1, 1, tzinfo=UTC)
ORDER = new_order(
    order_id="o1",
    uid="u1",
    session_id="cs1",
    url="",
    fingerprint="",
    pack=Pack(id="p1", name="Pack", tokens=500, amount=999, currency="usd"),
    plan=None,
    now=NOW,
)
SESSION = Session(
    id="cs1",
    mode="payment",
    status="complete",
    payment_status="paid",
    amount=999,
    currency="usd",
    quantity=1,
    order_id="o1",
    uid="u1",
    subscription_id="",
    intent_id="pi1",
    intent_status="succeeded",
    charge=None,
    url="",
    created=NOW,
)
STATES = st.sampled_from(["inquiry", "open", "won", "lost"])


def _seen(refunded: int, disputes: tuple[Dispute, ...] = ()) -> Session:
    return SESSION._replace(charge=Charge("ch1", 999, refunded, bool(disputes), "", disputes))


@given(sold=st.integers(1, 10**9), amount=st.integers(1, 10**8), reversed_=st.integers(0, 10**9))
def test_the_target_is_the_floor_of_the_part(sold: int, amount: int, reversed_: int) -> None:
    """B6."""
    target = taken_target(sold, reversed_, amount)
    assert 0 <= target <= sold
    assert target == sold * min(reversed_, amount) // amount
    if reversed_ >= amount:
        assert target == sold


@given(seen=st.lists(st.tuples(st.integers(0, 999), st.lists(STATES, max_size=2)), max_size=8))
def test_whatever_is_seen_exactly_that_part_is_taken(seen: list[tuple[int, list[str]]]) -> None:
    """B6, B8: refunds that fail, inquiries that become disputes and disputes that are won included."""
    order, moved, ids = ORDER, 0, set()
    for refunded, states in seen:
        disputes = tuple(Dispute(f"du{number}", 400, state) for number, state in enumerate(states))  # type: ignore[arg-type]
        settled = settle_order(order, _seen(refunded, disputes))
        order = settled.order
        for move in settled.moves:
            assert move.id not in ids
            ids.add(move.id)
            moved += move.tokens
        held_back = sum(each.amount for each in order.disputes.values() if each.state in ("open", "lost"))
        assert moved == 500 - taken_target(500, refunded + held_back, 999)
        assert order.taken - order.restored == 500 - moved
        again = settle_order(order, _seen(refunded, disputes))
        assert (again.moves, again.order) == ((), order)


def test_a_won_dispute_gives_back_exactly_what_it_took() -> None:
    """B8."""
    taken = settle_order(settle_order(ORDER, SESSION).order, _seen(0, (Dispute("du1", 999, "open"),)))
    assert [move.tokens for move in taken.moves] == [-500]
    won = settle_order(taken.order, _seen(0, (Dispute("du1", 999, "won"),)))
    assert [(move.id, move.tokens) for move in won.moves] == [("restore:du1", 500)]
    refunded = settle_order(won.order, _seen(999, (Dispute("du1", 999, "won"),)))
    assert [(move.id, move.tokens) for move in refunded.moves] == [("clawback:ch1:1000", -500)]


def test_an_unpaid_session_waits_and_may_fail() -> None:
    """B3, B4."""
    waiting = SESSION._replace(payment_status="unpaid", intent_status="processing")
    assert (settle_order(ORDER, waiting).moves, settle_order(ORDER, waiting).order.status) == ((), "pending")
    failed = settle_order(ORDER, waiting._replace(intent_status="requires_payment_method"))
    assert (failed.moves, failed.order.status, payment_status(failed.order)) == ((), "failed", "failed")
    paid = settle_order(failed.order, SESSION)
    assert [move.tokens for move in paid.moves] == [500]
    assert settle_order(paid.order, waiting).order.credited == 500  # a late look does not unmake it


def test_an_open_session_sells_nothing() -> None:
    opened = SESSION._replace(status="open", payment_status="unpaid")
    assert settle_order(ORDER, opened).order == ORDER
    assert settle_order(ORDER, opened._replace(status="expired")).order.status == "expired"


def test_what_was_not_sold_so_is_a_problem() -> None:
    """B23."""
    assert settle_order(ORDER, SESSION._replace(amount=998)).problem == "amount_mismatch"
    assert settle_order(ORDER, SESSION._replace(currency="eur")).problem == "currency_mismatch"
    assert settle_order(ORDER, SESSION._replace(uid="u2")).problem == "user_mismatch"
    assert (
        settle_order(ORDER, SESSION._replace(amount=0, payment_status="no_payment_required")).problem
        == "amount_mismatch"
    )
    free = msgspec.structs.replace(ORDER, amount=0)
    assert settle_order(free, SESSION._replace(amount=0, payment_status="no_payment_required")).problem == ""
