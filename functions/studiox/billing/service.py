"""What a subscriber may do: see the subscription, change the plan, cancel. Stripe is asked first, then settled."""

from __future__ import annotations

from typing import Literal, NamedTuple, cast

from studiox.api.callables import Reader, User
from studiox.auth import service as auth_service
from studiox.catalog import sales_store
from studiox.integrations import stripe
from studiox.kit import clock, firestore, ids
from studiox.kit.audit import System
from studiox.kit.clock import datetime
from studiox.kit.errors import InvalidRequest, Wrong
from studiox.models import users
from studiox.models.catalog import Plan
from studiox.models.subscriptions import (
    BillingAccount,
    CurrentSubscription,
    SubscriptionRecord,
    SubscriptionStatus,
    account_path,
    subscription_path,
)
from studiox.models.users import FREE_PLAN, PlanId, user_path

from . import subscriptions
from .context import SettlementContext, UserAction, by_stripe
from .plans import NoSubscription
from .subscription_settlement import sync_subscription


class SubscriptionState(NamedTuple):
    """A user's plan, and the subscription that it comes from. `status` is Stripe's, or `none`."""

    plan: PlanId
    is_premium: bool
    status: SubscriptionStatus | Literal["none"] = "none"
    current_period_end: datetime | None = None
    cancel_at_period_end: bool = False


def get_subscription(caller: Reader) -> SubscriptionState:
    """The caller's plan and subscription, in one round trip. Creates the user's document if it is missing."""
    user, account = firestore.get_pair(user_path(caller.uid), account_path(caller.uid))
    return _state(user or auth_service.account(caller, "getSubscription"), account)


def _state(user: users.User | None, account: BillingAccount | None) -> SubscriptionState:
    """`user` is None if the account was deleted."""
    plan = FREE_PLAN if user is None else user.plan
    is_premium = user is not None and user.is_premium
    current = account.current if account else None
    if current is None or current.status in subscriptions.NOT_STARTED:
        return SubscriptionState(plan, is_premium)
    return SubscriptionState(
        plan,
        is_premium,
        cast(SubscriptionStatus, current.status),
        current.current_period_end,
        current.cancel_at_period_end,
    )


def next_billing_date(caller: Reader) -> datetime | None:
    """When the subscription is charged next; None if it is not."""
    account = firestore.get(account_path(caller.uid))
    current = account.current if account else None
    if current is None or current.status not in ("active", "trialing", "past_due") or current.cancel_at_period_end:
        return None
    return current.current_period_end


class ChangePreview(NamedTuple):
    """What a change of plan costs if it is made now, with `prorated_from`."""

    cost: subscriptions.ChangeCost
    currency: str
    next_at: datetime | None
    prorated_from: datetime


def preview_change(caller: User, plan_id: str) -> ChangePreview:
    """What `change_plan` would cost, by Stripe. `NoSubscription`, `InvalidRequest`, `PaymentsUnavailable`."""
    current = _live_subscription(caller, caller.function)
    plan = _plan_on_sale(plan_id)
    prorated_from = subscriptions.proration_date(_record(current), clock.now())
    stays = current.plan == plan_id  # `change_plan` keeps its price, which may be one that is not sold any more
    price_id = current.price_id if stays else plan.price_id
    change = stripe.PriceChange(current.id, current.item_id, price_id, prorated_from)
    made = None if stays else stripe.preview_change(change)
    renewal = stripe.preview_renewal(change)
    shown = made or renewal
    return ChangePreview(
        subscriptions.change_cost(made, renewal),
        shown.currency if shown is not None else plan.currency,
        current.current_period_end if renewal is not None else None,
        prorated_from,
    )


