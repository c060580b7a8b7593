"""Which files the nightly sweep may delete, and which problems it reports. Pure.

The sweep walks through `users` (uploads and the media of creations), `posts` (public copies) and `creations`
(documents whose media are missing). It keeps files younger than a day, because a running job may still write them. The
exception is a user with too many uploads: Cloud Storage rules cannot enforce a count.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Literal, NamedTuple

from studiox.kit.clock import datetime, timedelta
from studiox.models.creations import Creation
from studiox.models.jobs import Job
from studiox.models.media_files import MediaFile, paths_of

MEDIA_AGE = timedelta(hours=24)
UPLOAD_AGE = timedelta(days=7)
MAX_UPLOADS = 200
MAX_UPLOAD_BYTES = 1 << 30
CROWD = 25
"""A user with fewer uploads than this on each of two neighbouring pages is within both limits: an upload is at most
20 MiB."""


class Place(NamedTuple):
    """The kind of an object, from its path: an upload of `owner`, a file of creation `id`, or a copy of post `id`."""

    kind: Literal["upload", "creation", "post"]
    owner: str
    id: str


def place_of(path: str) -> Place | None:
    """The kind of the object at this path, or None for an unknown path, which the sweep keeps."""
    match path.split("/"):
        case ["users", uid, "uploads", _]:
            return Place("upload", uid, "")
        case ["users", uid, "creations", creation_id, _]:
            return Place("creation", uid, creation_id)
        case ["posts", post_id, _]:
            return Place("post", "", post_id)
        case _:
            return None


def is_old(place: Place, created_at: datetime, now: datetime) -> bool:
    """Whether the object is old enough to be deleted: no running job can still refer to it."""
    return now - created_at > (UPLOAD_AGE if place.kind == "upload" else MEDIA_AGE)


class Upload(NamedTuple):
    """A file that a user uploaded."""

    path: str
    size: int
    created_at: datetime


def surplus(uploads: Iterable[Upload]) -> list[str]:
    """The oldest of one user's uploads, beyond MAX_UPLOADS and MAX_UPLOAD_BYTES."""
    kept = size = 0
    gone = []
    for upload in sorted(uploads, key=lambda each: (each.created_at, each.path), reverse=True):
        kept, size = kept + 1, size + upload.size
        if kept > MAX_UPLOADS or size > MAX_UPLOAD_BYTES:
            gone.append(upload.path)
    return gone


def media_paths(media: Iterable[MediaFile]) -> set[str]:
    """The object names of these files, of their covers and thumbnails."""
    return set(filter(None, paths_of(media)))


def is_orphan(path: str, owner: str, creation: Creation | None, job: Job | None) -> bool:
    """Whether no document refers to this file of a creation's folder. Files of a running job are not orphans."""
    if job is not None and not job.is_terminal:
        return False
    return creation is None or creation.uid != owner or path not in media_paths(creation.media)


def missing_media(media: Iterable[MediaFile], text: str | None, existing: Collection[str]) -> list[str]:
    """The paths of the creation's media that do not exist; `["media"]` if it has neither media nor text."""
    named = media_paths(media)
    if not named and not text:
        return ["media"]
    return sorted(named - set(existing))
