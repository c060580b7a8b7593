"""Settles the object that an event of Stripe's is about: reads documents, fetches from Stripe, decides, commits once.

The webhook, the reconciliation and the user's own calls all use it. An event's record and its effect are one
commit, and the object's whole state is fetched. So events may arrive in any order, more than once, at the same time,
or never.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec.structs import replace

from studiox.integrations import stripe
from studiox.integrations.stripe_types import Session, Subject
from studiox.kit import clock, firestore, log
from studiox.kit.clock import datetime
from studiox.kit.firestore import Document
from studiox.kit.transaction import Docs, Reads
from studiox.models import notifications
from studiox.models.ledger import Cause
from studiox.models.orders import Order, order_path
from studiox.models.payments import Payment, PaymentKind, payment_path
from studiox.models.referrals import mark_due
from studiox.models.users import user_path
from studiox.tokens.service import post_paid

from . import orders, referral_settlement, top_up_effects, top_up_payment
from .context import SettlementContext, StaleRead, record_unchanged, until_read_fresh
from .monthly_tokens import Reversal
from .orders import OrderMove
from .subscription_settlement import sync_subscription
from .unmatched_payments import Outcome, PaymentInReview, alert_unmatched, park, park_in_commit

REASONS = {"purchase": "Token pack", "clawback": "Payment given back", "restore": "Payment stands"}
TOP_UP_REASON = "Auto top-up"


def settle_event(subject: Subject, context: SettlementContext) -> None:
    """Settle the object that an event is about. `PaymentsUnavailable`, `Unavailable`, `Contention`.

    Does nothing for an object that Stripe does not have: it cannot be paid.
    """
    if subject.kind == "subscription":
        sync_subscription(subject.id, subject.uid, context, order_id=subject.order_id)
    elif subject.kind == "invoice":
        if owner := stripe.invoice_subscription(subject.id):
            sync_subscription(owner, subject.uid, context)
    elif subject.kind == "intent":
        _settle_intent(subject, context)
    else:
        _settle_checkout(subject, context)


def _settle_intent(subject: Subject, context: SettlementContext) -> None:
    """A payment intent that names no order: it paid a subscription's invoice, or it is not ours."""
    paid = stripe.intent(subject.id)
    if paid is not None and paid.order_id:
        _settle_checkout(Subject("order", paid.order_id, paid.order_id, intent_id=subject.id), context)
        return
    invoice_id = paid.invoice_id if paid is not None else ""
    subscription_id = stripe.invoice_subscription(invoice_id) if invoice_id else ""
    if not subscription_id:
        log.info("stripe_payment_not_ours", intent=subject.id)
        return

    def fetch_reversal() -> Reversal | None:
        intent = stripe.intent(subject.id)
        return Reversal(invoice_id, intent.charge) if intent is not None and intent.charge is not None else None

    sync_subscription(subscription_id, "", context, fetch_reversal=fetch_reversal)


def _settle_checkout(subject: Subject, context: SettlementContext) -> None:
    """A checkout session, or the order that it was created for."""
    until_read_fresh(lambda: _settle_checkout_once(subject, context))


def _settle_checkout_once(subject: Subject, context: SettlementContext) -> None:
    """Documents are read before Stripe is asked. `StaleRead` if one has changed since: it is newer than the answer."""
    already_read = _read(subject, context)
    docs = firestore.docs_of(already_read)
    if context.is_processed(docs):
        return
    order = docs.get(order_path(subject.order_id)) if subject.order_id else None
    if order is None and subject.kind == "order":
        park(subject, "order_missing", context)
        return
    session = _fetch(subject, order)
    if session is None:
        log.warning("stripe_object_missing", kind=subject.kind, object=subject.id)
        record_unchanged(context, already_read)
        return
    if session.mode == "subscription":
        if session.subscription_id:
            sync_subscription(session.subscription_id, session.uid, context, order_id=session.order_id)
        return
    if order is None or (order.session_id != session.id and order.off_session is None):
        if session.payment_status != "unpaid" and session.status == "complete":
            about = Subject("session", session.id, session.order_id, session.uid)
            park(about, "order_missing", context, session.uid, [_in_review(session, session.id)])
        return
    _settle_order(order, session, context, already_read)


def _fetch(subject: Subject, order: Order | None) -> Session | None:
    """The payment: of the order's checkout session, or of a top-up without one."""
    if order is not None and order.off_session is not None:
        return top_up_payment.fetch(order, order.off_session, subject.intent_id)
    return stripe.session(subject.id if subject.kind == "session" or order is None else order.session_id)


