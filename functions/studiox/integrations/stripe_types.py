"""The parts of Stripe's objects that billing uses, and the events that it handles. Pure.

Amounts are in the currency's minor unit (cents). A text that is missing at Stripe is empty.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

from studiox.kit.clock import datetime

Data = Mapping[str, Any]
"""A raw object of Stripe's, which stripe_objects.py reads."""

EVENT_TYPES = (
    "checkout.session.completed",
    "checkout.session.async_payment_succeeded",
    "checkout.session.async_payment_failed",
    "customer.subscription.created",
    "customer.subscription.updated",
    "customer.subscription.deleted",
    "customer.subscription.paused",
    "customer.subscription.resumed",
    "customer.subscription.trial_will_end",
    "invoice.payment_action_required",
    "invoice.paid",
    "invoice.payment_succeeded",
    "invoice.payment_failed",
    "payment_intent.succeeded",
    "payment_intent.payment_failed",
    "payment_intent.canceled",
    "charge.refunded",
    "charge.dispute.created",
    "charge.dispute.updated",
    "charge.dispute.funds_withdrawn",
    "charge.dispute.funds_reinstated",
    "charge.dispute.closed",
    "refund.updated",
    "refund.failed",
)

ENDED = ("canceled", "incomplete_expired")
"""The final states of a subscription."""


class BadShape(Exception):
    """An object of a known type lacks a field that billing needs."""


class Subject(NamedTuple):
    """The object that an event is about, to be fetched. The fields with a default are hints and may be empty."""

    kind: Literal["session", "order", "subscription", "intent", "invoice"]
    id: str
    order_id: str = ""
    uid: str = ""
    intent_id: str = ""
    """The payment intent that was made for an order."""


class Event(NamedTuple):
    """An event of one of `EVENT_TYPES`. Its content is only a hint: the object's state is fetched."""

    id: str
    type: str
    created: datetime
    livemode: bool
    account: str
    """The connected account of a Connect event; otherwise empty."""
    subject: Subject | None
    """None if the object cannot be ours, such as an invoice without a subscription."""
    unrefunded: str = ""
    """The ended subscription whose refund, which we asked for, has failed at the bank; mostly empty."""


class ListedEvent(NamedTuple):
    """An event as Stripe lists it: its id, and its data for `event`."""

    id: str
    data: Data


class Dispute(NamedTuple):
    id: str
    amount: int
    state: Literal["inquiry", "open", "won", "lost"]
    """An inquiry moves no money. An open dispute holds the money back until it is won."""


class Charge(NamedTuple):
    id: str
    amount: int
    refunded: int
    """Sum of the refunds that did not fail."""
    disputed: bool
    receipt_url: str
    disputes: tuple[Dispute, ...] = ()
    card: str = ""
    """Stripe's fingerprint of the card or the bank account; the same for all customers who pay with it."""


class Bill(NamedTuple):
    """What a checkout session or an invoice charges, in the currency's minor unit."""

    currency: str
    subtotal: int
    """The prices, before discounts and before tax on top."""
    total: int
    discount: int = 0
    tax: int = 0
    """Tax on top of the prices."""
    tax_included: int = 0
    """Tax that is part of the prices."""


class Card(NamedTuple):
    """A card that a customer has saved for payments without them."""

    payment_method_id: str
    brand: str
    last4: str


Refusal = Literal["", "authentication", "declined"]
"""Why a payment without the customer was refused: the bank wants to ask them, or anything else."""


class Session(NamedTuple):
    """A checkout session with its payment, or a payment without the customer in the form of a complete session."""

    id: str
    mode: str
    status: str
    payment_status: str
    bill: Bill
    quantity: int
    order_id: str
    uid: str
    subscription_id: str
    intent_id: str
    intent_status: str
    charge: Charge | None
    url: str
    created: datetime
    invoice_url: str = ""
    """Of a pack that comes with an invoice."""
    saved_card: Card | None = None
    """The card that the session has saved."""
    refusal: Refusal = ""
    """Of a payment without the customer."""


class Subscription(NamedTuple):
    """A subscription's current state in Stripe."""

    id: str
    uid: str
    customer_id: str
    status: str
    price_id: str
    plan_id: str
    """The price's `metadata.planId`; empty if it has none."""
    amount: int | None
    """The monthly price, in `currency`."""
    item_id: str
    period_start: datetime
    period_end: datetime
    cancel_at_period_end: bool
    created: datetime
    trial_end: datetime | None
    currency: str = ""
    allows: tuple[str, ...] = ()
    """What its checkout allowed on its invoices beside prices: `codes`, `tax`."""


class Line(NamedTuple):
    """A line of an invoice. A credit has a negative amount."""

    price_id: str
    amount: int
    period_end: datetime
    whole: bool = False
    """Whether it is a period's price, not a proration or an item added by hand."""


class Invoice(NamedTuple):
    """An invoice of a subscription."""

    id: str
    status: str
    amount: int
    paid: int
    currency: str
    attempts: int
    created: datetime
    lines: tuple[Line, ...]
    period_end: datetime
    """The latest end of the lines' periods."""
    url: str
    intent_id: str
    total: int
    """After discounts, without tax on top; paid by card or by the customer's balance. Negative for a credit."""
    reason: str = ""
    """Stripe's billing reason, such as `subscription_cycle`."""
    bill: Bill = Bill("", 0, 0)
    """All of it, with tax on top. A credit's sums are negative."""
    balance: int = 0
    """The customer's balance before it. Negative for a credit, which pays first."""
