"""The rules of subscriptions: from a subscription's state in Stripe to its user's plan and monthly tokens. Pure.

As with orders, the whole subscription is fetched after any event, and `settle_subscription` returns the difference
to what was done. A user has one subscription that counts; `duplicate` names the one that must end.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from msgspec.structs import replace

from studiox.integrations.stripe_types import ENDED, Invoice, Subscription
from studiox.kit.clock import datetime, timedelta
from studiox.models.catalog import Plan
from studiox.models.payments import PaymentStatus
from studiox.models.subscriptions import CurrentSubscription, Grant, InvoiceRecord, PlanEventType, SubscriptionRecord
from studiox.models.users import PlanId

from . import invoice_memory
from .monthly_tokens import NO_TERMS, NONE_UNEXPLAINED, MonthlyBucket, PriceTerms, Reversal, SubscriptionMove
from .orders import disputed_amount
from .plans import PreviewOutdated

GRACE = timedelta(days=7)
"""How long a past-due subscription keeps its plan."""
RENEWAL_DELAY = timedelta(hours=1)
"""Stripe charges for a period up to an hour after it began."""
PREVIEW_VALID = timedelta(minutes=10)
"""How long a change may be prorated from the time of its preview."""
NOT_STARTED = ("incomplete", "incomplete_expired")


class SubscriptionSettlement(NamedTuple):
    """What a settlement changes."""

    record: SubscriptionRecord
    moves: tuple[SubscriptionMove, ...]
    events: tuple[PlanEventType, ...]
    """For the user's plan history."""
    invoices: Mapping[str, InvoiceRecord]
    """Every invoice that was settled, including those that are forgotten now."""
    owed: int
    """Tokens that were spent before Stripe credited them."""


def is_live(status: str) -> bool:
    """Whether the subscription exists, paid or not. A user may have one live subscription."""
    return status not in ENDED and status not in NOT_STARTED


def entitles(status: str, past_due_since: datetime | None, now: datetime) -> bool:
    """Whether the user has the plan: while the subscription is active or trialing, and for 7 days past due."""
    if status == "past_due":
        return past_due_since is None or now < past_due_since + GRACE
    return status in ("active", "trialing")


def fetched_record(
    known: SubscriptionRecord | None,
    fetched: Subscription,
    invoices: list[Invoice],
    plan: PlanId,
    uid: str,
    now: datetime,
) -> SubscriptionRecord:
    """The record with the fetched state. Nothing is granted or taken yet."""
    since = None
    if fetched.status == "past_due":
        unpaid = [each.created for each in invoices if each.status == "open" and each.attempts > 0]
        since = min(unpaid, default=(known.past_due_since if known else None) or now)
    return SubscriptionRecord(
        subscription_id=known.subscription_id if known else fetched.id,
        uid=known.uid if known else uid,
        customer_id=known.customer_id if known else fetched.customer_id,
        plan=plan,
        price_id=fetched.price_id,
        item_id=fetched.item_id,
        status=fetched.status,
        period_end=fetched.period_end,
        cancel_at_period_end=fetched.cancel_at_period_end and fetched.status not in ENDED,
        created_at=known.created_at if known else fetched.created,
        past_due_since=since,
        entitled=entitles(fetched.status, since, now),
        rev=known.rev if known else 0,
        grant=known.grant if known else None,
        invoices=known.invoices if known else {},
        forgotten=known.forgotten if known else invoice_memory.BEGINNING,
        check_at=_check_at(fetched, since, now),
        updated_at=known.updated_at if known else now,
    )


def as_ended(record: SubscriptionRecord) -> Subscription:
    """A subscription that Stripe no longer has, as an ended one."""
    return Subscription(
        id=record.subscription_id,
        uid=record.uid,
        customer_id=record.customer_id,
        status="canceled",
        price_id=record.price_id,
        plan_id=record.plan,
        amount=None,
        item_id=record.item_id,
        period_start=record.created_at,
        period_end=record.period_end,
        cancel_at_period_end=False,
        created=record.created_at,
        trial_end=None,
    )


def _check_at(fetched: Subscription, since: datetime | None, now: datetime) -> datetime | None:
    """When to fetch it again even if no event arrives: after the grace period, or after the renewal is due."""
    if fetched.status in ENDED:
        return None
    if since is not None and now < since + GRACE:
        return since + GRACE
    due = fetched.period_end + RENEWAL_DELAY
    return due if due > now else now + timedelta(days=1)


class SettlementInput(NamedTuple):
    """What a settlement needs beside the subscription itself."""

    invoices: list[Invoice]
    """Oldest first."""
    reversal: Reversal | None
    terms: Mapping[str, PriceTerms]
    """By Stripe's price id."""
    monthly: int
    """Tokens in the user's monthly bucket."""
    owed: int
    now: datetime
    unexplained: Mapping[str, str] = NONE_UNEXPLAINED
    """By the invoice's id: why its sum is not explained. It grants nothing."""


def settle_subscription(
    known: SubscriptionRecord | None, fetched: SubscriptionRecord, given: SettlementInput, plans: Mapping[str, Plan]
) -> SubscriptionSettlement:
    """Settle `fetched` (from `fetched_record`): its grants, and the monthly tokens that move."""
    rev = (known.rev if known else 0) + 1
    bucket = MonthlyBucket(
        fetched.subscription_id, fetched.grant, fetched.invoices, given.terms, given.monthly, given.owed
    )
    bucket.apply_invoices(given.invoices, entitled=fetched.entitled, unexplained=given.unexplained)
    if fetched.entitled:
        bucket.apply_plan(_terms(fetched, given, plans), f"{fetched.subscription_id}:{rev}")
    if given.reversal is not None:
        bucket.reverse(given.reversal)
    if _loses_tokens(known, fetched, bucket.grant, given.now):
        bucket.expire(f"expiry:{fetched.subscription_id}:{rev}")
    kept, forgotten = invoice_memory.remembered(bucket.invoices, fetched.forgotten, given.now)
    after = replace(fetched, grant=bucket.grant, invoices=kept, forgotten=forgotten)
    events = plan_events(known, after, plans)
    if after != known:
        after = replace(after, rev=rev, updated_at=given.now)
    return SubscriptionSettlement(after, tuple(bucket.moves), events, bucket.invoices, bucket.owed)


