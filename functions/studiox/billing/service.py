"""What a subscriber may do: look, change plan, cancel. Stripe is asked, and what it then holds is settled."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

from studiox.api.callables import Reader, User
from studiox.auth import service as accounts
from studiox.catalog import sales_store
from studiox.integrations import stripe
from studiox.kit import clock, firestore
from studiox.kit.clock import datetime
from studiox.kit.errors import InvalidRequest
from studiox.kit.transaction import Docs
from studiox.models import users
from studiox.models.users import PlanId, user_path

from . import store, subscriptions
from .event_store import Deed, Why
from .plans import NoSubscription
from .subscription_settlement import settle_subscription

Data = Mapping[str, Any]


class Standing(NamedTuple):
    """A user's plan, and the subscription that it comes from. `status` is Stripe's, or `none`."""

    plan: PlanId
    is_premium: bool
    status: subscriptions.Status | Literal["none"] = "none"
    current_period_end: datetime | None = None
    cancel_at_period_end: bool = False


def standing(caller: Reader) -> Standing:
    """In one round trip; an account that was never provisioned is made first."""
    user, account = _read(caller.uid)
    return _standing(user or accounts.account(caller, "getSubscription"), account)


def _read(uid: str) -> tuple[users.User | None, Data | None]:
    path, account_path = user_path(uid), store.account_path(uid)
    seen = firestore.read_documents([path, account_path])
    return seen[path].as_(path), seen[account_path].data


def _standing(user: users.User | None, account: Data | None) -> Standing:
    """`user`: None for an account that was deleted meanwhile."""
    plan: PlanId = "free" if user is None else user.plan
    is_premium = user is not None and user.is_premium
    current = (account or {}).get("current")
    if current is None or current["status"] in subscriptions.NOT_BEGUN:
        return Standing(plan, is_premium)
    return Standing(
        plan,
        is_premium,
        current["status"],
        current["currentPeriodEnd"],
        current["cancelAtPeriodEnd"],
    )


def next_billing_date(caller: Reader) -> datetime | None:
    """When the subscription is next charged for; None if it never will be."""
    [account] = firestore.read(store.account_path(caller.uid))
    current = (account or {}).get("current")
    renews = current is not None and current["status"] in ("active", "trialing", "past_due")
    return current["currentPeriodEnd"] if current and renews and not current["cancelAtPeriodEnd"] else None


def change_plan(caller: User, plan_id: str) -> Standing:
    """Move the subscription to another plan, now and with proration; one to be cancelled goes on.

    `NoSubscription`, `InvalidRequest`, `PaymentsUnavailable`. Where the difference cannot be paid, the plan stays.
    """
    action = "updateSubscription"
    current = _current(caller, action)
    plan = next((plan for plan in sales_store.plans() if plan.id == plan_id), None)
    if plan is None or not plan.price_id:
        raise InvalidRequest(fields={"planId": "not on sale: to end a subscription, cancel it"})
    # The same change of the same state has the same key: a double click is one change.
    name, key = current["id"], f"{current['id']}:{current['rev']}"
    stands = True
    if current["cancelAtPeriodEnd"]:
        stands = stripe.set_cancel_at_period_end(name, False, f"resume:{key}")
    if stands and current["plan"] != plan_id:
        stands = stripe.change_price(name, current["itemId"], plan.price_id, f"change:{key}:{plan.price_id}")
    return _settled(caller, action, name, stands, planId=plan_id)


def cancel(caller: User, *, at_period_end: bool) -> Standing:
    """End the subscription with its paid period, or at once and without a refund. `NoSubscription`."""
    action = "cancelSubscription"
    current = _current(caller, action)
    name, stands = current["id"], True
    if not at_period_end:
        stripe.cancel_subscription(name)
    elif not current["cancelAtPeriodEnd"]:
        stands = stripe.set_cancel_at_period_end(name, True, f"cancel:{name}:{current['rev']}")
    return _settled(caller, action, name, stands, atPeriodEnd=at_period_end)


def _current(caller: User, action: str) -> Data:
    """The subscription that stands in Stripe, whatever we have heard. `NoSubscription`, `RateLimited`.

    Stripe is not asked for what is refused.
    """
    path = store.account_path(caller.uid)
    seen = firestore.read_documents([path, *caller.paths()])
    caller.admit(Docs(lambda path: seen[path].data), clock.now())
    known = _live(seen[path].data)
    # It may have been changed or ended on Stripe's own pages, and its event be late.
    settle_subscription(known["id"], caller.uid, Why(action))
    [account] = firestore.read(path)
    return _live(account)


def _live(account: Data | None) -> Data:
    current: Data | None = (account or {}).get("current")
    if current is None or not subscriptions.is_live(current["status"]):
        raise NoSubscription
    return current


def _settled(caller: User, action: str, subscription_id: str, stood: bool, **asked: object) -> Standing:
    """The webhook will say the same a moment later, or has said so already. `NoSubscription` if it did not stand."""
    deed = Deed(store.subscription_path(subscription_id), asked)
    why = Why(action, actor=caller.uid, toll=caller.toll, deed=deed) if stood else Why(action)
    settle_subscription(subscription_id, caller.uid, why)
    if not stood:
        raise NoSubscription
    return _standing(*_read(caller.uid))


def end_for_deletion(uid: str) -> None:
    """For an account that is being deleted: end its subscription at once, close its open checkout. Repeatable.

    What Stripe does not have any more is ended. `PaymentsUnavailable` means: try again before the documents go.
    """
    [account] = firestore.read(store.account_path(uid))
    held = account or {}
    if held.get("planCheckout") and (bought := stripe.expire_session(held["planCheckout"]["sessionId"])):
        stripe.cancel_subscription(bought)
    current = held.get("current")
    if current is not None and subscriptions.is_live(current["status"]):
        stripe.cancel_subscription(current["id"])
        settle_subscription(current["id"], uid, Why("deleteAccount", actor=uid))
