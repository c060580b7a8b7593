"""The hourly look at Stripe for what no event told us: lost deliveries, and what time alone brings about."""

from __future__ import annotations

from collections.abc import Callable

from studiox.integrations import stripe, stripe_objects
from studiox.integrations.stripe_objects import BadShape, Session, Subject
from studiox.kit import clock, firestore, log
from studiox.kit.clock import datetime, timedelta
from studiox.kit.transaction import Docs, transact

from . import event_store, settlement, store, unmatched_payments
from .event_store import Why
from .webhook import PASSING, handle

ACTION = "reconcilePayments"
WINDOW = timedelta(days=3)
"""How far each run looks back; after a longer outage, as far as the last run that saw everything."""
KEPT = timedelta(days=30)
"""How long Stripe keeps events."""
MAX_PAGES = 200
MAX_DUE = 500


def reconcile() -> None:
    """Apply what never came: events, paid sessions, subscriptions. A second run changes nothing.

    Alert `reconciliation_incomplete` when something could not be applied: the next run tries again, and looks back
    as far.
    """
    now = clock.now()
    [checkpoint] = firestore.read(store.CHECKPOINT)
    last = (checkpoint or {}).get("completeAt", now - WINDOW)
    since = max(min(last, now - WINDOW), now - KEPT + timedelta(hours=1))
    steps: tuple[Callable[[datetime], int], ...] = (
        _events,
        _sessions,
        _subscriptions,
        lambda _: _due(now),
        lambda _: _unmatched(),
    )
    failures = 0
    for step in steps:
        try:
            failures += step(since)
        except (*PASSING, BadShape) as error:
            log.warning("reconciliation_interrupted", error=type(error).__name__)
            failures += 1
    if failures:
        log.alert("reconciliation_incomplete", failures=failures)
        return

    def decide(docs: Docs) -> None:
        docs.put(store.CHECKPOINT, {"completeAt": now})

    transact(store.CHECKPOINT, decide)


def _events(since: datetime) -> int:
    """Events that never came or failed, oldest last as Stripe lists them: the order does not matter."""
    failures = 0
    for number, page in enumerate(stripe.events(since)):
        paths = [event_store.event_path(str(each["id"])) for each in page]
        for data, record in zip(page, firestore.read(*paths) if paths else [], strict=True):
            if event_store.is_done(record):
                continue
            try:
                event = stripe_objects.event(data)
            except BadShape as error:
                log.alert("stripe_event_malformed", error=str(error))
                failures += 1
                continue
            if event.livemode == stripe.is_live():
                failures += not handle(event, Why(ACTION, event=event))
        if number >= MAX_PAGES:
            return failures + 1
    return failures


def _sessions(since: datetime) -> int:
    """Paid sessions whose order has not heard of it."""
    failures = 0
    for number, page in enumerate(stripe.sessions(since)):
        ours = [each for each in page if each.order_id]
        found = firestore.read(*(store.order_path(each.order_id) for each in ours)) if ours else []
        waiting = [session for session, order in zip(ours, found, strict=True) if _waits(session, order)]
        for session in waiting:
            failures += not _settle(Subject("session", session.id, session.order_id, session.uid))
        if number >= MAX_PAGES:
            return failures + 1
    return failures


def _waits(session: Session, order: store.Data | None) -> bool:
    return order is not None and order["status"] in ("open", "pending") and session.payment_status != "unpaid"


def _subscriptions(since: datetime) -> int:
    """Subscriptions that we know nothing of."""
    failures = 0
    for number, page in enumerate(stripe.subscription_ids(since)):
        found = firestore.read(*map(store.subscription_path, page)) if page else []
        for subscription_id, held in zip(page, found, strict=True):
            if held is None:
                failures += not _settle(Subject("subscription", subscription_id))
        if number >= MAX_PAGES:
            return failures + 1
    return failures


def _due(now: datetime) -> int:
    """Subscriptions whose period or grace should have ended by now."""
    return sum(not _settle(Subject("subscription", each)) for each in store.due_subscriptions(now, MAX_DUE))


def _unmatched() -> int:
    """Payments that nobody was credited for: tried again, and told of again while they wait."""
    failures = 0
    for subject in unmatched_payments.waiting(MAX_DUE):
        began = clock.now()
        if _settle(subject):
            unmatched_payments.close_if_settled(subject, began)
        else:
            failures += 1
    return failures


def _settle(subject: Subject) -> bool:
    """One object's trouble is not the others'."""
    try:
        settlement.settle(subject, Why(ACTION))
    except PASSING as error:
        log.warning("reconciliation_postponed", kind=subject.kind, error=error.reason)
        return False
    except Exception:  # noqa: BLE001 - logged with its traceback; the run goes on
        log.bug("bug", function=ACTION, kind=subject.kind)
        return False
    return True
