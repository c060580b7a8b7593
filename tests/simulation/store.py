"""Firestore in memory: what the product asks of it, answered as the real one answers, and a channel for its client.

A commit does not look into the values, because that costs more than the rest of it. Firestore refuses an array in an
array and cuts times to microseconds: such values end the run when a query or a check reads them. It also refuses names
like `__x__` and documents of more than 1 MiB. No answer has a read_time.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NoReturn

import grpc  # type: ignore[import-untyped]
from google.cloud.firestore_v1 import types

from tests.support import indexes
from tests.support.rpcs import Fault

from .faults import Conflict, Cut, Late
from .store_documents import Database, Message, Stored, micros_of, row, time_of
from .store_query import (
    NAME,
    Query,
    Segments,
    Unsupported,
    field_of,
    invalid,
    path_of,
    segments_of,
    value_of,
)

_Total = types.RunAggregationQueryResponse.pb()
_Committed = types.CommitResponse.pb()
_Value = types.Value.pb()


class Store:
    """Firestore databases by their full names, such as `projects/p/databases/(default)`.

    `clock`: seconds since the epoch. Requests are protobuf messages that nobody changes afterwards. Answers are what
    the generated client returns.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._databases: dict[str, Database] = {}

    def _database(self, name: str) -> Database:
        found = self._databases.get(name)
        return self._databases.setdefault(name, Database()) if found is None else found

    def get(self, request: Any) -> list[Message]:
        """BatchGetDocuments: the documents in the order of the request, each once."""
        if request.WhichOneof("consistency_selector") or request.HasField("mask"):
            raise Unsupported("a read with a mask or a time, or in a transaction", request)
        documents = self._database(request.database).documents
        answers = []
        for name in dict.fromkeys(request.documents):
            _path(name, request.database)
            found = documents.get(name)
            answers.append(Message("missing", missing=name) if found is None else found.found())
        return answers

    def commit(self, request: Any) -> Any:
        """Commit: all writes or none. INVALID_ARGUMENT, ALREADY_EXISTS, NOT_FOUND, FAILED_PRECONDITION."""
        if request.transaction:
            raise Unsupported("a commit of a transaction", request)
        database = self._database(request.database)
        named = [(write, _target(write)) for write in request.writes]
        targets = [(write, name, _path(name, request.database)) for write, name in named]
        before_commit = database.last_commit
        now = time_of(database.next_commit(self._clock()))
        answer = _Committed(commit_time=now)
        pending: dict[str, tuple[Segments, Stored | None]] = {}
        try:
            for write, name, path in targets:
                if name in pending and not (write.delete and pending[name][1] is None):
                    raise Unsupported("two writes of one document", request)
                before = None if name in pending else database.documents.get(name)
                if write.HasField("current_document"):
                    _check(write, name, before, database.deleted.get(name, 0))
                after = None if write.delete else _written(write, path, before, now)
                pending[name] = path, after
                result = answer.write_results.add()
                if after is not None:
                    result.update_time.CopyFrom(after.updated)
                    for each in write.update_transforms:
                        result.transform_results.append(_held(after.values, path_of(each.field_path)))
        except Fault:
            database.last_commit = before_commit
            raise
        for name, (path, after) in pending.items():
            if after is not database.documents.get(name):
                database.put(name, path, after)
        return types.CommitResponse.wrap(answer)

    def query(self, request: Any) -> list[Any]:
        """RunQuery."""
        if request.WhichOneof("consistency_selector") or request.HasField("explain_options"):
            raise Unsupported("a query with a time or options, or in a transaction", request)
        query = Query(request.structured_query)
        found, skipped = query.select(self._candidates(request.parent, query))
        rows = [each.row(query.projection) for each in found]
        return [row(None, skipped), *rows] if skipped or not rows else rows

    def aggregate(self, request: Any) -> list[Any]:
        """RunAggregationQuery with counts and sums."""
        if request.WhichOneof("consistency_selector") or request.HasField("explain_options"):
            raise Unsupported("an aggregation with a time or options, or in a transaction", request)
        asked = request.structured_aggregation_query
        query = Query(asked.structured_query)
        summed = [field_of(each.sum.field.field_path) for each in asked.aggregations if each.HasField("sum")]
        if summed and (query.limit is not None or query.offset or NAME in summed or query.projection is not None):
            raise Unsupported("a sum over a part", request)
        candidates = self._candidates(request.parent, query)
        found, _ = query.select(each for each in candidates if all(each.key(field) is not None for field in summed))
        answer = _Total()
        unnamed = itertools.count(1)
        for each in asked.aggregations:
            operator = each.WhichOneof("operator")
            if operator not in ("count", "sum") or each.count.HasField("up_to"):
                raise Unsupported("an aggregation", request)
            total = len(found) if operator == "count" else _sum(found, field_of(each.sum.field.field_path))
            result = answer.result.aggregate_fields[each.alias or f"field_{next(unnamed)}"]
            if isinstance(total, int):
                result.integer_value = total
            else:
                result.double_value = total
        return [types.RunAggregationQueryResponse.wrap(answer)]

    def _candidates(self, parent: str, query: Query) -> Iterable[Stored]:
        name, path = segments_of(parent)
        database = self._database(name)
        if not query.is_group:
            return database.collections.get((*path, query.collection_id), {}).values()
        group = database.groups.get(query.collection_id, {}).values()
        return (each for each in group if each.segments[: len(path)] == path) if path else group

    def expire(self, now: float) -> int:
        """Delete the documents whose TTL field has passed, as a TTL policy does within a day. How many there were."""
        expired = [
            (database, document)
            for database in self._databases.values()
            for collection_id, field in ttl_fields().items()
            for document in database.groups.get(collection_id, {}).values()
            if isinstance(ends := document.data.get(field), datetime) and ends.timestamp() <= now
        ]
        for database, document in expired:
            database.next_commit(now)
            database.put(document.name, document.segments, None)
        return len(expired)

    def all(self, database: str) -> dict[str, dict[str, Any]]:
        """{path: data} of every document there is, in order of the paths. Not to be changed."""
        documents = self._database(database).documents.values()
        return dict(sorted((each.path, each.data) for each in documents))

    def find(self, database: str, path: str) -> dict[str, Any] | None:
        """The document's data, None if there is none. Not to be changed."""
        found = self._database(database).documents.get(f"{database}/documents/{path}")
        return None if found is None else found.data

    def version(self, database: str) -> int:
        """It grows with each document that changes."""
        return len(self._database(database).journal)

    def changed(self, database: str, since: int) -> dict[str, dict[str, Any] | None]:
        """{path: data, None if there is none any more} of the documents that changed since this version."""
        return {
            path: self.find(database, path)
            for path in map("/".join, dict.fromkeys(self._database(database).journal[since:]))
        }


