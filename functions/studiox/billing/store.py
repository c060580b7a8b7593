"""Where billing lies: orders, subscriptions, each user's account with Stripe, and their histories.

`orders/{orderId}`, `subscriptions/{subscriptionId}`, `billing/{uid}`, `reconciliations/stripe`: read by nobody but us.
`users/{uid}/payments/{id}` is the user's own history, `users/{uid}/subscriptionEvents/{id}` that of the plan.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from studiox.kit import query
from studiox.kit.clock import datetime
from studiox.kit.transaction import Docs
from studiox.models.users import user_path

from . import orders, subscriptions

Data = Mapping[str, Any]

CHECKPOINT = "reconciliations/stripe"


def order_path(order_id: str) -> str:
    return f"orders/{order_id}"


def subscription_path(subscription_id: str) -> str:
    return f"subscriptions/{subscription_id}"


def account_path(uid: str) -> str:
    """The user's account with Stripe: {customerId, current?, planCheckout?}."""
    return f"billing/{uid}"


def payment_path(uid: str, payment_id: str) -> str:
    return f"{user_path(uid)}/payments/{payment_id}"


def as_order(data: Data) -> orders.Held:
    """The order's money; its document holds more than that."""
    return msgspec.convert(_plain(data), orders.Held)


def as_subscription(data: Data | None, restored: Mapping[str, Data] | None = None) -> subscriptions.Held | None:
    """The subscription as we last saw it. `restored`: invoices that it holds no more, by what else is known of them."""
    if data is None:
        return None
    held = msgspec.convert(_plain(data), subscriptions.Held)
    return msgspec.structs.replace(held, invoices={**restored, **held.invoices}) if restored else held


def fields(held: orders.Held | subscriptions.Held) -> dict[str, Any]:
    """The document's fields that hold it."""
    made: dict[str, Any] = msgspec.to_builtins(held, builtin_types=(datetime,))
    return made


def _plain(value: Any) -> Any:
    """msgspec takes datetime itself only, and Firestore answers its own kind of it."""
    if isinstance(value, Mapping):
        return {name: _plain(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return datetime.fromtimestamp(value.timestamp(), value.tzinfo) if isinstance(value, datetime) else value


def mark_bought(docs: Docs, order_id: str, now: datetime) -> None:
    """A plan's order led to its subscription."""
    path = order_path(order_id)
    if order_id and docs.get(path) is not None:
        docs.update(path, {"status": "paid", "updatedAt": now})


def show_payment(docs: Docs, uid: str, payment_id: str, now: datetime, **shown: object) -> None:
    """The payment as its user's history has it. What is None is not shown (any more)."""
    path = payment_path(uid, payment_id)
    merged = {**(docs.get(path) or {"createdAt": now}), **shown, "id": payment_id}
    docs.put(path, {name: value for name, value in merged.items() if value is not None})


def add_history(docs: Docs, held: subscriptions.Held, from_plan: str, found: Iterable[str], now: datetime) -> None:
    """What changed, for the subscription's history. The names sort as they happened."""
    for number, type_ in enumerate(found):
        name = f"{held.subscription_id}-{held.rev:06d}-{number}"
        ended = type_ in ("ended", "paused")
        to_plan = held.plan if held.entitled and not ended else "free"
        entry = {"type": type_, "fromPlan": from_plan, "toPlan": to_plan, "status": held.status, "at": now}
        docs.create(f"{user_path(held.uid)}/subscriptionEvents/{name}", entry)


def list_payments(uid: str, *, size: int, cursor: str | None) -> tuple[list[Data], str | None]:
    """A page of the user's payments, newest first."""
    return query.page(f"{user_path(uid)}/payments", {}, "createdAt", size=size, cursor=cursor)


def list_history(uid: str, *, size: int, cursor: str | None) -> tuple[list[Data], str | None]:
    """A page of what happened to the user's plan, newest first."""
    return query.page(f"{user_path(uid)}/subscriptionEvents", {}, "at", size=size, cursor=cursor)


def due_subscriptions(now: datetime, limit: int) -> list[str]:
    """The subscriptions that should be looked at again by now. `Unavailable`."""
    return [found.id for found in query.documents("subscriptions", order="checkAt", most=now, limit=limit)]
