"""Stored documents as structs, and how a decision reads and changes them. Pure.

A document's struct (`models/`) has one field for each stored one, in snake_case; Firestore's are in camelCase. A field
with a default is optional: it is absent from the document while it has its default. Every other one is always written.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Generic, TypeVar, overload

import msgspec

Data = Mapping[str, Any]


class Stored(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """A stored document, or a part of one. Fields that a newer version has written are kept, but not seen."""


D = TypeVar("D", bound=Stored)
P = TypeVar("P", bound=Stored)


class Path(str, Generic[D]):
    """A document's path and its struct: `Path("users/u1", User)`."""

    __slots__ = ("struct",)
    struct: type[D]

    def __new__(cls, path: str, type_: type[D]) -> Path[D]:
        made = super().__new__(cls, path)
        made.struct = type_
        return made

    @property
    def id(self) -> str:
        return self.rpartition("/")[2]


class Collection(str, Generic[D]):
    """A collection's path, or the name of a collection group, and the struct of its documents."""

    __slots__ = ("projected", "struct")
    struct: type[D]
    projected: bool

    def __new__(cls, path: str, type_: type[D], *, projected: bool = False) -> Collection[D]:
        made = super().__new__(cls, path)
        made.struct, made.projected = type_, projected
        return made

    def select(self, type_: type[P]) -> Collection[P]:
        """The same collection, of whose documents only this struct's fields are read."""
        return Collection(self, type_, projected=True)

    def document(self, id_: str) -> Path[D]:
        return Path(f"{self}/{id_}", self.struct)


def decode(type_: type[D], data: Data) -> D:
    """The document's struct. msgspec.ValidationError for a document that does not fit it: a bug, or a bad write."""
    return msgspec.convert(data, type_)


def encode(document: Stored, over: Data | None = None) -> dict[str, Any]:
    """The document's fields for Firestore, laid `over` what is stored: fields that the struct does not know stay."""
    written: dict[str, Any] = msgspec.to_builtins(document, builtin_types=(datetime, bytes))
    if over:
        known = field_names(type(document))
        written = {**{name: value for name, value in over.items() if name not in known}, **written}
    return written


@functools.cache
def field_names(type_: Any) -> frozenset[str]:
    """The names of a struct's fields as Firestore has them."""
    return frozenset(field.encode_name for field in msgspec.structs.fields(type_))


def plain(value: Any) -> Any:
    """A value from Firestore's client with plain datetimes instead of its own class, which msgspec does not accept."""
    if isinstance(value, dict):
        return {name: plain(each) for name, each in value.items()}
    if isinstance(value, list):
        return [plain(each) for each in value]
    if isinstance(value, datetime) and type(value) is not datetime:
        return datetime(*value.timetuple()[:6], value.microsecond, tzinfo=value.tzinfo)
    return value


class NotRead(Exception):
    """A decision asked for a document that was not read. It is read, and the decision is made again."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.path = path


class AlreadyDecided(Exception):
    """A decision created a document that exists: its cause has already had its effect. A bug if it surfaces."""


REMOVE = object()
"""As a field's value in `Docs.update`: remove the field."""


class Docs:
    """The documents that one decision reads and changes: its changes on top of the documents as read. No I/O."""

    def __init__(self, look_up: Callable[[str], Data | None]) -> None:
        self._look_up = look_up
        self.touched: set[str] = set()
        """The documents that the decision has read or changed."""
        self.changes: dict[str, Data | None] = {}
        """The changed documents; None: deleted."""
        self.created_unread: set[str] = set()
        """Those of them that were created without being read, as an audit entry is under a new random id."""
        self.after_commit: list[Callable[[], None]] = []
        """Called when the commit of these changes has succeeded, to note it in this process."""

    def _data(self, path: str) -> Data | None:
        self.touched.add(path)
        return self.changes[path] if path in self.changes else self._look_up(path)

    @overload
    def get(self, path: Path[D]) -> D | None: ...  # type: ignore[overload-overlap]

    @overload
    def get(self, path: str) -> Data | None: ...

    def get(self, path: str) -> Any:
        """The document, or None if it does not exist."""
        data = self._data(path)
        return decode(path.struct, data) if isinstance(path, Path) and data is not None else data

    def exists(self, path: str) -> bool:
        return self._data(path) is not None

    @overload
    def create(self, path: Path[D], document: D) -> None: ...

    @overload
    def create(self, path: str, document: Data) -> None: ...

    def create(self, path: str, document: Stored | Data) -> None:
        """Create a document. It need not have been read: the commit fails if it exists, and is decided again."""
        try:
            existing = self._data(path)
        except NotRead:
            existing = None
            self.created_unread.add(path)
        if existing is not None:
            raise AlreadyDecided(path)
        self.changes[path] = encode(document) if isinstance(document, Stored) else document

    @overload
    def update(self, path: Path[D], /, **changes: object) -> D: ...

    @overload
    def update(self, path: str, fields: Data, /) -> Data: ...

    def update(self, path: str, fields: Data | None = None, /, **changes: object) -> Any:
        """Set top-level fields of an existing document, and return the document. KeyError if it does not exist.

        A struct's fields go by its own names: `update(user_path(uid), plan="pro")`. A mapping's go by Firestore's, and
        REMOVE removes one.
        """
        current = self._data(path)
        if current is None:
            raise KeyError(path)
        if isinstance(path, Path):
            if fields is not None:
                raise TypeError("a struct's fields are given by their names")
            changed = msgspec.structs.replace(decode(path.struct, current), **changes)
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
        """Write the whole document, whether it exists or not."""
        current = self._data(path)
        data = encode(document, over=current) if isinstance(document, Stored) else document
        if current != data:
            self.changes[path] = data

    def delete(self, path: str) -> None:
        """Delete the document if it exists."""
        if self._data(path) is not None:
            self.changes[path] = None
