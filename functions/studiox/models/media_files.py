"""One file of a job's result, as jobs, creations and posts list it in `media`. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec.structs import replace

from studiox.kit.documents import Stored


class Thumbnail(Stored, frozen=True, kw_only=True):
    """A small picture of a file, whose longest side has at most 512 pixels."""

    path: str
    """The object's name in the bucket, beside the file's."""
    content_type: str
    width: int
    height: int


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
    width: int | None = None
    """In pixels, of a picture or film. This and the next three are absent until the file's renditions were made."""
    height: int | None = None
    thumbnail: Thumbnail | None = None
    """Of a picture, a film's poster, or a song's cover."""
    waveform: list[int] | None = None
    """How loud a sound is in 64 equal parts of it; the loudest is 100."""


def paths_of(media: Iterable[MediaFile]) -> list[str]:
    """The object names of these files, of their covers and thumbnails."""
    files = list(media)
    paths = [file.path for file in files] + [file.image_path for file in files if file.image_path is not None]
    return paths + [file.thumbnail.path for file in files if file.thumbnail is not None]


def first_thumbnail(media: Iterable[MediaFile]) -> str | None:
    """The object's name of the first thumbnail of these files."""
    return next((file.thumbnail.path for file in media if file.thumbnail is not None), None)


def picture_of(file: MediaFile) -> str | None:
    """The object's name of the file's thumbnail, of the picture that it is, or of a song's cover; None without any."""
    if file.thumbnail is not None:
        return file.thumbnail.path
    return file.path if file.content_type.startswith("image/") else file.image_path


def thumbnail_stem(path: str) -> str:
    """The object's name of a file's thumbnail, without its extension."""
    folder, _, name = path.rpartition("/")
    return f"{folder}/thumbnail-{name.split('.')[0]}"


def public_path(post_id: str, path: str) -> str:
    """The object's name of the public copy of a creation's file."""
    return f"posts/{post_id}/{path.rsplit('/', 1)[1]}"


def public_thumbnail(post_id: str, thumbnail: Thumbnail | None) -> Thumbnail | None:
    return None if thumbnail is None else replace(thumbnail, path=public_path(post_id, thumbnail.path))
