"""A clean-up's life: ordered → run → settling → run once more → gone (docs/decisions/0006-deletion.md). Pure.

`account` is everything of a user, by the pseudonym that its money stays under; gone once, nobody writes it again. Any
other record stands for a folder of media that must come to agree with its document: `post` for `posts/{id}/` (and a
deleted post's likes and comments), `creation` for `users/{uid}/creations/{id}/` (and a deleted creation's reports).
`copying` is announced before the first public copy is made, so that a call that dies in the middle leaves no public
file behind.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from studiox.kit.clock import datetime, timedelta
from studiox.kit.errors import Contention

Kind = Literal["post", "creation", "account"]
Record = Mapping[str, Any]

COPYING, CLEARING, SETTLING = "copying", "clearing", "settling"

# Longer than a call that copies can live; a run's own time; and until whoever wrote late has died: a publishing call
# lives a minute, a task that brings a job's media in half an hour.
COPY_GRACE = timedelta(minutes=10)
LEASE = timedelta(minutes=3)
SETTLE_AFTER = {"post": timedelta(minutes=10), "creation": timedelta(minutes=35)}
MAX_BACKOFF_S = 3600


def ordered(kind: Kind, id_: str, uid: str, token: str, now: datetime) -> dict[str, Any]:
    """A record whose folder is to be cleared, now."""
    return {
        "kind": kind,
        "id": id_,
        "uid": uid,
        "state": CLEARING,
        "token": token,
        "dueAt": now,
        "last": False,
        "failures": 0,
        "createdAt": now,
    }


def copying(record: Record | None, post_id: str, uid: str, token: str, now: datetime) -> dict[str, Any]:
    """The record of a call that is about to make public copies. `Contention` while older ones are being deleted.

    A second call for the same post joins the first: both make the same copies.
    """
    if record is not None and record["state"] == CLEARING:
        raise Contention(retryAfterSeconds=5)
    if record is not None and record["state"] == COPYING and now < record["dueAt"]:
        token = record["token"]
    return {**ordered("post", post_id, uid, token, now), "state": COPYING, "dueAt": now + COPY_GRACE}


def claimed(record: Record | None, token: str, now: datetime) -> dict[str, Any] | None:
    """The record of a run that starts now; None if there is nothing to do yet, or somebody else does it."""
    if record is None or now < record["dueAt"]:
        return None
    return {
        **record,
        "state": CLEARING,
        "token": token,
        "dueAt": now + LEASE,
        "last": record["last"] or record["state"] == SETTLING,
    }


def after_run(record: Record, *, complete: bool, now: datetime) -> dict[str, Any] | None:
    """The record after a run that went well; None: all is gone, for good."""
    if not complete:
        return {**record, "dueAt": now, "failures": 0}
    if record["last"] or record["kind"] == "account":
        return None
    return {**record, "state": SETTLING, "dueAt": now + SETTLE_AFTER[record["kind"]], "failures": 0}


def after_failure(record: Record, now: datetime) -> dict[str, Any]:
    """The record after a run that something stopped: due again after a pause that doubles up to an hour."""
    pause = min(MAX_BACKOFF_S, 15 * 2 ** min(record["failures"], 10))
    return {**record, "dueAt": now + timedelta(seconds=pause), "failures": record["failures"] + 1}
