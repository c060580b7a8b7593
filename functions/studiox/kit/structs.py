"""Reading data into structs, from any number of threads."""

from __future__ import annotations

import threading
from typing import Any, TypeVar

import msgspec

T = TypeVar("T")

_preparing = threading.Lock()
_prepared: set[Any] = set()


def convert(data: object, type_: type[T]) -> T:
    """`msgspec.convert`, strictly. msgspec.ValidationError.

    At the first use of a struct msgspec evaluates the annotations of its fields, which lets other threads run. It has
    then already stored the struct's description, without its fields: a second thread that uses the struct reads them
    and the process ends with a segmentation fault (msgspec 0.22). So one thread at a time prepares structs.
    """
    prepare(type_)
    return msgspec.convert(data, type_, strict=True)


def prepare(type_: Any) -> None:
    """Let msgspec describe the struct and those in its fields, if it has not yet."""
    if type_ not in _prepared:
        with _preparing:
            msgspec.json.Decoder(type_)
            _prepared.add(type_)
