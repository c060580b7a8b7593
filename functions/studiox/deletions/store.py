"""Where clean-ups lie: `cleanups/{kind}-{id}`, from the commit that orders one until all of it is gone."""

from __future__ import annotations

from studiox.kit import query
from studiox.kit.clock import datetime
from studiox.kit.errors import Contention
from studiox.kit.transaction import Docs

from . import rules
from .rules import Kind, Record


def cleanup_path(kind: Kind, id_: str) -> str:
    return f"cleanups/{kind}-{id_}"


def order(docs: Docs, kind: Kind, id_: str, uid: str, token: str, now: datetime) -> None:
    """Have the folder cleared, in the commit that makes it superfluous. Whatever copies there is told so."""
    docs.put(cleanup_path(kind, id_), rules.ordered(kind, id_, uid, token, now))


def begin_copying(docs: Docs, post_id: str, uid: str, token: str, now: datetime) -> str:
    """Announce public copies; the token that `end_copying` wants. `Contention`."""
    path = cleanup_path("post", post_id)
    record = rules.copying(docs.get(path), post_id, uid, token, now)
    docs.put(path, record)
    return str(record["token"])


def end_copying(docs: Docs, post_id: str, token: str) -> None:
    """The copies are there to stay. `Contention` if they were given up meanwhile, and are being deleted."""
    path = cleanup_path("post", post_id)
    record = docs.get(path)
    if record is None or record["state"] != rules.COPYING or record["token"] != token:
        raise Contention(retryAfterSeconds=5)
    docs.delete(path)


def due(now: datetime, limit: int) -> list[Record]:
    """Records whose time has come, the longest waiting first. `Unavailable`."""
    return [dict(found.data) for found in query.documents("cleanups", order="dueAt", most=now, limit=limit)]
