"""The rules of subscriptions: from what Stripe holds of one to the plan and the monthly tokens of its user. Pure.

As orders do, a subscription converges: whatever event came, the whole of it is fetched, and `settle` answers what
changes. A user has one subscription that counts; which one, `rival` says.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

import msgspec

from ..catalog.sales import Plan
from ..clock import datetime, timedelta
from ..payments_objects import ENDED, Charge, Invoice, Subscription
from . import invoice_memory
from .invoice_memory import Record
from .orders import disputed_amount, merged_disputes, taken_target, to_restore, with_restored

GRACE = timedelta(days=7)
"""How long a past-due subscription keeps its plan."""
LATE = timedelta(hours=1)
"""After a period's end Stripe takes up to an hour to charge for the next."""
NOT_BEGUN = ("incomplete", "incomplete_expired")

EventType = Literal[
    "started", "upgraded", "downgraded", "renewed", "cancel_scheduled", "resumed", "past_due", "recovered",
    "paused", "ended",
]  # fmt: skip


class Grant(msgspec.Struct, frozen=True, rename="camel"):
    """The monthly tokens of the period that is paid for."""

    period_end: datetime
    tokens: int
    """Granted in this period so far, upgrades included."""
    invoices: tuple[str, ...]


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


class Move(NamedTuple):
    """Monthly tokens that move. `tokens` is signed."""

    kind: Literal["plan_grant", "plan_expiry", "clawback", "restore"]
    id: str
    tokens: int
    ref: str


class Settled(NamedTuple):
    """What a look at the subscription changes."""

    held: Held
    moves: tuple[Move, ...]
    events: tuple[EventType, ...]
    invoices: Mapping[str, Record]
    """All that were looked at, also those that are forgotten now."""


class Reversal(NamedTuple):
    """Money that went back for one invoice."""

    invoice_id: str
    charge: Charge


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


def settle(
    held: Held | None,
    new: Held,
    invoices: list[Invoice],
    reversal: Reversal | None,
    plans: Mapping[str, Plan],
    plan_of_price: Mapping[str, str],
    monthly: int,
    now: datetime,
) -> Settled:
    """`new` (of `view`) with its grants, and the tokens that move in a monthly bucket that holds `monthly` now."""
    purse = _Purse(monthly, new)
    for invoice in invoices:
        purse.note(invoice)
    if new.entitled:
        purse.grant_all(invoices, plans, plan_of_price)
    if reversal is not None:
        purse.reverse(reversal)
    if held is not None and held.entitled and not new.entitled:
        purse.expire(f"expiry:{new.subscription_id}:{held.rev + 1}")
    kept, forgotten = invoice_memory.remembered(purse.invoices, new.forgotten, now)
    after = msgspec.structs.replace(new, grant=purse.grant, invoices=kept, forgotten=forgotten)
    events = changes(held, after, plans)
    if after != held:
        after = msgspec.structs.replace(after, rev=(held.rev if held else 0) + 1)
    return Settled(after, tuple(purse.moves), events, purse.invoices)


class _Purse:
    """The monthly bucket while one look at a subscription is worked through."""

    def __init__(self, monthly: int, new: Held) -> None:
        self.monthly = monthly
        self.sub = new.subscription_id
        self.grant = new.grant if new.entitled else None
        self.invoices = {name: dict(each) for name, each in new.invoices.items()}
        self.moves: list[Move] = []

    def note(self, invoice: Invoice) -> None:
        self.invoices[invoice.id] = invoice_memory.noted(self.invoices.get(invoice.id), invoice)

    def grant_all(self, invoices: list[Invoice], plans: Mapping[str, Plan], plan_of_price: Mapping[str, str]) -> None:
        """A new period's invoice sets the bucket; one within the period raises it to a better plan's tokens."""
        paid = [each for each in invoices if each.status == "paid" and each.price_ids]
        newest = max((each.period_end for each in paid), default=None)
        for invoice in paid:
            if invoice.period_end != newest or (self.grant and newest < self.grant.period_end):
                continue  # of a period that is over: its tokens would have expired
            if self.invoices[invoice.id]["counted"]:
                continue
            found = [
                plans[plan_of_price[price]].monthly_tokens for price in invoice.price_ids if price in plan_of_price
            ]
            self._grant(invoice, max(found, default=0))

    def _grant(self, invoice: Invoice, tokens: int) -> None:
        same = self.grant is not None and self.grant.period_end == invoice.period_end
        if self.grant is None or not same:
            self.expire(f"expiry:{invoice.id}")
            self.grant = Grant(invoice.period_end, 0, ())
        more = max(0, tokens - self.grant.tokens)
        self.grant = Grant(invoice.period_end, self.grant.tokens + more, (*self.grant.invoices, invoice.id))
        self.invoices[invoice.id].update(counted=True, granted=more)
        self._move("plan_grant", f"grant:{invoice.id}", more, invoice.id)

    def expire(self, entry_id: str) -> None:
        """What is left of the month's tokens is gone."""
        self._move("plan_expiry", entry_id, -self.monthly, self.sub)

    def reverse(self, reversal: Reversal) -> None:
        """A refunded or disputed invoice takes back what is left of its grant, until it is so no more."""
        known = self.invoices.get(reversal.invoice_id)
        charge = reversal.charge
        if known is None:
            return
        disputes = merged_disputes(known["disputes"], charge.disputes)
        known.update(reversed=charge.refunded, disputes=disputes)
        target = taken_target(known["granted"], known["reversed"] + disputed_amount(disputes), charge.amount)
        counts = self.grant is not None and reversal.invoice_id in self.grant.invoices
        if target > known["target"]:
            take = min(target - known["target"], self.monthly) if counts else 0
            known.update(taken=known["taken"] + take, everTaken=known["everTaken"] + take, target=target)
            self._move("clawback", f"clawback:{charge.id}:{known['everTaken']}", -take, reversal.invoice_id)
        elif target < known["target"]:
            back = max(0, known["taken"] - target) if counts else 0
            returned = known.get("everReturned", 0) + back
            cause = to_restore(disputes) or f"{charge.id}:{returned}"
            known.update(taken=known["taken"] - back, everReturned=returned, target=target)
            known.update(disputes=with_restored(disputes))
            self._move("restore", f"restore:{cause}", back, reversal.invoice_id)

    def _move(self, kind: Any, entry_id: str, tokens: int, ref: str) -> None:
        if tokens:
            self.monthly += tokens
            self.moves.append(Move(kind, entry_id, tokens, ref))


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
