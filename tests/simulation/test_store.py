"""The contract of the Firestore in memory: it answers the same random requests as the engine of all other tests.

Where the engine (hidane) differs from the documented Firestore, the store follows the engine:
- An update_time past the stored one is INVALID_ARGUMENT; the documentation knows FAILED_PRECONDITION only.
- A second array-contains clause is FAILED_PRECONDITION, as in Google's emulator; production says INVALID_ARGUMENT.
- `done` ends the engine's answer to a query; production does not promise it, and the store leaves it out.
"""

from __future__ import annotations

import functools
import os
import random
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest

from studiox.kit import rest, values
from studiox.kit.clock import UTC, datetime
from tests.simulation.store import Store, Wire
from tests.support.rpcs import UNWATCHED

SEEDS = 400 if os.environ.get("STUDIOX_EXHAUSTIVE") else 8
STEPS = 300

COLLECTIONS = ("users", "users/u1/ledger", "users/ü/ledger", "users/u1/private", "jobs", "jobs/u1/ledger/u1/deep")
WEIGHTS = (4, 4, 2, 1, 1, 1)
IDS = ("u1", "u2", "U1", "ü", "\uffee", "😀", "a:b", "a b", "10", "9")
NAMES = ("n", "at", "status", "tags", "cents", "a.b", "weird `name\\", "0", "ключ")
SUMS: Sequence[tuple[str, ...]] = (
    ("n",),
    ("cents",),
    ("a.b",),
    ("sums", "a b"),
    ("sums", "c.d", "`"),
    ("sums", "c.d", "e"),
    ("status", "0"),
)
"""Paths of fields that are incremented, whatever they hold."""
VALUES: Sequence[Any] = (
    *(None, False, True, 0, 1, 1.0, 0.0, 2, 1.5, -7, float("nan"), float("inf"), float("-inf")),
    *(2**53, 2**53 + 1, float(2**53), 2**63 - 1, -(2**63), float(2**63), 1e300),
    *(datetime(2026, 2, 28, 23, 59, 59, 999_999, UTC), datetime(2026, 3, 1, tzinfo=UTC), datetime(1, 1, 1, tzinfo=UTC)),
    *("", "a", "A", "aa", "ä", "\uffee", "😀", "1", b"", b"\x00", b"\xff", b"a"),
    *([], [1], [1.0], [1, 2], ["a"], ["a", "b"], [None], [float("nan")], [{"a": [1]}], [b"a", True]),
    *({}, {"a": 1}, {"a": 1.0}, {"a": 2}, {"a": 1, "b": None}, {"b": 1}, {"a": {"c": [1, {"d": ""}]}}, {"ä.": "x"}),
)
POOLS: dict[str, Sequence[Any]] = {
    "n": (1, 1.0, 2, 2, 3, 0.0, float("nan"), None, True, "\uffee", "😀"),
    "at": (*VALUES[20:22], *VALUES[20:22], None, 1),
    "status": ("open", "done", "open", "\uffee", "😀", None),
    "tags": (["a", "b"], ["b"], ["a", 1], [{"a": [1]}], []),
    "cents": (0, 1, 2, 990, -990, 2**62, "x", None, True, [1]),  # the product sums integers only
}
"""What many documents hold, so that orders have ties, filters find something, and cursors hit a document."""


class Side:
    """One of the two databases. Times are compared by their numbers, in order of appearance."""

    def __init__(self, database: str, send: Callable[..., tuple[int, bytes]] | None = None) -> None:
        self._connections = rest.Connections(database, os.environ["FIRESTORE_EMULATOR_HOST"], lambda: "Bearer owner")
        # The random queries need no index.
        self._connections.send = send or functools.partial(UNWATCHED, self._connections)  # type: ignore[method-assign]
        self._numbers: dict[str, int] = {}
        self._times: list[str] = []

    def number(self, message: Any, field: str) -> int | None:
        if field not in message:
            return None
        time = values.version(message[field])
        assert time.endswith("000Z")
        if time not in self._numbers:
            self._numbers[time] = len(self._times)
            self._times.append(time)
        return self._numbers[time]

    def time(self, number: int) -> str:
        return self._times[number]

    def ask(self, method: str, parent: str, request: Any) -> Any:
        """What is compared of the answer, or of the error."""
        try:
            return self._told(method, self._connections.ask(method, parent, request, 100.0))
        except rest.FirestoreError as error:
            return error.status, str(error) if error.status in ("NOT_FOUND", "ALREADY_EXISTS") else ""

    def _told(self, method: str, answer: Any) -> Any:
        match method:
            case "commit":
                results = [  # no time for a deletion
                    (
                        self.number(each, "updateTime"),
                        [repr(values.value_of(sum_)) for sum_ in each.get("transformResults", [])],
                    )
                    for each in answer.get("writeResults", [])
                ]
                return results, self.number(answer, "commitTime")
            case "batchGet":
                return [each["missing"] if "missing" in each else self._document(each["found"]) for each in answer]
            case "runQuery":
                return [self._document(each["document"]) for each in answer if "document" in each]
        [row] = answer
        return _shown(row["result"]["aggregateFields"])

    def _document(self, document: Any) -> Any:
        fields = _shown(document.get("fields", {}))
        return document["name"], fields, self.number(document, "createTime"), self.number(document, "updateTime")


