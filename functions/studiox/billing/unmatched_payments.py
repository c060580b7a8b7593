"""Payments that could not be credited, `unmatchedPayments/{id}`: parked until an administrator resolves them.

docs/billing.md says how. The buyer sees the payment as `in_review` in the billing history and is notified.
Reconciliation retries each open one every hour, and alerts how long it has waited.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from msgspec.structs import replace

from studiox.integrations.stripe_types import Subject
from studiox.kit import clock, log, query
from studiox.kit.clock import datetime, timedelta
from studiox.kit.transaction import Docs, Reads, transact
from studiox.models import notifications
from studiox.models.orders import order_path
from studiox.models.payments import (
    UNMATCHED_PAYMENTS,
    Payment,
    PaymentKind,
    PaymentStatus,
    UnmatchedPayment,
    payment_path,
    unmatched_path,
)
from studiox.models.subscriptions import subscription_path
from studiox.models.users import user_path

from .context import SettlementContext

REFUNDED = "refunded"
HOUR = timedelta(hours=1)


class PaymentInReview(NamedTuple):
    """A payment that its buyer sees as `in_review`."""

    payment_id: str
    kind: PaymentKind
    amount: int
    """In the currency's minor unit."""
    currency: str
    is_refunded: bool = False
    """Whether all of it was refunded, so that nothing is left to review."""


class Parked(NamedTuple):
    """What to alert about a parked payment."""

    problem: str
    since: datetime
    is_open: bool
    """Whether it was neither refunded nor resolved."""


class Outcome(NamedTuple):
    """The outcome of a settlement's commit."""

    parked: Parked | None = None
    invoices: Mapping[str, Parked] = {}
    """By the invoice's id: those of a subscription whose sum is not explained."""
    effect: Mapping[str, object] | None = None
    """What its audit entry says; None if nothing changed."""


def park_in_commit(
    docs: Docs, subject: Subject, problem: str, now: datetime, owner: str = "", payments: Iterable[PaymentInReview] = ()
) -> Parked:
    """Park the payment in this commit, and show it in the billing history of `owner`, if that user exists. Repeatable.

    `payments` may be empty. It is resolved as `refunded` if all of them were refunded.
    """
    path = unmatched_path(subject.id)
    before = docs.get(path)
    shown = list(payments)
    resolved = before.resolved if before and before.resolved else ""
    if not resolved and shown and all(each.is_refunded for each in shown):
        resolved = REFUNDED
    unmatched = UnmatchedPayment(
        object_id=subject.id,
        kind=subject.kind,
        order_id=subject.order_id,
        reason=problem,
        amount=sum(each.amount for each in shown) if shown else before.amount if before else None,
        currency=shown[0].currency if shown else before.currency if before else None,
        resolved=resolved,
        waits=not resolved,
        created_at=before.created_at if before else now,
        looked_at=now,
    )
    docs.put(path, unmatched)
    if owner and docs.exists(user_path(owner)):
        for each in shown:
            _show_payment(docs, owner, each, resolved, now)
    return Parked(problem, unmatched.created_at, unmatched.waits)


def _show_payment(docs: Docs, uid: str, review: PaymentInReview, resolved: str, now: datetime) -> None:
    path = payment_path(uid, review.payment_id)
    status: PaymentStatus = "in_review" if not resolved else "refunded" if resolved == REFUNDED else "paid"
    before = docs.get(path) or Payment(
        id=review.payment_id,
        kind=review.kind,
        amount=review.amount,
        currency=review.currency,
        status=status,
        created_at=now,
    )
    payment = replace(before, kind=review.kind, amount=review.amount, currency=review.currency, status=status)
    docs.put(path, payment)
    notification = notifications.notification_path(uid, "payment_in_review", review.payment_id)
    if not resolved and not docs.exists(notification):
        notifications.add(docs, uid, "payment_in_review", review.payment_id, now, payment_id=review.payment_id)


def alert_unmatched(object_id: str, parked: Parked, now: datetime) -> None:
    """Alert, after the commit, that an administrator must look at the payment, and for how long it has waited."""
    if parked.is_open:
        waited = (now - parked.since) // HOUR
        log.alert("payment_unmatched", object=object_id, problem=parked.problem, waitedHours=waited)


def park(
    subject: Subject,
    problem: str,
    context: SettlementContext,
    owner: str = "",
    payments: Iterable[PaymentInReview] = (),
) -> None:
    """Park the payment, alert, and record the event as parked: Stripe need not send it again."""
    now = clock.now()
    shown = list(payments)

    def decide(docs: Docs) -> Parked | None:
        if context.is_processed(docs):
            return None
        parked = park_in_commit(docs, subject, problem, now, owner, shown)
        context.record(docs, "parked", now)
        return parked

    parked = context.commit(unmatched_path(subject.id), decide, Reads(), target=None, effect=lambda _: None)
    if parked is not None:
        alert_unmatched(subject.id, parked, now)


def open_payments(limit: int) -> list[Subject]:
    """Up to `limit` parked payments that are open. `Unavailable`."""
    found = [each.data for each in query.documents(UNMATCHED_PAYMENTS, equal={"waits": True}, limit=limit)]
    return [Subject(each.kind, each.object_id, each.order_id) for each in found]


def close_if_settled(subject: Subject, since: datetime) -> None:
    """Close a parked payment that was credited, if the settlement that began at `since` did not park it again."""
    path = unmatched_path(subject.id)

    def decide(docs: Docs) -> None:
        found = docs.get(path)
        if found is None or found.looked_at >= since:
            return
        if subject.kind == "subscription":
            settled = docs.exists(subscription_path(subject.id))
        elif subject.kind == "invoice":
            settled = True  # its subscription was settled, and it was not parked again
        else:
            order = docs.get(order_path(subject.order_id)) if subject.order_id else None
            settled = order is not None and order.status == "paid"
        if settled:
            docs.update(path, waits=False, resolved="settled")

    transact(path, decide)
