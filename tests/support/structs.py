"""Which struct each stored document is, as `models/` declares it, and whether documents match their structs.

`python -m tests.support.structs` compares those of the environment's emulator and project.
"""

from __future__ import annotations

import functools
import importlib
import inspect
import pkgutil
import sys
from collections.abc import Iterator, Mapping
from types import ModuleType
from typing import Any

import msgspec

from studiox import models
from studiox.kit import audit, documents, rate_limits
from studiox.kit.documents import Collection, Path, Stored
from tests.support.database import Database

OVERRIDES = ("models", "styles", "colors", "sizes", "features", "plans", "tokenPacks")
"""The catalogue's collections: their documents have any of the fields of their structs."""


def _modules() -> Iterator[ModuleType]:
    yield audit
    yield rate_limits
    for found in pkgutil.iter_modules(models.__path__, f"{models.__name__}."):
        yield importlib.import_module(found.name)


def _declared(module: ModuleType) -> Iterator[tuple[str, type[Stored]]]:
    """(a document's path or a collection's, its struct): constant collections, and functions that are annotated so."""
    for value in vars(module).values():
        if isinstance(value, Collection) and not value.projected:
            yield str(value), value.struct
        if inspect.isfunction(value) and value.__module__ == module.__name__:
            signature = inspect.signature(value)
            names_documents = str(signature.return_annotation).startswith(("Collection[", "Path["))
            if names_documents and all(each.annotation == "str" for each in signature.parameters.values()):
                made: Any = value(*("x" for _ in signature.parameters))
                yield (str(made) if isinstance(made, Path) else f"{made}/x"), made.struct


def pattern(path: str) -> str:
    """The collections on a document's path: `users/ledger` for `users/u1/ledger/e1`."""
    return "/".join(path.split("/")[::2])


@functools.cache
def structs() -> dict[str, type[Stored]]:
    """{pattern: struct} of every collection that has one. Structs that take any value are not among them."""
    found: dict[str, type[Stored]] = {}
    for module in _modules():
        for path, struct in _declared(module):
            if not struct.__name__.startswith("Unchecked"):
                found.setdefault(pattern(path), struct)
    moved = {name.replace("users/", "closedAccounts/", 1): each for name, each in found.items() if "users/" in name}
    return {**moved, **found}


@functools.cache
def singletons() -> dict[str, type[Stored]]:
    """{path: struct} of the documents that `models/` names by their whole path, such as `sweeps/media`."""
    constants = (value for module in _modules() for value in vars(module).values())
    return {str(value): value.struct for value in constants if isinstance(value, Path)}


def differences(stored: Mapping[str, Mapping[str, Any]]) -> tuple[list[str], set[str]]:
    """The documents with fields that their structs lack or would write otherwise; the patterns without a struct."""
    known, named = structs(), singletons()
    wrong, untyped = [], set()
    for path, data in stored.items():
        struct = named.get(path) or known.get(pattern(path))
        if struct is None:
            untyped.add(pattern(path))
            continue
        if pattern(path) in OVERRIDES:
            wrong += [f"{path}: {name}" for name, value in data.items() if not _fits(struct, name, value)]
            continue
        try:
            known_fields = _whole(documents.decode(struct, documents.plain(data)))
        except Exception as error:  # noqa: BLE001 - whatever does not fit is the finding
            wrong.append(f"{path}: {error}")
            continue
        if fields := sorted(name for name, value in data.items() if not _within({name: value}, known_fields)):
            wrong.append(f"{path}: {fields}")
    return wrong, untyped


def _fits(struct: type[Stored], name: str, value: Any) -> bool:
    """Whether the struct has this field, and the field this type."""
    known: dict[str, Any] = {field.encode_name: field.type for field in msgspec.structs.fields(struct)}
    try:
        return name in known and msgspec.convert(value, known[name]) is not None
    except msgspec.ValidationError:
        return False


def _whole(value: Any) -> Any:
    """The value as Firestore would hold it if fields with their defaults were written too."""
    if isinstance(value, msgspec.Struct):
        names = zip(value.__struct_fields__, value.__struct_encode_fields__, strict=True)
        return {stored: _whole(held) for name, stored in names if (held := getattr(value, name)) is not msgspec.UNSET}
    if isinstance(value, Mapping):
        return {name: _whole(each) for name, each in value.items()}
    return [_whole(each) for each in value] if isinstance(value, list | tuple) else value


def _within(stored: Any, whole: Any) -> bool:
    """Whether every stored field, at any depth, is in the struct's fields with the same value."""
    if isinstance(stored, Mapping) and isinstance(whole, Mapping):
        return all(name in whole and _within(value, whole[name]) for name, value in stored.items())
    if isinstance(stored, list) and isinstance(whole, list):
        return len(stored) == len(whole) and all(map(_within, stored, whole))
    return bool(stored == whole)


def main() -> int:
    """The exit code: 0 if there are documents, each has a struct, and each is as it says."""
    stored = Database().all()
    wrong, untyped = differences(stored)
    sys.stdout.write(f"{len(stored)} documents compared with their structs\n")
    for finding in [*wrong, *(f"{each}: no struct" for each in sorted(untyped))]:
        sys.stdout.write(f"not as its struct in models/ says: {finding}\n")
    return 1 if wrong or untyped or not stored else 0


if __name__ == "__main__":
    sys.exit(main())
