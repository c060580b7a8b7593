"""Debits, refunds and purchases of tokens, as part of another domain's commit."""

from __future__ import annotations

from typing import Literal

from studiox.kit import log, tasks
from studiox.kit.clock import datetime
from studiox.kit.errors import Unavailable
from studiox.kit.transaction import Docs
from studiox.models import auto_top_up, ledger, ledger_store, notifications
from studiox.models.jobs import Job
from studiox.models.ledger import Buckets, Cause, LedgerEntry
from studiox.models.users import User, change_user, user_path

from . import daily_spend

TOP_UP_TASK = "payTopUp"


def debit(docs: Docs, uid: str, cause: Cause, tokens: int, at: datetime) -> LedgerEntry:
    """Debit `tokens`, monthly tokens first, and count them as the day's spend.

    The user is notified if the balance gets low, or their limit is reached. `SpendLimitReached`, `InsufficientTokens`.
    """
    user = docs.get(user_path(uid))
    if user is None:
        raise KeyError(uid)
    entry = ledger_store.post(docs, uid, cause, taken_by(user, tokens, at), at)
    spent, reached = daily_spend.with_debit(user, tokens, at)
    setting = auto_top_up.after_debit(user.auto_top_up, uid, entry)
    change_user(docs, uid, at, spent=spent, auto_top_up=setting)
    notifications.tell_low_balance(docs, uid, user, entry)
    if reached:
        notifications.tell_spend_limit(docs, uid, spent, at)
    return entry


def taken_by(user: User, tokens: int, at: datetime) -> Buckets:
    """What a debit takes from each bucket, as negative changes. `SpendLimitReached`, `InsufficientTokens`."""
    daily_spend.check_limit(user, tokens, at)
    return ledger.burn(ledger_store.account_of(user), tokens)


def called_top_up(docs: Docs, uid: str, entry_id: str) -> str:
    """The order id of the top-up which this debit has called for, and which is under way; "" if there is none.

    Whoever debits passes it to `start_top_up` after the commit.
    """
    user = docs.get(user_path(uid))
    setting = None if user is None else user.auto_top_up
    if setting is None or setting.order_id != auto_top_up.order_id_of(uid, entry_id):
        return ""
    return setting.order_id


def start_top_up(uid: str, order_id: str) -> None:
    """Have a top-up paid soon, by a task. Enqueue failures are ignored: the hourly reconciliation finds the top-up."""
    if not order_id:
        return
    try:
        tasks.enqueue(TOP_UP_TASK, {"uid": uid, "orderId": order_id}, name=f"{order_id}-top-up")
    except Unavailable:
        log.warning("top_up_not_enqueued", orderId=order_id)


def debit_job(docs: Docs, uid: str, job_id: str, price: int, reason: str, at: datetime) -> LedgerEntry:
    """Debit the job's price, as `debit` does."""
    cause = Cause(id=f"deduction:{job_id}", type="deduction", kind="job", ref=job_id, reason=reason)
    return debit(docs, uid, cause, price, at)


def refund_job(docs: Docs, job: Job, paid_from: Buckets, reason: str, at: datetime) -> LedgerEntry:
    """Refund the tokens to the buckets they were `paid_from`. If they were debited today, today's spend is less."""
    cause = Cause(id=f"refund:{job.job_id}", type="refund", kind="job", ref=job.job_id, reason=reason)
    entry = ledger_store.post(docs, job.uid, cause, paid_from, at)
    user = docs.get(user_path(job.uid))
    if user is not None:
        change_user(docs, job.uid, at, spent=daily_spend.with_refund(user.spent, entry.amount, job.created_at))
    return entry


def post_paid(
    docs: Docs, uid: str, cause: Cause, tokens: int, bucket: Literal["purchased", "monthly"], at: datetime
) -> LedgerEntry:
    """Credit tokens for a payment or, if negative, debit them for its refund: packs in `purchased`, plans in `monthly`.

    Only a clawback can make `purchased` negative: a debt for tokens that were spent before the payment was refunded.
    """
    return ledger_store.post(docs, uid, cause, Buckets(**{bucket: tokens}), at)
