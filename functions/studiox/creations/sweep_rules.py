"""What the nightly sweep may delete, and what it reports. Pure.

Three walks, one after the other: `users` (uploads and the media of creations), `posts` (public copies), `creations`
(documents whose media are gone). Nothing younger than a day is touched: a job has ended long before that. Uploads are
the exception, where there are too many of one person's: no rule of Cloud Storage's can count.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any, Literal, NamedTuple

from studiox.kit.clock import datetime, timedelta

Stage = Literal["users", "posts", "creations"]
STAGES: tuple[Stage, ...] = ("users", "posts", "creations")

MEDIA_AGE = timedelta(hours=24)
UPLOAD_AGE = timedelta(days=7)
MAX_UPLOADS = 200
MAX_UPLOAD_BYTES = 1 << 30
CROWD = 25
"""Nobody with fewer uploads in each of two neighbouring pages has too many: one has at most 20 MiB."""
TERMINAL = ("completed", "failed", "cancelled")

Data = Mapping[str, Any]


class Place(NamedTuple):
    """What an object's path says it is: an upload of `owner`, a file of the creation `id`, a copy of the post `id`."""

    kind: Literal["upload", "creation", "post"]
    owner: str
    id: str


def place_of(path: str) -> Place | None:
    """None for a path that is none of ours: it is left alone."""
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
    """Whether it has been there for so long that nobody is writing it any more."""
    return now - created_at > (UPLOAD_AGE if place.kind == "upload" else MEDIA_AGE)


class Upload(NamedTuple):
    """A file that somebody put there."""

    path: str
    size: int
    created_at: datetime


def surplus(uploads: Iterable[Upload]) -> list[str]:
    """The oldest uploads of one person, beyond what each may keep: so many, and so many bytes."""
    kept = size = 0
    gone = []
    for upload in sorted(uploads, key=lambda each: (each.created_at, each.path), reverse=True):
        kept, size = kept + 1, size + upload.size
        if kept > MAX_UPLOADS or size > MAX_UPLOAD_BYTES:
            gone.append(upload.path)
    return gone


def media_paths(creation: Data) -> set[str]:
    """Every object that the document names."""
    named = ("path", "imagePath")
    return {item[name] for item in creation.get("media", ()) for name in named if item.get(name)}


def is_orphan(path: str, owner: str, creation: Data | None, job: Data | None) -> bool:
    """Whether a file of a creation's folder belongs to nothing. What a running job has brought in does not."""
    if job is not None and job["status"] not in TERMINAL:
        return False
    return creation is None or creation["uid"] != owner or path not in media_paths(creation)


def lacks(creation: Data, there: Collection[str]) -> list[str]:
    """The media that the document names and that are not there; a creation of neither media nor text lacks all."""
    named = media_paths(creation)
    if not named and not creation.get("text"):
        return ["media"]
    return sorted(named - set(there))


def next_stage(stage: Stage) -> Stage | None:
    """The walk after this one, None after the last."""
    position = STAGES.index(stage) + 1
    return STAGES[position] if position < len(STAGES) else None
