"""Firestore's documents and writes as protobuf messages, converted without the client library's wrappers.

The wrappers cost CPU: a debit through the library's public WriteBatch takes 3.7 ms, through these messages 2.0 ms
(docs/decisions/0002-optimistic-commit.md). tests/kit/test_protobuf.py compares the messages with the library's.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from .documents import FieldPath

Values = Mapping[str, Any]


def create(name: str, data: Values) -> Any:
    """Write a document that must not exist. `name` is its full name.

    ValueError or TypeError for values that Firestore cannot hold.
    """
    write = _write()
    write.update.name = name
    _fill(write.update.fields, data)
    write.current_document.exists = False
    return write


def update(name: str, fields: Values, removed: Iterable[str], update_time: Any) -> Any:
    """Set these top-level fields and remove those, if the document has not changed since `update_time`."""
    write = _write()
    write.update.name = name
    _fill(write.update.fields, fields)
    write.update_mask.field_paths.extend(sorted(map(_quoted, (*fields, *removed))))
    write.current_document.update_time.CopyFrom(update_time.timestamp_pb())
    return write


def delete(name: str, update_time: Any = None) -> Any:
    """Delete a document, if it has not changed since `update_time`; None: whatever it holds."""
    write = _write()
    write.delete = name
    if update_time is not None:
        write.current_document.update_time.CopyFrom(update_time.timestamp_pb())
    return write


def increment(name: str, amounts: Mapping[FieldPath, int]) -> Any:
    """Add these amounts to the document's fields, whatever they are. A document or a field that is absent is made."""
    write = _write()
    write.update.name = name
    write.update_mask.SetInParent()  # without a mask the document would be replaced
    for path, amount in amounts.items():
        write.update_transforms.add(field_path=".".join(map(_quoted, path)), increment={"integer_value": amount})
    return write


def commit_request(database: str, writes: Iterable[Any]) -> Any:
    """The CommitRequest of these writes, as the generated client takes it."""
    from google.cloud.firestore_v1 import types

    return types.CommitRequest.wrap(types.CommitRequest.pb()(database=database, writes=writes))


def read_request(database: str, names: Iterable[str]) -> Any:
    """The BatchGetDocumentsRequest of these documents, as the generated client takes it."""
    from google.cloud.firestore_v1 import types

    message = types.BatchGetDocumentsRequest
    return message.wrap(message.pb()(database=database, documents=names))


def unwrapped(message: Any) -> Any:
    """The protobuf message in the client library's wrapper."""
    return type(message).pb(message)


def fields_of(document: Any) -> dict[str, Any]:
    """The fields of a Document message as Python values; times in UTC, to the microsecond."""
    return {name: _value(value) for name, value in document.fields.items()}


def precise_time(timestamp: Any) -> Any:
    """A Timestamp message as a datetime that keeps its nanoseconds: preconditions need them."""
    from google.api_core.datetime_helpers import DatetimeWithNanoseconds

    return DatetimeWithNanoseconds.from_timestamp_pb(timestamp)  # type: ignore[no-untyped-call]


@functools.cache
def _message() -> Any:
    from google.cloud.firestore_v1 import types

    return types.Write.pb()


def _write() -> Any:
    return _message()()


@functools.lru_cache(maxsize=1024)
def _quoted(name: str) -> str:
    """A field's name as a field path: an unquoted `a.b` would be the field b of the field a."""
    from google.cloud.firestore_v1.field_path import FieldPath

    return str(FieldPath(name).to_api_repr())


def _fill(fields: Any, data: Values) -> None:
    for name, value in data.items():
        _put(fields[name], value)


def _put(target: Any, value: object) -> None:
    """Set a Value message."""
    if value is None:
        target.null_value = 0
    elif isinstance(value, bool):  # before int: a bool is an int
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
        target.map_value.SetInParent()  # keeps an empty map
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


_PLAIN = ("boolean_value", "string_value", "integer_value", "double_value", "bytes_value")
_CONVERTED: Mapping[str, Callable[[Any], Any]] = {
    "null_value": lambda _value: None,
    "timestamp_value": lambda value: value.ToDatetime(tzinfo=UTC),
    "map_value": lambda value: {name: _value(each) for name, each in value.fields.items()},
    "array_value": lambda value: [_value(each) for each in value.values],
}


def _value(message: Any) -> Any:
    """A Value message as a Python value. KeyError for a kind that we do not store, such as a reference."""
    kind = message.WhichOneof("value_type")
    value = getattr(message, kind)
    return value if kind in _PLAIN else _CONVERTED[kind](value)
