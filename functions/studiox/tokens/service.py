"""Moving tokens inside another domain's commit: debits, refunds, and what was paid for."""

from __future__ import annotations

from typing import Literal

from studiox.kit.clock import datetime
from studiox.kit.transaction import Docs
from studiox.models import ledger, ledger_store, notifications
from studiox.models.ledger import Buckets, Cause, LedgerEntry
from studiox.models.users import user_path


def debit(docs: Docs, uid: str, cause: Cause, tokens: int, at: datetime) -> LedgerEntry:
    """Take `tokens`, monthly ones first, and tell the user when few are left. `InsufficientTokens`."""
    user = docs.get(user_path(uid))
    if user is None:
        raise KeyError(uid)
    before = ledger_store.account_of(user)
    entry = ledger_store.post(docs, uid, cause, ledger.burn(before, tokens), at)
    notifications.tell_low_balance(docs, uid, cause.id, before.balance, entry.balance_after, at)
    return entry


def debit_job(docs: Docs, uid: str, job_id: str, price: int, reason: str, at: datetime) -> LedgerEntry:
    """Take the job's price, monthly tokens first. `InsufficientTokens`."""
    cause = Cause(id=f"deduction:{job_id}", type="deduction", kind="job", ref=job_id, reason=reason)
    return debit(docs, uid, cause, price, at)


def refund_job(docs: Docs, uid: str, job_id: str, paid_from: Buckets, reason: str, at: datetime) -> LedgerEntry:
    """Give the tokens back to the buckets that they were `paid_from`."""
    cause = Cause(id=f"refund:{job_id}", type="refund", kind="job", ref=job_id, reason=reason)
    return ledger_store.post(docs, uid, cause, paid_from, at)


def post_paid(
    docs: Docs, uid: str, cause: Cause, tokens: int, bucket: Literal["purchased", "monthly"], at: datetime
) -> LedgerEntry:
    """Move tokens because of money that came or went back: packs in `purchased`, plans in `monthly`. Signed.

    Only a clawback may leave `purchased` below zero: a debt, for tokens that were spent before the money went back.
    """
    return ledger_store.post(docs, uid, cause, Buckets(**{bucket: tokens}), at)
