"""firestore.rules, cell by cell: every kind of document, every identity, every operation (faults R1–R3, R5)."""

from __future__ import annotations

import ast
import os
import pathlib
import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.rules.client import RULES, Client, load, outcomes, token
from tests.rules.table import (
    ADMIN,
    COLLECTIONS,
    GUEST,
    IDENTITIES,
    NOBODY_SIGNED_IN,
    NOW,
    OPERATIONS,
    OTHER,
    OWNER,
    ROWS,
    Row,
)
from tests.support import Database
from tests.support.engine import Engine

STUDIOX = pathlib.Path(__file__).parents[2] / "functions" / "studiox"

Cells = dict[str, dict[str, dict[str, bool]]]


class World:
    """A project under the rules, with every row's document in it."""

    def __init__(self, host: str, project: str) -> None:
        self.host, self.project = host, project
        load(host, project, RULES.read_text())
        self.database = Database(host, project)
        for row in ROWS:
            self.database.put(row.path, row.data)
        self.clients = {name: self.client(name) for name in IDENTITIES}

    def client(self, name: str) -> Client:
        claims: dict[str, Any] = {"email_verified": True, "firebase": {"sign_in_provider": "password"}}
        if name == ADMIN:
            claims["admin"] = True
        if name == GUEST:
            claims = {"firebase": {"sign_in_provider": "anonymous"}}
        signed_in = None if name == NOBODY_SIGNED_IN else token(name, **claims)
        return Client(self.host, self.project, signed_in)

    def cells(self, row: Row, name: str) -> dict[str, bool]:
        """What this identity may do with this row's document."""
        client, (collection, _, _) = self.clients[name], row.path.rpartition("/")
        return {
            "get": client.get(row.path),
            "get_absent": client.get(f"{collection}/absent"),
            "list": client.list(collection, limit=100),
            "list_own": client.list(collection, equal={"uid": name}, limit=100),
            "list_owners": client.list(collection, equal={"uid": OWNER}, newest="createdAt", limit=20),
            "list_all": client.list(collection, equal={"uid": OWNER}),
            "list_more": client.list(collection, equal={"uid": OWNER}, limit=101),
            "list_behind": client.list(collection, equal={"uid": OWNER}, limit=100, offset=100_000),
            "listed_more": client.listed(collection, 101),
            "count": client.count(collection, limit=100),
            "count_owners": client.count(collection, equal={"uid": OWNER}, limit=100),
            "count_all": client.count(collection, equal={"uid": OWNER}),
            "group": client.list(collection, equal={"uid": name}, limit=10, group=True),
            "create": client.create(f"{collection}/made-by-{name}", {**row.data, "uid": name}),
            "update": client.update(row.path, {"balance": 10**6}),
            "mark": client.update(row.path, {"readAt": NOW}),
            "delete": client.delete(row.path),
        }


@pytest.fixture(scope="module")
def world(engine: Engine) -> Iterator[World]:
    made = World(engine.host, f"demo-rules-{os.getpid()}")
    yield made
    made.database.clear()


@pytest.fixture(scope="module")
def matrix(world: World) -> Cells:
    """Every cell, asked once."""
    return {row.path: {name: world.cells(row, name) for name in IDENTITIES} for row in ROWS}


def _expected(row: Row, name: str) -> dict[str, bool]:
    return {operation: name in row.grants.get(operation, ()) for operation in OPERATIONS}


@pytest.mark.parametrize("name", IDENTITIES)
@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.path)
def test_cell(matrix: Cells, row: Row, name: str) -> None:
    assert matrix[row.path][name] == _expected(row, name)


def test_the_matrix_is_large_and_both_answers_are_frequent(matrix: Cells) -> None:
    """G12."""
    cells = [may for of_row in matrix.values() for of_name in of_row.values() for may in of_name.values()]
    assert len(cells) >= 400
    assert cells.count(True) >= 100
    assert cells.count(False) >= 100


