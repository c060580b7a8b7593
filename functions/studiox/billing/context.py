"""The context of a settlement: which event or call caused it. It writes the event's record and the audit entry."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from studiox.integrations.stripe_types import Event
from studiox.kit import audit, clock
from studiox.kit.clock import datetime
from studiox.kit.firestore import Document
from studiox.kit.rate_limits import RateLimitCharge
from studiox.kit.transaction import Docs, Reads, transact
from studiox.models.orders import order_path
from studiox.models.payments import EventStatus, event_path

from . import store
from .event_store import is_processed, record_event


class UserAction(NamedTuple):
    """What the user asked for. It is audited even if Stripe's event has settled it first."""

    target: str
    """Path of the document that the action is about."""
    details: Mapping[str, object]


class SettlementContext(NamedTuple):
    """Why a settlement runs. `action` and `actor` go into the audit log."""

    action: str
    actor: str = "stripe"
    event: Event | None = None
    """The event that caused it; None for a call and for reconciliation."""
    rate_limit: RateLimitCharge | None = None
    """The caller's rate-limit charge, counted in the commit of the settlement."""
    retry_parked: bool = False
    """Handle the event again even if it is parked: an administrator named it."""
    user_action: UserAction | None = None
    """Audited in place of the effect, if a user caused the settlement."""

    def paths(self) -> list[str]:
        """The documents that the methods below read."""
        paths: list[str] = [event_path(self.event.id)] if self.event else []
        return [*paths, self.rate_limit.path] if self.rate_limit else paths

    def is_processed(self, docs: Docs) -> bool:
        """Whether the event was processed before."""
        if self.event is None:
            return False
        record = docs.get(event_path(self.event.id))
        return is_processed(record) and not (self.retry_parked and record is not None and record.status == "parked")

    def record(self, docs: Docs, status: EventStatus, now: datetime) -> None:
        """Write the event's record, the rate-limit charge and the user's audit entry. `RateLimited`."""
        if self.rate_limit is not None:
            self.rate_limit.count(docs, now)
        if self.user_action is not None:
            self._audit(docs, self.user_action, now)
        if self.event is not None:
            record_event(docs, self.event.id, self.event.type, status, now)

    def audit_effect(self, docs: Docs, target: str, now: datetime, **details: object) -> None:
        """Write the audit entry of a change, unless the user's action is audited instead."""
        if self.user_action is None:
            self._audit(docs, UserAction(target, details), now)

    def _audit(self, docs: Docs, action: UserAction, now: datetime) -> None:
        audit.record(docs, actor=self.actor, action=self.action, target=action.target, at=now, **action.details)


def record_unchanged(context: SettlementContext, already_read: Mapping[str, Document], order_id: str = "") -> None:
    """Record a settlement that changed nothing: the event as handled, and the plan's order as paid."""
    now = clock.now()

    def decide(docs: Docs) -> None:
        if not context.is_processed(docs):
            store.mark_paid(docs, order_id, now)
            context.record(docs, "handled", now)

    paths = [*context.paths(), *([context.user_action.target] if context.user_action else [])]
    if paths:
        key, paths = paths[0], [*paths, *([order_path(order_id)] if order_id else [])]
        transact(key, decide, Reads(already_read={path: already_read[path] for path in paths if path in already_read}))
