"""What one decision of a transaction sees and changes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, overload

import msgspec

from . import documents
from .documents import D, Data, Path, Stored


class Unread(Exception):
    """A decision asked for a document that was not read yet: it is read, and the decision made anew."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.path = path


class AlreadyDecided(Exception):
    """A decision created a document that exists: its cause has already had its effect. A bug if it surfaces."""


class Docs:
    """What one decision sees and changes: an overlay over the documents as read. Pure, no I/O."""

    def __init__(self, look_up: Callable[[str], Data | None]) -> None:
        self._look_up = look_up
        self.touched: set[str] = set()
        self.changes: dict[str, Data | None] = {}
        self.once_committed: list[Callable[[], None]] = []
        """What is to be noted in this process when the commit of these changes has succeeded."""

    def _data(self, path: str) -> Data | None:
        self.touched.add(path)
        return self.changes[path] if path in self.changes else self._look_up(path)

    @overload
    def get(self, path: Path[D]) -> D | None: ...  # type: ignore[overload-overlap]

    @overload
    def get(self, path: str) -> Data | None: ...

    def get(self, path: str) -> Any:
        """The document, None if it does not exist."""
        data = self._data(path)
        return documents.decode(path.struct, data) if isinstance(path, Path) and data is not None else data

    def exists(self, path: str) -> bool:
        return self._data(path) is not None

    @overload
    def create(self, path: Path[D], document: D) -> None: ...

    @overload
    def create(self, path: str, document: Data) -> None: ...

    def create(self, path: str, document: Stored | Data) -> None:
        """A new document. It need not have been read: the commit fails if it exists, and all is decided anew."""
        try:
            existing = self._data(path)
        except Unread:
            existing = None
        if existing is not None:
            raise AlreadyDecided(path)
        self.changes[path] = documents.encode(document) if isinstance(document, Stored) else document

    @overload
    def update(self, path: Path[D], fields: Data = ..., **changes: object) -> D: ...  # type: ignore[overload-overlap]

    @overload
    def update(self, path: str, fields: Data) -> Data: ...

    def update(self, path: str, fields: Data | None = None, **changes: object) -> Any:
        """Set these top-level fields of an existing document; what it is then. KeyError if there is none.

        Of a struct by its own names, `update(user_path(uid), plan="pro")`; of a mapping by Firestore's, where REMOVE
        takes a field away.
        """
        current = self._data(path)
        if current is None:
            raise KeyError(path)
        if isinstance(path, Path):
            changed = msgspec.structs.replace(documents.decode(path.struct, current), **changes)
            self.put(path, changed)
            return changed
        merged = {name: value for name, value in {**current, **(fields or {})}.items() if value is not REMOVE}
        if merged != current:
            self.changes[path] = merged
        return merged

    @overload
    def put(self, path: Path[D], document: D) -> None: ...

    @overload
    def put(self, path: str, document: Data) -> None: ...

    def put(self, path: str, document: Stored | Data) -> None:
        """The whole document, whether it exists or not."""
        current = self._data(path)
        data = documents.encode(document, over=current) if isinstance(document, Stored) else document
        if current != data:
            self.changes[path] = data

    def delete(self, path: str) -> None:
        if self._data(path) is not None:
            self.changes[path] = None


REMOVE = object()
"""As a field's value in `Docs.update`: take the field away."""
