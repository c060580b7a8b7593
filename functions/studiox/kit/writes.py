"""Firestore's writes as protobuf messages, made without the client library's wrappers.

Those take more than half of the CPU that a commit costs us, and CPU is what a busy instance's slowest calls wait for.
What is made here is equal to what the library makes of the same (tests/kit/test_writes.py); the library sends it.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

Values = Mapping[str, Any]


def create(name: str, data: Values) -> Any:
    """A document that must not exist; `name` is its full name. ValueError, TypeError for what Firestore cannot hold."""
    write = _write()
    write.update.name = name
    _fill(write.update.fields, data)
    write.current_document.exists = False
    return write


def update(name: str, fields: Values, removed: Iterable[str], update_time: Any) -> Any:
    """These top-level fields set and those taken away, if the document is still of `update_time`."""
    write = _write()
    write.update.name = name
    _fill(write.update.fields, fields)
    write.update_mask.field_paths.extend(sorted(map(_quoted, (*fields, *removed))))
    write.current_document.update_time.CopyFrom(update_time.timestamp_pb())
    return write


def delete(name: str, update_time: Any) -> Any:
    """The document gone, if it is still of `update_time`."""
    write = _write()
    write.delete = name
    write.current_document.update_time.CopyFrom(update_time.timestamp_pb())
    return write


def wrapped(write: Any) -> Any:
    """As the client library passes it on."""
    from google.cloud.firestore_v1 import types

    return types.Write.wrap(write)


@functools.cache
def _message() -> Any:
    from google.cloud.firestore_v1 import types

    return types.Write.pb()


def _write() -> Any:
    return _message()()


@functools.lru_cache(maxsize=1024)
def _quoted(name: str) -> str:
    """A field's name as a path: `a.b` would be the field b of the field a."""
    from google.cloud.firestore_v1.field_path import FieldPath

    return str(FieldPath(name).to_api_repr())


def _fill(fields: Any, data: Values) -> None:
    for name, value in data.items():
        _put(fields[name], value)


def _put(target: Any, value: object) -> None:
    """Set a Value message."""
    if value is None:
        target.null_value = 0
    elif isinstance(value, bool):  # before int, which it is too
        target.boolean_value = value
    elif isinstance(value, str):
        target.string_value = value
    elif isinstance(value, int):
        target.integer_value = value
    elif isinstance(value, float):
        target.double_value = value
    elif isinstance(value, datetime):
        _put_time(target.timestamp_value, value)
    elif isinstance(value, Mapping):
        target.map_value.SetInParent()  # an empty one too
        _fill(target.map_value.fields, value)
    elif isinstance(value, list | tuple | set | frozenset):
        target.array_value.SetInParent()
        for each in value:
            _put(target.array_value.values.add(), each)
    elif isinstance(value, bytes):
        target.bytes_value = value
    else:
        raise TypeError(f"Firestore cannot hold a {type(value).__name__}")


def _put_time(target: Any, value: Any) -> None:
    """Firestore's own datetimes have nanoseconds."""
    if hasattr(value, "timestamp_pb"):
        target.CopyFrom(value.timestamp_pb())
    else:
        target.FromDatetime(value)
