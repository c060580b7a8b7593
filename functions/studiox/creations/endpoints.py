"""The private library, as callables."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from firebase_functions.https_fn import CallableRequest
from msgspec import UNSET, Meta, UnsetType

from studiox.api.background import task
from studiox.api.callables import Id, Name, Reader, Request, Response, Text, User, endpoint, present
from studiox.kit import ids, log, tasks
from studiox.kit.clock import datetime
from studiox.kit.errors import NotFound, Unavailable
from studiox.kit.query import DEFAULT_SIZE, Cursor, PageSize, Span
from studiox.kit.rate_limits import Limit
from studiox.media import objects
from studiox.models import creations as store
from studiox.models.jobs import JobType
from studiox.models.media_files import MediaFile
from studiox.models.ratings import Rating

from . import filters, renditions, service

READS = Limit(120, per=60)
WRITES = Limit(60, per=60, in_commit=True)


class ThumbnailItem(Response):
    """A small picture of a file, for lists. Its longest side has at most 512 pixels."""

    path: str
    content_type: str
    width: int
    height: int


class MediaItem(Response):
    """One file. `path` is for the Storage SDK; `url`, valid for an hour, is only given for a single job or creation."""

    path: str
    content_type: str
    bytes: int
    url: str | UnsetType = UNSET
    title: str | UnsetType = UNSET
    duration_seconds: float | UnsetType = UNSET
    tags: list[str] | UnsetType = UNSET
    image_path: str | UnsetType = UNSET
    width: int | UnsetType = UNSET
    height: int | UnsetType = UNSET
    thumbnail: ThumbnailItem | UnsetType = UNSET
    waveform: list[int] | UnsetType = UNSET


def media_item(file: MediaFile, *, with_url: bool) -> MediaItem:
    """The answer about one file of a job or creation. `Unavailable` if its address cannot be signed."""
    try:
        url = objects.signed_url(file.path) if with_url else UNSET
    except objects.MediaError as error:
        raise Unavailable(retryAfterSeconds=5) from error
    small = file.thumbnail
    return MediaItem(
        path=file.path,
        content_type=file.content_type,
        bytes=file.bytes,
        url=url,
        title=present(file.title),
        duration_seconds=present(file.duration_seconds),
        tags=present(file.tags),
        image_path=present(file.image_path),
        width=present(file.width),
        height=present(file.height),
        thumbnail=UNSET if small is None else ThumbnailItem(small.path, small.content_type, small.width, small.height),
        waveform=present(file.waveform),
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
    rating: Rating
    text: str | UnsetType = UNSET
    post_id: str | UnsetType = UNSET
    sources: list[str] | UnsetType = UNSET


def _creation(creation: store.Creation, *, with_url: bool) -> Creation:
    return Creation(
        creation_id=creation.creation_id,
        job_id=creation.job_id,
        title=creation.title,
        type=creation.type,
        model=creation.model,
        prompt=creation.prompt,
        params=creation.params,
        media=[media_item(file, with_url=with_url) for file in creation.media],
        is_favorite=creation.is_favorite,
        play_count=creation.play_count,
        created_at=creation.created_at,
        rating=creation.rating,
        text=present(creation.text),
        post_id=present(creation.post_id),
        sources=present(creation.sources),
    )


Moment = Annotated[
    str,
    Meta(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?Z)?$(?!\n)"),
]
"""A UTC date, or a time in ISO 8601 that ends in Z."""


class GetUserCreations(Request, frozen=True):
    page_size: PageSize = DEFAULT_SIZE
    cursor: Cursor | None = None
    type: JobType | None = None
    favorite: bool | None = None
    query: Annotated[str, Meta(min_length=1, max_length=200), Text] | None = None
    model: Annotated[str, Meta(min_length=1, max_length=100)] | None = None
    from_: Moment | None = msgspec.field(default=None, name="from")
    to: Moment | None = None
    collection_id: Id | None = None


class Creations(Response):
    creations: list[Creation]
    next_cursor: str | None


@endpoint(limit=READS)
def getUserCreations(caller: Reader, request: GetUserCreations) -> Creations:
    """List the caller's library, newest first; media by path.

    `query`: words of title and prompt, without regard to case and accents. Each must be one of the creation's first 64
    words, the last may be the beginning of one. `from` and `to`: UTC dates, both included, or times, `to` excluded.

    With more than one filter, or several words, a page may have fewer creations than `pageSize`, or none, although the
    list goes on: it ends where `nextCursor` is null. Creations from before there was a search are found from the next
    nightly sweep on.
    """
    wanted = store.Wanted(
        type=request.type,
        favorite=request.favorite,
        model=request.model,
        collection_id=request.collection_id,
        words=filters.words(request.query),
    )
    span = Span("createdAt", *filters.period(request.from_, request.to))
    found, cursor = store.list_creations(caller.uid, wanted, span, size=request.page_size, cursor=request.cursor)
    return Creations(creations=[_creation(each.data, with_url=False) for each in found], next_cursor=cursor)


class GetCreation(Request, frozen=True):
    creation_id: Id


@endpoint(limit=READS, refuses=(NotFound,))
def getCreation(caller: Reader, request: GetCreation) -> Creation:
    """Return one of the caller's creations, with addresses of its media that are valid for an hour."""
    return _creation(store.owned_creation(caller.uid, request.creation_id), with_url=True)


