"""The ledger's documents, `users/{uid}/ledger`, and the account's fields on `users/{uid}`. Nothing else writes them."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from studiox.kit import firestore, query
from studiox.kit.clock import datetime
from studiox.kit.documents import Collection, Path
from studiox.kit.transaction import Docs

from .ledger import (
    Account,
    Buckets,
    Cause,
    EntryAmount,
    EntryType,
    LedgerEntry,
    UncheckedAccount,
    UncheckedEntry,
    next_entry,
)
from .users import User, user_path

LEDGER = Collection("ledger", LedgerEntry)
"""The collection group of every account's entries."""


def ledger(uid: str) -> Collection[LedgerEntry]:
    return Collection(f"{user_path(uid)}/{LEDGER}", LedgerEntry)


def entry_path(uid: str, entry_id: str) -> Path[LedgerEntry]:
    return ledger(uid).document(entry_id)


def unchecked_entry_path(uid: str, entry_id: str) -> Path[UncheckedEntry]:
    return Path(entry_path(uid, entry_id), UncheckedEntry)


def account_of(user: User) -> Account:
    """The account that a user's document holds."""
    return Account(user.buckets, user.ledger_seq)


def unchecked_path(uid: str) -> Path[UncheckedAccount]:
    return Path(user_path(uid), UncheckedAccount)


def set_account(docs: Docs, uid: str, account: Account, at: datetime) -> bool:
    """Set the account's fields to these. Whether that changed anything; 1 and 1.0 differ. KeyError without a user."""
    path = unchecked_path(uid)
    before = docs.get(path)
    if before is None:
        raise KeyError(uid)
    buckets = msgspec.structs.asdict(account.buckets)
    after = msgspec.structs.replace(before, balance=account.balance, buckets=buckets, ledger_seq=account.seq)
    if not firestore.differ(before.figures, after.figures):
        return False
    docs.put(path, msgspec.structs.replace(after, updated_at=at))
    return True


def post(docs: Docs, uid: str, cause: Cause, change: Buckets, at: datetime) -> LedgerEntry:
    """Move tokens in this commit: the account, and the entry whose id is the cause's."""
    path = user_path(uid)
    user = docs.get(path)
    if user is None:
        raise KeyError(uid)
    account, entry = next_entry(account_of(user), cause, change, at)
    docs.create(entry_path(uid, cause.id), entry)
    docs.put(
        path,
        msgspec.structs.replace(
            user, balance=account.balance, buckets=account.buckets, ledger_seq=account.seq, updated_at=at
        ),
    )
    return entry


def list_entries(
    uid: str, *, type: EntryType | None, size: int, cursor: str | None
) -> tuple[list[LedgerEntry], str | None]:
    """A page of the ledger, newest entry first, and the next page's cursor."""
    found, following = query.page(ledger(uid), {"type": type}, "seq", size=size, cursor=cursor)
    return [each.data for each in found], following


def created_between(uid: str, since: datetime, until: datetime, limit: int) -> list[EntryAmount]:
    """The entries made in [since, until), the newest `limit` of them."""
    found = query.documents(
        ledger(uid).select(EntryAmount),
        order="createdAt",
        least=since,
        below=until,
        limit=limit,
        newest_first=True,
    )
    return [each.data for each in found]


def entries_to_audit(uid: str, after: int) -> Iterator[query.Found[UncheckedEntry]]:
    """The ledger behind the entry whose `seq` is `after`, in its order; a page in memory at a time."""
    unchecked = Collection(ledger(uid), UncheckedEntry)
    return query.documents(unchecked, order="seq", after=after if after else None)


def count_entries(uid: str) -> int:
    """The number of entries, whatever they hold."""
    return query.count(ledger(uid))
