"""Confirms a checkout when the buyer returns from Stripe: settles it as its webhook would, whichever comes first."""

from __future__ import annotations

from typing import Literal, NamedTuple

from studiox.api.callables import User
from studiox.integrations import stripe
from studiox.integrations.stripe_types import ENDED, Session, Subject
from studiox.kit import firestore, ids
from studiox.kit.errors import NotFound
from studiox.models.orders import order_path
from studiox.models.subscriptions import subscription_path
from studiox.models.users import PlanId, user_path

from . import settlement
from .context import SettlementContext, UserAction

Status = Literal["open", "processing", "paid", "expired"]


class Confirmed(NamedTuple):
    """The state of a checkout. `tokens` (of a pack) or `plan` (of a subscription) is set once the caller has them."""

    status: Status
    tokens: int | None = None
    plan: PlanId | None = None


def confirm_checkout(caller: User, session_id: str) -> Confirmed:
    """Fetch the caller's own session from Stripe and settle it. `NotFound`, `PaymentsUnavailable`, `RateLimited`."""
    caller.admit_beforehand()  # before Stripe is asked
    session = stripe.session(session_id)
    if session is None or session.uid != caller.uid or not session.order_id:
        raise NotFound
    if session.status != "complete":
        caller.commit(user_path(caller.uid), lambda _docs: None, target=None)
        return Confirmed("open" if session.status == "open" else "expired")
    action = UserAction(order_path(session.order_id), {"sessionId": session.id}, ids.new())
    context = SettlementContext(caller, user_action=action)
    if session.subscription_id:
        subject = Subject("subscription", session.subscription_id, session.order_id, session.uid)
        settlement.settle_event(subject, context)
        return _plan_bought(caller.uid, session)
    settlement.settle_event(Subject("session", session.id, session.order_id, session.uid), context)
    return _tokens_bought(session)


def _tokens_bought(session: Session) -> Confirmed:
    """`processing` while a payment is delayed or in review; `expired` once a delayed payment has failed."""
    order = firestore.get(order_path(session.order_id))
    if order is not None and order.credited:
        return Confirmed("paid", tokens=order.credited)
    return Confirmed("expired" if order is not None and order.status == "failed" else "processing")


def _plan_bought(uid: str, session: Session) -> Confirmed:
    """`expired` if the subscription was cancelled because the user has another one."""
    record = firestore.get(subscription_path(session.subscription_id))
    if record is not None and record.entitled and record.uid == uid:
        return Confirmed("paid", plan=record.plan)
    return Confirmed("expired" if record is not None and record.status in ENDED else "processing")
