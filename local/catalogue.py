"""`make catalogue SET=models/x FILE=x.json`: write a document of the catalogue on the running local stack.

Without FILE it prints the entry of this name. REMOVE=1 deletes the document, so that the bundled entry applies again. A
change takes effect within a minute. A real project's documents are written in the console.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from typing import Any

from local import command
from local.command import Refused
from local.stack.settings import PROJECT, ROOT

COLLECTIONS = ("models", "styles", "colors", "sizes", "features", "plans", "tokenPacks", "socialTasks")


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


def act(given: argparse.Namespace) -> str:
    path = path_of(given.set)
    entry = read_entry(given.file) if given.file else None
    if entry is not None:
        check(given.set, entry)
    command.aim("FIRESTORE_EMULATOR_HOST", "firestore", given.offset)
    from google.cloud import firestore

    document = firestore.Client(project=os.environ.get("GCLOUD_PROJECT") or PROJECT).document(path)
    if given.remove:
        document.delete(timeout=10)
        return f"{path} is deleted"
    if entry is not None:
        document.set(entry, timeout=10)
        return f"{path} is written and takes effect within a minute"
    return json.dumps(document.get(timeout=10).to_dict(), indent=2, default=str)


def main(arguments: list[str]) -> int:
    return command.run("catalogue", __doc__, ("set", "file"), act, arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
