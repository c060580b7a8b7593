"""The rules of subscriptions on their own: no way of changing plans or of paying makes tokens."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from studiox.billing.monthly_tokens import PriceTerms, Reversal
from studiox.billing.subscriptions import (
    GRACE,
    SettlementInput,
    duplicate,
    entitles,
    fetched_record,
    is_live,
    settle_subscription,
    summary,
)
from studiox.catalog.sales import PLANS
from studiox.integrations.stripe_types import Charge, Dispute, Invoice, Line, Subscription
from studiox.models.catalog import Plan
from studiox.models.subscriptions import SubscriptionRecord

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
END = NOW + timedelta(days=28)
PLAN: dict[str, Plan] = {plan.id: plan for plan in PLANS}
TERMS = {plan.price_id: PriceTerms(plan.id, plan.monthly_tokens, plan.amount) for plan in PLANS if plan.price_id}
PRICE_OF: dict[str, str] = {term.plan: price for price, term in TERMS.items()}


def _subscription(plan: str = "pro", status: str = "active", end: datetime = END) -> Subscription:
    price = PRICE_OF[plan]
    amount = PLAN[plan].amount
    return Subscription("sub1", "u1", "cus1", status, price, plan, amount, "si1", NOW, end, False, NOW, None)


def _invoice(number: int, plan: str = "pro", status: str = "paid", end: datetime = END, paid: int = 900) -> Invoice:
    """With a plain amount, as it is where nothing is prorated."""
    made = NOW + timedelta(seconds=number)
    lines = (Line(PRICE_OF[plan], paid, end),)
    return Invoice(f"in{number}", status, paid, paid, "usd", 1, made, lines, end, "", f"pi{number}", paid)


def _look(
    held: SubscriptionRecord | None,
    seen: Subscription,
    invoices: list[Invoice],
    monthly: int,
    reversal: Reversal | None = None,
    now: datetime = NOW,
) -> tuple[SubscriptionRecord, int, list[str]]:
    """The subscription and the monthly bucket after one look; the entries' ids."""
    new = fetched_record(held, seen, invoices, PLAN[seen.plan_id].id, "u1", now)
    settled = settle_subscription(held, new, SettlementInput(invoices, reversal, TERMS, monthly, 0, now), PLAN)
    for move in settled.moves:
        monthly += move.tokens
        assert monthly >= 0
    return settled.record, monthly, [move.id for move in settled.moves]


@given(seen=st.lists(st.tuples(st.integers(0, 900), st.sampled_from(["", "open", "won", "lost"])), max_size=6))
def test_never_more_than_the_grant_is_taken_back(seen: list[tuple[int, str]]) -> None:
    """B6, B8 for invoices."""
    held, monthly, _ = _look(None, _subscription(), [_invoice(0)], 0)
    ids = set[str]()
    for refunded, state in seen:
        disputes = (Dispute("du1", 900, state),) if state else ()  # type: ignore[arg-type]
        charge = Charge("ch0", 900, refunded, bool(state), "", disputes)
        held, monthly, made = _look(held, _subscription(), [_invoice(0)], monthly, Reversal("in0", charge))
        assert 0 <= monthly <= 1000
        assert not ids & set(made), "a cause counts once"
        ids |= set(made)
    last = seen[-1][0] if seen else 0
    assert monthly <= 1000 - 1000 * last // 900


def test_the_end_expires_what_is_left_and_only_once() -> None:
    held, monthly, _ = _look(None, _subscription(), [_invoice(0)], 0)
    held, monthly, made = _look(held, _subscription(status="canceled"), [_invoice(0)], 300)
    assert (monthly, made) == (0, ["expiry:sub1:2"])
    assert not held.entitled
    assert held.check_at is None
    again, monthly, made = _look(held, _subscription(status="canceled"), [_invoice(0)], 50)
    assert (again, monthly, made) == (held, 50, [])  # the free plan's tokens are not its business


def test_an_invoice_of_a_period_that_is_over_grants_nothing() -> None:
    later = END + timedelta(days=31)
    both = [_invoice(0), _invoice(1, end=later)]
    held, monthly, made = _look(None, _subscription(end=later), both, 0)
    assert (monthly, made) == (1000, ["grant:in1"])
    assert _look(held, _subscription(end=later), both, monthly)[2] == []


def test_premium_lasts_seven_days_past_due() -> None:
    assert entitles("past_due", NOW, NOW + GRACE - timedelta(seconds=1))
    assert not entitles("past_due", NOW, NOW + GRACE)
    assert [status for status in ("unpaid", "paused", "incomplete", "canceled") if entitles(status, None, NOW)] == []
    opened = [_invoice(0), _invoice(1, status="open")]
    new = fetched_record(None, _subscription(status="past_due"), opened, "pro", "u1", NOW)
    assert new.past_due_since == opened[1].created
    assert new.check_at == opened[1].created + GRACE


def test_of_two_the_older_stays() -> None:
    new = fetched_record(None, _subscription(), [], "pro", "u1", NOW)
    older = msgspec.structs.replace(summary(new), id="sub0", created_at=NOW - timedelta(days=1))
    younger = msgspec.structs.replace(older, created_at=NOW + timedelta(days=1))
    assert duplicate(older, new) == "sub1"
    assert duplicate(younger, new) == "sub0"
    assert duplicate(msgspec.structs.replace(older, status="canceled"), new) == ""
    assert duplicate(older, msgspec.structs.replace(new, status="canceled")) == ""
    assert duplicate(None, new) == ""
    assert is_live("past_due")
    assert not is_live("incomplete")
