"""Billing's deployed functions: callables, Stripe's webhook and the hourly reconciliation."""

from __future__ import annotations

from typing import Annotated, Literal, cast

import flask
from firebase_functions import https_fn
from firebase_functions.scheduler_fn import ScheduledEvent
from msgspec import UNSET, Meta, UnsetType

from studiox.api import webhook_body
from studiox.api.background import schedule
from studiox.api.callables import (
    AccountHolder,
    Admin,
    Buyer,
    Id,
    Nothing,
    Reader,
    Request,
    RequestId,
    Response,
    User,
    endpoint,
)
from studiox.api.methods import not_allowed
from studiox.integrations import stripe
from studiox.integrations.stripe import PaymentsUnavailable
from studiox.kit import clock, config, log
from studiox.kit.clock import datetime
from studiox.kit.errors import AccountSuspended, EmailNotVerified, NotFound, RateLimited, RequestIdReused
from studiox.kit.query import DEFAULT_SIZE, Cursor, PageSize
from studiox.kit.rate_limits import Limit
from studiox.models.payments import OrderPaymentStatus, PaymentKind
from studiox.models.subscriptions import PlanEventType, SubscriptionStatus
from studiox.models.users import PlanId

from . import checkout, confirmation, event_store, reconciliation, service, store, webhook
from .plans import AlreadySubscribed, NoSubscription, PreviewOutdated

READS = Limit(120, per=60)
WRITES = Limit(60, per=60, in_commit=True)
STRIPE = [config.STRIPE_SECRET_KEY]
SETTLES = [*STRIPE, config.APP_SIGNING_KEY]
"""What settles a payment settles its referral too, whose people and cards are kept as keyed hashes."""
MAX_EVENT_BYTES = 1 << 20


class CreateCheckoutSession(Request, frozen=True):
    """Exactly one of `packId`, `planId` and `priceId`. The price comes from the catalogue."""

    request_id: RequestId
    pack_id: Id | None = None
    plan_id: PlanId | None = None
    price_id: Id | None = None


class Checkout(Response):
    session_id: str
    url: str


@endpoint(
    consume_app_check=True,
    limit=WRITES,
    secrets=STRIPE,
    refuses=(
        AccountSuspended,
        AlreadySubscribed,
        EmailNotVerified,
        PaymentsUnavailable,
        RateLimited,
        RequestIdReused,
    ),
)
def createCheckoutSession(caller: Buyer, request: CreateCheckoutSession) -> Checkout:
    """Create a Stripe checkout page where the caller pays for a pack or a plan."""
    session_id, url = checkout.open_checkout(
        caller, request.request_id, request.pack_id, request.plan_id, request.price_id
    )
    return Checkout(session_id=session_id, url=url)


class ConfirmCheckout(Request, frozen=True):
    session_id: Id


class ConfirmedCheckout(Response):
    """The state of the checkout.

    `open`: not paid yet. `processing`: the payment is delayed, or in review. `paid`: the caller has the pack's
    `tokens`, or the `plan`. `expired`: nothing was bought, and the session can no longer be paid.
    """

    status: confirmation.Status
    tokens: int | UnsetType = UNSET
    plan: PlanId | UnsetType = UNSET


@endpoint(limit=WRITES, secrets=STRIPE, refuses=(NotFound, PaymentsUnavailable, RateLimited))
def confirmCheckout(caller: User, request: ConfirmCheckout) -> ConfirmedCheckout:
    """Settle the caller's own checkout session now, without waiting for Stripe's event.

    For the page that Stripe returns the buyer to: its address contains the id, as `session_id`. `NotFound` for
    another user's session.
    """
    found = confirmation.confirm_checkout(caller, request.session_id)
    tokens = UNSET if found.tokens is None else found.tokens
    return ConfirmedCheckout(status=found.status, tokens=tokens, plan=found.plan or UNSET)


class Portal(Response):
    url: str


@endpoint(limit=WRITES, secrets=STRIPE, refuses=(PaymentsUnavailable, RateLimited))
def createPortalSession(caller: AccountHolder, request: Nothing) -> Portal:
    """Create a Stripe portal page where the caller sees invoices and changes cards."""
    return Portal(url=checkout.open_portal(caller))


class Subscription(Response):
    """`status` is Stripe's, or `none` without a subscription."""

    plan: PlanId
    status: SubscriptionStatus | Literal["none"]
    current_period_end: datetime | None
    cancel_at_period_end: bool
    is_premium: bool


