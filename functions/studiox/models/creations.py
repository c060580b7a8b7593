"""The library: `creations/{id}`, one for each completed job, under the job's id."""

from __future__ import annotations

from typing import Any

from studiox.kit import firestore, query
from studiox.kit.clock import datetime
from studiox.kit.documents import Collection, Path, Stored
from studiox.kit.errors import NotFound
from studiox.kit.query import Found
from studiox.kit.transaction import Docs

from .jobs import JobType
from .media_files import MediaFile


class Creation(Stored, frozen=True, kw_only=True):
    """`creations/{id}`: an entry of a user's library. Written when its job completes, and by its owner's calls."""

    creation_id: str
    job_id: str
    uid: str
    title: str
    """At most 100 characters on one line: the job's title or prompt, until its owner changes it."""
    type: JobType
    model: str
    """The catalogue's id of the model."""
    prompt: str
    params: dict[str, Any]
    """The job's inputs."""
    media: list[MediaFile]
    is_favorite: bool
    play_count: int
    created_at: datetime
    updated_at: datetime
    text: str | None = None
    """What the job wrote: lyrics, or an analysis."""
    post_id: str | None = None
    """Its post, while it is published."""
    moderated: bool = False
    """Moderation removed its post: it cannot be published again."""
    collection_ids: list[str] = []
    """The collections of its owner that it is in."""


CREATIONS = Collection("creations", Creation)


def creation_path(creation_id: str) -> Path[Creation]:
    return CREATIONS.document(creation_id)


def add_creation(docs: Docs, creation: Creation) -> None:
    """A new entry of its owner's library, in the commit that completes its job."""
    docs.create(creation_path(creation.creation_id), creation)


def need_creation(docs: Docs, uid: str, creation_id: str) -> Creation:
    """The caller's creation, in a decision. `NotFound` also for another user's."""
    creation = docs.get(creation_path(creation_id))
    if creation is None or creation.uid != uid:
        raise NotFound
    return creation


def change_creation(docs: Docs, creation_id: str, now: datetime, **changes: Any) -> Creation:
    """Set fields of an existing creation, by the struct's names; the creation as it is then."""
    return docs.update(creation_path(creation_id), **changes, updated_at=now)


def link_post(docs: Docs, creation_id: str, post_id: str) -> None:
    docs.update(creation_path(creation_id), post_id=post_id)


def unlink_post(docs: Docs, creation_id: str, *, moderated: bool) -> None:
    """Its post was removed. `moderated`: not by its author, so it cannot be published again."""
    creation = docs.get(creation_path(creation_id))
    if creation is not None:
        docs.update(creation_path(creation_id), post_id=None, moderated=creation.moderated or moderated)


def remove_creation(docs: Docs, creation_id: str) -> None:
    docs.delete(creation_path(creation_id))


def has_any(uid: str) -> bool:
    """Whether the user's library holds anything. `Unavailable`."""
    return bool(query.names(CREATIONS, {"uid": uid}, 1))


def owned_creation(uid: str, creation_id: str) -> Creation:
    """The caller's creation. `NotFound` also for another user's."""
    creation = firestore.get(creation_path(creation_id))
    if creation is None or creation.uid != uid:
        raise NotFound
    return creation


def list_creations(
    uid: str,
    *,
    type: JobType | None,
    favorite: bool | None,
    collection_id: str | None,
    size: int,
    cursor: str | None,
) -> tuple[list[Found[Creation]], str | None]:
    """A page of the user's creations, newest first. `InvalidCursor`, `Unavailable`."""
    equal: dict[str, object] = {"uid": uid, "type": type, "isFavorite": favorite}
    if collection_id is None:
        return query.page(CREATIONS, equal, "createdAt", size=size, cursor=cursor)
    # The collection has the index; the other filters are tested on its members.
    test = None
    if type is not None or favorite is not None:
        test = query.Test(
            f"{type} {favorite}",
            lambda each: type in (None, each.type) and favorite in (None, each.is_favorite),
        )
    holds = {"collectionIds": collection_id}
    return query.page(CREATIONS, {"uid": uid}, "createdAt", size=size, cursor=cursor, holds=holds, test=test)


def newest_in(uid: str, collection_id: str) -> str | None:
    """The id of the newest creation in the user's collection. `Unavailable`."""
    holds = {"collectionIds": collection_id}
    found, _ = query.page(CREATIONS, {"uid": uid}, "createdAt", size=1, cursor=None, holds=holds)
    return found[0].id if found else None


def paths_in(collection_id: str, limit: int) -> list[Path[Creation]]:
    """The paths of up to `limit` creations that are in this collection. `Unavailable`."""
    return query.names(CREATIONS, {}, limit, holds={"collectionIds": collection_id})


def picture_of(creation: Creation) -> str | None:
    """The object's name of the creation's first picture, or of a song's cover; None if it has neither."""
    for file in creation.media:
        if file.content_type.startswith("image/"):
            return file.path
        if file.image_path is not None:
            return file.image_path
    return None