@functools.cache
def ttl_fields() -> Mapping[str, str]:
    """{collection id: the field of its TTL policy}"""
    overrides = indexes.read_file()["fieldOverrides"]
    return {each["collectionGroup"]: each["fieldPath"] for each in overrides if each.get("ttl")}


def _path(name: str, database: str) -> Segments:
    """The path of a document's full name."""
    its_database, path = segments_of(name)
    if its_database != database or not path or len(path) % 2:
        raise invalid(f'Document "{name}" is not a document of database "{database}".')
    return path


def _target(write: Any) -> str:
    """The full name of the document that is written."""
    operation = write.WhichOneof("operation")
    if operation == "update":
        return str(write.update.name)
    if operation != "delete" or write.HasField("update_mask"):
        raise Unsupported("a transform alone, or a verification", write)
    return str(write.delete)


def _check(write: Any, name: str, before: Stored | None, deleted: int) -> None:
    """The precondition of a write. `deleted`: when the document was, 0 for never."""
    condition = write.current_document
    match condition.WhichOneof("condition_type"):
        case "exists":
            if condition.exists and before is None:
                raise Fault(grpc.StatusCode.NOT_FOUND, f"No document to update: {name}")
            if not condition.exists and before is not None:
                raise Fault(grpc.StatusCode.ALREADY_EXISTS, f"Document already exists: {name}")
        case "update_time":
            if condition.update_time.nanos % 1_000:
                raise invalid("timestamp cannot have more than microseconds precision")
            required = micros_of(condition.update_time)
            stored = deleted if before is None else micros_of(before.updated)
            if before is not None and required > stored:
                raise invalid(f"Invalid base version, it is greater than the stored version: {name}")
            if required != stored:
                text = f"the stored version ({stored}) does not match the required base version ({required})"
                raise Fault(grpc.StatusCode.FAILED_PRECONDITION, text)
            if before is None and not write.delete:
                raise Fault(grpc.StatusCode.NOT_FOUND, f"No document to update: {name}")


