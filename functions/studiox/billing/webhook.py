"""Handles Stripe's events, and retries those that failed."""

from __future__ import annotations

from collections.abc import Sequence

from studiox.integrations import stripe, stripe_objects
from studiox.integrations.stripe_types import EVENT_TYPES, BadShape, Event
from studiox.kit import clock, log
from studiox.kit.audit import System
from studiox.kit.errors import Contention, Unavailable
from studiox.kit.transaction import Docs, Reads
from studiox.models.payments import STRIPE_EVENTS, event_path

from . import event_store, settlement
from .context import SettlementContext, by_stripe

ACTION = "stripeWebhook"
MAX_RETRIES = 50

TRANSIENT = (stripe.PaymentsUnavailable, Unavailable, Contention)
"""Temporary failures: Stripe sends the event again."""


def receive(body: stripe_objects.Data) -> bool:
    """Handle a verified event. True if it is handled or not ours; False if Stripe must send it again."""
    type_ = stripe_objects.event_type(body)
    if type_ not in EVENT_TYPES:
        log.info("stripe_event_ignored", type=type_[:100], why="type")
        return True
    try:
        event = stripe_objects.event(body)
    except BadShape as error:
        log.alert("stripe_event_malformed", type=type_, error=str(error))
        return False
    if event.account or event.livemode != stripe.is_live():
        log.warning("stripe_event_ignored", type=type_, why="account" if event.account else "livemode")
        return True
    return handle(event, SettlementContext(by_stripe(ACTION), event=event))


def handle(event: Event, context: SettlementContext) -> bool:
    """Settle the event's object. Returns whether that is committed. A failure is recorded if Firestore answers."""
    if event.subject is None:
        return True
    try:
        settlement.settle_event(event.subject, context)
    except TRANSIENT as error:
        log.warning("stripe_event_postponed", type=event.type, event=event.id, error=error.reason)
        if not isinstance(error, Unavailable):  # Firestore does not answer: the failure cannot be recorded
            _record_failure(event, error)
        return False
    except Exception as error:  # noqa: BLE001 - whatever failed, Stripe must send the event again
        log.bug("bug", function=ACTION, event=event.id, error=type(error).__name__)
        log.alert("stripe_event_failed", type=event.type, event=event.id, error=type(error).__name__)
        _record_failure(event, error)
        return False
    if event.unrefunded:
        log.alert("second_subscription_not_refunded", subscription=event.unrefunded, event=event.id)
    return True


def _record_failure(event: Event, error: Exception) -> None:
    path = event_path(event.id)
    now = clock.now()

    def decide(docs: Docs) -> None:
        if not event_store.is_processed(docs.get(path)):
            event_store.record_event(docs, event.id, event.type, "failed", now, type(error).__name__)

    try:
        by_stripe(ACTION).commit(path, decide, Reads(fresh=[path]), target=None)
    except (Unavailable, Contention):
        log.warning("stripe_failure_not_noted", event=event.id)  # Stripe gets a 500 and sends it again


def retry(event_ids: Sequence[str] | None, actor: str) -> tuple[int, int]:
    """Handle these events again, or 50 that failed: how many are handled, and how many failed again.

    Events that are named are handled again even if they are parked. Stripe keeps an event for 30 days; one that it no
    longer has counts as failed, and its record stays.
    """
    chosen = [each.event_id for each in event_store.failed_events(MAX_RETRIES)] if event_ids is None else event_ids
    done = failed = 0
    for event_id in chosen:
        if _retry(event_id, actor, retry_parked=event_ids is not None):
            done += 1
        else:
            failed += 1
    System("retryWebhooks", actor).commit(
        event_path(actor),
        lambda _docs: None,
        target=STRIPE_EVENTS,
        details=lambda _none: {"done": done, "failed": failed},
        always=True,
    )
    return done, failed


def _retry(event_id: str, actor: str, *, retry_parked: bool) -> bool:
    try:
        event = stripe.event(event_id)
    except (BadShape, *TRANSIENT) as error:
        log.warning("stripe_event_not_fetched", event=event_id, error=type(error).__name__)
        return False
    if event is None:
        log.warning("stripe_object_missing", kind="event", object=event_id)
        return False
    return handle(event, SettlementContext(System("retryWebhooks", actor), event=event, retry_parked=retry_parked))
