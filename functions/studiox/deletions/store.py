"""Ordering clean-ups, and finding those that are due."""

from __future__ import annotations

from studiox.kit import query
from studiox.kit.clock import datetime
from studiox.kit.errors import Contention
from studiox.kit.transaction import Docs
from studiox.models.deletions import CLEAN_UPS, CleanUp, Kind, clean_up_path

from . import rules


def order(docs: Docs, kind: Kind, id_: str, uid: str, token: str, now: datetime) -> None:
    """Order the deletion in the commit that makes the data superfluous. Calls that are making copies fail."""
    docs.put(clean_up_path(kind, id_), rules.ordered(kind, id_, uid, token, now))


def begin_copying(docs: Docs, post_id: str, uid: str, token: str, now: datetime) -> str:
    """Announce public copies; the token for `end_copying`. `Contention`."""
    path = clean_up_path("post", post_id)
    record = rules.copying(docs.get(path), post_id, uid, token, now)
    docs.put(path, record)
    return record.token


def end_copying(docs: Docs, post_id: str, token: str) -> None:
    """Keep the copies. `Contention` if they are being deleted: the call took too long, or the post was deleted."""
    path = clean_up_path("post", post_id)
    record = docs.get(path)
    if record is None or record.state != "copying" or record.token != token:
        raise Contention(retryAfterSeconds=5)
    docs.delete(path)


def due(now: datetime, limit: int) -> list[CleanUp]:
    """Up to `limit` records that are due, longest waiting first. `Unavailable`."""
    return [found.data for found in query.documents(CLEAN_UPS, order="dueAt", most=now, limit=limit)]