def _read(subject: Subject, context: SettlementContext) -> dict[str, Document]:
    paths: list[str] = context.paths()
    if subject.order_id:
        paths.append(order_path(subject.order_id))
    if subject.uid:
        paths.append(user_path(subject.uid))
    if subject.uid and subject.order_id:
        paths.append(payment_path(subject.uid, subject.order_id))
    return firestore.read_documents(paths) if paths else {}


def _in_review(session: Session, payment_id: str, kind: PaymentKind = "pack") -> PaymentInReview:
    charge = session.charge
    is_refunded = charge is not None and 0 < charge.amount <= charge.refunded
    return PaymentInReview(payment_id, kind, session.bill.total, session.bill.currency, is_refunded)


def _settle_order(
    known: Order, session: Session, context: SettlementContext, already_read: Mapping[str, Document]
) -> None:
    """Credit, take back or give back the tokens that the session's state asks for."""
    path = order_path(known.order_id)
    now = clock.now()
    first = orders.settle_order(known, session)
    if not first.problem and first.order == known:
        record_unchanged(context, already_read, record=(path, known))
        return

    def decide(docs: Docs) -> Outcome:
        if context.is_processed(docs):
            return Outcome()
        order = docs.get(path)
        if order is None or order != known:
            raise StaleRead
        settled = orders.settle_order(order, session)
        problem = settled.problem
        if not problem and settled.moves and not docs.exists(user_path(order.uid)):
            problem = "user_missing"
        if problem:
            about = Subject("order" if order.off_session else "session", session.id, order.order_id)
            parked_order = docs.update(path, status="parked", off_session=settled.order.off_session, updated_at=now)
            top_up_effects.end(docs, order, parked_order, "declined", now)
            payments = [_in_review(session, order.order_id, _kind(order))]
            parked = park_in_commit(docs, about, problem, now, order.uid, payments)
            context.record(docs, "parked", now)
            return Outcome(parked)
        for move in settled.moves:
            post_paid(docs, order.uid, _cause(order, move), move.tokens, "purchased", now)
        if settled.order != order:
            docs.put(path, replace(settled.order, updated_at=now))
            _show_payment(docs, settled.order, now)
            if session.saved_card is not None and not order.credited and settled.order.credited:
                top_up_effects.save_card(docs, order.uid, session.saved_card, now)
            if order.off_session is not None:
                top_up_effects.end(docs, order, settled.order, session.refusal or "declined", now)
            elif settled.order.failures > order.failures:
                attempt = f"{order.order_id}:{settled.order.failures}"
                notifications.add(docs, order.uid, "payment_failed", attempt, now, payment_id=order.order_id)
        context.record(docs, "handled", now)
        credited = sum(move.tokens for move in settled.moves)
        return Outcome(effect={"tokens": credited} if settled.order != order else None)

    reads = Reads(already_read=already_read)
    outcome = context.commit(user_path(session.uid), decide, reads, target=path, effect=lambda made: made.effect)
    if outcome.parked is not None:
        alert_unmatched(session.id, outcome.parked, now)
    referral_settlement.settle_after_payment(known.uid, already_read, context.by.function)


def _kind(order: Order) -> PaymentKind:
    return "pack" if order.off_session is None else "top_up"


def _cause(order: Order, move: OrderMove) -> Cause:
    """What the tokens move for: a checkout session, or a top-up, which has none."""
    if order.off_session is None:
        return Cause(id=move.id, type=move.kind, kind="checkout", ref=order.session_id, reason=REASONS[move.kind])
    reason = TOP_UP_REASON if move.kind == "purchase" else REASONS[move.kind]
    return Cause(id=move.id, type=move.kind, kind="top_up", ref=order.order_id, reason=reason)


def _show_payment(docs: Docs, order: Order, now: datetime) -> None:
    """Write the payment to the user's billing history, once one was attempted."""
    status = orders.payment_status(order)
    if status is None or not docs.exists(user_path(order.uid)):
        return
    path = payment_path(order.uid, order.order_id)
    before = docs.get(path)
    payment = Payment(
        id=order.order_id,
        kind=_kind(order),
        item_id=order.item_id,
        amount=orders.paid_amount(order),
        currency=order.currency,
        status=status,
        discount=order.discount or None,
        tax=order.tax or None,
        refunded=order.refunded or None,
        tokens=order.credited or order.tokens * order.quantity,
        invoice_url=order.receipt_url or (before.invoice_url if before else None),
        created_at=before.created_at if before else now,
    )
    docs.put(path, payment)
    mark_due(docs, order.uid, now)