def test_every_allow_is_seen_granting_and_refusing(world: World, matrix: Cells) -> None:
    """G12: a condition that only ever came out one way is not tested."""
    assert matrix
    _feeds(world)
    assert world.clients[OTHER].get(f"likes/shown_{OTHER}")
    seen = outcomes(world.host, world.project)
    conditions = [number for number, line in enumerate(RULES.read_text().splitlines(), 1) if "allow " in line]
    assert len(conditions) >= 12
    one_way = {line: came_out for line, came_out in seen.items() if came_out != {True, False}}
    assert not one_way
    assert {line for line in conditions if not seen.keys() & {line, line + 1}} == set()


# The one write: that a notification was read.

NOTIFICATION = f"users/{OWNER}/notifications/n1"


@pytest.mark.parametrize(
    "change",
    [
        {"readAt": NOW, "kind": "forged"},
        {"readAt": NOW, "new": True},
        {"kind": "forged"},
        {"readAt": "2026-03-01T12:00:00Z"},
        {"readAt": 1},
        {"readAt": True},
        {"readAt": None},
        {"readAt": {"at": NOW}},
    ],
)
def test_a_notification_takes_only_a_time_in_read_at(world: World, change: dict[str, Any]) -> None:
    before = world.database.get(NOTIFICATION)
    assert not world.clients[OWNER].update(NOTIFICATION, change)
    assert world.database.get(NOTIFICATION) == before


def test_read_at_may_be_set_again_but_nothing_taken_away(world: World) -> None:
    owner = world.clients[OWNER]
    assert owner.update(NOTIFICATION, {"readAt": NOW})
    assert owner.update(NOTIFICATION, {"readAt": NOW.replace(hour=13)})
    assert not owner.update(NOTIFICATION, {}, mask=["readAt"])
    assert not owner.update(NOTIFICATION, {"readAt": NOW}, mask=["readAt", "kind"])
    assert world.database.need(NOTIFICATION) == {**_row(NOTIFICATION).data, "readAt": NOW.replace(hour=13)}


def test_a_notification_is_not_made_by_marking_one_that_is_absent(world: World) -> None:
    owner = world.clients[OWNER]
    assert not owner.create(f"users/{OWNER}/notifications/new", {"readAt": NOW})
    assert not owner.update(f"users/{OWNER}/notifications/new", {"readAt": NOW})
    assert world.database.get(f"users/{OWNER}/notifications/new") is None


def _row(path: str) -> Row:
    return next(row for row in ROWS if row.path == path)


@pytest.mark.parametrize(
    "field", ["balance", "buckets", "plan", "isPremium", "ledgerSeq", "suspended", "streak", "email"]
)
def test_no_field_of_the_own_account_can_be_written(world: World, field: str) -> None:
    """R1: not one field at a time either."""
    assert not world.clients[OWNER].update(f"users/{OWNER}", {field: 1})
    assert not world.clients[OTHER].create(f"users/{OTHER}", {field: 1})


def test_refused_writes_changed_nothing(world: World, matrix: Cells) -> None:
    """I22 for the rules: after all those attempts each document is the seeded one, but for marks, and no other is."""
    assert matrix
    there = world.database.all()
    assert {path: {**data, "readAt": None} for path, data in there.items()} == {
        row.path: {**row.data, "readAt": None} for row in ROWS
    }


# Live queries.


def _feeds(world: World, name: str = NOBODY_SIGNED_IN) -> dict[str, bool]:
    """The feeds a client might ask for."""
    client, shown = world.clients[name], {"hidden": False}
    return {
        "newest 100": client.list("posts", equal=shown, newest="createdAt", limit=100),
        "newest 1": client.list("posts", equal=shown, newest="createdAt", limit=1),
        "of a user": client.list("posts", equal={**shown, "uid": OWNER}, newest="createdAt", limit=20),
        "counted 100": client.count("posts", equal=shown, limit=100),
        "from the beginning": client.list("posts", equal=shown, newest="createdAt", limit=20, offset=0),
        "behind the first": client.list("posts", equal=shown, newest="createdAt", limit=20, offset=1),
        "counted behind the first": client.count("posts", equal=shown, limit=100, offset=1),
        "newest 101": client.list("posts", equal=shown, newest="createdAt", limit=101),
        "without an end": client.list("posts", equal=shown, newest="createdAt"),
        "counted without an end": client.count("posts", equal=shown),
        "hidden too": client.list("posts", newest="createdAt", limit=20),
        "hidden": client.list("posts", equal={"hidden": True}, limit=20),
        "own, hidden too": client.list("posts", equal={"uid": name}, limit=20),
        "group": client.list("posts", equal=shown, newest="createdAt", limit=20, group=True),
    }


