"""The ledger's documents, `users/{uid}/ledger`, and the account's fields on `users/{uid}`. Nothing else writes them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from studiox.kit import firestore, query
from studiox.kit.clock import datetime
from studiox.kit.documents import Path, Stored
from studiox.kit.transaction import Docs

from .ledger import Account, Buckets, Cause, Entry, next_entry
from .users import User, user_path


def entry_path(uid: str, entry_id: str) -> str:
    return f"{user_path(uid)}/ledger/{entry_id}"


def account_of(user: User) -> Account:
    """The account that a user's document holds."""
    return Account(user.buckets, user.ledger_seq)


def buckets_of(data: Mapping[str, int]) -> Buckets:
    return Buckets(data["monthly"], data["bonus"], data["purchased"])


class UncheckedAccount(Stored, frozen=True):
    """The account's fields of a user's document, whatever they hold: the audit must find what is wrong with them."""

    balance: Any = None
    buckets: Any = None
    ledger_seq: Any = None
    updated_at: Any = None

    @property
    def figures(self) -> Mapping[str, Any]:
        return {"balance": self.balance, "buckets": self.buckets, "ledgerSeq": self.ledger_seq}


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


def post(docs: Docs, uid: str, cause: Cause, change: Buckets, at: datetime) -> Entry:
    """Move tokens in this commit: the account, and the entry whose id is the cause's."""
    path = user_path(uid)
    user = docs.get(path)
    if user is None:
        raise KeyError(uid)
    account, entry = next_entry(account_of(user), cause, change, at)
    docs.create(entry_path(uid, cause.id), _entry_data(entry))
    docs.put(
        path,
        msgspec.structs.replace(
            user, balance=account.balance, buckets=account.buckets, ledger_seq=account.seq, updated_at=at
        ),
    )
    return entry


def _entry_data(entry: Entry) -> dict[str, Any]:
    return {
        "seq": entry.seq,
        "type": entry.cause.type,
        "amount": entry.amount,
        "buckets": msgspec.structs.asdict(entry.buckets),
        "balanceAfter": entry.balance_after,
        "ref": {"kind": entry.cause.kind, "id": entry.cause.ref},
        "reason": entry.cause.reason,
        "createdAt": entry.at,
        "id": entry.cause.id,
    }


def list_entries(
    uid: str, *, type: str | None, size: int, cursor: str | None
) -> tuple[list[Mapping[str, Any]], str | None]:
    """A page of the ledger, newest entry first."""
    return query.page(f"{user_path(uid)}/ledger", {"type": type}, "seq", size=size, cursor=cursor)


def created_between(uid: str, since: datetime, until: datetime, limit: int) -> list[Mapping[str, Any]]:
    """Type and amount of the entries made in [since, until), the newest `limit` of them."""
    found = query.documents(
        f"{user_path(uid)}/ledger",
        order="createdAt",
        least=since,
        below=until,
        fields=("type", "amount"),
        limit=limit,
        newest_first=True,
    )
    return [each.data for each in found]


def entries_after(uid: str, seq: int) -> Iterator[query.Found[Any]]:
    """The ledger from behind `seq` on, in its order; a page in memory at a time."""
    return query.documents(f"{user_path(uid)}/ledger", order="seq", after=seq if seq else None)


def count_entries(uid: str) -> int:
    """How many entries there are, whatever they hold."""
    return query.count(f"{user_path(uid)}/ledger")