def _terms(record: SubscriptionRecord, given: SettlementInput, plans: Mapping[str, Plan]) -> PriceTerms:
    plan = plans[record.plan]
    return given.terms.get(record.price_id, NO_TERMS._replace(plan=plan.id, tokens=plan.monthly_tokens))


def _loses_tokens(
    known: SubscriptionRecord | None, new: SubscriptionRecord, grant: Grant | None, now: datetime
) -> bool:
    """Whether the monthly tokens expire with the plan. A pause within a paid period keeps them."""
    if known is None or new.entitled or keeps_tokens(new, grant, now):
        return False
    return known.entitled or keeps_tokens(known, known.grant, now)


def keeps_tokens(record: SubscriptionRecord, grant: Grant | None, now: datetime) -> bool:
    """Whether the user keeps the tokens without the plan: the subscription is live and its paid period is not over."""
    if grant is None or grant.over or not is_live(record.status):
        return False
    return grant.period_end == record.period_end and now < grant.period_end


def plan_events(
    known: SubscriptionRecord | None, new: SubscriptionRecord, plans: Mapping[str, Plan]
) -> tuple[PlanEventType, ...]:
    """What changed, for the user's plan history."""
    if known is None or not is_live(known.status):
        return ("started",) if is_live(new.status) else ()
    if not is_live(new.status):
        return ("ended",)
    found: list[PlanEventType] = []
    if known.plan != new.plan:
        higher = plans[new.plan].monthly_tokens > plans[known.plan].monthly_tokens
        found.append("upgraded" if higher else "downgraded")
    elif new.period_end > known.period_end and new.status == "active":
        found.append("renewed")
    if known.cancel_at_period_end != new.cancel_at_period_end:
        found.append("cancel_scheduled" if new.cancel_at_period_end else "resumed")
    if known.status != new.status:
        if new.status in ("past_due", "unpaid"):
            found.append("past_due")
        elif new.status == "paused":
            found.append("paused")
        elif known.status in ("past_due", "unpaid", "paused"):
            found.append("recovered")
    return tuple(found)


def duplicate(current: CurrentSubscription | None, new: SubscriptionRecord) -> str:
    """Id of the subscription that must end because a user may have one: the younger of two live ones; "" if none."""
    if current is None or current.id == new.subscription_id or not is_live(current.status):
        return ""
    if not is_live(new.status):
        return ""
    older = (current.created_at, current.id) < (new.created_at, new.subscription_id)
    return new.subscription_id if older else current.id


def proration_date(record: SubscriptionRecord, now: datetime) -> datetime:
    """When a change that is previewed now is prorated from: this second, or the latest invoice by Stripe's clock."""
    return max(now.replace(microsecond=0), _last_billed(record))


def check_proration_date(record: SubscriptionRecord, at: datetime, now: datetime) -> None:
    """`PreviewOutdated` unless a recent preview may have named it, and nothing was billed since.

    So a person is charged what they were shown, and nobody gains by an earlier date: not a credit for a plan that was
    paid for later, nor more than a few minutes of one that is given back.
    """
    if not max(_last_billed(record), now - PREVIEW_VALID) <= at <= proration_date(record, now):
        raise PreviewOutdated


def _last_billed(record: SubscriptionRecord) -> datetime:
    created = [each.created_at for each in record.invoices.values() if each.created_at is not None]
    return max(created, default=record.created_at)


class ChangeCost(NamedTuple):
    """What a change of plan costs, in the currency's minor unit."""

    due_now: int
    """Charged at once."""
    credited: int
    """Added to the customer's balance, which pays later invoices."""
    next_amount: int | None
    """Charged for the next period; None if there will be none."""


def change_cost(change: Invoice | None, renewal: Invoice | None) -> ChangeCost:
    """By the invoices that Stripe would make. `change` is None if the plan stays.

    Where nothing is prorated, as in a trial, Stripe previews the next period's invoice in place of the change's.
    """
    if change is not None and any(line.whole for line in change.lines):
        change = None
    due_now = credited = 0
    balance = renewal.balance if renewal is not None else 0
    if change is not None:
        due_now, credited = change.amount, max(0, -change.bill.total)
        balance = change.balance + change.bill.total - due_now
    return ChangeCost(due_now, credited, None if renewal is None else max(0, renewal.bill.total + balance))


def summary(record: SubscriptionRecord) -> CurrentSubscription:
    """The subscription as the user's billing account shows it."""
    return CurrentSubscription(
        id=record.subscription_id,
        status=record.status,
        plan=record.plan,
        entitled=record.entitled,
        current_period_end=record.period_end,
        cancel_at_period_end=record.cancel_at_period_end,
        created_at=record.created_at,
        item_id=record.item_id,
        price_id=record.price_id,
        rev=record.rev,
    )


def payment_status(invoice: Invoice, record: InvoiceRecord) -> PaymentStatus:
    """The invoice's status in the user's billing history."""
    if invoice.status == "paid":
        if disputed_amount(record.disputes):
            return "disputed"
        if record.reversed and record.reversed >= invoice.paid:
            return "refunded"
        return "partially_refunded" if record.reversed else "paid"
    if invoice.status in ("void", "uncollectible"):
        return "void"
    return "failed" if invoice.attempts else "pending"
