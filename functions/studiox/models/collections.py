"""A user's collections of creations: `users/{uid}/collections/{id}`. The members name their collections, not these.

Every commit that changes who is a member, or deletes one, writes the collection too, so its count is always theirs.
"""

from __future__ import annotations

from studiox.kit import query
from studiox.kit.clock import datetime, timedelta
from studiox.kit.documents import Collection, Path, Stored
from studiox.kit.errors import NotFound
from studiox.kit.transaction import Docs

from .users import user_path

REQUESTS_KEPT = timedelta(days=35)


class CreationCollection(Stored, frozen=True, kw_only=True):
    """`users/{uid}/collections/{id}`: a named set of the user's creations."""

    collection_id: str
    name: str
    """At most 60 characters on one line."""
    count: int
    """The number of its creations."""
    created_at: datetime
    updated_at: datetime
    """When its owner last changed its name or put something in or took something out."""
    cover: str | None = None
    """The creation that stands for it: the last one put in, or the newest. None for an empty collection, and for a
    moment after the deletion of the one before."""


class CollectionRequest(Stored, frozen=True, kw_only=True):
    """`users/{uid}/collectionRequests/{id}`: the idempotency record of saveCollection. It outlives its collection, so
    that a repeated request does not make a deleted one again. Firestore deletes it after `expires_at`."""

    collection_id: str
    fingerprint: str
    """A hash of the request's content, hex."""
    created_at: datetime
    expires_at: datetime


COLLECTIONS = Collection("collections", CreationCollection)
COLLECTION_REQUESTS = Collection("collectionRequests", CollectionRequest)


def collections_of(uid: str) -> Collection[CreationCollection]:
    return Collection(f"{user_path(uid)}/{COLLECTIONS}", CreationCollection)


def collection_path(uid: str, collection_id: str) -> Path[CreationCollection]:
    return collections_of(uid).document(collection_id)


def request_path(uid: str, id_: str) -> Path[CollectionRequest]:
    return Path(f"{user_path(uid)}/{COLLECTION_REQUESTS}/{id_}", CollectionRequest)


def need_collection(docs: Docs, uid: str, collection_id: str) -> CreationCollection:
    """The caller's collection, in a decision. `NotFound`."""
    found = docs.get(collection_path(uid, collection_id))
    if found is None:
        raise NotFound
    return found


def lose_member(docs: Docs, uid: str, collection_id: str, creation_id: str) -> bool:
    """One of its creations is being deleted. Whether the collection needs another cover."""
    path = collection_path(uid, collection_id)
    found = docs.get(path)
    if found is None:
        return False  # being deleted itself
    cover = None if found.cover == creation_id else found.cover
    changed = docs.update(path, count=found.count - 1, cover=cover)
    return changed.count > 0 and cover is None


def list_collections(uid: str, *, size: int, cursor: str | None) -> tuple[list[CreationCollection], str | None]:
    """A page of the user's collections, last changed first. `InvalidCursor`, `Unavailable`."""
    found, following = query.page(collections_of(uid), {}, "updatedAt", size=size, cursor=cursor)
    return [each.data for each in found], following
