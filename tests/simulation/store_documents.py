"""The documents of the Firestore in memory: the versions that it holds, and how the client library sees them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from google.protobuf.timestamp_pb2 import Timestamp  # type: ignore[import-untyped]

from .store_query import ABSENT, NAME, REFERENCE, Key, Segments, key_of, plain_fields, value_of


class Message:
    """What the client library reads of an answer, as attributes instead of a protobuf message.

    It is made once for each version of a document, it is shared, and its fields are in order of their names: protobuf's
    order is another one in each process, and the code under test may follow it.
    """

    def __init__(self, kind: str = "", **held: Any) -> None:
        self._kind = kind
        self.__dict__.update(held)

    @property
    def _pb(self) -> Message:
        return self

    @staticmethod
    def pb(message: Message) -> Message:
        return message

    def WhichOneof(self, _group: str) -> str:
        return self._kind

    def HasField(self, name: str) -> bool:
        return self.__dict__[name] is not None


NO_TIME = Timestamp()


def row(document: Message | None, skipped: int = 0) -> Message:
    """One answer to a query."""
    return Message(document=document, read_time=NO_TIME, explain_metrics=None, skipped_results=skipped)


def _shown(value: Any) -> Any:
    """A Value message as the client library sees it: itself, unless it holds a map."""
    kind = value.WhichOneof("value_type")
    if kind == "map_value":
        fields = value.map_value.fields
        return Message(kind, map_value=Message(fields={name: _shown(fields[name]) for name in sorted(fields)}))
    if kind == "array_value":
        return Message(kind, array_value=Message(values=[_shown(each) for each in value.array_value.values]))
    return value


class Stored:
    """One version of a document. It never changes, nor do the Value messages that it got from requests."""

    __slots__ = ("_data", "_found", "_keys", "_row", "_shown", "_values", "created", "name", "segments", "updated")

    def __init__(self, name: str, segments: Segments, values: Mapping[str, Any], created: Any, updated: Any) -> None:
        self.name, self.segments, self.created, self.updated = name, segments, created, updated
        self._values = values
        self._data: dict[str, Any] | None = None
        self._keys: dict[str, Key | None] = {NAME: (REFERENCE, segments)}
        self._shown: dict[str, Any] | None = None
        self._found: Message | None = None
        self._row: Message | None = None

    @property
    def path(self) -> str:
        return "/".join(self.segments)

    @property
    def values(self) -> dict[str, Any]:
        """{name: Value message}, in order of the names."""
        if not isinstance(self._values, dict):
            self._values = {name: self._values[name] for name in sorted(self._values)}
        return self._values

    @property
    def data(self) -> dict[str, Any]:
        """The fields as Python values. Not to be changed."""
        if self._data is None:
            self._data = plain_fields(self.values)
        return self._data

    def key(self, field: str) -> Key | None:
        """The field's place in Firestore's order; None: there is no such field."""
        try:
            return self._keys[field]
        except KeyError:
            value = value_of(self.data, field)
            found = self._keys[field] = None if value is ABSENT else key_of(value)
            return found

    def found(self) -> Message:
        """The answer to a read of the document."""
        if self._found is None:
            self._found = Message("found", found=self._document())
        return self._found

    def row(self, projection: set[str] | None) -> Message:
        """The answer to a query that finds the document, with these fields alone."""
        if projection is not None:
            return row(self._document(projection))
        if self._row is None:
            self._row = row(self._document())
        return self._row

    def _document(self, projection: set[str] | None = None) -> Message:
        if self._shown is None:
            self._shown = {name: _shown(value) for name, value in self.values.items()}
        fields = self._shown
        if projection is not None:
            fields = {name: value for name, value in fields.items() if name in projection}
        return Message(name=self.name, fields=fields, create_time=self.created, update_time=self.updated)


def time_of(micros: int) -> Any:
    return Timestamp(seconds=micros // 1_000_000, nanos=micros % 1_000_000 * 1_000)


def micros_of(time: Any) -> int:
    micros: int = time.seconds * 1_000_000 + time.nanos // 1_000
    return micros


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
        self.deleted: dict[str, int] = {}
        """When each document was last deleted, by its full name: Firestore's version of an absent document."""
        self.last_commit = 0
        """In microseconds since the epoch."""
        self.journal: list[Segments] = []
        """The path of each document that was changed, in order."""

    def next_commit(self, now: float) -> int:
        """The time of a commit: later than every one before it, whatever the clock says."""
        self.last_commit = max(round(now * 1_000_000), self.last_commit + 1)
        return self.last_commit

    def put(self, name: str, segments: Segments, document: Stored | None) -> None:
        """Keep this version of the document, or none."""
        self.journal.append(segments)
        above, group = segments[:-1], segments[-2]
        if document is None:
            self.deleted[name] = self.last_commit
            for kept in (self.documents, self.collections[above], self.groups[group]):
                del kept[name]
            return
        if above not in self.collections:
            self.collections[above] = {}
            self.groups.setdefault(group, {})
        self.documents[name] = self.collections[above][name] = self.groups[group][name] = document
