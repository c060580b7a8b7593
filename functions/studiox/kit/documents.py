"""Stored documents as structs: where one lies, which struct it is, and how it is read and written. Pure.

A document's struct (`models/`) has one field for each stored one, in snake_case; Firestore's are in camelCase. A field
with a default is optional: it is absent from the document while it has its default. Every other one is always written.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Generic, TypeVar

import msgspec

Data = Mapping[str, Any]


class Stored(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """A stored document, or a part of one. Fields that a newer version has written are kept, but not seen."""


D = TypeVar("D", bound=Stored)
P = TypeVar("P", bound=Stored)


class Path(str, Generic[D]):
    """Where one document lies, as `users/u1`, and the struct that it is: `Path("users/u1", User)`."""

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
    """What Firestore's client answers, with plain datetimes instead of its own class, which msgspec does not take."""
    if isinstance(value, dict):
        return {name: plain(each) for name, each in value.items()}
    if isinstance(value, list):
        return [plain(each) for each in value]
    if isinstance(value, datetime) and type(value) is not datetime:
        return datetime(*value.timetuple()[:6], value.microsecond, tzinfo=value.tzinfo)
    return value
