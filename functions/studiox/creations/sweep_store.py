"""Where the sweeps keep how far they came (`sweeps/media`, `sweeps/accounts`), and what they reported
(`mediaAlerts/{creationId}`)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from studiox.kit import firestore, query
from studiox.kit.clock import datetime
from studiox.kit.transaction import Docs

CHECKPOINT_PATH = "sweeps/media"
ACCOUNTS_PATH = "sweeps/accounts"


def checkpoint() -> Mapping[str, Any]:
    """How far the sweep under way has come: {stage, position}; empty when there is none."""
    [found] = firestore.read(CHECKPOINT_PATH)
    return found or {}


def keep_checkpoint(docs: Docs, stage: str | None, position: object, now: datetime) -> None:
    """`stage` None: all of it is done, and the next run begins anew."""
    docs.put(CHECKPOINT_PATH, {"stage": stage, "position": position, "updatedAt": now})


def account_reached() -> str | None:
    """The account that the walk over all of them came to; None when the next one begins anew."""
    [found] = firestore.read(ACCOUNTS_PATH)
    return None if found is None else found["uid"]


def keep_account(docs: Docs, uid: str | None, now: datetime) -> None:
    docs.put(ACCOUNTS_PATH, {"uid": uid, "updatedAt": now})


def alert_path(creation_id: str) -> str:
    return f"mediaAlerts/{creation_id}"


def creations_until(moment: datetime, since: datetime | None) -> Iterator[query.Found[Any]]:
    """The creations made in [since, moment), the oldest first; a page in memory at a time."""
    return query.documents("creations", order="createdAt", least=since, below=moment, fields=("uid", "media", "text"))


def inputs_in_use(uid: str) -> set[str]:
    """The uploads that this user's running jobs were given."""
    used: set[str] = set()
    for status in ("pending", "processing"):
        for found in query.documents("jobs", equal={"uid": uid, "status": status}, fields=("params",)):
            used |= set(found.data.get("params", {}).get("inputPaths") or ())
    return used
