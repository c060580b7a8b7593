"""Stored documents as structs, and how a decision reads and changes them. Pure.

A document's struct (`models/`) has one field for each stored one, in snake_case; Firestore's are in camelCase. A field
with a default is optional: it is absent from the document while it has its default. Every other one is always written.
"""

from __future__ import annotations

import functools
import re
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Generic, TypeVar

import msgspec

from . import structs

Data = Mapping[str, Any]
FieldPath = tuple[str, ...]
"""The names on the way to a field in a document's maps: `("byModel", "Model A")`."""


class Stored(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """A stored document, or a part of one. Fields that a newer version has written are kept."""


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


class MalformedDocument(Exception):
    """A stored document does not fit its struct: written by a bug, or by hand. Names the field, but no value."""

    def __init__(self, path: str, field: str) -> None:
        super().__init__(f"{path}: {field}")
        self.path = str(path)
        self.field = field


def decode(type_: type[D], data: Data) -> D:
    """The document's struct. msgspec.ValidationError for a document that does not fit it: its message has values."""
    return structs.convert(data, type_)


def typed(path: Path[D], data: Data) -> D:
    """The struct of the document at `path`. `MalformedDocument` if it does not fit."""
    try:
        return decode(path.struct, data)
    except msgspec.ValidationError as error:
        raise MalformedDocument(path, _field(str(error))) from None  # the cause's message may quote a value


_MISSING = re.compile(r"required field `(\w+)`")
_PLACE = re.compile(r" - at `\$\.?(.*)`$")


def _field(message: str) -> str:
    """Which field msgspec's message is about: `price`, `error.reason`, `media[0].bytes`."""
    place, missing = _PLACE.search(message), _MISSING.search(message)
    return ".".join(found[1] for found in (place, missing) if found) or "document"


def encode(document: Stored, over: Data | None = None) -> dict[str, Any]:
    """The document's fields for Firestore, laid `over` what is stored: fields that are not in the struct stay."""
    written: dict[str, Any] = msgspec.to_builtins(document, builtin_types=(datetime, bytes))
    if over:
        known = field_names(type(document))
        written = {**{name: value for name, value in over.items() if name not in known}, **written}
    return written


@functools.cache
def field_names(type_: Any) -> frozenset[str]:
    """The names of a struct's fields as Firestore has them."""
    return frozenset(field.encode_name for field in msgspec.structs.fields(type_))


@functools.cache
def attribute(type_: Any, name: str) -> str:
    """The attribute of a struct that holds the field which Firestore has under this name."""
    return next(field.name for field in msgspec.structs.fields(type_) if field.encode_name == name)


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


class Docs:
    """The documents that one decision reads and changes: its changes on top of the documents as read. No I/O."""

    def __init__(self, look_up: Callable[[str], Data | None]) -> None:
        self._look_up = look_up
        self.touched: set[str] = set()
        """The documents that the decision has read or changed."""
        self.changes: dict[str, Data | None] = {}
        """The changed documents; None: deleted."""
        self.increments: dict[str, Counter[FieldPath]] = {}
        """What is added to fields of documents that are not read."""
        self.created_unread: set[str] = set()
        """Those of them that were created without being read, as an audit entry is under a new random id."""
        self.after_commit: list[Callable[[], None]] = []
        """Called when the commit of these changes has succeeded, to note it in this process."""

    def _data(self, path: str) -> Data | None:
        self.touched.add(path)
        return self.changes[path] if path in self.changes else self._look_up(path)

    def get(self, path: Path[D]) -> D | None:
        """The document, or None if it does not exist. `MalformedDocument`."""
        data = self._data(path)
        return None if data is None else typed(path, data)

    def fields(self, path: Path[Any]) -> Data | None:
        """The stored fields of a document that need not fit its struct, such as an override of some fields."""
        return self._data(path)

    def exists(self, path: str) -> bool:
        return self._data(path) is not None

    def is_found(self, path: str) -> bool:
        """Whether the document was read and exists. False if it was not read: no commit verifies that."""
        try:
            return self._look_up(path) is not None
        except NotRead:
            return False

    def create(self, path: Path[D], document: D) -> None:
        """Create a document. It need not have been read: the commit fails if it exists, and is decided again."""
        try:
            existing = self._data(path)
        except NotRead:
            existing = None
            self.created_unread.add(path)
        if existing is not None:
            raise AlreadyDecided(path)
        self.changes[path] = encode(document)

    def update(self, path: Path[D], /, **changes: object) -> D:
        """Set fields of an existing document and return it: `update(user_path(uid), plan="pro")`.

        KeyError if it does not exist; `MalformedDocument`.
        """
        current = self._data(path)
        if current is None:
            raise KeyError(path)
        changed = msgspec.structs.replace(typed(path, current), **changes)
        self.put(path, changed)
        return changed

    def put(self, path: Path[D], document: D) -> None:
        """Write the whole document, whether it exists or not."""
        current = self._data(path)
        data = encode(document, over=current)
        if current != data:
            self.changes[path] = data

    def put_fields(self, path: Path[Any], data: Data) -> None:
        """Write the whole document by its stored fields. It need not fit its struct."""
        if self._data(path) != data:
            self.changes[path] = data

    def increment(self, path: Path[Any], amounts: Mapping[FieldPath, int]) -> None:
        """Add these amounts to fields of a document that is neither read nor otherwise changed. It is made if absent.

        No precondition holds this back. So the decision must first write a document that shows that it was made: after
        a lost answer it is made again, and must then add nothing. ValueError if it has written nothing.
        """
        if not self.changes:
            raise ValueError("an increment alone would be made twice after a lost answer")
        added = self.increments.setdefault(path, Counter())
        for field, amount in amounts.items():
            added[field] += amount

    def rewrite(self, path: Path[D], change: Callable[[Data], Data], to: Path[D] | None = None) -> None:
        """Change the stored fields of a document, if it exists, and move it `to` another path.

        `change` gets every stored field, including those that are not in the struct. The document need not fit it.
        """
        current = self._data(path)
        if current is None:
            return
        target, data = to or path, change(current)
        if self._data(target) != data:
            self.changes[target] = data
        if target != path:
            self.delete(path)

    def delete(self, path: str) -> None:
        """Delete the document if it exists."""
        if self._data(path) is not None:
            self.changes[path] = None
