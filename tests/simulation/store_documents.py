"""The documents of the Firestore in memory: the versions that it holds, and what it answers of them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from .store_query import ABSENT, NAME, REFERENCE, Key, Segments, key_of, plain_fields, value_of

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


def _shown(value: Any) -> Any:
    """A Value with its maps in order of the names: the code under test may follow it, and a sender's order is lost."""
    if "mapValue" in value:
        return {"mapValue": {"fields": shown(value["mapValue"]["fields"])}}
    if "arrayValue" in value:
        return {"arrayValue": {"values": [_shown(each) for each in value["arrayValue"]["values"]]}}
    return value


def shown(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _shown(fields[name]) for name in sorted(fields)}


class Stored:
    """One version of a document. It never changes, nor do the Values that it got from requests."""

    __slots__ = ("_data", "_keys", "_shown", "_values", "_whole", "created", "name", "segments", "updated")

    def __init__(self, name: str, segments: Segments, values: Mapping[str, Any], created: int, updated: int) -> None:
        self.name, self.segments, self.created, self.updated = name, segments, created, updated
        """The times are in microseconds since the epoch."""
        self._values = values
        self._data: dict[str, Any] | None = None
        self._keys: dict[str, Key | None] = {NAME: (REFERENCE, segments)}
        self._shown: dict[str, Any] | None = None
        self._whole: msgspec.Raw | None = None

    @property
    def path(self) -> str:
        return "/".join(self.segments)

    @property
    def values(self) -> Mapping[str, Any]:
        """{name: Value}"""
        return self._values

    @property
    def data(self) -> dict[str, Any]:
        """The fields as Python values. Not to be changed."""
        if self._data is None:
            self._data = plain_fields(self._values)
        return self._data

    def key(self, field: str) -> Key | None:
        """The field's place in Firestore's order; None: there is no such field."""
        try:
            return self._keys[field]
        except KeyError:
            value = value_of(self.data, field)
            found = self._keys[field] = None if value is ABSENT else key_of(value)
            return found

    def document(self, projection: set[str] | None = None) -> msgspec.Raw:
        """The Document as it is answered, with these fields alone. It is made once for each version."""
        if projection is None and self._whole is not None:
            return self._whole
        if self._shown is None:
            self._shown = shown(self._values)
        fields = self._shown
        if projection is not None:
            fields = {name: value for name, value in fields.items() if name in projection}
        times = {"createTime": time_of(self.created), "updateTime": time_of(self.updated)}
        made = msgspec.Raw(msgspec.json.encode({"name": self.name, "fields": fields, **times}))
        if projection is None:
            self._whole = made
        return made


def time_of(micros: int) -> str:
    """As Firestore writes times: with as many digits as it takes, by threes."""
    written = (EPOCH + micros * MICROSECOND).isoformat()[: -len("+00:00")]
    return f"{written[:-3] if micros % 1_000 == 0 and micros % 1_000_000 else written}Z"


def micros_of(time: str) -> int:
    return (datetime.fromisoformat(time) - EPOCH) // MICROSECOND


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
