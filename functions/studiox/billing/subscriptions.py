"""The rules of subscriptions: from what Stripe holds of one to the plan and the monthly tokens of its user. Pure.

As orders do, a subscription converges: whatever event came, the whole of it is fetched, and `settle` answers what
changes. A user has one subscription that counts; which one, `rival` says.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

import msgspec

from studiox.catalog.sales import Plan
from studiox.integrations.stripe_objects import ENDED, Invoice, Subscription
from studiox.kit.clock import datetime, timedelta

from . import invoice_memory
from .invoice_memory import Record
from .monthly_tokens import NOTHING, Grant, Month, Move, Reversal, Term
from .orders import disputed_amount

GRACE = timedelta(days=7)
"""How long a past-due subscription keeps its plan."""
LATE = timedelta(hours=1)
"""After a period's end Stripe takes up to an hour to charge for the next."""
NOT_BEGUN = ("incomplete", "incomplete_expired")

Status = Literal[
    "incomplete", "incomplete_expired", "trialing", "active", "past_due", "canceled", "unpaid", "paused"
]  # fmt: skip
"""Stripe's."""
EventType = Literal[
    "started", "upgraded", "downgraded", "renewed", "cancel_scheduled", "resumed", "past_due", "recovered",
    "paused", "ended",
]  # fmt: skip


