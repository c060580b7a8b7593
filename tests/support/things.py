"""A document for tests of the kit: what it holds does not matter to them."""

from __future__ import annotations

from typing import Any

from msgspec import UNSET

from studiox.kit.documents import Collection, Path, Stored


class Thing(Stored, frozen=True, kw_only=True):
    """Has the fields that a test gives it, of any type."""

    n: Any = UNSET
    name: Any = UNSET
    text: Any = UNSET
    at: Any = UNSET


THINGS = Collection("things", Thing)


def thing_at(path: str) -> Path[Thing]:
    return Path(path, Thing)
