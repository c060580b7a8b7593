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
    uid: str, *, type: JobType | None, favorite: bool | None, size: int, cursor: str | None
) -> tuple[list[Found[Creation]], str | None]:
    equal = {"uid": uid, "type": type, "isFavorite": favorite}
    return query.page(CREATIONS, equal, "createdAt", size=size, cursor=cursor)
