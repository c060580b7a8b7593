"""The hourly reconciliation with Stripe: lost events, and changes that only time brings about."""

from __future__ import annotations

from collections.abc import Callable

from studiox.integrations import stripe, stripe_objects
from studiox.integrations.stripe_types import BadShape, Session, Subject
from studiox.kit import clock, firestore, log, malformed
from studiox.kit.clock import datetime, timedelta
from studiox.kit.documents import MalformedDocument
from studiox.kit.transaction import Docs, transact
from studiox.models.orders import Order, order_path
from studiox.models.payments import CHECKPOINT, ReconciliationCheckpoint, event_path
from studiox.models.subscriptions import subscription_path

from . import auto_top_up, event_store, referral_settlement, settlement, store, unmatched_payments
from .context import SettlementContext, by_stripe
from .webhook import TRANSIENT, handle

ACTION = "reconcilePayments"
WINDOW = timedelta(days=3)
"""How far a run looks back; after a longer outage, as far as the last complete run."""
RETENTION = timedelta(days=30)
"""How long Stripe keeps events."""
TOP_UP_TASK_TIME = timedelta(minutes=5)
"""A younger top-up is left to its task."""
MAX_PAGES = 200
MAX_DUE = 500


def reconcile() -> None:
    """Apply missed events, paid sessions and subscriptions. Repeatable.

    Alerts `reconciliation_incomplete` if something could not be applied. The next run tries again, over
    the same time.
    """
    now = clock.now()
    checkpoint = firestore.get(CHECKPOINT)
    last = checkpoint.complete_at if checkpoint else now - WINDOW
    since = max(min(last, now - WINDOW), now - RETENTION + timedelta(hours=1))
    steps: tuple[Callable[[datetime], int], ...] = (
        _events,
        _sessions,
        _subscriptions,
        lambda _: _due(now),
        lambda _: auto_top_up.resume(now - TOP_UP_TASK_TIME, ACTION),
        lambda _: _unmatched(),
        lambda _: _referrals(now),
    )
    failures = 0
    for step in steps:
        try:
            failures += step(since)
        except (*TRANSIENT, BadShape) as error:
            log.warning("reconciliation_interrupted", error=type(error).__name__)
            failures += 1
    if failures:
        log.alert("reconciliation_incomplete", failures=failures)
        return

    def decide(docs: Docs) -> None:
        docs.put(CHECKPOINT, ReconciliationCheckpoint(complete_at=now))

    transact(CHECKPOINT, decide)


def _events(since: datetime) -> int:
    """Handle events that never arrived or failed, newest first; their order does not matter. The number of failures."""
    failures = 0
    for number, page in enumerate(stripe.events(since)):
        records = malformed.get_all([event_path(each.id) for each in page])
        for listed, record in zip(page, records, strict=True):
            if isinstance(record, MalformedDocument):
                failures += 1
                continue
            if event_store.is_processed(record):
                continue
            try:
                event = stripe_objects.event(listed.data)
            except BadShape as error:
                log.alert("stripe_event_malformed", error=str(error))
                failures += 1
                continue
            if event.livemode == stripe.is_live():
                failures += not handle(event, SettlementContext(by_stripe(ACTION), event=event))
        if number >= MAX_PAGES:
            return failures + 1
    return failures


def _sessions(since: datetime) -> int:
    """Settle paid sessions whose order is not settled. The number of failures."""
    failures = 0
    for number, page in enumerate(stripe.sessions(since)):
        ours = [each for each in page if each.order_id]
        orders = malformed.get_all([order_path(each.order_id) for each in ours])
        for session, order in zip(ours, orders, strict=True):
            if isinstance(order, MalformedDocument):
                failures += 1
            elif _is_unsettled(session, order):
                failures += not _settle(Subject("session", session.id, session.order_id, session.uid))
        if number >= MAX_PAGES:
            return failures + 1
    return failures


def _is_unsettled(session: Session, order: Order | None) -> bool:
    return order is not None and order.status in ("open", "pending") and session.payment_status != "unpaid"


def _subscriptions(since: datetime) -> int:
    """Settle subscriptions that we have no document of. The number of failures."""
    failures = 0
    for number, page in enumerate(stripe.subscription_ids(since)):
        records = malformed.get_all([subscription_path(each) for each in page])
        for subscription_id, record in zip(page, records, strict=True):
            if isinstance(record, MalformedDocument):
                failures += 1
            elif record is None:
                failures += not _settle(Subject("subscription", subscription_id))
        if number >= MAX_PAGES:
            return failures + 1
    return failures


def _due(now: datetime) -> int:
    """Settle subscriptions whose period or grace period should be over. The number of failures."""
    return sum(not _settle(Subject("subscription", each)) for each in store.due_subscriptions(now, MAX_DUE))


def _unmatched() -> int:
    """Retry parked payments that are open; those that stay open are alerted again. The number of failures."""
    failures = 0
    for subject in unmatched_payments.open_payments(MAX_DUE):
        began = clock.now()
        if _settle(subject):
            unmatched_payments.close_if_settled(subject, began)
        else:
            failures += 1
    return failures


def _referrals(now: datetime) -> int:
    """Settle the referrals whose settlement failed, or was never begun. The number of failures."""
    return sum(not referral_settlement.settle_or_report(each, ACTION) for each in referral_settlement.due(now, MAX_DUE))


def _settle(subject: Subject) -> bool:
    """Whether the object was settled. Failures are isolated per object."""
    try:
        settlement.settle_event(subject, SettlementContext(by_stripe(ACTION)))
    except TRANSIENT as error:
        log.warning("reconciliation_postponed", kind=subject.kind, error=error.reason)
        return False
    except MalformedDocument as error:
        malformed.report(error)
        return False
    except Exception:  # noqa: BLE001 - logged with its traceback; the run continues
        log.bug("bug", function=ACTION, kind=subject.kind)
        return False
    return True
