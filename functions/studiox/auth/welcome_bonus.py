"""The welcome bonus, once per person: `welcomes/{person}` names the account that took it."""

from __future__ import annotations

from studiox.kit import ids
from studiox.kit.clock import datetime
from studiox.kit.documents import Path
from studiox.kit.transaction import Docs
from studiox.models import ledger_store
from studiox.models.ledger import Buckets, Cause, EntryType, LedgerEntry
from studiox.models.users import user_path
from studiox.models.welcomes import WELCOMES, Welcome

from .sign_up import person_address, used_month


def welcome_path(email: str) -> Path[Welcome]:
    """The path, from a keyed hash of the address: addresses are not stored, and cannot be tested without the key."""
    return WELCOMES.document(ids.keyed("welcome", person_address(email)))


def keep_month(docs: Docs, uid: str) -> None:
    """Keep the allowance that a deleted account used in its month, so that a person who signs up again continues it.

    Nothing is kept for an address that took no welcome: it has spent nothing.
    """
    user = docs.get(user_path(uid))
    if user is None or not user.email:
        return
    welcome = welcome_path(user.email)
    if docs.exists(welcome):
        docs.update(welcome, month=used_month(user))


def release_welcome(docs: Docs, uid: str) -> None:
    """Let the person have their welcome again: the account that took it has not used it."""
    user = docs.get(user_path(uid))
    if user is None or not user.email or user.generation_count:
        return
    welcome = docs.get(welcome_path(user.email))
    if welcome is not None and (welcome.uid, welcome.seq) == (uid, user.ledger_seq):
        docs.delete(welcome_path(user.email))


def grant_welcome(docs: Docs, uid: str, tokens: int, at: datetime) -> LedgerEntry:
    """Grant the welcome bonus. An account that gets it back has a `welcome:` entry, so its id is another one."""
    seq = _seq(docs, uid)
    entry_id = f"welcome:{uid}" if seq == 0 else f"restore:welcome:{seq}"
    type_: EntryType = "welcome_bonus" if seq == 0 else "restore"
    cause = Cause(id=entry_id, type=type_, kind="user", ref=uid, reason="Welcome bonus")
    return ledger_store.post(docs, uid, cause, Buckets(bonus=tokens), at)


def take_welcome(docs: Docs, uid: str, tokens: int, taker: str, at: datetime) -> LedgerEntry:
    """Take an untouched bonus from an account whose sign-up failed, for the same person's next account."""
    seq = _seq(docs, uid)
    reason = "Welcome bonus moved to your new account"
    cause = Cause(id=f"clawback:welcome:{seq}", type="clawback", kind="user", ref=taker, reason=reason)
    return ledger_store.post(docs, uid, cause, Buckets(bonus=-tokens), at)


def _seq(docs: Docs, uid: str) -> int:
    user = docs.get(user_path(uid))
    if user is None:
        raise KeyError(uid)
    return user.ledger_seq