class Held(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A subscription as we last saw it, and what came of its invoices."""

    subscription_id: str
    uid: str
    customer_id: str
    plan: str
    price_id: str
    item_id: str
    status: str
    period_end: datetime
    cancel_at_period_end: bool
    created_at: datetime
    past_due_since: datetime | None = None
    entitled: bool = False
    rev: int = 0
    grant: Grant | None = None
    invoices: Mapping[str, Record] = {}
    """By id: those that may still change something (invoice_memory.py)."""
    forgotten: datetime | None = None
    """Invoices made until then are settled, and may be missing; None: in documents of before, any may be."""
    check_at: datetime | None = None
    """When to look again even if nothing is heard; None: never."""


class Settled(NamedTuple):
    """What a look at the subscription changes."""

    held: Held
    moves: tuple[Move, ...]
    events: tuple[EventType, ...]
    invoices: Mapping[str, Record]
    """All that were looked at, also those that are forgotten now."""
    owed: int
    """Tokens that Stripe has credited after they were spent."""


def is_live(status: str) -> bool:
    """Whether the subscription still stands, paid or not: a second one beside it is one too many."""
    return status not in ENDED and status not in NOT_BEGUN


def entitles(status: str, past_due_since: datetime | None, now: datetime) -> bool:
    """Premium while active, trialing, or past due for at most 7 days."""
    if status == "past_due":
        return past_due_since is None or now < past_due_since + GRACE
    return status in ("active", "trialing")


def view(held: Held | None, seen: Subscription, invoices: list[Invoice], plan: str, uid: str, now: datetime) -> Held:
    """What is fetched, as we keep it; nothing is granted or taken yet."""
    since = None
    if seen.status == "past_due":
        unpaid = [each.created for each in invoices if each.status == "open" and each.attempts > 0]
        since = min(unpaid, default=(held.past_due_since if held else None) or now)
    base = held or Held(
        subscription_id=seen.id,
        uid=uid,
        customer_id=seen.customer_id,
        plan=plan,
        price_id=seen.price_id,
        item_id=seen.item_id,
        status="",
        period_end=seen.period_end,
        cancel_at_period_end=False,
        created_at=seen.created,
        forgotten=invoice_memory.BEGINNING,
    )
    return msgspec.structs.replace(
        base,
        plan=plan,
        price_id=seen.price_id,
        item_id=seen.item_id,
        status=seen.status,
        period_end=seen.period_end,
        cancel_at_period_end=seen.cancel_at_period_end and seen.status not in ENDED,
        past_due_since=since,
        entitled=entitles(seen.status, since, now),
        check_at=_check_at(seen, since, now),
    )


def as_gone(held: Held) -> Subscription:
    """A subscription that we know and Stripe does not have: it ended, whenever that was."""
    return Subscription(
        id=held.subscription_id,
        uid=held.uid,
        customer_id=held.customer_id,
        status="canceled",
        price_id=held.price_id,
        plan_id=held.plan,
        amount=None,
        item_id=held.item_id,
        period_start=held.created_at,
        period_end=held.period_end,
        cancel_at_period_end=False,
        created=held.created_at,
        trial_end=None,
    )


def _check_at(seen: Subscription, since: datetime | None, now: datetime) -> datetime | None:
    """When something is due that Stripe may fail to tell: the period's end, the end of the grace."""
    if seen.status in ENDED:
        return None
    if since is not None and now < since + GRACE:
        return since + GRACE
    soon = now + timedelta(days=1)
    return seen.period_end + LATE if seen.period_end + LATE > now else soon


class Looked(NamedTuple):
    """What one look brought, beside the subscription itself."""

    invoices: list[Invoice]
    reversal: Reversal | None
    terms: Mapping[str, Term]
    """By the ids of Stripe's prices."""
    monthly: int
    """In the user's bucket."""
    owed: int
    now: datetime


def settle(held: Held | None, new: Held, looked: Looked, plans: Mapping[str, Plan]) -> Settled:
    """`new` (of `view`) with its grants, and the monthly tokens that move."""
    rev = (held.rev if held else 0) + 1
    month = Month(new.subscription_id, new.grant, new.invoices, looked.terms, looked.monthly, looked.owed)
    month.take_in(looked.invoices, entitled=new.entitled)
    if new.entitled:
        month.follow(_term(new, looked, plans), f"{new.subscription_id}:{rev}")
    if looked.reversal is not None:
        month.reverse(looked.reversal)
    if _loses(held, new, month.grant, looked.now):
        month.expire(f"expiry:{new.subscription_id}:{rev}")
    kept, forgotten = invoice_memory.remembered(month.invoices, new.forgotten, looked.now)
    after = msgspec.structs.replace(new, grant=month.grant, invoices=kept, forgotten=forgotten)
    events = changes(held, after, plans)
    if after != held:
        after = msgspec.structs.replace(after, rev=rev)
    return Settled(after, tuple(month.moves), events, month.invoices, month.owed)


def _term(new: Held, looked: Looked, plans: Mapping[str, Plan]) -> Term:
    plan = plans[new.plan]
    return looked.terms.get(new.price_id, NOTHING._replace(plan=plan.id, tokens=plan.monthly_tokens))


def _loses(held: Held | None, new: Held, grant: Grant | None, now: datetime) -> bool:
    """Whether the month's tokens go with the plan. Who pauses within a period that is paid for keeps them."""
    if held is None or new.entitled or keeps(new, grant, now):
        return False
    return held.entitled or keeps(held, held.grant, now)


def keeps(held: Held, grant: Grant | None, now: datetime) -> bool:
    """Whether the tokens are there without the plan: it lives, and its period is paid for and not over."""
    if grant is None or grant.over or not is_live(held.status):
        return False
    return grant.period_end == held.period_end and now < grant.period_end


def changes(held: Held | None, new: Held, plans: Mapping[str, Plan]) -> tuple[EventType, ...]:
    """What a user would call it, for the subscription's history."""
    was_live = held is not None and is_live(held.status)
    if not was_live:
        return ("started",) if is_live(new.status) else ()
    assert held is not None
    if not is_live(new.status):
        return ("ended",)
    found: list[EventType] = []
    if held.plan != new.plan:
        higher = plans[new.plan].monthly_tokens > plans[held.plan].monthly_tokens
        found.append("upgraded" if higher else "downgraded")
    elif new.period_end > held.period_end and new.status == "active":
        found.append("renewed")
    if held.cancel_at_period_end != new.cancel_at_period_end:
        found.append("cancel_scheduled" if new.cancel_at_period_end else "resumed")
    if held.status != new.status:
        if new.status in ("past_due", "unpaid"):
            found.append("past_due")
        elif new.status == "paused":
            found.append("paused")
        elif held.status in ("past_due", "unpaid", "paused"):
            found.append("recovered")
    return tuple(found)


def rival(current: Mapping[str, Any] | None, new: Held) -> str:
    """The subscription that must go because a user has one: the younger of two live ones; "" if there is none."""
    if current is None or current["id"] == new.subscription_id or not is_live(current["status"]):
        return ""
    if not is_live(new.status):
        return ""
    older = (current["createdAt"], current["id"]) < (new.created_at, new.subscription_id)
    return new.subscription_id if older else str(current["id"])


def payment_status(invoice: Invoice, known: Mapping[str, Any]) -> str:
    """As the user's billing history shows it."""
    if invoice.status == "paid":
        if disputed_amount(known["disputes"]):
            return "disputed"
        if known["reversed"] and known["reversed"] >= invoice.paid:
            return "refunded"
        return "partially_refunded" if known["reversed"] else "paid"
    if invoice.status in ("void", "uncollectible"):
        return "void"
    return "failed" if invoice.attempts else "pending"
