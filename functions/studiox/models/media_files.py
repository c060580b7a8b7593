"""One file of a job's result, as jobs, creations and posts list it in `media`. Pure."""

from __future__ import annotations

from studiox.kit.documents import Stored


class MediaFile(Stored, frozen=True, kw_only=True):
    """A file in Cloud Storage. The studio's settlement writes it; a post holds a copy with public paths."""

    path: str
    """The object's name in the bucket."""
    content_type: str
    bytes: int
    title: str | None = None
    """What the provider calls the file, at most 200 characters."""
    duration_seconds: int | float | None = None
    tags: list[str] | None = None
    """The provider's tags, at most 20 of 50 characters."""
    image_path: str | None = None
    """The object's name of a song's cover."""