def _shown(fields: Any) -> str:
    """The values as the product reads them; a text, which tells 1 from 1.0, and in which NaN is itself."""
    return repr(_sorted({name: values.value_of(value) for name, value in fields.items()}))


def _sorted(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _sorted(each) for name, each in sorted(value.items())}
    return list(map(_sorted, value)) if isinstance(value, list) else value


Step = tuple[str, str, Callable[[Side], Any]]
"""A method, its parent, and its request, which has the side's own times."""


class Requests:
    """The random requests of one seed."""

    def __init__(self, seed: int, database: str) -> None:
        self.random = random.Random(seed)
        self.database = database
        self.known: dict[str, int] = {}
        """{full name: the number of the document's last update time}, as far as answers showed it."""
        self.numbers: list[int] = []

    def steps(self, count: int) -> Iterator[Step]:
        for _ in range(count):
            make = self.random.choices((self.commit, self.get, self.query, self.aggregate), (9, 2, 6, 2))[0]
            yield make()

    def _name(self) -> str:
        [collection] = self.random.choices(COLLECTIONS, WEIGHTS)
        return f"{self.database}/documents/{collection}/{self.random.choice(IDS)}"

    def _value(self, name: str) -> Any:
        is_common = name == "cents" or (name in POOLS and self._is(0.85))
        return self.random.choice(POOLS[name] if is_common else VALUES)

    def _is(self, chance: float) -> bool:
        return self.random.random() < chance

    def commit(self) -> Step:
        names = list({self._name(): None for _ in range(self.random.choice((1, 1, 2, 3, 5)))})
        if self._is(0.02):
            names.append(f"{self.database}/documents/users")
        writes = [self._write(name) for name in names]
        return "commit", f"{self.database}/documents", lambda side: {"writes": [write(side) for write in writes]}

    def _write(self, name: str) -> Callable[[Side], Any]:
        names = [*self.random.sample(NAMES, self.random.randrange(5)), *self.random.choice((("n", "at"), ("n",), ()))]
        fields = {each: self._value(each) for each in names}
        removed = self.random.sample(NAMES, self.random.randrange(3))
        kind = self.random.choices(("create", "set", "update", "delete", "increment"), (4, 1, 6, 2, 2))[0]
        sums = {self.random.choice(SUMS): self.random.choice((1, -3, 2**62, -(2**63))) for _ in range(2)}
        if kind == "update" and self._is(0.3):  # which changes nothing
            fields, removed = {"n": self.random.choice((0.0, float("nan")))}, []
        condition: Any = {"create": False}.get(kind)
        if kind in ("update", "delete") and self._is(0.8):
            condition = self.known.get(name) if self._is(0.85) else self.random.choice((True, False, *self.numbers))
        if condition is None and kind == "update":
            condition = True if self._is(0.5) else None

        def write(side: Side) -> Any:
            made: dict[str, Any]
            if kind == "delete":
                made = {"delete": name}
            elif kind == "increment":
                made = values.increment(name, sums)
            else:
                made = {"update": {"name": name, "fields": values.fields_json(fields)}}
            if kind == "update":
                made["updateMask"] = {"fieldPaths": [_quoted(each) for each in (*fields, *removed)]}
            if isinstance(condition, bool):
                made["currentDocument"] = {"exists": condition}
            elif condition is not None:
                made["currentDocument"] = {"updateTime": side.time(condition)}
            return made

        return write

    def get(self) -> Step:
        names = [self._name() for _ in range(self.random.choice((1, 3, 8)))]
        return "batchGet", f"{self.database}/documents", lambda _side: {"documents": names}

    def query(self) -> Step:
        parent, query = self._structured()
        self._order(query)
        if self._is(0.5):
            query["limit"] = self.random.choice((0, 1, 2, 3, 5, 100))
        if self._is(0.1):
            query["offset"] = self.random.randrange(4)
        if self._is(0.2):
            names = self.random.sample((*NAMES, "__name__"), self.random.randrange(1, 4))
            query["select"] = {"fields": [_field(each) for each in names]}
        return "runQuery", parent, lambda _side: {"structuredQuery": query}

    def aggregate(self) -> Step:
        parent, query = self._structured()
        aggregations: list[Any] = []
        if self._is(0.5):
            aggregations.append({"alias": "sum", "sum": {"field": {"fieldPath": "cents"}}})
        else:
            self._order(query)
        if not aggregations or self._is(0.5):
            aggregations.append({"count": {}})
        asked = {"structuredQuery": query, "aggregations": aggregations}
        return "runAggregationQuery", parent, lambda _side: {"structuredAggregationQuery": asked}

    def _structured(self) -> tuple[str, Any]:
        """A query's parent, and the query with its collection and filters."""
        [collection] = self.random.choices(COLLECTIONS, WEIGHTS)
        above, _, name = collection.rpartition("/")
        is_group = self._is(0.3)
        root = f"{self.database}/documents"
        parent = f"{root}/{above}" if above and not (is_group and self._is(0.7)) else root
        query: dict[str, Any] = {"from": [{"collectionId": name, "allDescendants": is_group}]}
        filters = [self._filter(is_first=not number) for number in range(self.random.choice((0, 0, 1, 1, 1, 2, 3)))]
        if len(filters) == 1 and self._is(0.5):
            query["where"] = filters[0]
        elif filters:
            query["where"] = {"compositeFilter": {"op": "AND", "filters": filters}}
        return parent, query

    def _filter(self, *, is_first: bool) -> Any:
        name = self.random.choice(NAMES[:4] if self._is(0.7) else NAMES)
        if self._is(0.1):
            operator = self.random.choice(("IS_NAN", "IS_NAN", "IS_NULL", "IS_NULL", "IS_NOT_NAN", "IS_NOT_NULL"))
            return {"unaryFilter": {"field": _field(name), "op": operator}}
        operators = ("EQUAL", "IN", "ARRAY_CONTAINS", "NOT_EQUAL", *RANGES)
        operator = self.random.choices(operators, (8, 2 * is_first, 3 * is_first, 1, 1, 1, 1, 1))[0]
        # For null and NaN queries ask by unary filters.
        some = [each for each in (self._value(name) for _ in range(5)) if each is not None and each == each] or [1]
        value: Any = some[0]
        if operator == "IN":
            value = [each for each in some if not isinstance(each, list)]
        if operator == "ARRAY_CONTAINS":
            value = self.random.choice(("a", "b", 1, {"a": [1]}))
        return {"fieldFilter": {"field": _field(name), "op": operator, "value": values.value_json(value)}}

    def _order(self, query: Any) -> None:
        """Orders as the product asks for, and others; and cursors into them."""
        fields = self.random.choice(((), (), ("__name__",), ("n",), ("n",), ("at",), ("status", "n"), ("n", "n")))
        names = [*fields, *(["__name__"] if fields and fields[-1] != "__name__" and self._is(0.7) else [])]
        directions = ["ASCENDING", "DESCENDING"]
        self.random.shuffle(directions)
        orders = [{"field": {"fieldPath": name}, "direction": directions[self._is(0.1)]} for name in names]
        if orders:
            query["orderBy"] = orders
        for bound in ("startAt", "endAt"):
            if names and self._is(0.4):
                before = self._is(0.5)
                some = names[: self.random.randrange(1, len(names) + 1)]
                query[bound] = {"values": [self._position(name) for name in some], "before": before}

    def _position(self, name: str) -> Any:
        return {"referenceValue": self._name()} if name == "__name__" else values.value_json(self._value(name))

    def learn(self, method: str, answer: Any) -> None:
        """Remember the update times in an answer."""
        if method == "commit" and isinstance(answer[0], list):
            self.numbers.append(answer[1])
        elif method in ("batchGet", "runQuery") and isinstance(answer, list):
            found = [each for each in answer if isinstance(each, tuple)]
            self.known.update({name: update_time for name, _, _, update_time in found})
            self.numbers.extend(update_time for _, _, _, update_time in found)


RANGES = ("LESS_THAN", "LESS_THAN_OR_EQUAL", "GREATER_THAN", "GREATER_THAN_OR_EQUAL")


def _quoted(name: str) -> str:
    return name if name == "__name__" else values.field_path([name])


def _field(name: str) -> dict[str, str]:
    return {"fieldPath": _quoted(name)}


def at_once(_kind: str, _what: str, act: Callable[[], Any], _timeout_s: float | None = None) -> Any:
    return act()


@pytest.fixture
def sides(project: str) -> tuple[str, Side, Side]:
    """The database's name, the engine and the store."""
    database = f"projects/{project}/databases/(default)"
    return database, Side(database), Side(database, Wire(Store(lambda: 1_800_000_000.0), at_once).send)


@pytest.mark.parametrize("seed", range(SEEDS))
def test_the_store_answers_as_the_engine_does(sides: tuple[str, Side, Side], seed: int) -> None:
    database, engine, store = sides
    requests = Requests(seed, database)
    for number, (method, parent, request) in enumerate(requests.steps(STEPS)):
        wanted = engine.ask(method, parent, request(engine))
        found = store.ask(method, parent, request(store))
        assert found == wanted, f"step {number}: {request(store)}"
        requests.learn(method, wanted)