class UpdateCreation(Request, frozen=True):
    creation_id: Id
    title: Annotated[str, Meta(min_length=1, max_length=100), Name]


@endpoint(limit=WRITES, refuses=(NotFound,))
def updateCreation(caller: User, request: UpdateCreation) -> Creation:
    """Rename one of the caller's creations."""
    return _creation(service.rename(caller, request.creation_id, request.title), with_url=False)


class CreationDeleted(Response):
    deleted: bool


@endpoint(limit=WRITES, refuses=(NotFound,))
def deleteCreation(caller: User, request: GetCreation) -> CreationDeleted:
    """Delete one of the caller's creations with its post. A task deletes files that are left over."""
    service.delete(caller, request.creation_id)
    return CreationDeleted(deleted=True)


class DeleteCreations(Request, frozen=True):
    creation_ids: Annotated[list[Id], Meta(min_length=1, max_length=50)]


class CreationsDeleted(Response):
    deleted: list[str]
    missing: list[str]


@endpoint(limit=WRITES)
def deleteCreations(caller: User, request: DeleteCreations) -> CreationsDeleted:
    """Delete up to 50 of the caller's creations, each as deleteCreation does.

    `missing` names those that are not in the library: deleted before, or never there. After a failure the same call
    deletes the rest, and names as missing what the first one has deleted.
    """
    deleted, missing = service.delete_all(caller, request.creation_ids)
    return CreationsDeleted(deleted=deleted, missing=missing)


class ToggleFavorite(Request, frozen=True):
    creation_id: Id
    favorite: bool | None = None


class Favorite(Response):
    is_favorite: bool


@endpoint(limit=WRITES, refuses=(NotFound,))
def toggleFavorite(caller: User, request: ToggleFavorite) -> Favorite:
    """Set whether one of the caller's creations is a favorite, or toggle it without `favorite`."""
    return Favorite(is_favorite=service.favor(caller, request.creation_id, request.favorite))


class IncrementPlayCount(Request, frozen=True):
    creation_id: Id | None = None


class Plays(Response):
    monthly_plays: int
    resets_at: datetime


@endpoint(limit=WRITES, refuses=(NotFound,))
def incrementPlayCount(caller: User, request: IncrementPlayCount) -> Plays:
    """Count a play: for the caller's month, and for the creation if one is named."""
    count, resets_at = service.count_play(caller, request.creation_id)
    return Plays(monthly_plays=count, resets_at=resets_at)


@task(memory=1024, max_instances=tasks.QUEUES["makeRenditions"].at_once)
def makeRenditions(request: CallableRequest[Any]) -> None:
    """Make the thumbnails of a creation's media, and measure them: width and height, length, waveform.

    Tried once for each creation. A file that cannot be decoded stays without. A task with malformed data is dropped,
    since retrying would not help.
    """
    data = request.data if isinstance(request.data, dict) else {}
    creation_id = data.get("creationId")
    if not isinstance(creation_id, str) or not ids.is_id(creation_id):
        log.warning("task_malformed", function="makeRenditions")
        return
    renditions.make(creation_id)