def _subscription(standing: service.SubscriptionState) -> Subscription:
    return Subscription(
        plan=standing.plan,
        status=standing.status,
        current_period_end=standing.current_period_end,
        cancel_at_period_end=standing.cancel_at_period_end,
        is_premium=standing.is_premium,
    )


@endpoint(limit=READS)
def getSubscription(caller: Reader, request: Nothing) -> Subscription:
    """Return the caller's plan and the subscription that it comes from."""
    return _subscription(service.get_subscription(caller))


class PreviewSubscription(Request, frozen=True):
    plan_id: PlanId


class SubscriptionPreview(Response):
    """Amounts are in the currency's minor unit, with tax and after discounts and credits.

    `dueNow` is charged at once. `credited` is what the change gives back: it pays later invoices. At `nextAt`
    `nextAmount` is charged; both are null if nothing is to come. `prorationDate` is for `updateSubscription`.
    """

    plan: PlanId
    due_now: int
    credited: int
    currency: str
    next_amount: int | None
    next_at: datetime | None
    proration_date: datetime


@endpoint(limit=WRITES, secrets=STRIPE, refuses=(NoSubscription, PaymentsUnavailable, RateLimited))
def previewSubscription(caller: User, request: PreviewSubscription) -> SubscriptionPreview:
    """Return what `updateSubscription` would charge for this plan, as Stripe computes it. Nothing changes."""
    found = service.preview_change(caller, request.plan_id)
    return SubscriptionPreview(
        plan=request.plan_id,
        due_now=found.cost.due_now,
        credited=found.cost.credited,
        currency=found.currency,
        next_amount=found.cost.next_amount,
        next_at=found.next_at,
        proration_date=found.prorated_from,
    )


class UpdateSubscription(Request, frozen=True):
    """With the `prorationDate` of a preview of the last 10 minutes, what it showed is charged."""

    plan_id: PlanId
    proration_date: Annotated[datetime, Meta(tz=True)] | None = None


@endpoint(limit=WRITES, secrets=STRIPE, refuses=(NoSubscription, PaymentsUnavailable, PreviewOutdated, RateLimited))
def updateSubscription(caller: Buyer, request: UpdateSubscription) -> Subscription:
    """Change the plan now. The difference is charged or credited at once. Ask first, with `previewSubscription`.

    `PreviewOutdated`: the subscription was billed since the preview. Nothing has changed: preview it again.
    """
    return _subscription(service.change_plan(caller, request.plan_id, request.proration_date))


class CancelSubscription(Request, frozen=True):
    at_period_end: bool = True


@endpoint(limit=WRITES, secrets=STRIPE, refuses=(NoSubscription, PaymentsUnavailable, RateLimited))
def cancelSubscription(caller: AccountHolder, request: CancelSubscription) -> Subscription:
    """Cancel the subscription at the end of the paid period, or at once without a refund."""
    return _subscription(service.cancel(caller, at_period_end=request.at_period_end))


class Page(Request, frozen=True):
    page_size: PageSize = DEFAULT_SIZE
    cursor: Cursor | None = None


class Payment(Response):
    """`in_review`: the payment matches no order and is being reviewed. `void`: the invoice will not be paid.

    `amount` is after the `discount`, and contains the `tax`. `refunded` is the part of it that was given back. `itemId`
    is the pack's or the plan's; it is absent while the payment is in review.
    """

    id: str
    kind: PaymentKind
    amount: int
    currency: str
    status: OrderPaymentStatus | Literal["void", "in_review"]
    created_at: datetime
    item_id: str | UnsetType = UNSET
    discount: int | UnsetType = UNSET
    tax: int | UnsetType = UNSET
    refunded: int | UnsetType = UNSET
    tokens: int | UnsetType = UNSET
    invoice_url: str | UnsetType = UNSET


class BillingHistory(Response):
    payments: list[Payment]
    next_cursor: str | None


@endpoint(limit=READS)
def getBillingHistory(caller: Reader, request: Page) -> BillingHistory:
    """List the caller's payments, newest first."""
    found, cursor = store.list_payments(caller.uid, size=request.page_size, cursor=request.cursor)
    payments = [
        Payment(
            id=each.id,
            kind=each.kind,
            amount=each.amount,
            currency=each.currency,
            status=each.status,
            created_at=each.created_at,
            item_id=each.item_id or UNSET,
            discount=each.discount or UNSET,
            tax=each.tax or UNSET,
            refunded=each.refunded or UNSET,
            tokens=UNSET if each.tokens is None else each.tokens,
            invoice_url=each.invoice_url or UNSET,
        )
        for _, each in found
    ]
    return BillingHistory(payments=payments, next_cursor=cursor)


