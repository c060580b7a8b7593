"""The files that an order gives its model: uploads of its caller."""

from __future__ import annotations

from collections.abc import Sequence

from studiox.kit.errors import InvalidRequest, Unavailable
from studiox.media import objects

MAX_PATH_BYTES = 1000  # of Cloud Storage's 1,024


def check_uploads(uid: str, paths: Sequence[str]) -> None:
    """`InvalidRequest` unless each path is a picture that the caller uploaded; `Unavailable` if Storage fails."""
    try:
        found = [_upload(uid, path) for path in paths]
    except objects.MediaError as error:
        raise Unavailable(retryAfterSeconds=5) from error
    if None in found:
        raise InvalidRequest(fields={"inputPaths": "not an upload of yours"})
    # Providers accept only pictures here. Other files would be debited, rejected and refunded.
    if any(head is not None and head.content_type.startswith(("audio/", "video/")) for head in found):
        raise InvalidRequest(fields={"inputPaths": "not a picture"})


def _upload(uid: str, path: str) -> objects.Head | None:
    folder, _, name = path.rpartition("/")
    if folder != f"users/{uid}/uploads" or name in ("", ".", "..") or not name.isprintable():
        return None
    return objects.read_head(path) if len(path.encode()) <= MAX_PATH_BYTES else None
