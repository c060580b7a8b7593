"""Stripe's events: from a signed body to one commit, and the administrator's view of those that failed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from studiox.integrations import stripe, stripe_objects
from studiox.integrations.stripe_objects import EVENT_TYPES, BadShape, Event
from studiox.kit import audit, clock, log
from studiox.kit.errors import Contention, Unavailable
from studiox.kit.transaction import Docs, Reads, transact

from . import event_store, settlement
from .event_store import Why

ACTION = "stripeWebhook"
MAX_RETRIES = 50

# What goes away by itself: Stripe asks again, and nobody need look.
PASSING = (stripe.PaymentsUnavailable, Unavailable, Contention)


def receive(body: Mapping[str, Any]) -> bool:
    """Deal with a genuine event. True when it is done or not ours; False when Stripe must send it again."""
    type_ = body.get("type")
    if type_ not in EVENT_TYPES:
        log.info("stripe_event_ignored", type=str(type_)[:100], why="type")
        return True
    try:
        event = stripe_objects.event(body)
    except BadShape as error:
        log.alert("stripe_event_malformed", type=type_, error=str(error))
        return False
    if event.account or event.livemode != stripe.is_live():
        log.warning("stripe_event_ignored", type=type_, why="account" if event.account else "livemode")
        return True
    return handle(event, Why(ACTION, event=event))


def handle(event: Event, why: Why) -> bool:
    """Whether the event has had its effect, durably. One that failed is written down, if that can be done."""
    if event.subject is None:
        return True
    try:
        settlement.settle(event.subject, why)
    except PASSING as error:
        log.warning("stripe_event_postponed", type=event.type, event=event.id, error=error.reason)
        if not isinstance(error, Unavailable):  # that is Firestore itself: there is nowhere to note it
            _note_failure(event, error)
        return False
    except Exception as error:  # noqa: BLE001 - whatever it is, Stripe must not hear that all is well
        log.bug("bug", function=ACTION, event=event.id, error=type(error).__name__)
        log.alert("stripe_event_failed", type=event.type, event=event.id, error=type(error).__name__)
        _note_failure(event, error)
        return False
    return True


def _note_failure(event: Event, error: Exception) -> None:
    path = event_store.event_path(event.id)
    now = clock.now()

    def decide(docs: Docs) -> None:
        if not event_store.is_done(docs.get(path)):
            event_store.record_event(docs, event.id, event.type, event_store.FAILED, now, type(error).__name__)

    try:
        transact(path, decide, Reads(fresh=[path]))
    except (Unavailable, Contention):
        log.warning("stripe_failure_not_noted", event=event.id)  # Stripe keeps it for us


def retry(event_ids: Sequence[str] | None, actor: str) -> tuple[int, int]:
    """Handle these events again, or all that failed (50 a call): how many are done, and how many still fail.

    Named ones are handled again also where they were parked. Stripe keeps an event for 30 days; one that it has no
    more counts as failed, and its record stays.
    """
    wanted = [each["eventId"] for each in event_store.failed_events(MAX_RETRIES)] if event_ids is None else event_ids
    done = failed = 0
    for event_id in wanted:
        if _again(event_id, actor, named=event_ids is not None):
            done += 1
        else:
            failed += 1
    now = clock.now()

    def decide(docs: Docs) -> None:
        audit.record(docs, actor=actor, action="retryWebhooks", target="stripeEvents", at=now, done=done, failed=failed)

    transact(event_store.event_path(actor), decide)
    return done, failed


def _again(event_id: str, actor: str, *, named: bool) -> bool:
    try:
        event = stripe.event(event_id)
    except (BadShape, *PASSING) as error:
        log.warning("stripe_event_not_fetched", event=event_id, error=type(error).__name__)
        return False
    if event is None:
        log.warning("stripe_object_missing", kind="event", object=event_id)
        return False
    return handle(event, Why("retryWebhooks", actor=actor, event=event, again=named))
