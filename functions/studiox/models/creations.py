"""Where the library lies: `creations/{id}`, one for each completed job, under the job's id."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from studiox.kit import firestore, query
from studiox.kit.clock import datetime
from studiox.kit.documents import Path, Stored
from studiox.kit.errors import NotFound
from studiox.kit.transaction import REMOVE, Docs

from .jobs import JobType
from .media_files import MediaFile

Data = Mapping[str, Any]


class Creation(Stored, frozen=True, kw_only=True):
    """`creations/{id}`: an entry of a user's library, under the id of the job that made it."""

    creation_id: str
    job_id: str
    uid: str
    title: str
    """At most 100 characters on one line: the job's, or its prompt, until its owner gives it another one."""
    type: JobType
    model: str
    prompt: str
    params: dict[str, Any]
    """The job's inputs."""
    media: list[MediaFile]
    is_favorite: bool
    play_count: int
    created_at: datetime
    updated_at: datetime
    text: str | None = None
    post_id: str | None = None
    """Its post, while it is published."""
    moderated: bool = False
    """Its post was removed by a moderator: it is not published again."""


def creation_path(creation_id: str) -> str:
    return f"creations/{creation_id}"


def add_creation(docs: Docs, creation: Creation) -> None:
    """A new entry of its owner's library, in the commit that completes its job."""
    docs.create(Path(creation_path(creation.creation_id), Creation), creation)


def need_creation(docs: Docs, uid: str, creation_id: str) -> Data:
    """The caller's creation, in a decision. `NotFound` for an absent one and somebody else's alike."""
    creation = docs.get(creation_path(creation_id))
    if creation is None or creation["uid"] != uid:
        raise NotFound
    return creation


def change_creation(docs: Docs, creation_id: str, now: datetime, **fields: object) -> Data:
    """Set fields of a creation that exists; what it holds then."""
    return docs.update(creation_path(creation_id), {**fields, "updatedAt": now})


def link_post(docs: Docs, creation_id: str, post_id: str) -> None:
    docs.update(creation_path(creation_id), {"postId": post_id})


def unlink_post(docs: Docs, creation_id: str, *, moderated: bool) -> None:
    """Its post is gone. `moderated`: not by its author's free will, so it is not published again."""
    if docs.get(creation_path(creation_id)) is not None:
        flag = {"moderated": True} if moderated else {}
        docs.update(creation_path(creation_id), {"postId": REMOVE, **flag})


def remove_creation(docs: Docs, creation_id: str) -> None:
    docs.delete(creation_path(creation_id))


def has_any(uid: str) -> bool:
    """Whether somebody has made anything that is still there. `Unavailable`."""
    return bool(query.names("creations", {"uid": uid}, 1))


def owned_creation(uid: str, creation_id: str) -> Data:
    """The caller's creation. `NotFound` for an absent one and somebody else's alike."""
    [creation] = firestore.read(creation_path(creation_id))
    if creation is None or creation["uid"] != uid:
        raise NotFound
    return creation


def list_creations(
    uid: str, *, type: str | None, favorite: bool | None, size: int, cursor: str | None
) -> tuple[list[Data], str | None]:
    equal = {"uid": uid, "type": type, "isFavorite": favorite}
    return query.page("creations", equal, "createdAt", size=size, cursor=cursor)
