"""On whose behalf something is settled."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from .. import clock, log
from ..clock import datetime
from ..firestore import Document
from ..limits import Toll
from ..payments_objects import Event
from ..transact import Docs, transact
from . import store


class Why(NamedTuple):
    """For the event's record, the audit log and the caller's rate limit."""

    action: str
    actor: str = "stripe"
    event: Event | None = None
    toll: Toll | None = None

    def paths(self) -> list[str]:
        """The documents that the methods below look at."""
        found = [store.event_path(self.event.id)] if self.event else []
        return [*found, self.toll.path] if self.toll else found

    def is_done(self, docs: Docs) -> bool:
        """Whether this event had its effect already."""
        return self.event is not None and store.is_done(docs.get(store.event_path(self.event.id)))

    def record(self, docs: Docs, status: str, now: datetime) -> None:
        """The event's record and the caller's call, in the commit of the effect. `RateLimited`."""
        if self.toll is not None:
            self.toll.count(docs, now)
        if self.event is not None:
            store.record_event(docs, self.event.id, self.event.type, status, now)


def park(object_id: str, reason: str, why: Why, **about: object) -> None:
    """Keep what nobody can be credited for, tell somebody, and tell Stripe that all is well: it cannot help (S16)."""
    now = clock.now()

    def decide(docs: Docs) -> None:
        if not why.is_done(docs):
            store.park(docs, object_id, reason, now, **about)
            why.record(docs, store.PARKED, now)

    transact(f"unmatchedPayments/{object_id}", decide)
    log.alert("payment_unmatched", object=object_id, problem=reason)


def record(why: Why, seen: Mapping[str, Document], order_id: str = "") -> None:
    """The event came, and all that it could mean was done before."""
    now = clock.now()

    def decide(docs: Docs) -> None:
        if not why.is_done(docs):
            store.mark_bought(docs, order_id, now)
            why.record(docs, store.HANDLED, now)

    if paths := why.paths():
        paths += [store.order_path(order_id)] if order_id else []
        transact(paths[0], decide, seen={path: seen[path] for path in paths if path in seen})
