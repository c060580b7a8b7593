"""Debits, refunds and purchases of tokens, as part of another domain's commit."""

from __future__ import annotations

from typing import Literal

from studiox.kit.clock import datetime
from studiox.kit.transaction import Docs
from studiox.models import ledger, ledger_store, notifications
from studiox.models.ledger import Buckets, Cause, LedgerEntry
from studiox.models.users import user_path


def debit(docs: Docs, uid: str, cause: Cause, tokens: int, at: datetime) -> LedgerEntry:
    """Debit `tokens`, monthly tokens first, and notify the user if the balance gets low. `InsufficientTokens`."""
    user = docs.get(user_path(uid))
    if user is None:
        raise KeyError(uid)
    before = ledger_store.account_of(user)
    entry = ledger_store.post(docs, uid, cause, ledger.burn(before, tokens), at)
    notifications.tell_low_balance(docs, uid, cause.id, before.balance, entry.balance_after, at)
    return entry


def debit_job(docs: Docs, uid: str, job_id: str, price: int, reason: str, at: datetime) -> LedgerEntry:
    """Debit the job's price, monthly tokens first. `InsufficientTokens`."""
    cause = Cause(id=f"deduction:{job_id}", type="deduction", kind="job", ref=job_id, reason=reason)
    return debit(docs, uid, cause, price, at)


def refund_job(docs: Docs, uid: str, job_id: str, paid_from: Buckets, reason: str, at: datetime) -> LedgerEntry:
    """Refund the tokens to the buckets they were `paid_from`."""
    cause = Cause(id=f"refund:{job_id}", type="refund", kind="job", ref=job_id, reason=reason)
    return ledger_store.post(docs, uid, cause, paid_from, at)


def post_paid(
    docs: Docs, uid: str, cause: Cause, tokens: int, bucket: Literal["purchased", "monthly"], at: datetime
) -> LedgerEntry:
    """Credit tokens for a payment or, if negative, debit them for its refund: packs in `purchased`, plans in `monthly`.

    Only a clawback can make `purchased` negative: a debt for tokens that were spent before the payment was refunded.
    """
    return ledger_store.post(docs, uid, cause, Buckets(**{bucket: tokens}), at)
