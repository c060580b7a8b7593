"""What follows a change of collections: another cover, and the creations of a deleted collection."""

from __future__ import annotations

from collections.abc import Sequence

from studiox.kit import log
from studiox.kit.documents import Data
from studiox.kit.errors import Contention, Unavailable
from studiox.kit.transaction import Docs, Reads, transact
from studiox.models import creations
from studiox.models.collections import collection_path
from studiox.models.deletions import CleanUp, clean_up_path

PAGE = 100
"""Creations that one commit takes out of a deleted collection."""


def choose_cover(uid: str, collection_id: str) -> None:
    """Let the newest creation stand for a collection that has lost its cover.

    Never raises: a collection without a cover is shown without one, until something is put in.
    """
    path = collection_path(uid, collection_id)
    try:
        newest = creations.newest_in(uid, collection_id)
        if newest is None:
            return
        member = creations.creation_path(newest)

        def decide(docs: Docs) -> None:
            found, creation = docs.get(path), docs.get(member)
            # Whoever deletes the creation or takes it out writes the collection, so this commit fails then.
            is_member = creation is not None and collection_id in creation.collection_ids
            if is_member and found is not None and found.cover is None:
                docs.update(path, cover=newest)

        transact(path, decide, Reads(fresh=[path, member]))
    except (Contention, Unavailable):
        log.warning("cover_not_chosen")


def clear(record: CleanUp, pages: int) -> bool:
    """Take up to `pages` times PAGE creations out of a deleted collection; True when none is left. `Unavailable`."""

    def without(data: Data) -> Data:
        left = [each for each in data["collectionIds"] if each != record.id]
        return {**data, "collectionIds": left} if left else {k: v for k, v in data.items() if k != "collectionIds"}

    for _ in range(pages):
        found = creations.paths_in(record.id, PAGE)

        def decide(docs: Docs, found: Sequence[str] = tuple(found)) -> None:
            for path in found:
                docs.rewrite(creations.creation_path(path.rpartition("/")[2]), without)

        if found:
            transact(clean_up_path("collection", record.id), decide, Reads(fresh=found))
        if len(found) < PAGE:
            return True
    return False
