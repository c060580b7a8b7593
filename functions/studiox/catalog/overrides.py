"""The rules of an override: what an administrator's change makes of a catalogue document. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from studiox.kit.documents import Data
from studiox.kit.errors import InvalidRequest

MAX_FIELDS = 20
MAX_NAME_BYTES = 1_500
"""Firestore's limit for a field's name."""
MAX_INTEGER = 2**63 - 1


def changed(override: Data, changes: Mapping[str, Any]) -> dict[str, Any]:
    """The document after these changes. A field set to None is removed: the bundled value applies again.

    `InvalidRequest` for what Firestore cannot hold, for another id, and for an `enabled` that is not a truth value.
    """
    if not 0 < len(changes) <= MAX_FIELDS:
        raise _invalid(f"from 1 to {MAX_FIELDS} fields")
    if "id" in changes:
        raise _invalid("the id cannot be changed")
    if not isinstance(changes.get("enabled", None), bool | None):
        raise _invalid("enabled: expected true or false")
    if problem := _unstorable(changes):
        raise _invalid(problem)
    return {name: value for name, value in {**override, **changes}.items() if value is not None}


def only_switches_off(changes: Mapping[str, Any]) -> bool:
    """Whether the change does nothing else. An entry can be switched off whatever else is wrong with it."""
    return changes == {"enabled": False}


def _invalid(problem: str) -> InvalidRequest:
    return InvalidRequest(fields={"changes": problem})


def _unstorable(value: Any, in_list: bool = False) -> str:
    """Why Firestore cannot hold the value, "" if it can."""
    if isinstance(value, int) and abs(value) > MAX_INTEGER:
        return "a number that is too large"
    if isinstance(value, list):
        if in_list:
            return "a list in a list"
        return next(filter(None, (_unstorable(each, in_list=True) for each in value)), "")
    if not isinstance(value, dict):
        return ""
    wrong = [name for name in value if not _is_field(name)]
    if wrong:
        return f"{wrong[0][:64]!r} cannot be a field's name"
    return next(filter(None, map(_unstorable, value.values())), "")


def _is_field(name: str) -> bool:
    is_reserved = name.startswith("__") and name.endswith("__")
    return 0 < len(name.encode()) <= MAX_NAME_BYTES and not is_reserved
