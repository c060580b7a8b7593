"""What is kept about a user, in one place: what goes with the account, and what stays under its pseudonym.

A collection that holds uids belongs into one of these tables; the test of `deleteAccount` scans the whole database.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from studiox.kit import clock, firestore, query
from studiox.kit.clock import datetime
from studiox.kit.transaction import Docs, Reads, transact
from studiox.models.users import closed_path, user_path
from studiox.studio.job_store import delete_jobs

PAGE = 100

# Deleted: documents whose `uid` is the user's.
OWN = ("creations", "sessions", "lyricGenerationErrors", "socialClaims", "mail", "providerLosses", "adminRequests")
# Deleted: what lies below the user's document, but the money.
BELOW = ("notifications", "subscriptionEvents")
# Moved below the closed account.
MONEY = ("ledger", "payments")
# Kept with the pseudonym in the uid's place: (collection, field).
RENAMED = (
    ("orders", "uid"),
    ("subscriptions", "uid"),
    ("unmatchedPayments", "uid"),
    ("ledgerAlerts", "uid"),
    ("welcomes", "uid"),
    ("auditLogs", "actor"),
)


def begin(docs: Docs, uid: str, now: datetime) -> None:
    """From here on the account spends, publishes and comes back no more."""
    user = docs.get(user_path(uid))
    if docs.get(closed_path(uid)) is None:
        docs.create(closed_path(uid), {"state": "closing", "requestedAt": now})
    if user is not None:
        docs.update(user_path(uid), {"suspended": True, "closing": True, "updatedAt": now})


def delete_own(uid: str) -> bool:
    """One step of deleting the user's documents; True when none is left."""
    left = False
    for collection in OWN:
        found = query.names(collection, {"uid": uid}, PAGE)
        firestore.delete_all(found)
        left = left or len(found) == PAGE
    left = not delete_jobs(uid, PAGE, clock.now()) or left
    for name in BELOW:
        found = query.names(f"{user_path(uid)}/{name}", {}, PAGE)
        firestore.delete_all(found)
        left = left or len(found) == PAGE
    return not left


def move_money(uid: str, pseudonym: str) -> bool:
    """One step of moving ledger and payments; True when none is left. Each document moves in one commit."""
    left = False
    for name in MONEY:
        found = query.names(f"{user_path(uid)}/{name}", {}, PAGE)
        if found:
            moves = {
                path: f"{closed_path(uid)}/{name}/{_renamed(path.rsplit('/', 1)[1], uid, pseudonym)}" for path in found
            }
            _move(uid, pseudonym, moves)
        left = left or len(found) == PAGE
    return not left


def _move(uid: str, pseudonym: str, moves: Mapping[str, str]) -> None:
    def decide(docs: Docs) -> None:
        for source, target in moves.items():
            data = docs.get(source)
            if data is not None:
                docs.put(target, _renamed(data, uid, pseudonym))
                docs.delete(source)

    transact(closed_path(uid), decide, Reads(fresh=[*moves, *moves.values()]))


def rename(uid: str, pseudonym: str) -> bool:
    """One step of putting the pseudonym in the uid's place; True when none is left."""
    asked = [*((name, field, uid) for name, field in RENAMED), ("auditLogs", "target", user_path(uid))]
    left = False
    for collection, field, value in asked:
        found = query.names(collection, {field: value}, PAGE)
        if found:
            _rewrite(uid, pseudonym, found)
        left = left or len(found) == PAGE
    return not left


def _rewrite(uid: str, pseudonym: str, paths: Sequence[str]) -> None:
    def decide(docs: Docs) -> None:
        for path in paths:
            data = docs.get(path)
            if data is not None:
                docs.put(path, _renamed(data, uid, pseudonym))

    transact(closed_path(uid), decide, Reads(fresh=paths))


def _renamed(value: Any, uid: str, pseudonym: str) -> Any:
    """The value with the pseudonym wherever the uid stands as a word of its own."""
    if isinstance(value, str):
        return re.sub(rf"(?<![A-Za-z0-9-]){re.escape(uid)}(?![A-Za-z0-9-])", pseudonym, value)
    if isinstance(value, Mapping):
        return {name: _renamed(each, uid, pseudonym) for name, each in value.items()}
    if isinstance(value, list):
        return [_renamed(each, uid, pseudonym) for each in value]
    return value


def clear_cleanups(uid: str, pseudonym: str, own: str) -> bool:
    """The clean-ups that the deletion ordered: a post's needs no uid, a creation's folder is gone with all others."""
    found = [path for path in query.names("cleanups", {"uid": uid}, PAGE) if path != own]
    firestore.delete_all([path for path in found if "creation-" in path])
    _rewrite(uid, pseudonym, [path for path in found if "creation-" not in path])
    return len(found) < PAGE - 1


def close(uid: str, now: datetime, extra: Sequence[str]) -> bool:
    """The user's document becomes the closed account's; False if tokens moved meanwhile."""
    path, closed = user_path(uid), closed_path(uid)

    def decide(docs: Docs) -> bool:
        user, record = docs.get(path), docs.get(closed)
        if user is not None:
            kept = {
                name: user[name] for name in ("balance", "buckets", "ledgerSeq", "plan", "createdAt") if name in user
            }
            docs.put(closed, {**(record or {}), **kept, "state": "closed", "closedAt": now})
            docs.delete(path)
        elif record is not None and record["state"] != "closed":
            docs.put(closed, {**record, "state": "closed", "closedAt": now})
        for each in extra:
            docs.delete(each)
        return True

    transact(path, decide, Reads(fresh=[path, closed, *extra]))
    # An entry that was posted just before is moved by another step.
    return not any(query.names(f"{path}/{name}", {}, 1) for name in MONEY)
