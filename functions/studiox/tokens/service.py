"""Moving tokens inside another domain's commit: debit for a job, refund of it, the welcome bonus."""

from __future__ import annotations

from typing import Literal

from ..auth.store import user_path
from ..clock import datetime
from ..transact import Docs
from . import ledger, store
from .ledger import Buckets, Cause, Entry, EntryType


def debit_job(docs: Docs, uid: str, job_id: str, price: int, reason: str, at: datetime) -> Entry:
    """Take the job's price, monthly tokens first. `InsufficientTokens`."""
    user = docs.get(user_path(uid)) or {}
    change = ledger.burn(store.account_of(user), price)
    cause = Cause(id=f"deduction:{job_id}", type="deduction", kind="job", ref=job_id, reason=reason)
    return store.post(docs, uid, cause, change, at)


def refund_job(docs: Docs, uid: str, job_id: str, paid_from: Buckets, reason: str, at: datetime) -> Entry:
    """Give the tokens back to the buckets that they were `paid_from`."""
    cause = Cause(id=f"refund:{job_id}", type="refund", kind="job", ref=job_id, reason=reason)
    return store.post(docs, uid, cause, paid_from, at)


def grant_welcome(docs: Docs, uid: str, tokens: int, at: datetime) -> Entry:
    """The welcome bonus. An account that it was taken from and that gets it back has had its `welcome:` entry."""
    seq = store.account_of(docs.get(user_path(uid)) or {}).seq
    entry_id = f"welcome:{uid}" if seq == 0 else f"restore:welcome:{seq}"
    type_: EntryType = "welcome_bonus" if seq == 0 else "restore"
    cause = Cause(id=entry_id, type=type_, kind="user", ref=uid, reason="Welcome bonus")
    return store.post(docs, uid, cause, Buckets(bonus=tokens), at)


def take_welcome(docs: Docs, uid: str, tokens: int, taker: str, at: datetime) -> Entry:
    """Take an untouched bonus from an account whose sign-up failed, for the same person's next account."""
    seq = store.account_of(docs.get(user_path(uid)) or {}).seq
    reason = "Welcome bonus moved to the account that came to be"
    cause = Cause(id=f"clawback:welcome:{seq}", type="clawback", kind="user", ref=taker, reason=reason)
    return store.post(docs, uid, cause, Buckets(bonus=-tokens), at)


def post_paid(
    docs: Docs, uid: str, cause: Cause, tokens: int, bucket: Literal["purchased", "monthly"], at: datetime
) -> Entry:
    """Move tokens because of money that came or went back: packs in `purchased`, plans in `monthly`. Signed.

    Only a clawback may leave `purchased` below zero: a debt, for tokens that were spent before the money went back.
    """
    return store.post(docs, uid, cause, Buckets(**{bucket: tokens}), at)
