"""What a collection of creations loses with a member, and which collections a query finds."""

from __future__ import annotations

from datetime import timedelta

import pytest
from msgspec.structs import replace

from studiox.kit.documents import Docs, encode
from studiox.kit.errors import NotFound
from studiox.models import collections
from studiox.models.collections import CreationCollection
from tests.support import Database
from tests.support.documents import docs_with
from tests.support.people import NOW

PATH = collections.collection_path("u1", "c1")
MINE = CreationCollection(collection_id="c1", name="Foxes", count=2, created_at=NOW, updated_at=NOW, cover="j1")


def holding(collection: CreationCollection = MINE) -> Docs:
    return docs_with({PATH: encode(collection)})


def test_paths_are_the_owners() -> None:
    assert PATH == "users/u1/collections/c1"
    assert collections.request_path("u1", "r1") == "users/u1/collectionRequests/r1"
    assert timedelta(days=35) == collections.REQUESTS_KEPT


def test_a_collection_of_nobody_else_is_needed() -> None:
    assert collections.need_collection(holding(), "u1", "c1") == MINE
    with pytest.raises(NotFound):
        collections.need_collection(holding(), "u2", "c1")


@pytest.mark.parametrize(
    ("count", "lost", "cover", "needs_another"),
    [(3, "j1", None, True), (2, "j1", None, True), (1, "j1", None, False), (2, "j2", "j1", False)],
)
def test_a_collection_counts_without_what_it_lost(
    count: int, lost: str, cover: str | None, needs_another: bool
) -> None:
    docs = holding(replace(MINE, count=count))
    assert collections.lose_member(docs, "u1", "c1", lost) is needs_another
    assert docs.get(PATH) == replace(MINE, count=count - 1, cover=cover)


def test_a_collection_that_is_gone_loses_nothing() -> None:
    docs = docs_with({})
    assert collections.lose_member(docs, "u1", "c1", "j1") is False
    assert docs.changes == {}


def test_the_last_changed_is_listed_first(database: Database) -> None:
    for number, name in enumerate("bca"):
        each = replace(MINE, collection_id=name, updated_at=NOW + timedelta(seconds=number))
        database.put(f"users/u1/collections/{name}", encode(each))
    database.put("users/u2/collections/d", encode(replace(MINE, collection_id="d")))
    first, following = collections.list_collections("u1", size=2, cursor=None)
    rest, end = collections.list_collections("u1", size=2, cursor=following)
    assert ([each.collection_id for each in (*first, *rest)], end) == (["a", "c", "b"], None)
