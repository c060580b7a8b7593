"""The files that an order gives its model: its caller's uploads, and files of its caller's creations."""

from __future__ import annotations

import re
from collections.abc import Sequence

from studiox.kit import ids
from studiox.kit.errors import InvalidRequest, Unavailable, Wrong
from studiox.kit.transaction import Docs
from studiox.media import objects
from studiox.media.filetypes import GIF, HEAD_BYTES, JPEG, PNG, WEBP, detect
from studiox.models.creations import creation_path
from studiox.models.jobs import JobState

MAX_PATH_BYTES = 1000  # of Cloud Storage's 1,024
NOT_YOURS = Wrong("not an upload of yours, nor a file of your creations", {"rule": "notYours"})
NOT_A_PICTURE = Wrong("not a PNG, JPEG, WebP or GIF picture", {"rule": "notAPicture"})
"""Providers accept only pictures here. Other files would be debited, rejected and refunded."""
PICTURES = (PNG, JPEG, WEBP, GIF)


def check_uploads(uid: str, paths: Sequence[str]) -> None:
    """`InvalidRequest` unless each path is of a creation of the caller's, which `check_sources` looks up, or a picture
    that the caller uploaded; `Unavailable` if Storage fails.

    Whether an upload is a picture is read from its first bytes: its declared type is the client's word.
    """
    try:
        found = [_first_bytes(uid, path) for path in paths if _source(uid, path) is None]
    except objects.MediaGone as error:
        raise InvalidRequest(fields={"inputPaths": NOT_YOURS}) from error
    except objects.MediaError as error:
        raise Unavailable(retryAfterSeconds=5) from error
    if any(detect(head) not in PICTURES for head in found):
        raise InvalidRequest(fields={"inputPaths": NOT_A_PICTURE})


def _first_bytes(uid: str, path: str) -> bytes:
    """Of one of the caller's uploads. MediaGone if the path is of none."""
    folder, _, name = path.rpartition("/")
    ours = folder == f"users/{uid}/uploads" and name not in ("", ".", "..") and name.isprintable()
    if not ours or len(path.encode()) > MAX_PATH_BYTES:
        raise objects.MediaGone("not a path of the caller's uploads")
    return objects.read_range(path, 0, HEAD_BYTES)


def sources(uid: str, paths: Sequence[str]) -> list[str]:
    """The ids of the caller's creations that these paths are of, each once."""
    return list(dict.fromkeys(id_ for path in paths if (id_ := _source(uid, path)) is not None))


def _source(uid: str, path: str) -> str | None:
    """The id of the creation whose file this path may be, if it is below the caller's creations."""
    below = f"users/{uid}/creations/"
    found = re.fullmatch(r"([^/]+)/[0-9]{1,4}\.[a-z0-9]{1,8}", path.removeprefix(below))
    return found[1] if path.startswith(below) and found is not None and ids.is_id(found[1]) else None


def check_sources(docs: Docs, uid: str, paths: Sequence[str]) -> list[str]:
    """The ids of the creations that these paths are of, in a decision. `InvalidRequest` unless they are pictures that
    creations of the caller's hold. Paths of uploads are passed over."""
    for path in paths:
        creation_id = _source(uid, path)
        if creation_id is None:
            continue
        creation = docs.get(creation_path(creation_id))
        held = [] if creation is None or creation.uid != uid else [file for file in creation.media if file.path == path]
        if not held:
            raise InvalidRequest(fields={"inputPaths": NOT_YOURS})
        if not held[0].content_type.startswith("image/"):
            raise InvalidRequest(fields={"inputPaths": NOT_A_PICTURE})
    return sources(uid, paths)


def is_one_missing(state: JobState) -> bool:
    """Whether a file of the order has been deleted. MediaError if Storage fails.

    Uploads were looked up just before the debit, so they are looked up again only if the order has waited since.
    """
    paths = state.inputs.get("inputPaths") or ()
    unsure = [path for path in paths if state.attempts or _source(state.uid, path) is not None]
    return any(objects.read_head(path) is None for path in unsure)
