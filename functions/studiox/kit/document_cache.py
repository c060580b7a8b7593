"""The documents that this process last committed or read. A cached document is a guess until a commit verifies it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from . import documents
from .cache import UNKNOWN, Cache
from .documents import D, Data, Path

SIZE = 1_000
CACHED = ("users", "rateLimits", "posts", "jobs")
"""The collections whose documents calls change again and again."""


class Document:
    """A document as it was read: its data (None: absent) and its update_time, which is a commit's precondition."""

    __slots__ = ("data", "update_time")

    def __init__(self, data: Data | None, update_time: Any) -> None:
        self.data = data
        self.update_time = update_time

    def as_(self, path: Path[D]) -> D | None:
        """The struct of the document at `path`, which this was read from. `MalformedDocument`."""
        return None if self.data is None else documents.typed(path, self.data)


class DocumentCache:
    """Documents by path."""

    def __init__(self) -> None:
        self._cache: Cache[Document] = Cache(SIZE)

    def get(self, path: str) -> Document | None:
        found = self._cache.get(path)
        return None if found is UNKNOWN else found

    def forget(self, paths: Iterable[str]) -> None:
        for path in paths:
            self._cache.pop(path)

    def clear(self) -> None:
        self._cache.clear()

    def note_read(self, path: str, document: Document) -> None:
        """Cache a rate limit's counter that was read with other documents, so that a refused call need not read it."""
        if not path.startswith("rateLimits/"):
            return
        with self._cache.lock:
            before = self.get(path)
            committed = None if before is None or before.data is None else before.update_time
            if committed is not None and (document.data is None or document.update_time <= committed):
                return  # read before this process's last commit
            self._cache.put(path, document)

    def note_commit(self, path: str, data: Data | None, update_time: Any) -> None:
        """Cache a document that was committed; None: deleted."""
        first, *rest = path.split("/")
        if first not in CACHED or rest[1:] not in ([], ["private", "state"]):
            return
        if data is None:
            self._cache.pop(path)
        else:
            self._cache.put(path, Document(data, update_time))
