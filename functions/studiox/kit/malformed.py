"""Reports stored documents that do not fit their structs, so that a walk over many documents can go on without them."""

from __future__ import annotations

from collections.abc import Sequence

from . import firestore, log
from .cache import UNKNOWN, Cache
from .documents import D, MalformedDocument, Path
from .process import per_process

HOUR_S = 3600.0


@per_process
def _reported() -> Cache[bool]:
    """The documents that this process has reported within the hour: a schedule meets the same one every minute."""
    return Cache(1_000, ttl_s=HOUR_S)


def report(error: MalformedDocument | None) -> None:
    """Alert that this document, if any, does not fit: its path and the field, no value."""
    if error is None:
        return
    place = str(error)
    if _reported().get(place) is UNKNOWN:
        _reported().put(place, True)
        log.alert("document_malformed", path=error.path, field=error.field)


def get_all(paths: Sequence[Path[D]]) -> list[D | MalformedDocument | None]:
    """The documents at these paths, as `firestore.get_all`; those that do not fit are reported. `Unavailable`."""
    found = firestore.read_documents(paths) if paths else {}
    return [_checked(path, found[path]) for path in paths]


def _checked(path: Path[D], document: firestore.Document) -> D | MalformedDocument | None:
    try:
        return document.as_(path)
    except MalformedDocument as error:
        report(error)
        return error
