"""Documents that a caller has read before it asked a vendor: they count as read, until something changed them."""

from __future__ import annotations

import pytest

from studiox.kit import firestore
from studiox.kit.transaction import Docs, Reads, transact
from tests.support import Database, Rpcs
from tests.support.debits import USER, entry_path, opened, post

pytestmark = pytest.mark.malformed("documents of no struct in models/")


def _take(docs: Docs) -> int:
    user = docs.get(USER)
    assert user is not None
    return post(docs, user, f"e{user.balance - 1}", -1)


def test_what_was_seen_is_not_read_again(database: Database, rpcs: Rpcs) -> None:
    opened(database, 10)
    seen = firestore.read_documents([USER, entry_path("e9")])
    assert transact(USER, _take, Reads(already_read=seen)) == 9
    assert rpcs.calls == ["BatchGetDocuments", "Commit"]


def test_what_changed_since_is_read_again(database: Database) -> None:
    opened(database, 10)
    seen = firestore.read_documents([USER])
    database.change(USER, balance=5)
    assert transact(USER, _take, Reads(already_read=seen)) == 4


def test_an_answer_that_writes_nothing_is_proven_first(database: Database) -> None:
    opened(database, 10)
    seen = firestore.read_documents([USER])
    database.change(USER, balance=5)

    def look(docs: Docs) -> int:
        user = docs.get(USER)
        assert user is not None
        return user.balance

    assert transact(USER, look, Reads(already_read=seen)) == 5