class SubscriptionEvent(Response):
    type: PlanEventType
    from_plan: PlanId
    to_plan: PlanId
    status: SubscriptionStatus
    at: datetime


class SubscriptionHistory(Response):
    events: list[SubscriptionEvent]
    next_cursor: str | None


@endpoint(limit=READS)
def getSubscriptionHistory(caller: Reader, request: Page) -> SubscriptionHistory:
    """List the changes of the caller's plan, newest first."""
    found, cursor = store.list_plan_events(caller.uid, size=request.page_size, cursor=request.cursor)
    events = [
        SubscriptionEvent(
            type=each.type,
            from_plan=each.from_plan,
            to_plan=each.to_plan,
            status=cast(SubscriptionStatus, each.status),
            at=each.at,
        )
        for _, each in found
    ]
    return SubscriptionHistory(events=events, next_cursor=cursor)


class NextBillingDate(Response):
    next_billing_date: datetime | None


@endpoint(limit=READS)
def getNextBillingDate(caller: Reader, request: Nothing) -> NextBillingDate:
    """Return when the caller is charged next; null without a subscription, or if it is cancelled."""
    return NextBillingDate(next_billing_date=service.next_billing_date(caller))


class FailedEvent(Response):
    event_id: str
    type: str
    attempts: int
    error: str
    received_at: datetime


class EventCounts(Response):
    handled: int
    failed: int
    parked: int


class WebhookStatus(Response):
    """Events of the last 90 days. `failed` lists up to 100 events that must be handled again."""

    counts: EventCounts
    failed: list[FailedEvent]


@endpoint(limit=READS)
def getWebhookStatus(caller: Admin, request: Nothing) -> WebhookStatus:
    """Count Stripe's events that were handled, failed, or were parked for an administrator."""
    counts = event_store.count_events()
    failed = [
        FailedEvent(
            event_id=each.event_id,
            type=each.type,
            attempts=each.attempts,
            error=each.error,
            received_at=each.received_at,
        )
        for each in event_store.failed_events(100)
    ]
    return WebhookStatus(
        counts=EventCounts(handled=counts.handled, failed=counts.failed, parked=counts.parked), failed=failed
    )


class RetryWebhooks(Request, frozen=True):
    event_ids: Annotated[list[Id], Meta(min_length=1, max_length=webhook.MAX_RETRIES)] | None = None


class Retried(Response):
    retried: int
    failed: int


@endpoint(limit=Limit(60, per=60), secrets=STRIPE, timeout_sec=300)
def retryWebhooks(caller: Admin, request: RetryWebhooks) -> Retried:
    """Handle these events again, or up to 50 that failed. Returns how many are handled now and how many failed."""
    retried, failed = webhook.retry(request.event_ids, caller.uid)
    return Retried(retried=retried, failed=failed)


@https_fn.on_request(secrets=[*SETTLES, config.STRIPE_WEBHOOK_SECRET], timeout_sec=120)
def stripeWebhook(request: flask.Request) -> flask.Response:
    """200: handled, or not ours. 400: not signed by Stripe. 405: not POST. 500: Stripe must send it again."""
    return _handle_webhook(request)


def _handle_webhook(request: flask.Request) -> flask.Response:
    if request.method != "POST":
        return not_allowed("POST", shared=False)
    body = webhook_body.body_of(request, MAX_EVENT_BYTES)
    if body is None:
        return flask.Response("too large", 400)
    try:
        genuine = stripe.is_signed(body, request.headers.get("Stripe-Signature", ""), clock.now())
        event = stripe.parse_event(body) if genuine else None
        if event is None:
            log.warning("stripe_event_refused", genuine=genuine)
            return flask.Response("not genuine", 400)
        done = webhook.receive(event)
    except config.MissingSecret as error:
        log.alert("secret_missing", secret=str(error))
        return flask.Response("not configured", 500)
    return flask.Response("ok", 200) if done else flask.Response("try again", 500)


@schedule("23 * * * *", timeout_s=540, secrets=SETTLES)
def reconcilePayments(event: ScheduledEvent) -> None:
    """Every hour: apply changes in Stripe that no event has reported."""
    reconciliation.reconcile()
