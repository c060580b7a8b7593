"""The context of a settlement: which event or call caused it, and in whose name it commits."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from typing import NamedTuple, TypeVar

from msgspec.structs import replace

from studiox.integrations.stripe_types import Event
from studiox.kit import clock
from studiox.kit.audit import Actor, System
from studiox.kit.clock import datetime
from studiox.kit.documents import Path
from studiox.kit.errors import Contention
from studiox.kit.firestore import Document
from studiox.kit.transaction import Docs, Reads
from studiox.models.orders import Order, order_path
from studiox.models.payments import EventStatus, event_path
from studiox.models.subscriptions import SubscriptionRecord

from . import store
from .event_store import is_processed, record_event

T = TypeVar("T")
R = TypeVar("R", Order, SubscriptionRecord)


def by_stripe(function: str) -> System:
    """The actor of what Stripe has caused, or of what is settled to agree with Stripe."""
    return System(function, "stripe")


class StaleRead(Exception):
    """Our record was written while its object was being fetched from Stripe, so the fetched state may be the older one.

    Every settlement of an event writes the record, even if nothing changes. So a concurrent settlement with an older
    answer from Stripe always notices.
    """


MAX_ROUNDS = 6


def until_read_fresh(attempt: Callable[[], None], *, retry_after_s: int = 2) -> None:
    """Repeat the attempt while it raises `StaleRead`. `Contention` after MAX_ROUNDS."""
    for _ in range(MAX_ROUNDS):
        with contextlib.suppress(StaleRead):
            attempt()
            return
    raise Contention(retryAfterSeconds=retry_after_s)


class UserAction(NamedTuple):
    """What the user asked for. It is audited even if Stripe's event has settled it first."""

    target: str
    """Path of the document that the action is about."""
    details: Mapping[str, object]
    entry_id: str
    """The id of its audit entry. A settlement that is repeated after a lost response is recorded and charged once."""


class SettlementContext(NamedTuple):
    """Why a settlement runs, and in whose name it commits."""

    by: Actor
    event: Event | None = None
    """The event that caused it; None for a call and for reconciliation."""
    retry_parked: bool = False
    """Handle the event again even if it is parked: an administrator named it."""
    user_action: UserAction | None = None
    """Audited in place of the effect, if a user caused the settlement."""

    def paths(self) -> list[str]:
        """The documents that the methods below read."""
        return [event_path(self.event.id)] if self.event else []

    def is_processed(self, docs: Docs) -> bool:
        """Whether the event was processed before."""
        if self.event is None:
            return False
        record = docs.get(event_path(self.event.id))
        return is_processed(record) and not (self.retry_parked and record is not None and record.status == "parked")

    def record(self, docs: Docs, status: EventStatus, now: datetime) -> None:
        """Write the event's record."""
        if self.event is not None:
            record_event(docs, self.event.id, self.event.type, status, now)

    def commit(
        self,
        key: str,
        decide: Callable[[Docs], T],
        reads: Reads,
        *,
        target: str | None,
        effect: Callable[[T], Mapping[str, object] | None],
    ) -> T:
        """As `Actor.commit`, but a user's action is audited in place of the effect on `target`."""
        if (action := self.user_action) is None:
            return self.by.commit(key, decide, reads, target=target, details=effect)
        return self.by.commit(
            key,
            decide,
            reads,
            target=action.target,
            details=lambda _: action.details,
            always=True,
            entry_id=action.entry_id,
        )


def record_unchanged(
    context: SettlementContext,
    already_read: Mapping[str, Document],
    order_id: str = "",
    *,
    record: tuple[Path[R], R] | None = None,
) -> None:
    """Record a settlement that changed nothing: the event as handled, and the plan's order as paid.

    `record` is our record, as it was when Stripe was asked, and as it is written again. `StaleRead` if it has changed.
    """
    now = clock.now()

    def decide(docs: Docs) -> None:
        if not context.is_processed(docs):
            if record is not None:
                path, known = record
                current = docs.get(path)
                if current is None or replace(current, updated_at=known.updated_at) != known:
                    raise StaleRead
                docs.put(path, replace(current, updated_at=now))
            store.mark_paid(docs, order_id, now)
            context.record(docs, "handled", now)

    paths: list[str] = [*context.paths(), *([context.user_action.target] if context.user_action else [])]
    if paths:
        also: list[str] = [*([order_path(order_id)] if order_id else []), *([record[0]] if record is not None else [])]
        read = {each: already_read[each] for each in [*paths, *also] if each in already_read}
        context.commit(paths[0], decide, Reads(already_read=read), target=None, effect=lambda _: None)
