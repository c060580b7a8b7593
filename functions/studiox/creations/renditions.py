"""Thumbnails and measures of a creation's media, made once, by a task that its completion enqueues."""

from __future__ import annotations

import contextlib
from typing import NamedTuple

from msgspec.structs import replace

from studiox.kit import clock, firestore, log, tasks
from studiox.kit.errors import Contention, Unavailable
from studiox.kit.transaction import Docs, Reads, transact
from studiox.media import objects
from studiox.media.renditions import Rendition, render
from studiox.models import notifications, posts
from studiox.models.creations import Creation, creation_path
from studiox.models.deletions import clean_up_path
from studiox.models.jobs import job_path
from studiox.models.media_files import (
    MediaFile,
    Thumbnail,
    first_thumbnail,
    public_path,
    public_thumbnail,
    thumbnail_stem,
)

TASK = "makeRenditions"
MOST_FILES = 8
"""Of one creation. Each takes a minute at most, and the task has ten."""
PUBLIC_CACHE = "public, max-age=300"


def enqueue(creation_id: str, *, again: str = "") -> None:
    """Have the renditions made soon. Enqueue failures are ignored: the nightly sweep finds the creation.

    `again` names a later attempt, because a task's name can be used once.
    """
    try:
        tasks.enqueue(TASK, {"creationId": creation_id}, name=f"{creation_id}-renditions{again}")
    except Unavailable:
        log.warning("renditions_not_enqueued", creationId=creation_id)


def make(creation_id: str) -> None:
    """Make the renditions of a creation, unless it was tried before. May be repeated.

    `Unavailable`, `Contention` while the creation is being published: then the task is sent again.
    """
    creation = firestore.get(creation_path(creation_id))
    if creation is None or creation.renditions_at is not None:
        return
    try:
        media = [_with_rendition(file) for file in creation.media[:MOST_FILES]]
        _keep(creation, [*media, *creation.media[MOST_FILES:]])
    except objects.MediaError as error:
        log.warning("renditions_postponed", creationId=creation_id, error=type(error).__name__)
        raise Unavailable(retryAfterSeconds=5) from error


def _with_rendition(file: MediaFile) -> MediaFile:
    """The file with what was found out about it, its thumbnail stored beside it. MediaError."""
    made = render(file.path, file.content_type, file.bytes)
    pictured = made
    if made.thumbnail is None and file.image_path is not None:
        cover = objects.read_head(file.image_path)
        pictured = Rendition() if cover is None else render(cover.path, cover.content_type, cover.size_bytes)
    small = None
    if pictured.thumbnail is not None:
        stored = objects.store_bytes(pictured.thumbnail, thumbnail_stem(file.path))
        wide, high = pictured.thumbnail_width, pictured.thumbnail_height
        small = Thumbnail(path=stored.path, content_type=stored.content_type, width=wide, height=high)
    seconds = None if made.seconds is None else round(made.seconds, 2)
    return replace(
        file,
        width=made.width,
        height=made.height,
        duration_seconds=seconds if file.duration_seconds is None else file.duration_seconds,
        thumbnail=small,
        waveform=made.waveform,
    )


def _keep(creation: Creation, media: list[MediaFile]) -> None:
    """Write the media to the creation, its job and its post; public copies of the thumbnails come first. MediaError."""
    id_ = creation.creation_id
    thumbnails = [file.thumbnail.path for file in media if file.thumbnail is not None]
    copied: list[str] = []
    outcome = _write(creation, media, copied=False)
    if outcome.public_first:
        copied = [public_path(id_, path) for path in thumbnails]
        for path, public in zip(thumbnails, copied, strict=True):
            objects.copy(path, public, cache_control=PUBLIC_CACHE)
        outcome = _write(creation, media, copied=True)
    superfluous = [] if outcome.visible else copied
    superfluous += [] if outcome.exists else thumbnails
    for path in superfluous:  # deleted or hidden meanwhile. What is left over is found by the nightly sweep
        with contextlib.suppress(objects.MediaError):
            objects.delete(path)
    log.info("renditions_made", creationId=id_, thumbnails=len(thumbnails), files=len(media))


class Written(NamedTuple):
    """What a commit met."""

    exists: bool = True
    """Whether the creation does."""
    visible: bool = False
    """Whether it has a post that people see."""
    public_first: bool = False
    """Nothing was written: there is a post, whose thumbnails have not been copied."""


def _write(creation: Creation, media: list[MediaFile], *, copied: bool) -> Written:
    creation_id, thumbnail = creation.creation_id, first_thumbnail(media)
    announcement = notifications.notification_path(creation.uid, "job_completed", creation_id)
    path, job, post_path = creation_path(creation_id), job_path(creation_id), posts.post_path(creation_id)
    record, now = clean_up_path("post", creation_id), clock.now()

    def decide(docs: Docs) -> Written:
        if docs.get(path) is None:
            return Written(exists=False)
        announced, post, made_by = docs.get(record), docs.get(post_path), docs.get(job)
        if announced is not None and announced.state == "copying":
            raise Contention(retryAfterSeconds=5)  # the post that is being made would lack the thumbnails
        visible = post is not None and not post.is_hidden
        if visible and not copied and any(file.thumbnail for file in media):
            return Written(visible=True, public_first=True)
        docs.update(path, media=media, renditions_at=now)
        if thumbnail is not None:
            notifications.amend(docs, creation.uid, "job_completed", creation_id, thumbnail_path=thumbnail)
        if made_by is not None and made_by.media:
            docs.update(job, media=media)
        if post is not None:
            shown = [_public(creation_id, *both) for both in zip(post.media, media, strict=False)]
            docs.update(post_path, media=[*shown, *post.media[len(shown) :]])
        return Written(visible=visible)

    return transact(path, decide, Reads(fresh=[path, job, post_path, record, announcement]))


def _public(post_id: str, shown: MediaFile, file: MediaFile) -> MediaFile:
    """A post's file with the measures of the creation's."""
    return replace(
        shown,
        width=file.width,
        height=file.height,
        duration_seconds=file.duration_seconds,
        thumbnail=public_thumbnail(post_id, file.thumbnail),
        waveform=file.waveform,
    )
