"""`make audit PROJECT=… DATABASE=…`: audits the ledgers and jobs of a database, for example a restored one.

The checks are the nightly audit's, on every account and every job. Nothing is changed. COMPARE=DATABASE also compares
the documents of two databases by collection. Without PROJECT it is the local stack's database.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import os
import sys
from collections import Counter
from collections.abc import Iterator
from typing import Any, NamedTuple

import msgspec

from local.stack import settings
from ops import cloud
from ops.cloud import Refused

UNDER_WAY = "job_past_its_deadline"
"""Not a fault of a backup, because time has passed since. The dispatcher ends and refunds these jobs."""
SHOWN = 50
PAGE = 300
TIMEOUT_S = 60.0
ROLES = {"roles/datastore.viewer": "to read the documents"}


class Collection(NamedTuple):
    """The documents of all collections with one place, such as `users/*/ledger`."""

    documents: int
    digest: str
    """Of all names and fields, in order of the names."""


@contextlib.contextmanager
def database(project: str, name: str) -> Iterator[None]:
    """Within it the functions' own code reads this database."""
    cloud.functions()
    from studiox.kit import process

    chosen = {"GCLOUD_PROJECT": project, "FIRESTORE_DATABASE": name}
    before = {key: os.environ.get(key) for key in chosen}
    os.environ.update(chosen)
    process.restart()
    try:
        yield
    finally:
        for key, value in before.items():
            os.environ.pop(key) if value is None else os.environ.update({key: value})
        process.restart()


def census() -> dict[str, Collection]:
    """{place: its documents} of the whole database."""
    counts: Counter[str] = Counter()
    digests: dict[str, Any] = {}
    for path, fields in _documents():
        parts = path.split("/")
        place = "/*/".join(parts[::2])
        counts[place] += 1
        digest = digests.setdefault(place, hashlib.sha256())
        digest.update(f"{path}\0{len(fields)}\0".encode())
        digest.update(fields)
    return {place: Collection(counts[place], digests[place].hexdigest()) for place in sorted(counts)}


def _documents() -> Iterator[tuple[str, bytes]]:
    """(path, fields as canonical bytes) of every document, in order of the names."""
    from studiox.kit import firestore

    root = firestore.root()
    order = {"field": {"fieldPath": "__name__"}, "direction": "ASCENDING"}
    query: dict[str, Any] = {"from": [{"allDescendants": True}], "orderBy": [order], "limit": PAGE}
    while True:
        rows = firestore.connections().ask("runQuery", root, {"structuredQuery": query}, TIMEOUT_S)
        page = [row["document"] for row in rows if "document" in row]
        for document in page:
            fields = msgspec.json.encode(document.get("fields", {}), order="sorted")
            yield document["name"].removeprefix(f"{root}/"), fields
        if len(page) < PAGE:
            return
        query["startAt"] = {"values": [{"referenceValue": page[-1]["name"]}], "before": False}


def audit() -> int:
    """Check all ledgers and jobs, and print the violations. Returns their number."""
    from studiox.kit import clock
    from studiox.tokens.audit import examine

    checked = under_way = found = 0
    for uid, violations in examine(clock.now()):
        checked += 1
        for violation in violations:
            if violation.kind == UNDER_WAY:
                under_way += 1
                continue
            found += 1
            if found <= SHOWN:
                told = f"{violation.subject}: {violation.found} instead of {violation.expected}"
                print(f"  {violation.kind}  user {uid}, {told}")
    if found > SHOWN:
        print(f"  … and {found - SHOWN} more")
    print(f"{checked} accounts and jobs were checked: {found} violations.")
    if under_way:
        print(f"{under_way} jobs were under way. The dispatcher ends and refunds them.")
    return found


def compare(mine: dict[str, Collection], other: dict[str, Collection], names: tuple[str, str]) -> int:
    """Print both by collection. The number of collections that differ."""
    none = Collection(0, "")
    differing = 0
    rows = [("collection", *names, "")]
    for place in sorted({*mine, *other}):
        left, right = mine.get(place, none), other.get(place, none)
        same = left == right
        differing += not same
        rows.append((place, str(left.documents), str(right.documents), "same" if same else "DIFFERENT"))
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    for row in rows:
        print("  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
    print(f"{differing} collections differ.")
    return differing


def aim(alias: str, offset: int) -> str:
    """The project's id; without an alias the local stack's, whose engine is then used. `Refused`."""
    if alias:
        if "FIRESTORE_EMULATOR_HOST" in os.environ:
            raise Refused("FIRESTORE_EMULATOR_HOST is set, and PROJECT names a real project.\nUnset one of them.")
        return cloud.project_of(alias)
    os.environ.setdefault("FIRESTORE_EMULATOR_HOST", f"127.0.0.1:{settings.PORTS['firestore'] + offset}")
    os.environ["FUNCTIONS_EMULATOR"] = "true"
    return os.environ.get("GCLOUD_PROJECT", settings.PROJECT)


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="make audit", description=__doc__)
    parser.add_argument("--project", default="")
    parser.add_argument("--database", default="(default)")
    parser.add_argument("--compare", default="", help="another database of the project")
    parser.add_argument("--offset", type=int, default=0)
    given = parser.parse_args(arguments)
    try:
        project = aim(given.project, given.offset)
        return _run(project, given.database or "(default)", given.compare)
    except Refused as reason:
        print(reason, file=sys.stderr)
        return 1


def _run(project: str, name: str, other: str) -> int:
    cloud.functions()
    from studiox.kit.errors import Unavailable

    try:
        with cloud.in_words(project, ROLES):
            with database(project, name):
                print(f"{project}, database {name}:")
                wrong = audit()
                mine = census() if other else {}
            if other:
                with database(project, other):
                    wrong += compare(mine, census(), (name, other))
    except Unavailable:
        raise Refused("Firestore does not answer, so nothing was audited.\nRepeat the command.") from None
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
