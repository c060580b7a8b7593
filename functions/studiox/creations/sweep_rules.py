"""What the nightly sweep may delete, and what it reports. Pure.

Three walks, one after the other: `users` (uploads and the media of creations), `posts` (public copies), `creations`
(documents whose media are gone). Nothing younger than a day is touched: a job has ended long before that. Uploads are
the exception, where there are too many of one person's: no rule of Cloud Storage's can count.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Literal, NamedTuple

from studiox.kit.clock import datetime, timedelta
from studiox.models.creations import Creation
from studiox.models.jobs import Job
from studiox.models.media_files import MediaFile
from studiox.models.sweeps import Stage

STAGES: tuple[Stage, ...] = ("users", "posts", "creations")

MEDIA_AGE = timedelta(hours=24)
UPLOAD_AGE = timedelta(days=7)
MAX_UPLOADS = 200
MAX_UPLOAD_BYTES = 1 << 30
CROWD = 25
"""Users with fewer uploads on each of two neighbouring pages cannot have too many: one is at most 20 MiB."""


class Place(NamedTuple):
    """What an object's path says it is: an upload of `owner`, a file of the creation `id`, a copy of the post `id`."""

    kind: Literal["upload", "creation", "post"]
    owner: str
    id: str


def place_of(path: str) -> Place | None:
    """None for a path that does not belong to us: the sweep does not touch it."""
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
    """Whether it is so old that nothing is being written to it any more."""
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
    """The object names of these files and of their covers."""
    return {path for file in media for path in (file.path, file.image_path) if path}


def is_orphan(path: str, owner: str, creation: Creation | None, job: Job | None) -> bool:
    """Whether a file of a creation's folder belongs to no document. The files of a running job do not count as such."""
    if job is not None and not job.is_terminal:
        return False
    return creation is None or creation.uid != owner or path not in media_paths(creation.media)


def missing_media(media: Iterable[MediaFile], text: str | None, existing: Collection[str]) -> list[str]:
    """The media of a creation that do not exist; `media` for a creation that has neither media nor text."""
    named = media_paths(media)
    if not named and not text:
        return ["media"]
    return sorted(named - set(existing))


def next_stage(stage: Stage) -> Stage | None:
    """The stage after this one, None after the last."""
    position = STAGES.index(stage) + 1
    return STAGES[position] if position < len(STAGES) else None
