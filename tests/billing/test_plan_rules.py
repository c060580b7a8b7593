"""The rules of subscriptions on their own: no way of changing plans or of paying makes tokens."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from studiox.billing.monthly_tokens import PriceTerms, Reversal
from studiox.billing.subscriptions import (
    GRACE,
    SettlementInput,
    as_ended,
    duplicate,
    entitles,
    fetched_record,
    is_live,
    keeps_tokens,
    payment_status,
    plan_events,
    settle_subscription,
    summary,
)
from studiox.catalog.sales import PLANS
from studiox.integrations.stripe_types import Charge, Dispute, Invoice, Line, Subscription
from studiox.models.catalog import Plan
from studiox.models.orders import DisputeRecord
from studiox.models.subscriptions import CurrentSubscription, Grant, InvoiceRecord, SubscriptionRecord

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


HOUR = timedelta(hours=1)
KNOWN = SubscriptionRecord(
    subscription_id="sub0",
    uid="u0",
    customer_id="cus0",
    plan="enterprise",
    price_id="price0",
    item_id="si0",
    status="past_due",
    period_end=NOW - 9 * HOUR,
    cancel_at_period_end=True,
    created_at=NOW - 8 * HOUR,
    past_due_since=NOW - 7 * HOUR,
    entitled=True,
    rev=5,
    grant=Grant(period_end=NOW - 9 * HOUR, tokens=3, invoices=()),
    invoices={"in9": InvoiceRecord(
        status="paid", attempts=1, amount=900, counted=True, granted=3, taken=0, ever_taken=0, target=0, reversed=0,
        disputes={},
    )},
    forgotten=NOW - 6 * HOUR,
    check_at=None,
    updated_at=NOW - 5 * HOUR,
)  # fmt: skip


def test_a_first_fetch_starts_from_nothing_and_a_later_one_keeps_what_was_settled() -> None:
    first = fetched_record(None, _subscription(), [], "pro", "u1", NOW)
    assert first == SubscriptionRecord(
        subscription_id="sub1",
        uid="u1",
        customer_id="cus1",
        plan="pro",
        price_id=PRICE_OF["pro"],
        item_id="si1",
        status="active",
        period_end=END,
        cancel_at_period_end=False,
        created_at=NOW,
        past_due_since=None,
        entitled=True,
        rev=0,
        grant=None,
        invoices={},
        forgotten=datetime(1970, 1, 1, tzinfo=UTC),
        check_at=END + HOUR,
        updated_at=NOW,
    )
    later = fetched_record(KNOWN, _subscription(), [], "pro", "u1", NOW)
    kept = ("subscription_id", "uid", "customer_id", "created_at", "rev", "grant", "invoices", "forgotten")
    assert [getattr(later, each) for each in kept] == [getattr(KNOWN, each) for each in kept]
    assert later.updated_at == KNOWN.updated_at
    changed = ("plan", "price_id", "item_id", "status", "period_end", "past_due_since", "check_at")
    assert [getattr(later, each) for each in changed] == [getattr(first, each) for each in changed]


def test_past_due_begins_with_the_first_unpaid_attempt_or_when_it_was_first_seen() -> None:
    past_due = _subscription(status="past_due")
    untried = _invoice(0, status="open")._replace(attempts=0)
    unpaid = [untried, _invoice(1), _invoice(2, status="open"), _invoice(3, status="open")]
    assert fetched_record(KNOWN, past_due, unpaid, "pro", "u1", NOW).past_due_since == unpaid[2].created
    assert fetched_record(KNOWN, past_due, unpaid[:2], "pro", "u1", NOW).past_due_since == KNOWN.past_due_since
    assert fetched_record(None, past_due, [], "pro", "u1", NOW).past_due_since == NOW
    assert fetched_record(KNOWN, _subscription(), unpaid, "pro", "u1", NOW).past_due_since is None
    assert entitles("past_due", None, NOW)
    assert entitles("trialing", None, NOW)
    assert not entitles("past_due", NOW, NOW + timedelta(days=7))
    assert entitles("past_due", NOW, NOW + timedelta(days=7) - timedelta.resolution)


def test_an_ended_subscription_is_not_about_to_end() -> None:
    for status, asked, shown in (
        ("active", True, True), ("active", False, False), ("canceled", True, False), ("canceled", False, False),
    ):  # fmt: skip
        seen = _subscription(status=status)._replace(cancel_at_period_end=asked)
        assert fetched_record(None, seen, [], "pro", "u1", NOW).cancel_at_period_end is shown


def test_it_is_fetched_again_after_its_renewal_or_its_grace() -> None:
    def check_at(seen: Subscription, now: datetime) -> datetime | None:
        return fetched_record(None, seen, [_invoice(0, status="open")], "pro", "u1", now).check_at

    active, past_due = _subscription(), _subscription(status="past_due")
    assert check_at(active, END + HOUR - timedelta.resolution) == END + HOUR
    assert check_at(active, END + HOUR) == END + HOUR + timedelta(days=1)
    assert check_at(past_due, NOW + GRACE - timedelta.resolution) == NOW + GRACE
    assert check_at(past_due, NOW + GRACE) == END + HOUR
    assert check_at(_subscription(status="canceled"), NOW) is None


def test_a_subscription_that_stripe_lost_is_an_ended_one() -> None:
    assert as_ended(KNOWN) == Subscription(
        id="sub0",
        uid="u0",
        customer_id="cus0",
        status="canceled",
        price_id="price0",
        plan_id="enterprise",
        amount=None,
        item_id="si0",
        period_start=KNOWN.created_at,
        period_end=KNOWN.period_end,
        cancel_at_period_end=False,
        created=KNOWN.created_at,
        trial_end=None,
    )


def test_only_a_settlement_that_changes_something_is_counted() -> None:
    held, monthly, _ = _look(None, _subscription(), [_invoice(0)], 0)
    assert (held.rev, held.updated_at, monthly) == (1, NOW, 1000)
    same, monthly, made = _look(held, _subscription(), [_invoice(0)], monthly, now=NOW + HOUR)
    assert (same, monthly, made) == (held, 1000, [])
    held = msgspec.structs.replace(held, rev=5)
    cancelling = _subscription()._replace(cancel_at_period_end=True)
    changed, _, _ = _look(held, cancelling, [_invoice(0)], monthly, now=NOW + HOUR)
    assert (changed.rev, changed.updated_at) == (6, NOW + HOUR)


def test_a_lower_plan_takes_tokens_back_once() -> None:
    paid = [_invoice(0, "enterprise", paid=PLAN["enterprise"].amount)]
    held, monthly, _ = _look(None, _subscription("enterprise"), paid, 0)
    lower, monthly, made = _look(held, _subscription(), paid, monthly)
    assert (lower.rev, monthly, made) == (2, 1000, ["clawback:sub1:2:9000"])
    assert _look(lower, _subscription(), paid, monthly) == (lower, 1000, [])


def test_tokens_expire_with_the_plan_unless_their_period_is_paid() -> None:
    held, monthly, _ = _look(None, _subscription(), [_invoice(0)], 0)
    paused, monthly, made = _look(held, _subscription(status="paused"), [_invoice(0)], monthly)
    assert (paused.entitled, monthly, made) == (False, 1000, [])
    assert _look(paused, _subscription(status="canceled"), [_invoice(0)], monthly)[1:] == (0, ["expiry:sub1:3"])
    assert _look(held, _subscription(status="canceled"), [_invoice(0)], 9, now=END + HOUR)[1:] == (0, ["expiry:sub1:2"])
    assert _look(None, _subscription(status="unpaid"), [], 9)[1:] == (9, [])
    grant = held.grant
    assert grant is not None
    assert keeps_tokens(paused, grant, END - timedelta.resolution)
    assert keeps_tokens(paused, grant, END) is False
    assert keeps_tokens(paused, None, NOW) is False
    assert keeps_tokens(paused, msgspec.structs.replace(grant, over=True), NOW) is False
    assert not keeps_tokens(msgspec.structs.replace(paused, period_end=END + HOUR), grant, NOW)
    assert not keeps_tokens(msgspec.structs.replace(paused, status="canceled"), grant, NOW)


@pytest.mark.parametrize(
    ("before", "after", "events"),
    [
        ({}, {}, ()),
        ({"status": "incomplete"}, {}, ("started",)),
        ({"status": "canceled"}, {"status": "canceled"}, ()),
        ({}, {"status": "canceled"}, ("ended",)),
        ({"plan": "free"}, {"period_end": END + HOUR}, ("upgraded",)),
        ({}, {"plan": "free"}, ("downgraded",)),
        ({}, {"period_end": END + HOUR}, ("renewed",)),
        ({}, {"period_end": END - HOUR}, ()),
        ({}, {"cancel_at_period_end": True}, ("cancel_scheduled",)),
        ({"cancel_at_period_end": True}, {}, ("resumed",)),
        ({}, {"period_end": END + HOUR, "status": "past_due"}, ("past_due",)),
        ({"status": "past_due"}, {"status": "unpaid"}, ("past_due",)),
        ({}, {"status": "paused"}, ("paused",)),
        *(({"status": status}, {}, ("recovered",)) for status in ("past_due", "unpaid", "paused")),
        ({"status": "trialing"}, {}, ()),
    ],
)
def test_the_plan_history_says_what_changed(
    before: dict[str, object], after: dict[str, object], events: tuple[str, ...]
) -> None:
    record = fetched_record(None, _subscription(), [], "pro", "u1", NOW)
    known, new = msgspec.structs.replace(record, **before), msgspec.structs.replace(record, **after)
    assert plan_events(known, new, PLAN) == events
    assert plan_events(None, new, PLAN) == (("started",) if is_live(new.status) else ())


def test_a_plan_that_brings_as_much_is_no_upgrade() -> None:
    record = fetched_record(None, _subscription(), [], "pro", "u1", NOW)
    plans = {**PLAN, "free": msgspec.structs.replace(PLAN["free"], monthly_tokens=PLAN["pro"].monthly_tokens)}
    assert plan_events(record, msgspec.structs.replace(record, plan="free"), plans) == ("downgraded",)


def test_the_summary_shows_the_record() -> None:
    assert summary(KNOWN) == CurrentSubscription(
        id="sub0",
        status="past_due",
        plan="enterprise",
        entitled=True,
        current_period_end=KNOWN.period_end,
        cancel_at_period_end=True,
        created_at=KNOWN.created_at,
        item_id="si0",
        price_id="price0",
        rev=5,
    )
    assert duplicate(summary(KNOWN), KNOWN) == ""


@pytest.mark.parametrize(
    ("invoice", "paid", "refunded", "disputed", "status"),
    [
        ("paid", 900, 0, False, "paid"),
        ("paid", 0, 0, False, "paid"),
        ("paid", 900, 1, False, "partially_refunded"),
        ("paid", 900, 900, False, "refunded"),
        ("paid", 900, 900, True, "disputed"),
        ("void", 0, 0, False, "void"),
        ("uncollectible", 0, 0, False, "void"),
        ("open", 0, 0, False, "failed"),
    ],
)
def test_the_billing_history_names_an_invoices_state(
    invoice: str, paid: int, refunded: int, disputed: bool, status: str
) -> None:
    disputes = {"du1": DisputeRecord(amount=900, state="open", restored=False)} if disputed else {}
    record = msgspec.structs.replace(KNOWN.invoices["in9"], reversed=refunded, disputes=disputes)
    seen = _invoice(0, status=invoice, paid=paid)
    assert payment_status(seen, record) == status
    if invoice == "open":
        assert payment_status(seen._replace(attempts=0), record) == "pending"
