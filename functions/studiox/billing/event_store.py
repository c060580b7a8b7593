"""What is kept of Stripe's events, `stripeEvents/{id}`, and for whose sake something is settled."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from studiox.integrations.stripe_objects import Event
from studiox.kit import audit, clock, query
from studiox.kit.clock import datetime, timedelta
from studiox.kit.firestore import Document
from studiox.kit.rate_limits import Toll
from studiox.kit.transaction import Docs, Reads, transact

from . import store

Data = Mapping[str, Any]

KEEP_EVENTS = timedelta(days=90)
HANDLED, FAILED, PARKED = "handled", "failed", "parked"


def event_path(event_id: str) -> str:
    return f"stripeEvents/{event_id}"


def record_event(docs: Docs, event_id: str, type_: str, status: str, now: datetime, error: str = "") -> None:
    """That an event was dealt with, in the commit of its effect. One that failed before counts its attempts."""
    path = event_path(event_id)
    before = docs.get(path) or {}
    record = {
        "eventId": event_id,
        "type": type_,
        "status": status,
        "attempts": before.get("attempts", 0) + 1,
        "error": error,
        "receivedAt": before.get("receivedAt", now),
        "updatedAt": now,
        "expiresAt": now + KEEP_EVENTS,
    }
    docs.put(path, record)


def is_done(event: Data | None) -> bool:
    """Whether the event has had its effect, or never will have one."""
    return event is not None and event["status"] != FAILED


class Deed(NamedTuple):
    """What a person did: it is in the audit log whether Stripe's event or the person's own call settles it first."""

    target: str
    details: Mapping[str, object]


class Why(NamedTuple):
    """For the event's record, the audit log and the caller's rate limit."""

    action: str
    actor: str = "stripe"
    event: Event | None = None
    toll: Toll | None = None
    again: bool = False
    """An administrator asks for it by name: what was parked is looked at anew."""
    deed: Deed | None = None
    """Set where a person acts; its entry stands in place of that of the effect."""

    def paths(self) -> list[str]:
        """The documents that the methods below look at."""
        found = [event_path(self.event.id)] if self.event else []
        return [*found, self.toll.path] if self.toll else found

    def is_done(self, docs: Docs) -> bool:
        """Whether this event had its effect already."""
        return self.event is not None and self.counts(docs.get(event_path(self.event.id)))

    def counts(self, record: Data | None) -> bool:
        """Whether the event with this record need not be dealt with."""
        return is_done(record) and not (self.again and record is not None and record["status"] == PARKED)

    def record(self, docs: Docs, status: str, now: datetime) -> None:
        """The event's record, the caller's call and deed, in the commit of the effect. `RateLimited`."""
        if self.toll is not None:
            self.toll.count(docs, now)
        if self.deed is not None:
            self._audit(docs, self.deed, now)
        if self.event is not None:
            record_event(docs, self.event.id, self.event.type, status, now)

    def effect(self, docs: Docs, target: str, now: datetime, **details: object) -> None:
        """The audit entry of what changed, unless it is what a person did."""
        if self.deed is None:
            self._audit(docs, Deed(target, details), now)

    def _audit(self, docs: Docs, deed: Deed, now: datetime) -> None:
        audit.record(docs, actor=self.actor, action=self.action, target=deed.target, at=now, **deed.details)


def record(why: Why, seen: Mapping[str, Document], order_id: str = "") -> None:
    """The event came, and all that it could mean was done before."""
    now = clock.now()

    def decide(docs: Docs) -> None:
        if not why.is_done(docs):
            store.mark_bought(docs, order_id, now)
            why.record(docs, HANDLED, now)

    paths = [*why.paths(), *([why.deed.target] if why.deed else [])]
    if paths:
        key, paths = paths[0], [*paths, *([store.order_path(order_id)] if order_id else [])]
        transact(key, decide, Reads(already_read={path: seen[path] for path in paths if path in seen}))


class EventCounts(NamedTuple):
    handled: int
    failed: int
    parked: int


def count_events() -> EventCounts:
    """How many events of the last 90 days ended how. `Unavailable`."""
    return EventCounts(*(query.count("stripeEvents", equal={"status": each}) for each in (HANDLED, FAILED, PARKED)))


def failed_events(limit: int) -> list[Data]:
    """Events whose handling failed, in no order that means anything. `Unavailable`."""
    return [found.data for found in query.documents("stripeEvents", equal={"status": FAILED}, limit=limit)]
