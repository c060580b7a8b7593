"""At every moment: a collection's count is the number of the creations that name it. No production code."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tests.simulation.violations import Snapshot, Violation


class Shelves:
    """Which creations each collection has."""

    def __init__(self) -> None:
        self._members: dict[str, set[str]] = {}
        self._collections: dict[str, str] = {}
        """{id: path} of those that there are."""
        self._named: dict[str, list[str]] = {}
        """{creation: the collections that it named last}."""

    def look(self, snapshot: Snapshot, changed: Iterable[str]) -> Iterator[Violation]:
        """After a commit that has changed the documents at these paths."""
        touched = set()
        for path in changed:
            match path.split("/"):
                case ["users", _, "collections", name]:
                    touched.add(name)
                    self._collections[name] = path
                case ["creations", creation]:
                    before = self._named.get(creation, [])
                    now = self._named[creation] = snapshot.get(path, {}).get("collectionIds", [])
                    for name in before:
                        self._members[name].discard(creation)
                    for name in now:
                        self._members.setdefault(name, set()).add(creation)
                    touched.update(before, now)
        for name in sorted(touched):
            path = self._collections.get(name, "")
            found, number = snapshot.get(path), len(self._members.get(name, ()))
            owner = snapshot.get("/".join(path.split("/")[:2]), {"closing": True})  # it goes with its account
            if found is not None and found["count"] != number and not owner.get("closing"):
                yield Violation(0, path, f"counts {found['count']}, and {number} creations name it")
