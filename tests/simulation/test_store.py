"""The contract of the Firestore in memory: it answers the same random requests as the engine of all other tests.

Where the engine (hidane) differs from the documented Firestore, the store follows the engine:
- An update_time past the stored one is INVALID_ARGUMENT; the documentation knows FAILED_PRECONDITION only.
- A second array-contains clause is FAILED_PRECONDITION, as in Google's emulator; production says INVALID_ARGUMENT.
- `done` ends the engine's answer to a query; production does not promise it, and the store leaves it out.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import grpc  # type: ignore[import-untyped]
import pytest
from google.api_core.exceptions import GoogleAPICallError
from google.cloud.firestore_v1 import _helpers, types
from google.cloud.firestore_v1.field_path import FieldPath
from google.cloud.firestore_v1.services.firestore import FirestoreClient, transports
from google.protobuf.timestamp_pb2 import Timestamp  # type: ignore[import-untyped]

from studiox.kit import protobuf
from studiox.kit.clock import UTC, datetime
from tests.simulation.store import Channel, Store

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
    *(None, False, True, 0, 1, 1.0, -0.0, 0.0, 2, 1.5, -7, float("nan"), float("inf"), float("-inf")),
    *(2**53, 2**53 + 1, float(2**53), 2**63 - 1, -(2**63), float(2**63), 1e300),
    *(datetime(2026, 2, 28, 23, 59, 59, 999_999, UTC), datetime(2026, 3, 1, tzinfo=UTC), datetime(1, 1, 1, tzinfo=UTC)),
    *("", "a", "A", "aa", "ä", "\uffee", "😀", "1", b"", b"\x00", b"\xff", b"a"),
    *([], [1], [1.0], [1, 2], ["a"], ["a", "b"], [None], [float("nan")], [{"a": [1]}], [b"a", True]),
    *({}, {"a": 1}, {"a": 1.0}, {"a": 2}, {"a": 1, "b": None}, {"b": 1}, {"a": {"c": [1, {"d": ""}]}}, {"ä.": "x"}),
)
POOLS: dict[str, Sequence[Any]] = {
    "n": (1, 1.0, 2, 2, 3, 0.0, -0.0, float("nan"), None, True, "\uffee", "😀"),
    "at": (*VALUES[21:23], *VALUES[21:23], None, 1),
    "status": ("open", "done", "open", "\uffee", "😀", None),
    "tags": (["a", "b"], ["b"], ["a", 1], [{"a": [1]}], []),
    "cents": (0, 1, 2, 990, -990, 2**62, "x", None, True, [1]),  # the product sums integers only
}
"""What many documents hold, so that orders have ties, filters find something, and cursors hit a document."""


class Side:
    """One of the two databases. Times are compared by their numbers, in order of appearance."""

    def __init__(self, channel: Any, metadata: Sequence[tuple[str, str]]) -> None:
        self._client = FirestoreClient(transport=transports.FirestoreGrpcTransport(channel=channel))
        self._metadata = metadata
        self._numbers: dict[int, int] = {}
        self._times: list[Timestamp] = []

    def number(self, message: Any, field: str) -> int | None:
        if not message.HasField(field):
            return None
        time = getattr(message, field)
        micros = time.seconds * 1_000_000 + time.nanos // 1_000
        assert time.nanos % 1_000 == 0
        if micros not in self._numbers:
            self._numbers[micros] = len(self._times)
            self._times.append(time)
        return self._numbers[micros]

    def time(self, number: int) -> Timestamp:
        return self._times[number]

    def ask(self, method: str, request: Any) -> Any:
        """What is compared of the answer, or of the error."""
        try:
            answer = getattr(self._client, method)(request=request, metadata=self._metadata, timeout=100, retry=None)
            return self._told(method, answer)
        except GoogleAPICallError as error:
            is_exact = error.grpc_status_code in (grpc.StatusCode.NOT_FOUND, grpc.StatusCode.ALREADY_EXISTS)
            return error.grpc_status_code, error.message if is_exact else ""

    def _told(self, method: str, answer: Any) -> Any:
        if method == "commit":
            message = type(answer).pb(answer)
            results = [  # no time for a deletion
                (self.number(each, "update_time"), [repr(protobuf._value(sum_)) for sum_ in each.transform_results])
                for each in message.write_results
            ]
            return results, self.number(message, "commit_time")
        rows = [type(each).pb(each) for each in answer]
        match method:
            case "batch_get_documents":
                return [
                    each.missing if each.WhichOneof("result") == "missing" else self._document(each.found)
                    for each in rows
                ]
            case "run_query":
                return [self._document(each.document) for each in rows if each.HasField("document")]
        [row] = rows
        return _shown(row.result.aggregate_fields)

    def _read(self, answer: Any) -> Any:
        return answer.missing if answer.WhichOneof("result") == "missing" else self._document(answer.found)

    def _document(self, document: Any) -> Any:
        fields = _shown(document.fields)
        return document.name, fields, self.number(document, "create_time"), self.number(document, "update_time")


def _shown(fields: Any) -> str:
    """The values as the product reads them; a text, which tells 1 from 1.0, and in which NaN is itself."""
    return repr(_sorted({name: protobuf._value(value) for name, value in fields.items()}))


def _sorted(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _sorted(each) for name, each in sorted(value.items())}
    return list(map(_sorted, value)) if isinstance(value, list) else value


Step = tuple[str, Callable[[Side], Any]]
"""A method of the generated client, and its request, which has the side's own times."""


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
        return "commit", lambda side: types.CommitRequest.pb()(
            database=self.database, writes=[write(side) for write in writes]
        )

    def _write(self, name: str) -> Callable[[Side], Any]:
        names = [*self.random.sample(NAMES, self.random.randrange(5)), *self.random.choice((("n", "at"), ("n",), ()))]
        fields = {each: self._value(each) for each in names}
        removed = self.random.sample(NAMES, self.random.randrange(3))
        kind = self.random.choices(("create", "set", "update", "delete", "increment"), (4, 1, 6, 2, 2))[0]
        sums = {self.random.choice(SUMS): self.random.choice((1, -3, 2**62, -(2**63))) for _ in range(2)}
        if kind == "update" and self._is(0.3):  # which changes nothing, or a zero's sign
            fields, removed = {"n": self.random.choice((0.0, -0.0, float("nan")))}, []
        condition: Any = {"create": False}.get(kind)
        if kind in ("update", "delete") and self._is(0.8):
            condition = self.known.get(name) if self._is(0.85) else self.random.choice((True, False, *self.numbers))
        if condition is None and kind == "update":
            condition = True if self._is(0.5) else None

        def write(side: Side) -> Any:
            made = types.Write.pb()()
            if kind == "delete":
                made.delete = name
            elif kind == "increment":
                made.CopyFrom(protobuf.increment(name, sums))
            else:
                made.update.name = name
                for field, value in fields.items():
                    made.update.fields[field].CopyFrom(_encoded(value))
            if kind == "update":
                mask = [FieldPath(each).to_api_repr() for each in (*fields, *removed)]
                made.update_mask.SetInParent()
                made.update_mask.field_paths.extend(mask)
            if isinstance(condition, bool):
                made.current_document.exists = condition
            elif condition is not None:
                made.current_document.update_time.CopyFrom(side.time(condition))
            return made

        return write

    def get(self) -> Step:
        names = [self._name() for _ in range(self.random.choice((1, 3, 8)))]
        request = types.BatchGetDocumentsRequest.pb()(database=self.database, documents=names)
        return "batch_get_documents", lambda _side: request

    def query(self) -> Step:
        parent, query = self._structured()
        self._order(query)
        if self._is(0.5):
            query.limit.value = self.random.choice((0, 1, 2, 3, 5, 100))
        if self._is(0.1):
            query.offset = self.random.randrange(4)
        if self._is(0.2):
            names = self.random.sample((*NAMES, "__name__"), self.random.randrange(1, 4))
            for each in names:
                query.select.fields.add(field_path=_quoted(each))
        request = types.RunQueryRequest.pb()(parent=parent, structured_query=query)
        return "run_query", lambda _side: request

    def aggregate(self) -> Step:
        parent, query = self._structured()
        request = types.RunAggregationQueryRequest.pb()(parent=parent)
        asked = request.structured_aggregation_query
        if self._is(0.5):
            asked.aggregations.add(alias="sum").sum.field.field_path = "cents"
        else:
            self._order(query)
        if not asked.aggregations or self._is(0.5):
            asked.aggregations.add().count.SetInParent()
        asked.structured_query.CopyFrom(query)
        return "run_aggregation_query", lambda _side: request

    def _structured(self) -> tuple[str, Any]:
        """A query's parent, and the query with its collection and filters."""
        [collection] = self.random.choices(COLLECTIONS, WEIGHTS)
        above, _, name = collection.rpartition("/")
        is_group = self._is(0.3)
        root = f"{self.database}/documents"
        parent = f"{root}/{above}" if above and not (is_group and self._is(0.7)) else root
        query = types.StructuredQuery.pb()()
        query.from_.add(collection_id=name, all_descendants=is_group)
        filters = [self._filter(is_first=not number) for number in range(self.random.choice((0, 0, 1, 1, 1, 2, 3)))]
        if len(filters) == 1 and self._is(0.5):
            query.where.CopyFrom(filters[0])
        elif filters:
            query.where.composite_filter.op = query.CompositeFilter.AND
            query.where.composite_filter.filters.extend(filters)
        return parent, query

    def _filter(self, *, is_first: bool) -> Any:
        made = FILTER.Filter()
        name = self.random.choice(NAMES[:4] if self._is(0.7) else NAMES)
        if self._is(0.1):
            made.unary_filter.field.field_path = _quoted(name)
            made.unary_filter.op = self.random.choice((2, 2, 3, 3, 4, 5))  # IS_NAN, IS_NULL, and their negations
            return made
        operators = ("EQUAL", "IN", "ARRAY_CONTAINS", "NOT_EQUAL", *RANGES)
        operator = self.random.choices(operators, (8, 2 * is_first, 3 * is_first, 1, 1, 1, 1, 1))[0]
        made.field_filter.op = FILTER.FieldFilter.Operator.Value(operator)
        made.field_filter.field.field_path = _quoted(name)
        # For null and NaN the client library asks by unary filters.
        values = [each for each in (self._value(name) for _ in range(5)) if each is not None and each == each] or [1]
        value: Any = values[0]
        if operator == "IN":
            value = [each for each in values if not isinstance(each, list)]
        if operator == "ARRAY_CONTAINS":
            value = self.random.choice(("a", "b", 1, {"a": [1]}))
        made.field_filter.value.CopyFrom(_encoded(value))
        return made

    def _order(self, query: Any) -> None:
        """Orders as the product asks for, and others; and cursors into them."""
        fields = self.random.choice(((), (), ("__name__",), ("n",), ("n",), ("at",), ("status", "n"), ("n", "n")))
        names = [*fields, *(["__name__"] if fields and fields[-1] != "__name__" and self._is(0.7) else [])]
        direction = self.random.choice((1, 2))
        for name in names:
            order = query.order_by.add(direction=direction if self._is(0.9) else 3 - direction)
            order.field.field_path = name
        for bound in ("start_at", "end_at"):
            if names and self._is(0.4):
                cursor = getattr(query, bound)
                cursor.before = self._is(0.5)
                for name in names[: self.random.randrange(1, len(names) + 1)]:
                    if name == "__name__":
                        cursor.values.add().reference_value = self._name()
                    else:
                        cursor.values.add().CopyFrom(_encoded(self._value(name)))

    def learn(self, method: str, answer: Any) -> None:
        """Remember the update times in an answer."""
        if method == "commit" and isinstance(answer[0], list):
            self.numbers.append(answer[1])
        elif method in ("batch_get_documents", "run_query") and isinstance(answer, list):
            found = [each for each in answer if isinstance(each, tuple)]
            self.known.update({name: update_time for name, _, _, update_time in found})
            self.numbers.extend(update_time for _, _, _, update_time in found)


