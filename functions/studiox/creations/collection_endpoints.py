"""Collections of creations, as callables."""

from __future__ import annotations

from typing import Annotated

from msgspec import UNSET, Meta, UnsetType

from studiox.api.callables import Id, Name, Reader, Request, RequestId, Response, User, endpoint, present
from studiox.kit.clock import datetime
from studiox.kit.errors import NotFound, RequestIdReused
from studiox.kit.query import DEFAULT_SIZE, Cursor, PageSize

from . import collections
from .endpoints import READS, WRITES


class SaveCollection(Request, frozen=True):
    name: Annotated[str, Meta(min_length=1, max_length=60), Name]
    request_id: RequestId
    collection_id: Id | None = None


class CollectionSaved(Response):
    collection_id: str


@endpoint(limit=WRITES, refuses=(NotFound, RequestIdReused, collections.TooManyCollections))
def saveCollection(caller: User, request: SaveCollection) -> CollectionSaved:
    """Make a collection of creations, or rename the one with `collectionId`. A user has at most 200."""
    return CollectionSaved(
        collection_id=collections.save(caller, request.collection_id, request.name, request.request_id)
    )


class ChangeCollection(Request, frozen=True):
    collection_id: Id
    add: Annotated[list[Id], Meta(max_length=50)] = []
    remove: Annotated[list[Id], Meta(max_length=50)] = []


class CollectionChanged(Response):
    count: int


@endpoint(limit=WRITES, refuses=(NotFound, collections.TooManyCollections))
def changeCollection(caller: User, request: ChangeCollection) -> CollectionChanged:
    """Put creations into a collection and take others out; how many are in it then.

    All of it happens or nothing: `NotFound` if the collection or one of `add` is not there. What is in already, or not
    in, is no change. A creation may be in 20 collections.
    """
    return CollectionChanged(count=collections.change(caller, request.collection_id, request.add, request.remove))


class ListCollections(Request, frozen=True):
    page_size: PageSize = DEFAULT_SIZE
    cursor: Cursor | None = None


class CollectionItem(Response):
    collection_id: str
    name: str
    count: int
    updated_at: datetime
    cover_path: str | UnsetType = UNSET


class Collections(Response):
    collections: list[CollectionItem]
    next_cursor: str | None


@endpoint(limit=READS)
def listCollections(caller: Reader, request: ListCollections) -> Collections:
    """List the caller's collections, last changed first; `coverPath` is for the Storage SDK."""
    found, cursor = collections.listed(caller.uid, size=request.page_size, cursor=request.cursor)
    items = [
        CollectionItem(
            collection_id=each.collection_id,
            name=each.name,
            count=each.count,
            updated_at=each.updated_at,
            cover_path=present(cover),
        )
        for each, cover in found
    ]
    return Collections(collections=items, next_cursor=cursor)


class DeleteCollection(Request, frozen=True):
    collection_id: Id


class CollectionDeleted(Response):
    deleted: bool


@endpoint(limit=WRITES, refuses=(NotFound,))
def deleteCollection(caller: User, request: DeleteCollection) -> CollectionDeleted:
    """Delete a collection. Its creations stay in the library."""
    collections.delete(caller, request.collection_id)
    return CollectionDeleted(deleted=True)