def _written(write: Any, path: Segments, before: Stored | None, now: Any) -> Stored:
    """The document after the write: `before` itself if the write changes nothing. It keeps the request's values."""
    name, given = write.update.name, write.update.fields
    if before is None and not write.HasField("update_mask") and not write.update_transforms:
        return Stored(name, path, given, now, now)
    old = {} if before is None else before.values
    if write.HasField("update_mask"):
        named = [field_of(each) for each in write.update_mask.field_paths]
        values = {**old, **{field: given[field] for field in named if field in given}}
        for field in named:
            if field not in given:
                values.pop(field, None)
    else:
        values = {field: given[field] for field in sorted(given)}
    for each in write.update_transforms:
        values = _incremented(values, path_of(each.field_path), each)
    if before is not None and values == old:  # protobuf compares bits: NaN is itself, and -0.0 is not 0.0
        return before
    if values.keys() != old.keys():
        values = {field: values[field] for field in sorted(values)}
    return Stored(name, path, values, now if before is None else before.created, now)


def _incremented(values: Mapping[str, Any], path: Sequence[str], transform: Any) -> dict[str, Any]:
    """The fields after an increment of one of them by an integer. What is not a number, or absent, becomes the amount.

    A sum that integers cannot hold becomes the greatest or the least of them.
    """
    if transform.WhichOneof("transform_type") != "increment" or not transform.increment.integer_value:
        raise Unsupported("a transform that does not add an integer", transform)
    name, *rest = path
    before, after = values.get(name, _Value()), _Value()
    kind = before.WhichOneof("value_type")
    if rest:
        inner = dict(before.map_value.fields) if kind == "map_value" else {}
        for key, value in _incremented(inner, rest, transform).items():
            after.map_value.fields[key].CopyFrom(value)
    elif kind == "double_value":
        after.double_value = before.double_value + transform.increment.integer_value
    else:
        total = transform.increment.integer_value + (before.integer_value if kind == "integer_value" else 0)
        after.integer_value = min(max(total, -(2**63)), 2**63 - 1)
    return {**values, name: after}


def _held(values: Mapping[str, Any], path: Sequence[str]) -> Any:
    name, *rest = path
    return _held(values[name].map_value.fields, rest) if rest else values[name]


def _sum(found: list[Stored], field: str) -> int | float:
    """The sum of the integers among the field's values; a double if it is too large."""
    values = [value_of(each.data, field) for each in found]
    if any(isinstance(each, float) for each in values):
        raise Unsupported("a sum of doubles, which depends on their order", field)
    total = sum(each for each in values if isinstance(each, int) and not isinstance(each, bool))
    return total if -(2**63) <= total < 2**63 else float(total)


Io = Callable[[str, str, Callable[[], Any], float | None], Any]
"""`io(kind, what, act, timeout_s)` carries `act` out, or raises `Cut` or `Late`."""


