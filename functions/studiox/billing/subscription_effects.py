"""What the settlement of a subscription writes beside its own record: plan, account, billing history, notifications."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from msgspec.structs import replace

from studiox.integrations.stripe_types import Invoice, Subscription
from studiox.kit.clock import a_month_after, datetime
from studiox.kit.transaction import Docs
from studiox.models import notifications
from studiox.models.payments import Payment, payment_path
from studiox.models.referrals import mark_due
from studiox.models.subscriptions import BillingAccount, SubscriptionRecord
from studiox.models.users import FREE_PLAN, change_user

from . import bills, invoice_memory, subscriptions
from .context import SettlementContext
from .subscriptions import SubscriptionSettlement

NOTICES: Mapping[str, notifications.Type] = {
    "customer.subscription.trial_will_end": "trial_ending",
    "invoice.payment_action_required": "payment_action_required",
}
"""Notifications that an event itself causes."""


def change_plan(docs: Docs, known: SubscriptionRecord | None, new: SubscriptionRecord, now: datetime) -> None:
    """Set the user's plan: the subscription's while it entitles to it, the free one once it has ended."""
    if new.entitled:
        change_user(
            docs,
            new.uid,
            now,
            plan=new.plan,
            is_premium=new.plan != FREE_PLAN,
            subscription_id=new.subscription_id,
            credit_reset_at=new.period_end,
        )
    elif known is not None and (known.entitled or _is_over(new) > _is_over(known)):
        # After a pause the month's tokens stay until the paid period is over.
        paid_until = new.period_end if subscriptions.keeps_tokens(new, new.grant, now) else None
        reset_at = paid_until or a_month_after(now)
        change_user(
            docs, new.uid, now, plan=FREE_PLAN, is_premium=False, subscription_id=None, credit_reset_at=reset_at
        )


def _is_over(record: SubscriptionRecord) -> bool:
    return record.grant is not None and record.grant.over


def account_after(account: BillingAccount, settled: SubscriptionSettlement) -> BillingAccount:
    """The account after the settlement. The subscription becomes the current one unless another one is live."""
    new, current = settled.record, account.current
    if settled.owed or account.owed_tokens is not None:
        account = replace(account, owed_tokens=settled.owed)
    if current is not None and current.id != new.subscription_id and not subscriptions.is_live(new.status):
        return account
    return replace(account, current=subscriptions.summary(new))


def show_payments(
    docs: Docs,
    known: SubscriptionRecord | None,
    settled: SubscriptionSettlement,
    invoices: Iterable[Invoice],
    restored: Collection[str],
    now: datetime,
) -> None:
    """Write the changed invoices to the user's billing history, and notify of each payment that failed."""
    before = known.invoices if known is not None else {}
    uid = settled.record.uid
    for invoice in invoices:
        record, old = settled.invoices[invoice.id], before.get(invoice.id)
        same = old is not None and invoice_memory.shown(old) == invoice_memory.shown(record)
        if invoice.status == "draft" or (same and invoice.id not in restored):
            continue
        path = payment_path(uid, invoice.id)
        shown = docs.get(path)
        is_new = old is None or old.status == "draft" or old.problem is not None
        payment = Payment(
            id=invoice.id,
            kind="subscription",
            item_id=settled.record.plan if is_new else shown.item_id if shown else None,
            amount=invoice.paid or invoice.amount,
            currency=invoice.currency,
            status=subscriptions.payment_status(invoice, record),
            discount=invoice.bill.discount or None,
            tax=bills.tax_in(invoice.bill, invoice.paid or invoice.amount) or None,
            refunded=record.reversed or None,
            tokens=record.granted or (shown.tokens if shown else None),
            invoice_url=invoice.url,
            created_at=invoice.created,
        )
        docs.put(path, payment)
        mark_due(docs, uid, now)
        if invoice.status == "open" and invoice.attempts > (old.attempts if old else 0):
            cause = f"{invoice.id}:{invoice.attempts}"
            notifications.add(docs, uid, "payment_failed", cause, now, payment_id=invoice.id)


def notify(docs: Docs, uid: str, found: Subscription, context: SettlementContext, now: datetime) -> None:
    """Notify of what only the event says: a trial ends soon, or the bank asks the user to confirm a payment."""
    kind = NOTICES.get(context.event.type) if context.event is not None else None
    if kind is None:
        return
    cause = f"{found.id}:{found.period_end.isoformat()}"
    if not docs.exists(notifications.notification_path(uid, kind, cause)):
        notifications.add(docs, uid, kind, cause, now, subscription_id=found.id)
