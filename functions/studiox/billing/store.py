"""Reads and writes of billing's documents that several of its use cases share."""

from __future__ import annotations

from collections.abc import Iterable

from studiox.kit import query
from studiox.kit.clock import datetime
from studiox.kit.query import Found
from studiox.kit.transaction import Docs
from studiox.models.orders import order_path
from studiox.models.payments import Payment, payments_of
from studiox.models.subscriptions import (
    SUBSCRIPTIONS,
    PlanEvent,
    PlanEventType,
    SubscriptionRecord,
    plan_event_path,
    plan_events_of,
)
from studiox.models.users import FREE_PLAN, TOP_UPS, PlanId


def mark_paid(docs: Docs, order_id: str, now: datetime) -> None:
    """Mark a plan's order as paid: its subscription exists. Does nothing if there is no such order."""
    if order_id and docs.get(order_path(order_id)) is not None:
        docs.update(order_path(order_id), status="paid", updated_at=now)


def add_plan_events(
    docs: Docs, record: SubscriptionRecord, from_plan: PlanId, types: Iterable[PlanEventType], now: datetime
) -> None:
    """Add what changed to the user's plan history. The ids sort in the order of the changes."""
    for number, type_ in enumerate(types):
        keeps_plan = record.entitled and type_ not in ("ended", "paused")
        event = PlanEvent(
            type=type_,
            from_plan=from_plan,
            to_plan=record.plan if keeps_plan else FREE_PLAN,
            status=record.status,
            at=now,
        )
        docs.create(plan_event_path(record.uid, f"{record.subscription_id}-{record.rev:06d}-{number}"), event)


def list_payments(uid: str, *, size: int, cursor: str | None) -> tuple[list[Found[Payment]], str | None]:
    """A page of the user's payments, newest first."""
    return query.page(payments_of(uid), {}, "createdAt", size=size, cursor=cursor)


def list_plan_events(uid: str, *, size: int, cursor: str | None) -> tuple[list[Found[PlanEvent]], str | None]:
    """A page of the user's plan history, newest first."""
    return query.page(plan_events_of(uid), {}, "at", size=size, cursor=cursor)


def due_top_ups(until: datetime, limit: int) -> list[tuple[str, str]]:
    """(uid, order id) of up to `limit` top-ups under way that debits until then have called for. `Unavailable`."""
    found = query.documents(TOP_UPS, order="autoTopUp.crossedAt", most=until, limit=limit)
    return [(each.id, each.data.auto_top_up.order_id) for each in found if each.data.auto_top_up.order_id]


def due_subscriptions(now: datetime, limit: int) -> list[str]:
    """Ids of up to `limit` subscriptions whose `checkAt` has passed. `Unavailable`."""
    return [found.id for found in query.documents(SUBSCRIPTIONS, order="checkAt", most=now, limit=limit)]
