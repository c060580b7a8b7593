"""Which struct each stored document is, as `models/` declares it, and whether documents match their structs."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Iterator, Mapping
from types import ModuleType
from typing import Any

from studiox import models
from studiox.kit import audit, documents, rate_limits
from studiox.kit.documents import Collection, Path, Stored


def _modules() -> Iterator[ModuleType]:
    yield audit
    yield rate_limits
    for found in pkgutil.iter_modules(models.__path__, f"{models.__name__}."):
        yield importlib.import_module(found.name)


def _declared(module: ModuleType) -> Iterator[tuple[str, type[Stored]]]:
    """(a document's path or a collection's, its struct): constants, and functions that are annotated so."""
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


def structs() -> dict[str, type[Stored]]:
    """{pattern: struct} of every collection that has one. Structs that take any value are not among them."""
    found: dict[str, type[Stored]] = {}
    for module in _modules():
        for path, struct in _declared(module):
            if not struct.__name__.startswith("Unchecked"):
                found.setdefault(pattern(path), struct)
    return found


def differences(stored: Mapping[str, Mapping[str, Any]]) -> tuple[list[str], set[str]]:
    """The documents with fields that their structs lack or would write otherwise; the patterns without a struct."""
    known = structs()
    wrong, untyped = [], set()
    for path, data in stored.items():
        struct = known.get(pattern(path))
        if struct is None:
            untyped.add(pattern(path))
            continue
        try:
            again = documents.encode(documents.decode(struct, documents.plain(data)))
        except Exception as error:  # noqa: BLE001 - whatever does not fit is the finding
            wrong.append(f"{path}: {error}")
            continue
        # A field that an older document lacks, and that is always written by now, is added with its default.
        if fields := sorted(name for name, value in data.items() if _stored(again.get(name, ...)) != _stored(value)):
            wrong.append(f"{path}: {fields}")
    return wrong, untyped


def _stored(value: Any) -> Any:
    """The value as Firestore holds it: a tuple is an array."""
    if isinstance(value, Mapping):
        return {name: _stored(each) for name, each in value.items()}
    return [_stored(each) for each in value] if isinstance(value, list | tuple) else value
