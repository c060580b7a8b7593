"""The Firestore in memory under the product's own reads and writes, and what the engine cannot show."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from studiox.kit import firestore, process, query, rest, values
from studiox.kit.clock import UTC, datetime, timedelta
from studiox.kit.documents import Collection, Stored
from studiox.kit.transaction import Reads, transact
from tests.simulation.faults import Cut, Late
from tests.simulation.store import Store, Wire
from tests.simulation.store_query import Unsupported
from tests.simulation.test_store import at_once
from tests.support.database import Database


class Note(Stored, frozen=True, kw_only=True):
    """A document with all that the product stores."""

    uid: str
    created_at: datetime
    cents: int
    hidden: bool = False
    tags: list[str] = []
    places: dict[str, int] = {}
    ends_at: datetime | None = None


class Size(Stored, frozen=True, kw_only=True):
    cents: int


START = datetime(2026, 2, 28, tzinfo=UTC)
NOTES = Collection("notes", Note)
OTHERS = Collection("users/u1/notes", Note)


def the_products_calls(seed: int) -> list[object]:
    """What the product's own reads, lists and transactions return."""
    chance = random.Random(seed)
    for number in range(40):
        path = chance.choice((NOTES, OTHERS)).document(f"n{number % 25}")
        note = a_note(chance, number)
        transact(path, lambda docs, path=path, note=note: docs.put(path, note), Reads(fresh=[path]))  # type: ignore[misc]
        if number % 10 == 9:
            firestore.delete_all([path, NOTES.document("n3")])
    return [*documents(), *pages({"uid": "u1"}, None), *pages({}, "b")]


def a_note(chance: random.Random, number: int) -> Note:
    return Note(
        uid=chance.choice(("u1", "u2")),
        created_at=START + timedelta(hours=chance.randrange(5)),
        cents=chance.randrange(4),
        hidden=chance.random() < 0.3,
        tags=chance.sample(["a", "b", "c"], chance.randrange(3)),
        places={f"j{each}": each for each in range(chance.randrange(3))},
        ends_at=None if number % 3 else START,
    )


def documents() -> Iterator[object]:
    hour = timedelta(hours=1)
    yield firestore.get_all([NOTES.document(f"n{number}") for number in range(25)])
    for newest_first in (False, True):
        yield list(query.documents(NOTES, order="createdAt", newest_first=newest_first, page_size=3))
        yield list(query.documents(NOTES.select(Size), order="createdAt", after=START, limit=4))
    yield list(query.documents(NOTES, equal={"uid": "u1"}, page_size=2))
    yield list(query.documents(NOTES, after="n4", limit=3))
    yield list(query.documents(NOTES, order="createdAt", least=START, most=START + 3 * hour, group=True))
    yield list(query.fields(NOTES, order="cents", most=2, limit=5))
    yield query.names(NOTES, {"uid": "u2", "cents": 1}, 5, group=True)
    yield query.count(NOTES, order="createdAt", least=START + hour, below=START + 3 * hour)
    yield query.total(NOTES, "cents", equal={"uid": "u1"}, group=True)


def pages(equal: dict[str, object | None], tag: str | None) -> Iterator[object]:
    cursor = None
    while True:
        found, cursor = query.page(NOTES, equal, "createdAt", size=2, cursor=cursor, holds={"tags": tag})
        yield found, cursor
        if cursor is None:
            return


def test_the_products_calls_are_answered_as_by_the_engine(project: str, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = the_products_calls(7)
    assert len(wanted) == 17, "some lists have several pages"
    assert all(wanted), "no list is empty"
    store = Store(lambda: 1_800_000_000.0)
    wire = Wire(store, at_once)
    monkeypatch.setattr(rest.Connections, "send", lambda _connections, *asked: wire.send(*asked))
    process.restart()
    assert the_products_calls(7) == wanted
    name = f"projects/{project}/databases/(default)"
    assert repr(store.all(name)) == repr(Database(project=project).all())


@pytest.fixture
def ask(project: str) -> Callable[..., Any]:
    """`ask(store, io)` is what asks a store."""

    def connected(store: Store, io: Any = at_once) -> Callable[..., Any]:
        connections = rest.Connections(f"projects/{project}/databases/(default)", None, str)
        connections.send = Wire(store, io).send  # type: ignore[method-assign]
        return connections.ask

    return connected


def test_a_broken_connection_and_a_late_answer_are_the_networks_errors(project: str, ask: Callable[..., Any]) -> None:
    said: list[tuple[str, str, float | None]] = []

    def io(kind: str, what: str, act: Callable[[], Any], timeout_s: float | None = None) -> Any:
        said.append((kind, what, timeout_s))
        act()
        raise Cut(applied=True) if kind == "firestore.commit" else Late

    store = Store(lambda: 1_800_000_000.0)
    name = f"projects/{project}/databases/(default)"
    root = f"{name}/documents"
    write = values.create(f"{root}/users/u1/ledger/l1", {"n": 1})
    with pytest.raises(rest.Unreachable, match="UNAVAILABLE"):
        ask(store, io)("commit", root, {"writes": [write]}, 3)
    with pytest.raises(rest.Unreachable, match="DEADLINE_EXCEEDED"):
        ask(store, io)("batchGet", root, {"documents": [write["update"]["name"]]}, 2)
    assert said == [("firestore.commit", "users/ledger 1", 3), ("firestore.get", "users/ledger 1", 2)]
    assert store.all(name) == {"users/u1/ledger/l1": {"n": 1}}


def test_what_the_store_does_not_know_ends_the_run(project: str, ask: Callable[..., Any]) -> None:
    root = f"projects/{project}/databases/(default)/documents"
    nearest = {"from": [{"collectionId": "users"}], "findNearest": {"limit": 3}}
    unknown: list[tuple[str, Any]] = [
        ("runQuery", {"structuredQuery": nearest}),
        ("commit", {"writes": [{"transform": {"document": f"{root}/users/u1"}}]}),
        ("batchGet", {"documents": [], "transaction": "AA=="}),
        ("beginTransaction", {}),
    ]
    for method, request in unknown:
        with pytest.raises(Unsupported):
            ask(Store(lambda: 0.0))(method, root, request, 1)


def test_documents_expire_by_their_ttl_policies(project: str) -> None:
    store = Store(lambda: 1_800_000_000.0)
    database = f"projects/{project}/databases/(default)"
    fields = {"expiresAt": datetime.fromtimestamp(1_800_000_100, UTC), "n": 1}
    paths = ["rateLimits/r1", "users/u1/notifications/n1", "users/u1"]
    writes = [values.create(f"{database}/documents/{path}", fields) for path in paths]
    store.commit(database, {"writes": writes})
    version = store.version(database)
    assert store.expire(1_800_000_099.0) == 0
    assert store.changed(database, version) == {}
    assert store.expire(1_800_000_100.0) == 2
    assert store.changed(database, version) == {"rateLimits/r1": None, "users/u1/notifications/n1": None}
    assert list(store.all(database)) == ["users/u1"]