@pytest.mark.parametrize("name", IDENTITIES)
def test_a_live_feed_asks_for_shown_posts_and_at_most_100(world: World, name: str) -> None:
    allowed = {"newest 100", "newest 1", "of a user", "counted 100", "from the beginning"}
    assert {feed for feed, may in _feeds(world, name).items() if may} == allowed


def test_a_like_that_is_not_there_yet_may_be_watched_by_its_user_alone(world: World) -> None:
    assert world.clients[OTHER].get(f"likes/shown_{OTHER}")
    for path in (f"likes/shown_{OWNER}", "likes/shown_third", "likes/shown", "likes/_", f"likes/{OTHER}"):
        assert not world.clients[OTHER].get(path), path
    under_score = Client(world.host, world.project, token("a_b"))
    assert under_score.get("likes/shown_a_b")
    assert not under_score.get("likes/shown_b")
    assert not Client(world.host, world.project, token("b")).get("likes/shown_a_b")


@pytest.mark.parametrize("collection", ["jobs", "creations", "sessions", "likes"])
def test_a_filter_for_somebody_else_beside_ones_own_is_no_way_in(world: World, collection: str) -> None:
    """R2: only equality with the caller's uid proves whose the documents are."""
    other = world.clients[OTHER]
    assert not other.list(collection, equal={"createdAt": NOW}, limit=1)
    assert not other.list(collection, newest="uid", limit=1)
    assert not other.count(collection, equal={"uid": OWNER, "createdAt": NOW})


# R5: no collection without a row.


def test_every_collection_the_code_names_has_a_row() -> None:
    named = {name for file in sorted(STUDIOX.rglob("*.py")) for name in _collections(ast.parse(file.read_text()))}
    assert named >= {"users", "jobs", "creations", "sessions", "rateLimits", "auditLogs", "welcomes", "models"}
    assert named - COLLECTIONS == set(), "a collection without a row in tests/rules/table.py"


# What has the form of a document's path and is none: names of Google's resources, objects of Storage.
_NOT_COLLECTIONS = {
    "locations",
    "functions",
    "projects",
    "databases",
    "traces",
    "b",
    "o",
    "storage",
    "uploads",
    "v1",
    "queues",
    "tasks",
}


def _collections(tree: ast.AST) -> Iterator[str]:
    """The collections named in paths like `f"users/{uid}/ledger"`, in `Collection("…", X)` and `page("…", …)`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            yield from _in_path(node)
        if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            name = node.args[0].value
            if called in ("Collection", "collection", "collection_group", "page", "names") and isinstance(name, str):
                yield name.split("/")[0]


def _in_path(text: ast.JoinedStr) -> Iterator[str]:
    literals = [part.value if isinstance(part, ast.Constant) else "{}" for part in text.values]
    path = "".join(str(each) for each in literals)
    if re.fullmatch(r"(\w+|\{\})(/(\w+|\{\}))+", path):
        segments = path.split("/")[::2]
        yield from (name for name in segments if name != "{}" and name not in _NOT_COLLECTIONS)


def test_the_search_for_collections_finds_them() -> None:
    code = 'f"users/{uid}/ledger/{id}"; db.collection("jobs"); page("posts", x); A = Collection("a", B); f"{x}/{y}"'
    assert set(_collections(ast.parse(code))) == {"users", "ledger", "jobs", "posts", "a"}
