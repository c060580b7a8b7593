"""Exporting an account: every document about the caller, read in pages while the file is being written."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from studiox.api.callables import User
from studiox.auth import service as accounts
from studiox.billing.store import account_path
from studiox.kit import audit, clock, firestore, query
from studiox.kit.clock import datetime
from studiox.kit.documents import Data
from studiox.kit.errors import Unavailable
from studiox.kit.transaction import Docs
from studiox.media import objects
from studiox.models.ledger_store import entries_after
from studiox.models.posts import comment_paths
from studiox.models.users import change_user, user_path

from . import export_store, statement

URL_S = 3600
MAX_PER_LIST = 20_000
MAX_COMMENTS = 5_000
UPLOADS_PER_PAGE = 1_000
OWN = (
    *("jobs", "creations", "sessions", "posts", "likes", "reports", "socialClaims", "lyricGenerationErrors"),
    *("orders", "subscriptions", "mail"),
)
BELOW = ("payments", "subscriptionEvents", "notifications")

# What is ours, not about the caller: marks that make a call count once.
_INTERNAL = {"generationMark"}


def export(caller: User) -> tuple[str, datetime]:
    """An address at which the file can be read for an hour, and until when. `Unavailable`.

    `Unauthenticated` if the account is deleted meanwhile; a file that comes too late for that goes within a day.
    """
    user = dict(accounts.account(caller))
    now = clock.now()
    profile = {name: value for name, value in user.items() if name not in _INTERNAL}
    [billing] = firestore.read(account_path(caller.uid))
    head: dict[str, Any] = {"exportedAt": now, "uid": caller.uid, "profile": profile, "billing": billing}
    try:
        path = export_store.put(caller.uid, statement.written(head, _lists(caller.uid, user["ledgerSeq"]), user))
        url = objects.signed_url(path, URL_S)
    except objects.MediaError as error:
        raise Unavailable(retryAfterSeconds=30) from error

    def decide(docs: Docs) -> None:
        change_user(docs, caller.uid, now)  # or the entry could be written after the deletion
        audit.record(docs, actor=caller.uid, action="exportAccount", target=user_path(caller.uid), at=now)

    caller.commit(user_path(caller.uid), decide)
    return url, now + timedelta(seconds=URL_S)


def _lists(uid: str, seq: int) -> Iterator[tuple[str, Iterator[Data]]]:
    """The sections in their order. The ledger goes up to the account as it was read: what comes later is later."""
    # Entry by entry: whoever spends meanwhile must not make the sum another one.
    yield "ledger", (each.data for each in entries_after(uid, 0) if each.data["seq"] <= seq)
    for name in BELOW:
        yield name, _data(query.documents(f"{user_path(uid)}/{name}", limit=MAX_PER_LIST))
    for name in OWN:
        yield name, _data(query.documents(name, equal={"uid": uid}, limit=MAX_PER_LIST))
    yield "activity", _data(query.documents("auditLogs", equal={"actor": uid}, limit=MAX_PER_LIST))
    yield "comments", _comments(uid)
    yield "uploads", _uploads(uid)


def _data(found: Iterator[query.Found[Any]]) -> Iterator[Data]:
    return ({"id": each.id, **each.data} for each in found)


def _comments(uid: str) -> Iterator[Data]:
    paths = comment_paths(uid, MAX_COMMENTS)
    for start in range(0, len(paths), 100):
        part = paths[start : start + 100]
        yield from (
            {"path": path, **data} for path, data in zip(part, firestore.read(*part), strict=True) if data is not None
        )


def _uploads(uid: str) -> Iterator[Data]:
    """What the user uploaded and is still there: no document tells of it, only Cloud Storage. MediaError."""
    token = None
    for _ in range(MAX_PER_LIST // UPLOADS_PER_PAGE):
        page = objects.list_prefix(f"users/{uid}/uploads/", token, UPLOADS_PER_PAGE)
        for each in page.items:
            about = {"contentType": each.content_type, "bytes": each.size_bytes, "uploadedAt": each.created_at}
            yield {"path": each.path, **about}
        token = page.next_page_token
        if token is None:
            return
