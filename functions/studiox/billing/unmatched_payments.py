"""Money that nobody is credited for: `unmatchedPayments/{id}`, until a person has looked at it (docs/billing.md).

Its buyer sees it in the billing history and is told. As long as it waits, each hourly look tries it again, and says
again how long it has waited.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from studiox.integrations.stripe_objects import Subject
from studiox.kit import clock, log, query
from studiox.kit.clock import datetime, timedelta
from studiox.kit.transaction import Docs, transact
from studiox.models import notifications
from studiox.models.users import user_path

from . import store
from .event_store import PARKED, Why
from .orders import PaymentKind

REFUNDED = "refunded"
HOUR = timedelta(hours=1)


class Review(NamedTuple):
    """A payment that its buyer sees as being looked at."""

    payment_id: str
    kind: PaymentKind
    amount: int
    currency: str
    returned: bool = False
    """All of it went back meanwhile: nothing is left to look at."""


class Unmatched(NamedTuple):
    """What is known of it. `waits` until it was given back, or a person says that it is done."""

    problem: str
    since: datetime
    waits: bool


def unmatched_path(object_id: str) -> str:
    return f"unmatchedPayments/{object_id}"


def keep_unmatched(
    docs: Docs, subject: Subject, problem: str, now: datetime, owner: str = "", payments: Iterable[Review] = ()
) -> Unmatched:
    """Write it down in this commit, and show it to its `owner`, if there is such a user. Repeatable.

    Its document names no user, so nothing of it has to go with an account. Whoever has dealt with it by hand sets
    `resolved` there, to "credited" or "refunded".
    """
    path = unmatched_path(subject.id)
    before = docs.get(path) or {"objectId": subject.id, "createdAt": now}
    shown = list(payments)
    resolved = before.get("resolved") or (REFUNDED if shown and all(each.returned for each in shown) else "")
    about = {"kind": subject.kind, "orderId": subject.order_id, "reason": problem}
    sums = {"amount": sum(each.amount for each in shown), "currency": shown[0].currency} if shown else {}
    docs.put(path, {**before, **about, **sums, "resolved": resolved, "waits": not resolved, "lookedAt": now})
    if owner and docs.get(user_path(owner)) is not None:
        for each in shown:
            _show(docs, owner, each, resolved, now)
    return Unmatched(problem, before["createdAt"], not resolved)


def _show(docs: Docs, uid: str, payment: Review, resolved: str, now: datetime) -> None:
    status = "in_review" if not resolved else "refunded" if resolved == REFUNDED else "paid"
    shown = {"kind": payment.kind, "amount": payment.amount, "currency": payment.currency, "status": status}
    store.show_payment(docs, uid, payment.payment_id, now, **shown)
    told = notifications.notification_path(uid, "payment_in_review", payment.payment_id)
    if not resolved and docs.get(told) is None:
        notifications.add(docs, uid, "payment_in_review", payment.payment_id, now, payment_id=payment.payment_id)


def tell_unmatched(object_id: str, parked: Unmatched, now: datetime) -> None:
    """After the commit: somebody must look, and how long it has waited for that."""
    if parked.waits:
        waited = (now - parked.since) // HOUR
        log.alert("payment_unmatched", object=object_id, problem=parked.problem, waitedHours=waited)


def park(subject: Subject, problem: str, why: Why, owner: str = "", payments: Iterable[Review] = ()) -> None:
    """Keep it, tell somebody, and tell Stripe that all is well: it cannot help (S16)."""
    now = clock.now()
    shown = list(payments)

    def decide(docs: Docs) -> Unmatched | None:
        if why.is_done(docs):
            return None
        parked = keep_unmatched(docs, subject, problem, now, owner, shown)
        why.record(docs, PARKED, now)
        return parked

    parked = transact(unmatched_path(subject.id), decide)
    if parked is not None:
        tell_unmatched(subject.id, parked, now)


def waiting(limit: int) -> list[Subject]:
    """What waits to be looked at. `Unavailable`."""
    found = [each.data for each in query.documents("unmatchedPayments", equal={"waits": True}, limit=limit)]
    return [Subject(each["kind"], each["objectId"], each["orderId"]) for each in found]


def close_if_settled(subject: Subject, since: datetime) -> None:
    """It waits no more if somebody has been given it by now, and the look that began then found no fault."""
    path = unmatched_path(subject.id)

    def decide(docs: Docs) -> None:
        found = docs.get(path)
        if found is None or found["lookedAt"] >= since:
            return
        if subject.kind == "subscription":
            settled = docs.get(store.subscription_path(subject.id)) is not None
        else:
            order = docs.get(store.order_path(subject.order_id)) if subject.order_id else None
            settled = order is not None and order["status"] == "paid"
        if settled:
            docs.update(path, {"waits": False, "resolved": "settled"})

    transact(path, decide)