FILTER = types.StructuredQuery.pb()
RANGES = ("LESS_THAN", "LESS_THAN_OR_EQUAL", "GREATER_THAN", "GREATER_THAN_OR_EQUAL")


def _quoted(name: str) -> str:
    return name if name == "__name__" else str(FieldPath(name).to_api_repr())


def _encoded(value: Any) -> Any:
    made: Any = _helpers.encode_value(value)
    return type(made).pb(made)


def at_once(_kind: str, _what: str, act: Callable[[], Any], _timeout_s: float | None = None) -> Any:
    return act()


@pytest.fixture
def sides(project: str) -> tuple[str, Side, Side]:
    """The database's name, the engine and the store."""
    database = f"projects/{project}/databases/(default)"
    metadata = [("google-cloud-resource-prefix", database), ("authorization", "Bearer owner")]
    wire = grpc.insecure_channel(os.environ["FIRESTORE_EMULATOR_HOST"])
    return database, Side(wire, metadata), Side(Channel(Store(lambda: 1_800_000_000.0), at_once), metadata)


@pytest.mark.parametrize("seed", range(SEEDS))
def test_the_store_answers_as_the_engine_does(sides: tuple[str, Side, Side], seed: int) -> None:
    database, engine, store = sides
    requests = Requests(seed, database)
    for number, (method, request) in enumerate(requests.steps(STEPS)):
        wanted = engine.ask(method, request(engine))
        found = store.ask(method, request(store))
        assert found == wanted, f"step {number}: {request(store)}"
        requests.learn(method, wanted)
