"""The rules of an order on their own: nothing is taken twice, nor more than was sold (B3–B8)."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from studiox.billing.orders import OrderSettlement, new_order, payment_status, settle_order, taken_target, to_restore
from studiox.catalog.sales import PLANS
from studiox.integrations.stripe_types import Bill, Charge, Dispute, Session
from studiox.models.catalog import Pack
from studiox.models.orders import DisputeRecord

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
    bill=Bill("usd", 999, 999),
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
def test_exactly_the_reversed_part_is_taken(seen: list[tuple[int, list[str]]]) -> None:
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


def test_a_payment_that_differs_from_its_order_is_a_problem() -> None:
    """B23."""
    assert settle_order(ORDER, _billed("usd", 998, 998)).problem == "amount_mismatch"
    assert settle_order(ORDER, _billed("eur", 999, 999)).problem == "currency_mismatch"
    assert settle_order(ORDER, SESSION._replace(uid="u2")).problem == "user_mismatch"


def _billed(currency: str, subtotal: int, total: int, **changes: int) -> Session:
    return SESSION._replace(bill=Bill(currency, subtotal, total, **changes))


def test_a_new_order_has_the_catalogues_figures_and_nothing_else() -> None:
    nothing = {"quantity": 0, "credited": 0, "taken": 0, "restored": 0, "refunded": 0, "failures": 0, "disputes": {}}
    pack = {"kind": "pack", "item_id": "p1", "tokens": 500, "amount": 999, "currency": "usd", "status": "open"}
    assert msgspec.structs.asdict(ORDER).items() >= {**nothing, **pack}.items()
    plan = next(plan for plan in PLANS if plan.id == "pro")
    sold = new_order(order_id="o2", uid="u1", session_id="cs2", url="", fingerprint="", pack=None, plan=plan, now=NOW)
    named = {"kind": "plan", "item_id": "pro", "tokens": 0, "amount": 900, "currency": "usd", "status": "open"}
    assert msgspec.structs.asdict(sold).items() >= {**nothing, **named}.items()


def test_two_packs_bring_twice_the_tokens_for_twice_the_price() -> None:
    two = SESSION._replace(quantity=2, bill=Bill("usd", 1998, 1998))
    settled = settle_order(ORDER, two)
    assert ([move.tokens for move in settled.moves], settled.order.credited) == ([1000], 1000)
    half = settle_order(settled.order, two._replace(charge=Charge("ch1", 1998, 999, False, "", ())))
    assert [move.tokens for move in half.moves] == [-500], "half of what both cost"
    assert settle_order(ORDER, two._replace(bill=Bill("usd", 999, 999))).problem == "amount_mismatch"


def test_a_session_without_a_pack_is_a_problem() -> None:
    assert settle_order(ORDER, SESSION._replace(quantity=0, bill=Bill("usd", 0, 0))).problem == "amount_mismatch"


def test_a_session_that_is_not_complete_changes_nothing() -> None:
    assert settle_order(ORDER, SESSION._replace(status="open")) == OrderSettlement(ORDER, (), "")


def test_an_amount_of_nothing_has_nothing_to_take_back() -> None:
    assert (taken_target(500, 10, 0), taken_target(500, 1, 1)) == (0, 500)


def test_each_failure_of_a_delayed_payment_counts_once() -> None:
    """B4."""
    failed = SESSION._replace(payment_status="unpaid", intent_status="canceled")
    once = settle_order(ORDER, failed).order
    assert (once.failures, settle_order(once, failed).order.failures) == (1, 1)
    waits = settle_order(once, failed._replace(intent_status="processing")).order
    assert settle_order(waits, failed).order.failures == 2


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"status": "open", "quantity": 0}, None),
        ({"status": "pending"}, "pending"),
        ({"status": "failed"}, "failed"),
        ({}, "paid"),
        ({"refunded": 1}, "partially_refunded"),
        ({"refunded": 1997}, "partially_refunded"),
        ({"refunded": 1998}, "refunded"),
        ({"disputes": {"du1": DisputeRecord(amount=1, state="open", restored=False)}}, "disputed"),
        ({"disputes": {"du1": DisputeRecord(amount=1, state="won", restored=True)}}, "paid"),
    ],
)
def test_what_the_billing_history_says_of_two_packs(changes: dict[str, object], status: str | None) -> None:
    paid = msgspec.structs.replace(ORDER, status="paid", quantity=2)
    assert payment_status(msgspec.structs.replace(paid, **changes)) == status


def test_the_last_won_dispute_names_what_is_given_back() -> None:
    won = DisputeRecord(amount=1, state="won", restored=False)
    assert to_restore({"du1": won, "du2": won}) == "du2"
    assert to_restore({"du1": msgspec.structs.replace(won, restored=True)}) == ""


def test_each_move_of_a_charge_is_named_after_all_that_was_moved() -> None:
    """B6: refunds that come and fail make new entries, and none of them twice."""
    order, names = settle_order(ORDER, SESSION).order, []
    for refunded in (333, 666, 333, 0, 999):
        settled = settle_order(order, _seen(refunded))
        order = settled.order
        names += [(move.id, move.tokens) for move in settled.moves]
    assert names == [
        ("clawback:ch1:166", -166),
        ("clawback:ch1:333", -167),
        ("restore:ch1:167", 167),
        ("restore:ch1:333", 166),
        ("clawback:ch1:833", -500),
    ]
