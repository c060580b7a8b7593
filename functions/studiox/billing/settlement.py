"""Brings an order or a subscription to what Stripe holds of it: read, fetch, decide, one commit.

The webhook, the reconciliation and the user's own calls all come here. An event's record and its effect are one
commit, and what is fetched is the whole state: so events may come in any order, twice, at once, or never.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import Any

from studiox.integrations import stripe
from studiox.integrations.stripe_objects import Session, Subject
from studiox.kit import clock, firestore, log
from studiox.kit.clock import datetime
from studiox.kit.errors import Contention
from studiox.kit.firestore import Document
from studiox.kit.transaction import Docs, Reads, transact
from studiox.models import notifications
from studiox.models.ledger import Cause
from studiox.models.users import user_path
from studiox.tokens.service import post_paid

from . import event_store, orders, store
from .event_store import Why, record
from .monthly_tokens import Reversal
from .subscription_settlement import ROUNDS, Stale, settle_subscription
from .unmatched_payments import Review, Unmatched, keep_unmatched, park, tell_unmatched

KINDS = {"purchase": "Token pack", "clawback": "Payment given back", "restore": "Payment stands"}


def settle(subject: Subject, why: Why) -> None:
    """Bring what the event is about to its state. `PaymentsUnavailable`, `Unavailable`, `Contention`.

    What Stripe does not have (any more) cannot be paid: there is nothing to do about it.
    """
    if subject.kind == "subscription":
        settle_subscription(subject.id, subject.uid, why, order_id=subject.order_id)
    elif subject.kind == "intent":
        _settle_intent(subject, why)
    else:
        _settle_checkout(subject, why)


def _settle_intent(subject: Subject, why: Why) -> None:
    """A payment that does not say which order it is for: a subscription's invoice, or not ours."""
    paid = stripe.intent(subject.id)
    if paid is not None and paid.order_id:
        _settle_checkout(Subject("order", paid.order_id, paid.order_id), why)
        return
    invoice_id = paid.invoice_id if paid is not None else ""
    owner = stripe.invoice_subscription(invoice_id) if invoice_id else ""
    if not owner:
        log.info("stripe_payment_not_ours", intent=subject.id)
        return

    def reversal() -> Reversal | None:
        seen = stripe.intent(subject.id)
        return Reversal(invoice_id, seen.charge) if seen is not None and seen.charge is not None else None

    settle_subscription(owner, "", why, reversal=reversal)


def _settle_checkout(subject: Subject, why: Why) -> None:
    """A checkout session, or the order that one was made for."""
    for _ in range(ROUNDS):
        with contextlib.suppress(Stale):
            _settle_checkout_once(subject, why)
            return
    raise Contention(retryAfterSeconds=2)


def _settle_checkout_once(subject: Subject, why: Why) -> None:
    """Documents are read before Stripe is asked: what changed meanwhile is newer than the answer. `Stale`."""
    paths = [store.order_path(subject.order_id)] if subject.order_id else []
    paths += [user_path(subject.uid)] if subject.uid else []
    paths += why.paths()
    if subject.uid and subject.order_id:
        paths.append(store.payment_path(subject.uid, subject.order_id))
    seen = firestore.read_documents(paths) if paths else {}
    if why.event is not None and why.counts(seen[event_store.event_path(why.event.id)].data):
        return
    order = seen[store.order_path(subject.order_id)].data if subject.order_id else None
    session_id = subject.id if subject.kind == "session" else (order or {}).get("sessionId", "")
    if not session_id:
        park(subject, "order_missing", why)
        return
    session = stripe.session(session_id)
    if session is None:
        log.warning("stripe_object_missing", kind="session", object=session_id)
        record(why, seen)
        return
    if session.mode == "subscription":
        if session.subscription_id:
            settle_subscription(session.subscription_id, session.uid, why, order_id=session.order_id)
        return
    if order is None or order["sessionId"] != session.id:
        if session.payment_status != "unpaid" and session.status == "complete":
            about = Subject("session", session.id, session.order_id, session.uid)
            park(about, "order_missing", why, session.uid, [_in_review(session, session.id)])
        return
    _settle_order(subject.order_id, session, why, seen)


def _in_review(session: Session, payment_id: str) -> Review:
    charge = session.charge
    returned = charge is not None and 0 < charge.amount <= charge.refunded
    return Review(payment_id, "pack", session.amount, session.currency, returned)


def _settle_order(order_id: str, session: Session, why: Why, seen: Mapping[str, Document]) -> None:
    """Credit, take back or give back what the order asks for now."""
    path = store.order_path(order_id)
    now = clock.now()
    known = store.as_order(seen[path].data or {})
    first = orders.settle(known, session)
    if not first.problem and first.order == known:
        record(why, seen)
        return

    def decide(docs: Docs) -> Unmatched | None:
        if why.is_done(docs):
            return None
        data = docs.get(path) or {}
        if data != seen[path].data:
            raise Stale
        held = store.as_order(data)
        settled = orders.settle(held, session)
        problem = settled.problem
        if not problem and settled.moves and docs.get(user_path(held.uid)) is None:
            problem = "user_missing"
        if problem:
            about = Subject("session", session.id, order_id)
            docs.update(path, {"status": "parked", "updatedAt": now})
            parked = keep_unmatched(docs, about, problem, now, held.uid, [_in_review(session, order_id)])
            why.record(docs, event_store.PARKED, now)
            return parked
        for move in settled.moves:
            cause = Cause(id=move.id, type=move.kind, kind="checkout", ref=session.id, reason=KINDS[move.kind])
            post_paid(docs, held.uid, cause, move.tokens, "purchased", now)
        if settled.order != held:
            docs.update(path, {**store.fields(settled.order), "updatedAt": now})
            _show(docs, settled.order, data["itemId"], now)
            if settled.order.failures > held.failures:
                attempt = f"{order_id}:{settled.order.failures}"
                notifications.add(docs, held.uid, "payment_failed", attempt, now, payment_id=order_id)
            moved = sum(move.tokens for move in settled.moves)
            why.effect(docs, path, now, tokens=moved)
        why.record(docs, event_store.HANDLED, now)
        return None

    if parked := transact(user_path(session.uid), decide, Reads(already_read=seen)):
        tell_unmatched(session.id, parked, now)


def _show(docs: Docs, order: orders.Held, pack_id: str, now: datetime) -> None:
    """The order in its user's billing history, once there is something to show."""
    status = order.payment_status
    if status is None or docs.get(user_path(order.uid)) is None:
        return
    shown: dict[str, Any] = {
        "kind": "pack",
        "itemId": pack_id,
        "amount": order.paid,
        "currency": order.currency,
        "status": status,
        "refunded": order.refunded or None,
        "tokens": order.credited or order.tokens * order.quantity,
    }
    if order.receipt_url:
        shown["invoiceUrl"] = order.receipt_url
    store.show_payment(docs, order.uid, order.order_id, now, **shown)
