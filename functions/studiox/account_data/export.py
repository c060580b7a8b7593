"""Exporting an account: the documents that the inventory lists, read in pages while the file is being written."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from studiox.api.callables import User
from studiox.auth import service as auth_service
from studiox.kit import clock, documents, firestore, malformed, query
from studiox.kit.clock import datetime
from studiox.kit.documents import Data, MalformedDocument, Path
from studiox.kit.errors import Unavailable
from studiox.kit.transaction import Docs
from studiox.media import objects
from studiox.models.ledger_store import entry_path, ledger
from studiox.models.posts import comment_paths
from studiox.models.users import change_user, user_path

from . import export_store, inventory, statement
from .inventory import Owned

URL_S = 3600
MAX_PER_LIST = 20_000
MAX_COMMENTS = 5_000
UPLOADS_PER_PAGE = 1_000

_INTERNAL = {"generationMark"}
"""Fields of the user's document that are not exported: they make a call count once."""


def export(caller: User) -> tuple[str, datetime]:
    """Write the export; a signed address that is valid for an hour, and when it expires. `Unavailable`.

    `Unauthenticated` if the account is deleted during the export. If the file was written too late for that
    deletion, it is deleted within a day.
    """
    account = auth_service.account(caller)
    now = clock.now()
    parts = _documents(caller.uid)
    profile = parts["profile"] or documents.encode(account)
    user = documents.typed(user_path(caller.uid), profile)
    parts["profile"] = {name: value for name, value in profile.items() if name not in _INTERNAL}
    head = {"exportedAt": now, "uid": caller.uid, **parts}
    lists = _lists(caller.uid, user.ledger_seq)
    try:
        path = export_store.put(caller.uid, statement.written(head, lists, balance=user.balance))
        url = objects.signed_url(path, URL_S)
    except objects.MediaError as error:
        raise Unavailable(retryAfterSeconds=30) from error

    def decide(docs: Docs) -> None:
        change_user(docs, caller.uid, now)  # the commit fails if the account was deleted during the export

    caller.commit(user_path(caller.uid), decide, target=user_path(caller.uid))
    return url, now + timedelta(seconds=URL_S)


def _documents(uid: str) -> dict[str, Data | None]:
    """The parts of the export that are one document each, with every stored field; None where there is none."""
    paths = {name: row.collection.document(uid) for name, row in inventory.exported() if row.owner == inventory.ID}
    found = firestore.read_documents(paths.values())
    return {name: None if (data := found[path].data) is None else _whole(path, data) for name, path in paths.items()}


def _whole(path: Path[Any], data: Data) -> Data:
    """Every stored field. A document that does not fit its struct is reported, and exported as it is stored."""
    try:
        documents.typed(path, data)
    except MalformedDocument as error:
        malformed.report(error)
    return data


def _lists(uid: str, seq: int) -> Iterator[tuple[str, Iterator[Data]]]:
    """The lists in their order. The ledger ends with entry `seq`, the account's when its balance was read."""
    for name, row in inventory.exported():
        if row.owner == inventory.ID:
            continue
        if name == "ledger":
            found = query.fields(ledger(uid), order="seq", most=seq)
            yield name, (_whole(entry_path(uid, each.id), each.data) for each in found)
        elif name == "comments":
            yield name, _comments(uid)
        else:
            yield name, _list(uid, row)
    yield "uploads", _uploads(uid)


def _list(uid: str, row: Owned) -> Iterator[Data]:
    """Every stored field of the row's documents, with their ids."""
    collection, equal = row.of(uid)
    found = query.fields(collection, equal=equal, limit=MAX_PER_LIST)
    return ({"id": each.id, **_whole(collection.document(each.id), each.data)} for each in found)


def _comments(uid: str) -> Iterator[Data]:
    paths = comment_paths(uid, MAX_COMMENTS)
    for start in range(0, len(paths), 100):
        found = firestore.read_documents(paths[start : start + 100])
        for path in paths[start : start + 100]:
            if (data := found[path].data) is not None:
                yield {"path": path, **_whole(path, data)}


def _uploads(uid: str) -> Iterator[Data]:
    """The user's uploads, which are listed in Cloud Storage only. MediaError."""
    token = None
    for _ in range(MAX_PER_LIST // UPLOADS_PER_PAGE):
        page = objects.list_prefix(f"users/{uid}/uploads/", token, UPLOADS_PER_PAGE)
        for each in page.items:
            about = {"contentType": each.content_type, "bytes": each.size_bytes, "uploadedAt": each.created_at}
            yield {"path": each.path, **about}
        token = page.next_page_token
        if token is None:
            return