class Channel(grpc.Channel):  # type: ignore[misc]
    """A grpc channel to a `Store`. No message is serialized; a request must not change after it was sent."""

    def __init__(self, store: Store, io: Io) -> None:
        self._methods: dict[str, tuple[str, Callable[[Any], Any], Callable[[Any], str]]] = {
            "BatchGetDocuments": ("firestore.get", store.get, lambda asked: _names(asked.documents)),
            "Commit": ("firestore.commit", store.commit, lambda asked: _names(map(_name_of, asked.writes))),
            "RunQuery": ("firestore.query", store.query, lambda asked: _query(asked.structured_query)),
            "RunAggregationQuery": (
                "firestore.aggregate",
                store.aggregate,
                lambda asked: _query(asked.structured_aggregation_query.structured_query),
            ),
        }
        self._io = io

    def call(self, method: str, request: Any, timeout_s: float | None) -> Any:
        """The method's answer. grpc's UNAVAILABLE when the connection breaks, DEADLINE_EXCEEDED after the timeout."""
        name = method.rsplit("/", 1)[1]
        if name not in self._methods:
            raise Unsupported(method, request)
        kind, answer, describe = self._methods[name]
        asked = type(request).pb(request)
        try:
            return self._io(kind, describe(asked), lambda: answer(asked), timeout_s)
        except Cut as error:
            raise Fault(grpc.StatusCode.UNAVAILABLE, "Socket closed") from error
        except Conflict as error:
            raise Fault(grpc.StatusCode.ABORTED, "Too much contention on these documents.") from error
        except Late as error:
            raise Fault(grpc.StatusCode.DEADLINE_EXCEEDED, "Deadline Exceeded") from error

    def unary_unary(self, method: str, *_serializers: Any, **_more: Any) -> Any:
        return _Unary(self, method)

    def unary_stream(self, method: str, *_serializers: Any, **_more: Any) -> Any:
        return _Stream(self, method)

    def stream_unary(self, method: str, *_serializers: Any, **_more: Any) -> Any:
        return _Unknown(method)

    def stream_stream(self, method: str, *_serializers: Any, **_more: Any) -> Any:
        return _Unknown(method)

    def subscribe(self, *_arguments: Any, **_more: Any) -> None:
        """The channel is always ready."""

    def unsubscribe(self, *_arguments: Any) -> None: ...

    def close(self) -> None: ...

    def __enter__(self) -> Channel:
        return self

    def __exit__(self, *_error: object) -> None: ...


class _Unary(grpc.UnaryUnaryMultiCallable):  # type: ignore[misc]
    def __init__(self, channel: Channel, method: str) -> None:
        self._channel, self._method = channel, method

    def __call__(self, request: Any, timeout: float | None = None, **_more: Any) -> Any:
        return self._channel.call(self._method, request, timeout)

    def with_call(self, request: Any, timeout: float | None = None, **_more: Any) -> tuple[Any, None]:
        """The client library's interceptor calls this; nobody looks at the call itself."""
        return self._channel.call(self._method, request, timeout), None

    def future(self, request: Any, *_arguments: Any, **_more: Any) -> NoReturn:
        raise Unsupported(f"a future of {self._method}", request)


class _Stream(grpc.UnaryStreamMultiCallable):  # type: ignore[misc]
    def __init__(self, channel: Channel, method: str) -> None:
        self._channel, self._method = channel, method

    def __call__(self, request: Any, timeout: float | None = None, **_more: Any) -> Iterator[Any]:
        return iter(self._channel.call(self._method, request, timeout))


class _Unknown:
    """A method that streams requests: the product uses none."""

    def __init__(self, method: str) -> None:
        self._method = method

    def __call__(self, *_arguments: Any, **_more: Any) -> NoReturn:
        raise Unsupported(self._method)


def _name_of(write: Any) -> str:
    name: str = write.delete or write.update.name
    return name


def _names(names: Iterable[str]) -> str:
    """Such as `users/ledger 3`: the collections of the first document, and how many documents."""
    every = list(names)
    return f"{'/'.join(every[0].split('/')[5::2])} {len(every)}" if every else "0"


def _query(query: Any) -> str:
    """Such as `jobs status createdAt`: the collection, and the fields that are compared and sorted by."""
    where = query.where
    compared = where.composite_filter.filters if where.HasField("composite_filter") else [where]
    fields = (each.field_filter.field.field_path or each.unary_filter.field.field_path for each in compared)
    orders = (each.field.field_path for each in query.order_by)
    collections = (each.collection_id for each in query.from_)
    return " ".join(filter(None, dict.fromkeys(itertools.chain(collections, fields, orders))))
