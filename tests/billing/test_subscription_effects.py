"""What a settlement of a subscription writes beside its record, at the limits of each rule."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from studiox.billing import subscription_effects as effects
from studiox.billing import subscriptions
from studiox.billing.context import SettlementContext, by_stripe
from studiox.billing.subscriptions import SubscriptionSettlement
from studiox.integrations.stripe_types import Event, Invoice, Subscription
from studiox.kit.documents import Docs, encode
from studiox.models.notifications import Type, notification_path
from studiox.models.payments import Payment, payment_path
from studiox.models.subscriptions import BillingAccount, InvoiceRecord, SubscriptionRecord
from studiox.models.users import User, user_path
from tests.billing.buckets import a_grant, a_record, an_invoice
from tests.support.documents import docs_with
from tests.support.people import user_of

NOW = datetime(2026, 1, 10, 12, tzinfo=UTC)
END = datetime(2026, 2, 1, tzinfo=UTC)
MONTH_AFTER = datetime(2026, 2, 10, 12, tzinfo=UTC)
SUBSCRIBED = replace(user_of(), plan="pro", is_premium=True, subscription_id="sub1", credit_reset_at=END)


def record(status: str = "active", **fields: Any) -> SubscriptionRecord:
    usual = {"plan": "pro", "entitled": status in ("active", "trialing"), "grant": a_grant(), "invoices": {}, **fields}
    return SubscriptionRecord(
        subscription_id="sub1",
        uid="u1",
        customer_id="cus1",
        price_id="price1",
        item_id="si1",
        status=status,
        period_end=END,
        cancel_at_period_end=False,
        created_at=NOW,
        past_due_since=None,
        rev=2,
        check_at=None,
        updated_at=NOW,
        **usual,
    )


# The user's plan.


def after_plan(
    known: SubscriptionRecord | None, new: SubscriptionRecord, *, user: User = SUBSCRIBED, now: datetime = NOW
) -> User:
    docs = docs_with({user_path("u1"): encode(user)})
    effects.change_plan(docs, known, new, now)
    after = docs.get(user_path("u1"))
    assert after is not None
    return after


def free_until(moment: datetime, now: datetime = NOW) -> User:
    return replace(
        SUBSCRIBED, plan="free", is_premium=False, subscription_id=None, credit_reset_at=moment, updated_at=now
    )


@pytest.mark.parametrize("known", [None, record("incomplete"), record()])
def test_a_subscription_that_entitles_is_the_users_plan(known: SubscriptionRecord | None) -> None:
    assert after_plan(known, record(), user=user_of()) == replace(
        user_of(), plan="pro", is_premium=True, subscription_id="sub1", credit_reset_at=END, updated_at=NOW
    )


def test_a_subscription_to_the_free_plan_is_not_premium() -> None:
    assert after_plan(None, record(plan="free")).is_premium is False


def test_a_subscription_that_ends_leaves_a_months_free_plan() -> None:
    assert after_plan(record(), record("canceled", grant=a_grant(over=True))) == free_until(MONTH_AFTER)
    assert after_plan(record(), record("canceled", grant=None)) == free_until(MONTH_AFTER)


@pytest.mark.parametrize(("now", "reset_at"), [(NOW, END), (END - timedelta(seconds=1), END)])
def test_a_paused_plans_tokens_stay_until_their_end(now: datetime, reset_at: datetime) -> None:
    assert after_plan(record(), record("paused"), now=now) == free_until(reset_at, now)


def test_after_the_paid_period_a_paused_plan_leaves_a_months_free_plan() -> None:
    assert after_plan(record(), record("paused"), now=END) == free_until(datetime(2026, 3, 1, tzinfo=UTC), END)


def test_what_never_entitled_changes_nothing() -> None:
    for known in (None, record("incomplete"), record("paused")):
        assert after_plan(known, record("paused")) == SUBSCRIBED
    over = a_grant(over=True)
    for known in (record("paused", grant=over), record("canceled", grant=over), record("paused", grant=None)):
        assert after_plan(known, record("canceled", grant=over if known.grant else None)) == SUBSCRIBED


def test_a_pause_whose_tokens_end_leaves_a_months_free_plan() -> None:
    over = record("canceled", grant=a_grant(over=True))
    assert after_plan(record("paused"), over) == free_until(MONTH_AFTER)
    assert after_plan(record("paused", grant=None), over) == free_until(MONTH_AFTER)
    assert after_plan(over, record("paused")) == SUBSCRIBED, "what is over does not begin again"


# The billing account.


def settled(new: SubscriptionRecord, owed: int = 0, **invoices: InvoiceRecord) -> SubscriptionSettlement:
    return SubscriptionSettlement(new, (), (), invoices, owed)


@pytest.mark.parametrize(
    ("before", "owed", "after"), [(None, 0, None), (None, 5, 5), (0, 0, 0), (5, 0, 0), (5, 7, 7), (0, 5, 5)]
)
def test_what_is_owed_is_noted_once_there_was_any(before: int | None, owed: int, after: int | None) -> None:
    account = BillingAccount(uid="u1", customer_id="cus1", owed_tokens=before)
    assert effects.account_after(account, settled(record(), owed)).owed_tokens == after


@pytest.mark.parametrize(
    ("current", "status", "becomes"),
    [
        (None, "active", "sub1"),
        (None, "canceled", "sub1"),
        ("sub1", "canceled", "sub1"),
        ("sub0", "active", "sub1"),
        ("sub0", "canceled", "sub0"),
        ("sub0", "incomplete", "sub0"),
    ],
)
def test_an_ended_subscription_does_not_replace_another(current: str | None, status: str, becomes: str) -> None:
    old = None if current is None else subscriptions.summary(replace(record("paused"), subscription_id=current))
    account = BillingAccount(uid="u1", customer_id="cus1", generation=3, current=old)
    after = effects.account_after(account, settled(record(status), 4))
    expected = old if becomes == "sub0" else subscriptions.summary(record(status))
    assert after == BillingAccount(uid="u1", customer_id="cus1", generation=3, current=expected, owed_tokens=4)


# The billing history.

INVOICE = an_invoice(("price1", 1_000), name="in1")._replace(url="https://stripe.test/in1", attempts=1)
PAYMENT = Payment(
    id="in1",
    kind="subscription",
    item_id="pro",
    amount=1_000,
    currency="usd",
    status="paid",
    tokens=100,
    invoice_url="https://stripe.test/in1",
    created_at=INVOICE.created,
)


def shown(
    old: InvoiceRecord | None,
    new: InvoiceRecord,
    invoice: Invoice = INVOICE,
    *,
    payment: Payment | None = None,
    restored: bool = False,
    known: bool = True,
) -> Docs:
    stored: dict[str, Any] = {user_path("u1"): encode(SUBSCRIBED)}
    if payment is not None:
        stored[payment_path("u1", "in1")] = encode(payment)
    docs = docs_with(stored)
    before = record(invoices={"in1": old} if old else {}) if known else None
    outcome = settled(record(), in1=new)
    effects.show_payments(docs, before, outcome, [invoice], {"in1"} if restored else set(), NOW)
    return docs


def payment_of(docs: Docs) -> Payment | None:
    return docs.get(payment_path("u1", "in1"))


@pytest.mark.parametrize("known", [True, False])
def test_a_new_invoice_is_shown_with_the_plan_it_pays_for(known: bool) -> None:
    assert payment_of(shown(None, a_record(), known=known)) == PAYMENT


def test_an_invoice_that_looks_the_same_is_not_written() -> None:
    same = a_record(target=50)  # which the history does not show
    assert shown(a_record(), same).changes == {}
    # What was restored from the history may be older than what is shown.
    old = replace(PAYMENT, item_id="enterprise", status="failed")
    assert payment_of(shown(a_record(), same, payment=old, restored=True)) == replace(old, status="paid")


def test_a_draft_is_not_shown() -> None:
    draft, drafted = INVOICE._replace(status="draft"), replace(a_record(), status="draft")
    for old, restored in ((None, False), (a_record(), False), (drafted, True)):
        assert shown(old, drafted, draft, restored=restored).changes == {}
    # Finished, it is as a new one, whatever was shown before.
    assert payment_of(shown(drafted, a_record(), payment=replace(PAYMENT, item_id="enterprise"))) == PAYMENT


def test_a_shown_invoice_keeps_the_plan_it_was_for_and_its_tokens() -> None:
    back = a_record(granted=0, reversed=400)
    kept = shown(a_record(), back, payment=replace(PAYMENT, item_id="enterprise"))
    assert payment_of(kept) == replace(PAYMENT, item_id="enterprise", refunded=400, status="partially_refunded")
    lost = shown(a_record(), back)
    assert payment_of(lost) == replace(PAYMENT, item_id=None, tokens=None, refunded=400, status="partially_refunded")
    more = shown(a_record(granted=40), a_record(granted=50), payment=replace(PAYMENT, tokens=40))
    assert payment_of(more) == replace(PAYMENT, tokens=50)


def test_an_unpaid_invoice_shows_what_is_due() -> None:
    due = INVOICE._replace(status="open", paid=0, amount=700, attempts=0)
    docs = shown(None, replace(a_record(granted=0), status="open"), due)
    assert payment_of(docs) == replace(PAYMENT, status="pending", amount=700, tokens=None)
    assert len(docs.changes) == 1, "nothing has failed yet"


@pytest.mark.parametrize(
    ("status", "before", "attempts", "told"),
    [
        ("open", None, 1, True),
        ("open", 0, 1, True),
        ("open", 1, 2, True),
        ("open", 2, 2, False),
        ("open", 3, 2, False),
        ("open", None, 0, False),
        ("open", 0, 0, False),
        ("paid", 0, 1, False),
        ("void", 1, 2, False),
    ],
)
def test_each_attempt_that_fails_is_told(status: str, before: int | None, attempts: int, told: bool) -> None:
    old = None if before is None else replace(a_record(), status="open", attempts=before, amount=1)
    invoice = INVOICE._replace(status=status, attempts=attempts)
    docs = shown(old, replace(a_record(), status=status, attempts=attempts), invoice)
    note = docs.get(notification_path("u1", "payment_failed", f"in1:{attempts}"))
    assert (note.payment_id if note else None) == ("in1" if told else None)
    assert len(docs.changes) == (2 if told else 1)


# What only an event says.

FOUND = Subscription("sub1", "u1", "cus1", "trialing", "price1", "pro", 900, "si1", NOW, END, False, NOW, END)


@pytest.mark.parametrize(
    ("event", "kind"),
    [
        ("customer.subscription.trial_will_end", "trial_ending"),
        ("invoice.payment_action_required", "payment_action_required"),
        ("invoice.paid", None),
        (None, None),
    ],
)
def test_what_only_an_event_says_is_told_once_a_period(event: str | None, kind: Type | None) -> None:
    caused = None if event is None else Event("evt1", event, NOW, livemode=False, account="", subject=None)
    context = SettlementContext(by_stripe("stripeWebhook"), caused)
    docs = docs_with({user_path("u1"): encode(SUBSCRIBED)})
    for found in (FOUND, FOUND, FOUND._replace(period_end=MONTH_AFTER)):
        effects.notify(docs, "u1", found, context, NOW)
    assert len(docs.changes) == (2 if kind else 0)
    if kind:
        told = docs.get(notification_path("u1", kind, f"sub1:{END.isoformat()}"))
        assert told is not None
        assert (told.subscription_id, told.created_at) == ("sub1", NOW)