def change_plan(caller: User, plan_id: str, prorated_from: datetime | None) -> SubscriptionState:
    """Change the subscription's plan now, with proration. A scheduled cancellation is undone.

    `prorated_from`: of the preview that was shown. If the difference cannot be paid, the plan stays.
    `NoSubscription`, `InvalidRequest`, `PreviewOutdated`, `PaymentsUnavailable`.
    """
    action = "updateSubscription"
    current = _live_subscription(caller, action)
    plan = _plan_on_sale(plan_id)
    if prorated_from is not None and current.plan != plan_id:
        subscriptions.check_proration_date(_record(current), prorated_from, clock.now())
    # The same change of the same revision has the same key, so a double click is one change.
    key = f"{current.id}:{current.rev}"
    exists = True
    if current.cancel_at_period_end:
        exists = stripe.set_cancel_at_period_end(current.id, False, f"resume:{key}")
    if exists and current.plan != plan_id:
        change = stripe.PriceChange(current.id, current.item_id, plan.price_id, prorated_from)
        dated = f":{prorated_from.timestamp():.0f}" if prorated_from is not None else ""
        exists = stripe.change_price(change, f"change:{key}:{plan.price_id}{dated}")
    return _settled(caller, action, current.id, exists, planId=plan_id)


def _plan_on_sale(plan_id: str) -> Plan:
    """`InvalidRequest`."""
    plan = next((plan for plan in sales_store.plans() if plan.id == plan_id), None)
    if plan is None or not plan.price_id:
        unsold = Wrong("not on sale: to end a subscription, cancel it", {"rule": "notOffered"})
        raise InvalidRequest(fields={"planId": unsold})
    return plan


def cancel(caller: User, *, at_period_end: bool) -> SubscriptionState:
    """Cancel at the end of the paid period, or at once without a refund. `NoSubscription`, `PaymentsUnavailable`."""
    action = "cancelSubscription"
    current = _live_subscription(caller, action)
    exists = True
    if not at_period_end:
        stripe.cancel_subscription(current.id)
    elif not current.cancel_at_period_end:
        exists = stripe.set_cancel_at_period_end(current.id, True, f"cancel:{current.id}:{current.rev}")
    return _settled(caller, action, current.id, exists, atPeriodEnd=at_period_end)


def _live_subscription(caller: User, action: str) -> CurrentSubscription:
    """The caller's subscription, settled with its state in Stripe. `NoSubscription`, `RateLimited`."""
    path = account_path(caller.uid)
    read = firestore.docs_of(firestore.read_documents([path, *caller.paths()]))
    caller.admit_beforehand(read)
    known = _require_live(read.get(path))
    # It may have been changed or cancelled on Stripe's own pages, and the event may be late.
    sync_subscription(known.id, caller.uid, SettlementContext(by_stripe(action)))
    return _require_live(firestore.get(path))


def _require_live(account: BillingAccount | None) -> CurrentSubscription:
    current = account.current if account else None
    if current is None or not subscriptions.is_live(current.status):
        raise NoSubscription
    return current


def _record(current: CurrentSubscription) -> SubscriptionRecord:
    """`NoSubscription` if it was deleted with its account."""
    record = firestore.get(subscription_path(current.id))
    if record is None:
        raise NoSubscription
    return record


def _settled(caller: User, action: str, subscription_id: str, exists: bool, **details: object) -> SubscriptionState:
    """Settle the change at once, as its webhook will. `NoSubscription` if Stripe has no such subscription."""
    user_action = UserAction(subscription_path(subscription_id), details, ids.new())
    context = SettlementContext(caller, user_action=user_action) if exists else SettlementContext(by_stripe(action))
    sync_subscription(subscription_id, caller.uid, context)
    if not exists:
        raise NoSubscription
    return _state(*firestore.get_pair(user_path(caller.uid), account_path(caller.uid)))


def end_for_deletion(uid: str) -> None:
    """For the deletion of an account: cancel its subscription at once and expire its open checkout. Repeatable.

    What Stripe does not have counts as ended. `PaymentsUnavailable`: try again before the documents are deleted.
    """
    account = firestore.get(account_path(uid))
    if account is None:
        return
    if account.plan_checkout and (bought := stripe.expire_session(account.plan_checkout.session_id)):
        stripe.cancel_subscription(bought)
    current = account.current
    if current is not None and subscriptions.is_live(current.status):
        stripe.cancel_subscription(current.id)
        sync_subscription(current.id, uid, SettlementContext(System("deleteAccount", uid)))
