"""The Terraform configuration as data: what each block says, and what it refers to."""

from __future__ import annotations

import functools
import json
import pathlib
import re
from collections.abc import Iterator
from typing import Any

ROOT = pathlib.Path(__file__).parents[2]
INFRA = ROOT / "infra"
REFERENCE = re.compile(r"(?<!data\.)\b(google_\w+)\.(\w+)|\blocal\.(\w+)")


def plain(value: Any) -> Any:
    """The parser's data without its comments and marks, and with strings as they are meant."""
    if isinstance(value, dict):
        kept = {plain(key): plain(each) for key, each in value.items() if not str(key).startswith("__")}
        return {key: each for key, each in kept.items() if key != ""}
    if isinstance(value, list):
        return [plain(each) for each in value]
    if isinstance(value, str) and len(value) > 1 and value[0] == value[-1] == '"':
        return value[1:-1].replace('\\"', '"')
    return value


@functools.cache
def blocks(kind: str) -> list[dict[str, Any]]:
    """Every block of this kind (resource, variable, locals …), in the order of the files."""
    import hcl2  # its parser takes a second, which is not spent in each process that collects the tests

    found: list[dict[str, Any]] = []
    for path in sorted(INFRA.glob("*.tf")):
        found += plain(hcl2.loads(path.read_text())).get(kind, [])
    return found


@functools.cache
def resources() -> dict[str, Any]:
    """What each resource says, by its address: `google_storage_bucket.media`."""
    found: dict[str, Any] = {}
    for block in blocks("resource"):
        for type_, named in block.items():
            found |= {f"{type_}.{name}": body for name, body in named.items()}
    return found


@functools.cache
def local_values() -> dict[str, Any]:
    return {name: value for block in blocks("locals") for name, value in block.items()}


def variables() -> set[str]:
    return {name for block in blocks("variable") for name in block}


def references(value: Any) -> Iterator[str]:
    """The addresses that a value refers to, also those behind its local values."""
    for type_, name, local in REFERENCE.findall(json.dumps(value)):
        if local and local in local_values():
            yield from references(local_values()[local])
        elif type_:
            yield f"{type_}.{name}"


def waits_for(address: str) -> set[str]:
    """All that Terraform makes before the resource."""
    found: set[str] = set()
    left = [address]
    while left:
        for each in references(resources().get(left.pop(), {})):
            if each not in found:
                found.add(each)
                left.append(each)
    return found


def addresses() -> list[str]:
    """The addresses of all resources, without the parser: tests have them in their names."""
    return sorted(".".join(found) for found in re.findall(r'(?m)^resource "(\w+)" "(\w+)"', text()))


def text() -> str:
    """All files, without comments."""
    return "\n".join(re.sub(r"(?m)(^|\s)#.*$", "", path.read_text()) for path in sorted(INFRA.glob("*.tf")))
