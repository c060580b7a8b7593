"""Back from Stripe: the caller's checkout is settled at once, as its webhook would. Whoever comes first does it."""

from __future__ import annotations

from typing import Literal, NamedTuple, cast

from studiox.api.callables import User
from studiox.integrations import stripe
from studiox.integrations.stripe_objects import ENDED, Session, Subject
from studiox.kit import firestore
from studiox.kit.errors import NotFound
from studiox.kit.transaction import Reads
from studiox.models.users import PlanId, user_path

from . import settlement, store
from .event_store import Deed, Why

Status = Literal["open", "processing", "paid", "expired"]


class Confirmed(NamedTuple):
    """What has come of a checkout. `tokens` of a pack, `plan` of a subscription, once they are the caller's."""

    status: Status
    tokens: int | None = None
    plan: PlanId | None = None


def confirm_checkout(caller: User, session_id: str) -> Confirmed:
    """Fetch the caller's own session from Stripe and settle it. `NotFound`, `PaymentsUnavailable`, `RateLimited`."""
    caller.admit_beforehand()  # Stripe is not asked for what is refused
    session = stripe.session(session_id)
    if session is None or session.uid != caller.uid or not session.order_id:
        raise NotFound
    if session.status != "complete":
        caller.commit(user_path(caller.uid), lambda _docs: None, Reads(fresh=[store.account_path(caller.uid)]))
        return Confirmed("open" if session.status == "open" else "expired")
    deed = Deed(store.order_path(session.order_id), {"sessionId": session.id})
    why = Why("confirmCheckout", actor=caller.uid, toll=caller.toll, deed=deed)
    if session.subscription_id:
        settlement.settle(Subject("subscription", session.subscription_id, session.order_id, session.uid), why)
        return _plan(caller.uid, session)
    settlement.settle(Subject("session", session.id, session.order_id, session.uid), why)
    return _pack(session)


def _pack(session: Session) -> Confirmed:
    """Money that arrived and is not credited is being looked at; a slow payment that failed brings nothing."""
    [order] = firestore.read(store.order_path(session.order_id))
    held = None if order is None else store.as_order(order)
    if held is not None and held.credited:
        return Confirmed("paid", tokens=held.credited)
    return Confirmed("expired" if held is not None and held.status == "failed" else "processing")


def _plan(uid: str, session: Session) -> Confirmed:
    """A second subscription beside one that stands is cancelled and refunded: nothing was bought."""
    [data] = firestore.read(store.subscription_path(session.subscription_id))
    held = store.as_subscription(data)
    if held is not None and held.entitled and held.uid == uid:
        return Confirmed("paid", plan=cast(PlanId, held.plan))
    return Confirmed("expired" if held is not None and held.status in ENDED else "processing")
