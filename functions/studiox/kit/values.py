"""Firestore's documents and writes in the JSON of its REST API. Pure.

https://firebase.google.com/docs/firestore/reference/rest/v1/Value. tests/kit/test_values.py compares this with the
client library.
"""

from __future__ import annotations

import base64
import functools
import math
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from .documents import FieldPath

Values = Mapping[str, Any]
Json = dict[str, Any]


def create(name: str, data: Values) -> Json:
    """Write a document that must not exist. `name` is its full name.

    ValueError or TypeError for values that Firestore cannot hold.
    """
    return {"update": {"name": name, "fields": fields_json(data)}, "currentDocument": {"exists": False}}


def update(name: str, fields: Values, removed: Iterable[str], update_time: str) -> Json:
    """Set these top-level fields and remove those, if the document has not changed since `update_time`."""
    return {
        "update": {"name": name, "fields": fields_json(fields)},
        "updateMask": {"fieldPaths": sorted(map(_quoted, (*fields, *removed)))},
        "currentDocument": {"updateTime": update_time},
    }


def delete(name: str, update_time: str | None = None) -> Json:
    """Delete a document, if it has not changed since `update_time`; None: whatever it holds."""
    condition = {} if update_time is None else {"currentDocument": {"updateTime": update_time}}
    return {"delete": name, **condition}


def increment(name: str, amounts: Mapping[FieldPath, int]) -> Json:
    """Add these amounts to the document's fields, whatever they are. A document or a field that is absent is made."""
    transforms = [{"fieldPath": field_path(path), "increment": value_json(amount)} for path, amount in amounts.items()]
    # Without a mask the document would be replaced.
    return {"update": {"name": name}, "updateMask": {"fieldPaths": []}, "updateTransforms": transforms}


def field_path(names: Iterable[str]) -> str:
    return ".".join(map(_quoted, names))


_SIMPLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)


@functools.lru_cache(maxsize=1024)
def _quoted(name: str) -> str:
    """A field's name in a field path: an unquoted `a.b` would be the field b of the field a."""
    if _SIMPLE.fullmatch(name):
        return name
    return "`" + name.replace("\\", "\\\\").replace("`", "\\`") + "`"


def fields_json(data: Values) -> Json:
    """{name: Value} of these Python values."""
    return {name: value_json(value) for name, value in data.items()}


def value_json(value: object) -> Json:
    """A Python value as a Value. ValueError or TypeError if Firestore cannot hold it."""
    write = _WRITERS.get(type(value)) or next((_WRITERS[kind] for kind in _BASES if isinstance(value, kind)), None)
    if write is None:
        raise TypeError(f"Firestore cannot hold a {type(value).__name__}")
    return write(value)


def _integer(value: int) -> Json:
    if not -(2**63) <= value < 2**63:
        raise ValueError("Firestore's integers have 64 bits")
    return {"integerValue": str(value)}


def _double(value: float) -> Json:
    if math.isfinite(value):
        return {"doubleValue": value}
    return {"doubleValue": "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"}


def _time(value: datetime) -> Json:
    """A time without a zone is in UTC."""
    at = value if value.tzinfo is UTC or value.tzinfo is None else value.astimezone(UTC)
    return {"timestampValue": at.replace(tzinfo=None).isoformat() + "Z"}


def _array(value: Iterable[Any]) -> Json:
    return {"arrayValue": {"values": [value_json(each) for each in value]}}


_WRITERS: Mapping[type, Callable[[Any], Json]] = {
    type(None): lambda _value: {"nullValue": None},
    bool: lambda value: {"booleanValue": value},
    str: lambda value: {"stringValue": str(value)},
    int: _integer,
    float: _double,
    datetime: _time,
    dict: lambda value: {"mapValue": {"fields": fields_json(value)}},
    bytes: lambda value: {"bytesValue": base64.b64encode(value).decode()},
    list: _array,
    tuple: _array,
    set: _array,
    frozenset: _array,
    Mapping: lambda value: {"mapValue": {"fields": fields_json(value)}},
}
_BASES = (str, int, float, datetime, bytes, Mapping, list, tuple, set, frozenset)
"""For subclasses, such as an enum of strings."""


def fields_of(document: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a Document as Python values; times in UTC, to the microsecond."""
    return {name: value_of(value) for name, value in document.get("fields", {}).items()}


def value_of(value: Mapping[str, Any]) -> Any:
    """A Value as a Python value. KeyError for a kind that we do not store, such as a reference."""
    ((kind, held),) = value.items()
    return _READERS[kind](held)


_READERS: Mapping[str, Callable[[Any], Any]] = {
    "nullValue": lambda _held: None,
    "booleanValue": bool,
    "stringValue": str,
    "integerValue": int,
    "doubleValue": float,
    "timestampValue": datetime.fromisoformat,
    "bytesValue": base64.b64decode,
    "mapValue": fields_of,
    "arrayValue": lambda held: [value_of(each) for each in held.get("values", ())],
}


def version(time: str) -> str:
    """The time of a document's version, always with nine digits: equal and in order as a string, and a precondition."""
    seconds, _, fraction = time.rstrip("Z").partition(".")
    return f"{seconds}.{fraction:0<9}Z"
