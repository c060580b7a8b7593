"""The records of Stripe's events, `stripeEvents/{id}`: kept for 90 days."""

from __future__ import annotations

from typing import NamedTuple

from studiox.kit import query
from studiox.kit.clock import datetime, timedelta
from studiox.kit.transaction import Docs
from studiox.models.payments import STRIPE_EVENTS, EventStatus, StripeEvent, event_path

KEEP_EVENTS = timedelta(days=90)


def record_event(docs: Docs, event_id: str, type_: str, status: EventStatus, now: datetime, error: str = "") -> None:
    """Record that the event was processed, in the commit of its effect. Counts the attempts."""
    path = event_path(event_id)
    before = docs.get(path)
    event = StripeEvent(
        event_id=event_id,
        type=type_,
        status=status,
        attempts=(before.attempts if before else 0) + 1,
        error=error,
        received_at=before.received_at if before else now,
        updated_at=now,
        expires_at=now + KEEP_EVENTS,
    )
    docs.put(path, event)


def is_processed(event: StripeEvent | None) -> bool:
    """Whether the event was handled or parked. One that failed is handled again."""
    return event is not None and event.status != "failed"


class EventCounts(NamedTuple):
    handled: int
    failed: int
    parked: int


def count_events() -> EventCounts:
    """The events of the last 90 days by status. `Unavailable`."""

    def count(status: EventStatus) -> int:
        return query.count(STRIPE_EVENTS, equal={"status": status})

    return EventCounts(count("handled"), count("failed"), count("parked"))


def failed_events(limit: int) -> list[StripeEvent]:
    """Up to `limit` events that failed, in no particular order. `Unavailable`."""
    return [found.data for found in query.documents(STRIPE_EVENTS, equal={"status": "failed"}, limit=limit)]
