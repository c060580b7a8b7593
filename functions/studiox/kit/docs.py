"""What one decision of a transaction sees and changes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

Data = Mapping[str, Any]


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

    def get(self, path: str) -> Data | None:
        """The document's data, None if it does not exist."""
        self.touched.add(path)
        return self.changes[path] if path in self.changes else self._look_up(path)

    def create(self, path: str, data: Data) -> None:
        """A new document. It need not have been read: the commit fails if it exists, and all is decided anew."""
        try:
            existing = self.get(path)
        except Unread:
            existing = None
        if existing is not None:
            raise AlreadyDecided(path)
        self.changes[path] = data

    def update(self, path: str, fields: Data) -> Data:
        """Set these top-level fields (REMOVE: take one away) of an existing document; what it holds then."""
        current = self.get(path)
        if current is None:
            raise KeyError(path)
        merged = {name: value for name, value in {**current, **fields}.items() if value is not REMOVE}
        if merged != current:
            self.changes[path] = merged
        return merged

    def put(self, path: str, data: Data) -> None:
        """The whole document, whether it exists or not."""
        if self.get(path) != data:
            self.changes[path] = data

    def delete(self, path: str) -> None:
        if self.get(path) is not None:
            self.changes[path] = None


REMOVE = object()
"""As a field's value in `Docs.update`: take the field away."""
