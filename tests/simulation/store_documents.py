"""The documents of the Firestore in memory: the versions that it holds, and where they are found."""

from __future__ import annotations

from typing import Any

from google.cloud.firestore_v1 import types

from .store_query import NAME, REFERENCE, Key, Segments, key_of, plain_fields

_Found = types.BatchGetDocumentsResponse.pb()
_Row = types.RunQueryResponse.pb()


class Stored:
    """One version of a document. It never changes, so its answers are made once and shared."""

    __slots__ = ("_data", "_found", "_keys", "_row", "message", "micros", "name", "path", "segments")

    def __init__(self, name: str, segments: Segments, message: Any, micros: int) -> None:
        self.name, self.segments, self.message, self.micros = name, segments, message, micros
        self.path = "/".join(segments)
        self._data: dict[str, Any] | None = None
        self._keys: dict[str, Key | None] = {NAME: (REFERENCE, segments)}
        self._found: Any = None
        self._row: Any = None

    @property
    def data(self) -> dict[str, Any]:
        """The fields as Python values. Not to be changed."""
        if self._data is None:
            self._data = plain_fields(self.message.fields)
        return self._data

    def key(self, field: str) -> Key | None:
        """The field's place in Firestore's order; None: there is no such field."""
        try:
            return self._keys[field]
        except KeyError:
            data = self.data
            found = self._keys[field] = key_of(data[field]) if field in data else None
            return found

    @property
    def found(self) -> Any:
        if self._found is None:
            self._found = types.BatchGetDocumentsResponse.wrap(_Found(found=self.message))
        return self._found

    def row(self, projection: set[str] | None) -> Any:
        """The document in a query's answer, with these fields alone."""
        if projection is None:
            if self._row is None:
                self._row = types.RunQueryResponse.wrap(_Row(document=self.message))
            return self._row
        row = _Row()
        row.document.name = self.name
        row.document.create_time.CopyFrom(self.message.create_time)
        row.document.update_time.CopyFrom(self.message.update_time)
        for field in projection.intersection(self.message.fields):
            row.document.fields[field].CopyFrom(self.message.fields[field])
        return types.RunQueryResponse.wrap(row)


Collection = dict[str, Stored]
"""{full name: document}"""


class Database:
    """The documents of one database."""

    def __init__(self) -> None:
        self.documents: Collection = {}
        self.collections: dict[Segments, Collection] = {}
        """By the collection's path."""
        self.groups: dict[str, Collection] = {}
        """By the collection's id."""
        self.last_commit = 0
        """In microseconds since the epoch."""
        self.journal: list[str] = []
        """The path of each document that was changed, in order."""

    def put(self, name: str, segments: Segments, document: Stored | None) -> None:
        """Keep this version of the document, or none."""
        self.journal.append("/".join(segments))
        kept = (
            self.documents,
            self.collections.setdefault(segments[:-1], {}),
            self.groups.setdefault(segments[-2], {}),
        )
        for collection in kept:
            if document is None:
                collection.pop(name, None)
            else:
                collection[name] = document
