"""Subscriptions, `subscriptions/{subscriptionId}`; each user's account with Stripe, `billing/{uid}`; plan history.

Amounts are in the currency's minor unit (cents). Tokens are those of the `monthly` bucket.
"""

from __future__ import annotations

from typing import Literal

from studiox.kit.clock import datetime
from studiox.kit.documents import Collection, Path, Stored

from .orders import DisputeRecord
from .users import PlanId, user_path

SubscriptionStatus = Literal[
    "incomplete", "incomplete_expired", "trialing", "active", "past_due", "canceled", "unpaid", "paused"
]  # fmt: skip
"""Stripe's."""
PlanEventType = Literal[
    "started", "upgraded", "downgraded", "renewed", "cancel_scheduled", "resumed", "past_due", "recovered",
    "paused", "ended",
]  # fmt: skip


class Grant(Stored, frozen=True, kw_only=True, omit_defaults=False):
    """The monthly tokens of the current paid period.

    Every field is always written; the defaults are for grants written before the field existed.
    """

    period_end: datetime
    tokens: int
    """Tokens paid for in this period: granted, less what was credited to the customer's balance."""
    invoices: tuple[str, ...]
    """Ids of the invoices that granted them, oldest first."""
    plan: str = ""
    """The plan's id; empty in old grants."""
    paid: int = 0
    """What the tokens cost, less what was credited to the customer's balance."""
    ahead: int = 0
    """Tokens taken back before Stripe credited anything for them."""
    over: bool = False
    """Whether the rest of the tokens has expired."""


class InvoiceRecord(Stored, frozen=True, kw_only=True):
    """An invoice of a subscription: its state in Stripe as last fetched, and the tokens granted and taken for it."""

    status: str
    """Stripe's: `draft`, `open`, `paid`, `void` or `uncollectible`."""
    attempts: int
    """Payment attempts."""
    amount: int
    """Paid, or due while nothing is paid."""
    total: int | None = None
    """After discounts, without tax on top; negative for a credit. Absent in old records."""
    tax: int | None = None
    """Tax on top of `total`; absent if there is none."""
    problem: str | None = None
    """Why its sum is not explained, so that it waits for an administrator; absent if it is."""
    created_at: datetime | None = None
    """Absent in old records."""
    period_end: datetime | None = None
    """Absent in old records."""

    counted: bool
    """Whether its tokens were granted, or its credit was applied."""
    granted: int
    taken: int
    """Tokens that refunds and disputes have taken back and not given back."""
    ever_taken: int
    """The same without what was given back; it makes the ledger entries' ids unique."""
    ever_returned: int | None = None
    """Tokens given back in all; absent until something is."""
    lowered: int | None = None
    """Tokens that a lower plan has taken back; absent until a plan is lowered."""
    target: int
    """Tokens that refunds and disputes ask for, whether or not they were left to take."""
    reversed: int
    """Money refunded."""
    disputes: dict[str, DisputeRecord]
    """By the dispute's id."""


class SubscriptionRecord(Stored, frozen=True, kw_only=True):
    """A subscription as last fetched from Stripe, and what was granted for its invoices. Written by settlement."""

    subscription_id: str
    uid: str
    customer_id: str
    plan: PlanId
    price_id: str
    item_id: str
    """Stripe's id of the subscription item, which a change of plan names."""
    status: str
    """Stripe's, one of SubscriptionStatus."""
    period_end: datetime
    cancel_at_period_end: bool
    created_at: datetime
    past_due_since: datetime | None
    entitled: bool
    """Whether the user has the plan now."""
    rev: int
    """Number of the settlement that last changed the document; part of ledger entry ids and idempotency keys."""
    grant: Grant | None
    invoices: dict[str, InvoiceRecord]
    """By the invoice's id. Old invoices are forgotten (billing/invoice_memory.py)."""
    forgotten: datetime | None = None
    """Invoices created until then may be missing from `invoices` and are settled. Absent in old documents."""
    check_at: datetime | None
    """When reconciliation fetches the subscription again; None if it has ended."""
    updated_at: datetime


SUBSCRIPTIONS = Collection("subscriptions", SubscriptionRecord)


def subscription_path(subscription_id: str) -> Path[SubscriptionRecord]:
    return SUBSCRIPTIONS.document(subscription_id)


class CurrentSubscription(Stored, frozen=True, kw_only=True):
    """Summary of the user's current subscription, which may have ended."""

    id: str
    status: str
    """Stripe's, one of SubscriptionStatus."""
    plan: PlanId
    entitled: bool
    current_period_end: datetime
    cancel_at_period_end: bool
    created_at: datetime
    item_id: str
    price_id: str
    rev: int


class PlanCheckout(Stored, frozen=True, kw_only=True):
    """The user's latest checkout session for a plan."""

    order_id: str
    session_id: str


class BillingAccount(Stored, frozen=True, kw_only=True):
    """The user's account with Stripe, `billing/{uid}`. Written by checkout, portal and settlement."""

    uid: str
    customer_id: str
    generation: int | None = None
    """How often the customer was created anew. Absent if settlement found the customer in Stripe."""
    locale: str | None = None
    """The language of the customer's invoices, as Stripe was told it; absent until it was."""
    current: CurrentSubscription | None = None
    plan_checkout: PlanCheckout | None = None
    owed_tokens: int | None = None
    """Tokens that were spent before Stripe credited them to the customer's balance; later grants pay them off.
    Absent until something is owed."""


BILLING_ACCOUNTS = Collection("billing", BillingAccount)


def account_path(uid: str) -> Path[BillingAccount]:
    return BILLING_ACCOUNTS.document(uid)


class PlanEvent(Stored, frozen=True, kw_only=True):
    """An entry of the user's plan history, `users/{uid}/subscriptionEvents/{id}`. Written by settlement."""

    type: PlanEventType
    from_plan: PlanId
    to_plan: PlanId
    status: str
    """Stripe's status of the subscription afterwards."""
    at: datetime


PLAN_EVENTS = Collection("subscriptionEvents", PlanEvent)
"""The collection group of every user's plan history."""


def plan_events_of(uid: str) -> Collection[PlanEvent]:
    return Collection(f"{user_path(uid)}/{PLAN_EVENTS}", PlanEvent)


def plan_event_path(uid: str, event_id: str) -> Path[PlanEvent]:
    return plan_events_of(uid).document(event_id)
