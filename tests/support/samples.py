"""A valid document of any struct, for tests that need one whatever it holds."""

from __future__ import annotations

import types
import typing
from datetime import UTC, datetime
from typing import Any, Literal, get_args, get_origin

import msgspec

from studiox.kit.documents import Stored

SIMPLE: dict[Any, Any] = {
    str: "sample",
    int: 0,
    float: 0.5,
    bool: False,
    bytes: b"",
    Any: "sample",
    datetime: datetime(2026, 3, 1, 12, tzinfo=UTC),
}


def sample(struct: type[Stored], **fields: Any) -> Any:
    """An instance with these fields; of the others those that are required, each with the simplest value it takes."""
    hints = typing.get_type_hints(struct)
    required = {field.name for field in msgspec.structs.fields(struct) if field.required}
    return struct(**{name: _value(hints[name]) for name in required - fields.keys()}, **fields)


def _value(hint: Any) -> Any:
    origin, arguments = get_origin(hint), get_args(hint)
    if hint in SIMPLE:
        return SIMPLE[hint]
    if origin is typing.Annotated:
        return _value(arguments[0])
    if origin is Literal:
        return arguments[0]
    if origin in (typing.Union, types.UnionType):
        return None if type(None) in arguments else _value(arguments[0])
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        return sample(typing.cast(Any, hint))
    return (origin or hint)()  # an empty list or map
