"""Deletes a user's documents, or keeps them under the account's pseudonym, by the table in the inventory.

Each function is one bounded step, which may be repeated after a crash.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from studiox.kit import clock, firestore, query
from studiox.kit.clock import datetime
from studiox.kit.documents import Collection, D, Path
from studiox.kit.transaction import Docs, Reads, transact
from studiox.models.deletions import CLEAN_UPS
from studiox.models.users import ClosedAccount, closed_path, user_path
from studiox.studio.job_store import delete_jobs

from . import inventory
from .inventory import Owned

PAGE = 100
JOBS_PAGE = 80
"""Jobs are deleted in one commit with their states and with changes of the counters: at most 241 writes."""


def begin(docs: Docs, uid: str, now: datetime) -> None:
    """Close the account: from this commit on no call changes anything in its name or provisions it again."""
    user = docs.get(user_path(uid))
    if docs.get(closed_path(uid)) is None:
        docs.create(closed_path(uid), ClosedAccount(state="closing", requested_at=now))
    if user is not None:
        docs.update(user_path(uid), suspended=True, closing=True, updated_at=now)


def delete_own(uid: str) -> bool:
    """Delete a page of each collection whose documents are deleted; True when none is left. `Unavailable`."""
    left = False
    for row in inventory.rows("deleted"):
        found = _paths(uid, row)
        firestore.delete_all(found)
        left = left or len(found) == PAGE
    return delete_jobs(uid, JOBS_PAGE, clock.now()) and not left


def _paths(uid: str, row: Owned) -> list[Path[Any]]:
    """The paths of up to PAGE of the user's documents in this collection."""
    collection, equal = row.of(uid)
    return query.names(collection, equal, PAGE)


def move_money(uid: str, pseudonym: str) -> bool:
    """Move a page of ledger and payments below the closed account; True when none is left. `Unavailable`.

    A document is created and deleted in the same commit.
    """
    left = False
    for row in inventory.rows("moved"):
        found = _paths(uid, row)
        if found:
            target = Collection(f"{closed_path(uid)}/{row.collection}", row.collection.struct)
            _rewrite(uid, pseudonym, {path: target.document(_renamed(path.id, uid, pseudonym)) for path in found})
        left = left or len(found) == PAGE
    return not left


def _rewrite(uid: str, pseudonym: str, targets: Mapping[Path[D], Path[D]]) -> None:
    """Replace the uid by the pseudonym in these documents, whatever they hold, and move each to its target."""

    def decide(docs: Docs) -> None:
        for source, target in targets.items():
            docs.rewrite(source, lambda data: _renamed(data, uid, pseudonym), to=target)

    transact(closed_path(uid), decide, Reads(fresh=[*{*targets, *targets.values()}]))


def rename(uid: str, pseudonym: str) -> bool:
    """Replace the uid by the pseudonym in a page of each collection that is kept; True when none is left.
    `Unavailable`."""
    left = False
    for collection, field, value in _renamable(uid):
        found = query.names(collection, {field: value}, PAGE)
        if found:
            _rewrite(uid, pseudonym, {path: path for path in found})
        left = left or len(found) == PAGE
    return not left


def _renamable(uid: str) -> list[tuple[Collection[Any], str, str]]:
    """Where documents that are kept name the user: the collection, the field and its value."""
    rows = list(inventory.rows("renamed"))
    about = [(row.collection, row.path_field, user_path(uid)) for row in rows if row.path_field]
    return [*((row.collection, row.owner, uid) for row in rows), *about]


def _renamed(value: Any, uid: str, pseudonym: str) -> Any:
    """The value with the pseudonym in place of the uid, wherever the uid is a whole word."""
    if isinstance(value, str):
        return re.sub(rf"(?<![A-Za-z0-9-]){re.escape(uid)}(?![A-Za-z0-9-])", pseudonym, value)
    if isinstance(value, Mapping):
        return {name: _renamed(each, uid, pseudonym) for name, each in value.items()}
    if isinstance(value, list):
        return [_renamed(each, uid, pseudonym) for each in value]
    return value


def clear_cleanups(uid: str, pseudonym: str, own: str) -> bool:
    """Remove the uid from pending clean-ups; True when none is left. `own` is the account's own record.

    A post's clean-up continues under the pseudonym. All others are deleted: what they would change is gone.
    """
    found = [path for path in query.names(CLEAN_UPS, {"uid": uid}, PAGE) if path != own]
    done = [path for path in found if not path.id.startswith("post-")]
    firestore.delete_all(done)
    _rewrite(uid, pseudonym, {path: path for path in found if path not in done})
    return len(found) < PAGE - 1


def close(uid: str, now: datetime, extra: Sequence[str]) -> bool:
    """Replace the user's document by the closed account, and delete `extra`; False if others have written since."""
    path, closed = user_path(uid), closed_path(uid)

    def decide(docs: Docs) -> bool:
        user, record = docs.get(path), docs.get(closed)
        if user is not None:
            account = ClosedAccount(
                state="closed",
                requested_at=None if record is None else record.requested_at,
                closed_at=now,
                balance=user.balance,
                buckets=user.buckets,
                ledger_seq=user.ledger_seq,
                plan=user.plan,
                created_at=user.created_at,
            )
            docs.put(closed, account)
            docs.delete(path)
        elif record is not None and record.state != "closed":
            docs.put(closed, replace(record, state="closed", closed_at=now))
        for each in extra:
            docs.delete(each)
        return True

    transact(path, decide, Reads(fresh=[path, closed, *extra]))
    # Administrators, payments and schedules may write about the user until this commit. A further step finds those
    # documents.
    asked = [row.of(uid) for row in (*inventory.rows("moved"), *inventory.rows("deleted"))]
    asked += [(collection, {field: value}) for collection, field, value in _renamable(uid)]
    return not any(query.names(collection, equal, 1) for collection, equal in asked)
