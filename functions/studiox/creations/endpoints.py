"""The private library, as callables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from msgspec import UNSET, Meta, UnsetType

from studiox.api.callables import Id, Name, Reader, Request, Response, User, endpoint, present
from studiox.kit.clock import datetime
from studiox.kit.documents import decode
from studiox.kit.errors import NotFound, Unavailable
from studiox.kit.query import DEFAULT_SIZE, Cursor, PageSize
from studiox.kit.rate_limits import Limit
from studiox.media import objects
from studiox.models import creations as store
from studiox.models.jobs import JobType
from studiox.models.media_files import MediaFile

from . import service

READS = Limit(120, per=60)
WRITES = Limit(60, per=60, in_commit=True)


class MediaItem(Response):
    """One file: its path for the Storage SDK; `url`, good for an hour, only in the answer about one thing."""

    path: str
    content_type: str
    bytes: int
    url: str | UnsetType = UNSET
    title: str | UnsetType = UNSET
    duration_seconds: float | UnsetType = UNSET
    tags: list[str] | UnsetType = UNSET
    image_path: str | UnsetType = UNSET


def media_item(file: MediaFile, *, with_url: bool) -> MediaItem:
    """The answer about one file of a job or creation. `Unavailable` if its address cannot be signed."""
    try:
        url = objects.signed_url(file.path) if with_url else UNSET
    except objects.MediaError as error:
        raise Unavailable(retryAfterSeconds=5) from error
    return MediaItem(
        path=file.path,
        content_type=file.content_type,
        bytes=file.bytes,
        url=url,
        title=present(file.title),
        duration_seconds=present(file.duration_seconds),
        tags=present(file.tags),
        image_path=present(file.image_path),
    )


class Creation(Response):
    creation_id: str
    job_id: str
    title: str
    type: JobType
    model: str
    prompt: str
    params: dict[str, Any]
    media: list[MediaItem]
    is_favorite: bool
    play_count: int
    created_at: datetime
    text: str | UnsetType = UNSET
    post_id: str | UnsetType = UNSET


def _creation(data: Mapping[str, Any], *, with_url: bool) -> Creation:
    return Creation(
        creation_id=data["creationId"],
        job_id=data["jobId"],
        title=data["title"],
        type=data["type"],
        model=data["model"],
        prompt=data["prompt"],
        params=data["params"],
        media=[media_item(decode(MediaFile, item), with_url=with_url) for item in data["media"]],
        is_favorite=data["isFavorite"],
        play_count=data["playCount"],
        created_at=data["createdAt"],
        text=data.get("text", UNSET),
        post_id=data.get("postId", UNSET),
    )


class GetUserCreations(Request, frozen=True):
    page_size: PageSize = DEFAULT_SIZE
    cursor: Cursor | None = None
    type: JobType | None = None
    favorite: bool | None = None


class Creations(Response):
    creations: list[Creation]
    next_cursor: str | None


@endpoint(limit=READS)
def getUserCreations(caller: Reader, request: GetUserCreations) -> Creations:
    """The caller's library, newest first; media by path."""
    found, cursor = store.list_creations(
        caller.uid, type=request.type, favorite=request.favorite, size=request.page_size, cursor=request.cursor
    )
    return Creations(creations=[_creation(data, with_url=False) for data in found], next_cursor=cursor)


class GetCreation(Request, frozen=True):
    creation_id: Id


@endpoint(limit=READS, refuses=(NotFound,))
def getCreation(caller: Reader, request: GetCreation) -> Creation:
    """One creation of the caller's, with addresses of its media that are good for an hour."""
    return _creation(store.owned_creation(caller.uid, request.creation_id), with_url=True)


class UpdateCreation(Request, frozen=True):
    creation_id: Id
    title: Annotated[str, Meta(min_length=1, max_length=100), Name]


@endpoint(limit=WRITES, refuses=(NotFound,))
def updateCreation(caller: User, request: UpdateCreation) -> Creation:
    """Give a creation of the caller's another title."""
    return _creation(service.rename(caller, request.creation_id, request.title), with_url=False)


class CreationDeleted(Response):
    deleted: bool


@endpoint(limit=WRITES, refuses=(NotFound,))
def deleteCreation(caller: User, request: GetCreation) -> CreationDeleted:
    """Delete a creation of the caller's and its post; the files follow, if need be in a task."""
    service.delete(caller, request.creation_id)
    return CreationDeleted(deleted=True)


class ToggleFavorite(Request, frozen=True):
    creation_id: Id
    favorite: bool | None = None


class Favorite(Response):
    is_favorite: bool


@endpoint(limit=WRITES, refuses=(NotFound,))
def toggleFavorite(caller: User, request: ToggleFavorite) -> Favorite:
    """Toggle whether a creation of the caller's is a favourite, or set it with `favorite`."""
    return Favorite(is_favorite=service.favor(caller, request.creation_id, request.favorite))


class IncrementPlayCount(Request, frozen=True):
    creation_id: Id | None = None


class Plays(Response):
    monthly_plays: int
    resets_at: datetime


@endpoint(limit=WRITES, refuses=(NotFound,))
def incrementPlayCount(caller: User, request: IncrementPlayCount) -> Plays:
    """Count a play: the caller's month, and the creation's own count if one is named."""
    count, resets_at = service.count_play(caller, request.creation_id)
    return Plays(monthly_plays=count, resets_at=resets_at)
