"""Payments: each user's billing history, the payments that could not be matched, and Stripe's events.

Amounts are in the currency's minor unit (cents).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

from studiox.kit import query
from studiox.kit.clock import datetime
from studiox.kit.documents import Collection, MalformedDocument, Path, Stored

from .users import user_path

PaymentKind = Literal["pack", "subscription", "top_up"]
"""`top_up`: a pack that was bought by auto top-up."""
OrderPaymentStatus = Literal["pending", "paid", "failed", "refunded", "partially_refunded", "disputed"]
PaymentStatus = Literal[
    "pending", "paid", "failed", "refunded", "partially_refunded", "disputed", "void", "in_review"
]  # fmt: skip
"""`void`: the invoice will not be paid any more. `in_review`: the payment is parked (`unmatchedPayments`)."""


class Payment(Stored, frozen=True, kw_only=True):
    """A payment in the user's billing history, `users/{uid}/payments/{id}`. Written by billing's settlement."""

    id: str
    """The order's id for a pack or top-up, Stripe's invoice id for a subscription, the session's id for an unknown."""
    kind: PaymentKind
    item_id: str | None = None
    """The pack's or the plan's id; absent while a payment that was never matched is in review."""
    amount: int
    """What was paid, or is due: after the discount, with tax."""
    currency: str
    status: PaymentStatus
    discount: int | None = None
    """What a promotion code took off; absent if none did."""
    tax: int | None = None
    """The tax in `amount`; absent if there is none."""
    refunded: int | None = None
    """Money refunded; absent if none was."""
    tokens: int | None = None
    """Tokens that the payment credited or, of a pack's, will credit; absent for an invoice that granted none."""
    invoice_url: str | None = None
    """Stripe's receipt or hosted invoice page."""
    created_at: datetime


class ReportedPayment(Stored, frozen=True, kw_only=True):
    """The fields of a payment that the weekly report sums."""

    amount: int
    currency: str
    status: PaymentStatus
    refunded: int | None = None


class PaymentCurrency(Stored, frozen=True, kw_only=True):
    """The field of a payment by which the currencies are found. Any value is accepted."""

    currency: Any


PAYMENTS = Collection("payments", Payment)
"""The collection group of every user's payments."""


def payments_of(uid: str) -> Collection[Payment]:
    return Collection(f"{user_path(uid)}/{PAYMENTS}", Payment)


def payments_between(start: datetime, end: datetime, skipped: list[MalformedDocument]) -> Iterator[ReportedPayment]:
    """Everybody's payments created in [start, end), oldest first. `skipped`: as `query.documents`. `Unavailable`."""
    return query.created_between(PAYMENTS.select(ReportedPayment), start, end, skipped, group=True)


def payment_path(uid: str, payment_id: str) -> Path[Payment]:
    return payments_of(uid).document(payment_id)


class UnmatchedPayment(Stored, frozen=True, kw_only=True):
    """A payment that could not be credited, `unmatchedPayments/{objectId}`. Written by settlement and reconciliation.

    It names no user, so it does not have to be deleted with an account. An administrator may set `resolved`.
    """

    object_id: str
    """Stripe's id of the object, or the order's id."""
    kind: Literal["session", "order", "subscription", "intent", "invoice"]
    order_id: str
    """Empty if the object names no order."""
    reason: str
    """Why it was not credited, such as `amount_mismatch`."""
    amount: int | None = None
    """Sum of the payments in review; absent if nothing was paid."""
    currency: str | None = None
    resolved: str | None = None
    """Empty while open; then `credited` or `refunded` (by an administrator), `refunded` or `settled` (by us)."""
    waits: bool
    """Whether it is still open. Reconciliation retries those that are."""
    created_at: datetime
    looked_at: datetime
    """When settlement last tried it."""


UNMATCHED_PAYMENTS = Collection("unmatchedPayments", UnmatchedPayment)


def unmatched_path(object_id: str) -> Path[UnmatchedPayment]:
    return UNMATCHED_PAYMENTS.document(object_id)


EventStatus = Literal["handled", "failed", "parked"]
"""`failed`: Stripe must send it again. `parked`: handled, but its payment waits for an administrator."""


class StripeEvent(Stored, frozen=True, kw_only=True):
    """An event of Stripe's that was processed, `stripeEvents/{eventId}`. Written in the commit of its effect."""

    event_id: str
    type: str
    status: EventStatus
    attempts: int
    error: str
    """Class name of the exception that made it fail; empty otherwise."""
    received_at: datetime
    updated_at: datetime
    expires_at: datetime
    """When Firestore's TTL policy deletes the document."""


STRIPE_EVENTS = Collection("stripeEvents", StripeEvent)


def event_path(event_id: str) -> Path[StripeEvent]:
    return STRIPE_EVENTS.document(event_id)


class ReconciliationCheckpoint(Stored, frozen=True, kw_only=True):
    """`reconciliations/stripe`, written by `reconcilePayments`."""

    complete_at: datetime
    """Start of the last run that applied everything it found."""


CHECKPOINT = Path("reconciliations/stripe", ReconciliationCheckpoint)
