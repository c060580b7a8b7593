"""Collections of creations: make and rename them, put creations in and take them out, delete them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from studiox.api.callables import User
from studiox.auth import service as auth_service
from studiox.deletions import service as deletions
from studiox.deletions import store as cleanup_store
from studiox.kit import clock, ids, malformed
from studiox.kit.documents import MalformedDocument
from studiox.kit.errors import InvalidRequest, NotFound, RequestIdReused, StudioxError
from studiox.kit.transaction import Docs, Reads
from studiox.models import collections as store
from studiox.models import creations
from studiox.models.collections import CreationCollection
from studiox.models.creations import Creation
from studiox.models.deletions import clean_up_path
from studiox.models.users import change_user, user_path

from . import collection_upkeep

MAX_COLLECTIONS = 200
"""Of a user."""
MAX_PER_CREATION = 20
"""Collections that one creation is in."""


class TooManyCollections(StudioxError):
    """Of the user, or of the creation that would be put into one more."""

    code = "resource-exhausted"
    figures = {"limit": int}
    text = "That's the limit for collections. Delete one, or take the creation out of one, and try again."


def save(caller: User, collection_id: str | None, name: str, request_id: str) -> str:
    """Make a collection, or rename the caller's; its id. `NotFound`, `RequestIdReused`, `TooManyCollections`."""
    return auth_service.with_account(caller, lambda account: _save(caller, collection_id, name, request_id, account))


def _save(caller: User, collection_id: str | None, name: str, request_id: str, account: auth_service.AccountOf) -> str:
    now, uid = clock.now(), caller.uid
    request_key = ids.derived("saveCollection", uid, request_id)
    id_ = collection_id or request_key
    path, request_path = store.collection_path(uid, id_), store.request_path(uid, request_key)
    request = store.CollectionRequest(
        collection_id=id_,
        fingerprint=hashlib.sha256(msgspec.json.encode([collection_id, name])).hexdigest(),
        created_at=now,
        expires_at=now + store.REQUESTS_KEPT,
    )

    def decide(docs: Docs) -> str:
        earlier = docs.get(request_path)
        if earlier is not None:
            if earlier.fingerprint != request.fingerprint:
                raise RequestIdReused
            return earlier.collection_id
        user = account(docs)
        if collection_id is None:
            if user.collection_count >= MAX_COLLECTIONS:
                raise TooManyCollections(limit=MAX_COLLECTIONS)
            change_user(docs, uid, now, collection_count=user.collection_count + 1)
            made = CreationCollection(collection_id=id_, name=name, count=0, created_at=now, updated_at=now)
            docs.create(path, made)
        else:
            store.need_collection(docs, uid, id_)
            docs.update(path, name=name, updated_at=now)
        docs.create(request_path, request)
        return id_

    fresh = [] if collection_id is None else [path]
    reads = Reads(fresh=fresh, cached=[user_path(uid)], created_once=[request_path])
    return caller.commit(path, decide, reads, target=path)


class Changed(NamedTuple):
    members: int
    needs_cover: bool


def change(caller: User, collection_id: str, add: Sequence[str], remove: Sequence[str]) -> int:
    """Put creations in and take others out, in one commit; how many are in it then.

    What is in already, or is not in, is no change. `NotFound` if the collection or one to be put in is not there, and
    nothing is changed; `InvalidRequest` for an id in both lists, `TooManyCollections`.
    """
    if set(add) & set(remove):
        raise InvalidRequest(fields={"remove": "has an id that is in add too"})
    now, uid = clock.now(), caller.uid
    path = store.collection_path(uid, collection_id)

    def decide(docs: Docs) -> Changed:
        found = store.need_collection(docs, uid, collection_id)
        taken = [id_ for id_ in remove if _take_out(docs, uid, id_, collection_id)]
        put = [id_ for id_ in add if _put_in(docs, uid, id_, collection_id)]
        if put or taken:
            cover = put[-1] if put else None if found.cover in taken else found.cover
            count = found.count + len(put) - len(taken)
            found = docs.update(path, count=count, cover=cover, updated_at=now)
        return Changed(found.count, found.count > 0 and found.cover is None)

    members = [creations.creation_path(id_) for id_ in dict.fromkeys([*add, *remove])]
    changed = caller.commit(
        path, decide, Reads(fresh=[path, *members]), target=path, details=lambda changed: {"count": changed.members}
    )
    if changed.needs_cover:
        collection_upkeep.choose_cover(uid, collection_id)
    return changed.members


def _put_in(docs: Docs, uid: str, creation_id: str, collection_id: str) -> bool:
    """Whether it was not in before. `NotFound`, `TooManyCollections`."""
    creation = creations.need_creation(docs, uid, creation_id)
    if collection_id in creation.collection_ids:
        return False
    if len(creation.collection_ids) >= MAX_PER_CREATION:
        raise TooManyCollections(limit=MAX_PER_CREATION)
    docs.update(creations.creation_path(creation_id), collection_ids=[*creation.collection_ids, collection_id])
    return True


def _take_out(docs: Docs, uid: str, creation_id: str, collection_id: str) -> bool:
    """Whether it was in before."""
    path = creations.creation_path(creation_id)
    creation = docs.get(path)
    if creation is None or creation.uid != uid or collection_id not in creation.collection_ids:
        return False
    docs.update(path, collection_ids=[each for each in creation.collection_ids if each != collection_id])
    return True


def delete(caller: User, collection_id: str) -> None:
    """Delete the collection in one commit; a clean-up takes its creations out, resumably. `NotFound`, `Unavailable`."""
    now, token, uid = clock.now(), ids.new(), caller.uid
    path, record = store.collection_path(uid, collection_id), clean_up_path("collection", collection_id)

    def decide(docs: Docs) -> None:
        found, ordered = docs.get(path), docs.get(record)
        if found is None and ordered is not None and ordered.token == token:
            return  # our own commit, whose answer was lost
        if found is None:
            raise NotFound
        user = docs.get(user_path(uid))
        if user is not None:
            change_user(docs, uid, now, collection_count=max(0, user.collection_count - 1))
        docs.delete(path)
        cleanup_store.order(docs, "collection", collection_id, uid, token, now)

    caller.commit(path, decide, Reads(fresh=[path, record, user_path(uid)]), target=path)
    deletions.start("collection", collection_id, collection_upkeep.clear)


Listed = list[tuple[CreationCollection, str | None]]
"""Collections, each with the object's name of its cover."""


def listed(uid: str, *, size: int, cursor: str | None) -> tuple[Listed, str | None]:
    """A page of the user's collections, last changed first, and the next page's cursor. Two round trips.

    `InvalidCursor`, `Unavailable`.
    """
    found, following = store.list_collections(uid, size=size, cursor=cursor)
    covers = {each.cover: creations.creation_path(each.cover) for each in found if each.cover is not None}
    read = dict(zip(covers, malformed.get_all(list(covers.values())), strict=True))
    return [(each, _cover_path(uid, each, read.get(each.cover or ""))) for each in found], following


def _cover_path(uid: str, collection: CreationCollection, cover: Creation | MalformedDocument | None) -> str | None:
    """The object's name of a small picture of the cover, None for a creation without one."""
    if not isinstance(cover, Creation) or cover.uid != uid or collection.collection_id not in cover.collection_ids:
        return None
    small = [file.thumbnail.path for file in cover.media if file.thumbnail is not None]
    return small[0] if small else creations.picture_of(cover)
