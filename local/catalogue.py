"""`make catalogue SET=models/x FILE=x.json`: write a document of the catalogue on the running local stack.

Without FILE it prints what is offered under this name, with REMOVE=1 it takes the document away, so that the bundled
entry counts again. A change is everywhere within a minute. A real project's documents are written in the console.
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import sys
from pathlib import Path
from typing import Any

from local.stack.settings import PORTS, PROJECT, ROOT

COLLECTIONS = ("models", "styles", "colors", "sizes", "features", "plans", "tokenPacks", "socialTasks")


class Refused(Exception):
    """Why nothing was changed, for a person to read."""


def path_of(name: str) -> str:
    """The document of `collection/id`. `Refused`."""
    collection, _, entry = name.partition("/")
    if collection not in COLLECTIONS or not entry:
        raise Refused(f"SET is collection/id, the collection one of {', '.join(COLLECTIONS)}")
    return f"{collection}/{entry.replace('/', '~')}"


def read_entry(file: str) -> dict[str, Any]:
    """The document that the file holds. `Refused`."""
    try:
        entry = json.loads(Path(file).read_text())
    except (OSError, ValueError) as error:
        raise Refused(f"{file} cannot be read as JSON: {error}") from None
    if not isinstance(entry, dict):
        raise Refused(f"{file} must hold one JSON object")
    return entry


def check(name: str, entry: dict[str, Any]) -> None:
    """`Refused` for a model that would not be offered: the same check as the functions'."""
    sys.path.insert(0, str(ROOT / "functions"))
    import msgspec

    from studiox.catalog import store

    try:
        store.check_entry(name, entry)
    except (msgspec.ValidationError, ValueError) as error:
        raise Refused(f"{name} would not be offered: {error}") from None


def aim(offset: int) -> None:
    """Point the client at the stack's Firestore. `Refused` when none answers."""
    host = os.environ.setdefault("FIRESTORE_EMULATOR_HOST", f"127.0.0.1:{PORTS['firestore'] + offset}")
    name, _, port = host.rpartition(":")
    try:
        socket.create_connection((name, int(port)), timeout=2).close()
    except (OSError, ValueError):
        raise Refused(f"No Firestore emulator answers at {host}. Run `make serve` first.") from None


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="make catalogue", description=__doc__)
    parser.add_argument("--set", default="")
    parser.add_argument("--file", default="")
    parser.add_argument("--offset", type=int, default=0)
    parser.add_argument("--remove", action="store_true")
    given = parser.parse_args(arguments)
    try:
        path = path_of(given.set)
        entry = read_entry(given.file) if given.file else None
        if entry is not None:
            check(given.set, entry)
        aim(given.offset)
    except Refused as reason:
        print(reason, file=sys.stderr)
        return 1
    from google.cloud import firestore

    document = firestore.Client(project=os.environ.get("GCLOUD_PROJECT") or PROJECT).document(path)
    if given.remove:
        document.delete(timeout=10)
        print(f"{path} is gone")
    elif entry is not None:
        document.set(entry, timeout=10)
        print(f"{path} is written; it counts within a minute")
    else:
        print(json.dumps(document.get(timeout=10).to_dict(), indent=2, default=str))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
