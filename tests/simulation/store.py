"""Firestore in memory: what the product asks of it, answered as the real one answers, and a wire to it.

A commit does not look into the values, because that costs more than the rest of it. Firestore refuses an array in an
array and cuts times to microseconds: such values end the run when a query or a check reads them. It also refuses names
like `__x__` and documents of more than 1 MiB. No answer has a read_time.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import unquote

import msgspec

from studiox.kit.values import value_json
from tests.support import indexes
from tests.support.rpcs import Fault

from .faults import Conflict, Cut, Late
from .store_documents import Database, Stored, micros_of, time_of
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

Request = Mapping[str, Any]


class Store:
    """Firestore databases by their full names, such as `projects/p/databases/(default)`.

    `clock`: seconds since the epoch. Requests and answers are the JSON of the REST API. Nobody may change a request
    afterwards.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._databases: dict[str, Database] = {}

    def _database(self, name: str) -> Database:
        found = self._databases.get(name)
        return self._databases.setdefault(name, Database()) if found is None else found

    def get(self, name: str, request: Request) -> list[Any]:
        """batchGet: the documents of the database `name` in the order of the request, each once."""
        _only(request, "documents")
        documents = self._database(name).documents
        answers: list[Any] = []
        for each in dict.fromkeys(request["documents"]):
            _path(each, name)
            found = documents.get(each)
            answers.append({"missing": each} if found is None else {"found": found.document()})
        return answers

    def commit(self, database_name: str, request: Request) -> dict[str, Any]:
        """commit: all writes or none. INVALID_ARGUMENT, ALREADY_EXISTS, NOT_FOUND, FAILED_PRECONDITION."""
        _only(request, "writes")
        database = self._database(database_name)
        named = [(write, _target(write)) for write in request["writes"]]
        targets = [(write, name, _path(name, database_name)) for write, name in named]
        before_commit = database.last_commit
        now = database.next_commit(self._clock())
        results: list[dict[str, Any]] = []
        pending: dict[str, tuple[Segments, Stored | None]] = {}
        try:
            for write, name, path in targets:
                if name in pending and not ("delete" in write and pending[name][1] is None):
                    raise Unsupported("two writes of one document", request)
                before = None if name in pending else database.documents.get(name)
                if "currentDocument" in write:
                    _check(write, name, before, database.deleted.get(name, 0))
                after = None if "delete" in write else _written(write, path, before, now)
                pending[name] = path, after
                results.append({} if after is None else _result(after, write.get("updateTransforms", ())))
        except Fault:
            database.last_commit = before_commit
            raise
        for name, (path, after) in pending.items():
            if after is not database.documents.get(name):
                database.put(name, path, after)
        return {**({"writeResults": results} if results else {}), "commitTime": time_of(now)}

    def query(self, parent: str, request: Request) -> list[Any]:
        """runQuery below `parent`."""
        _only(request, "structuredQuery")
        query = Query(request["structuredQuery"])
        found, skipped = query.select(self._candidates(parent, query))
        rows: list[Any] = [{"document": each.document(query.projection)} for each in found]
        return [{"skippedResults": skipped} if skipped else {}, *rows] if skipped or not rows else rows

    def aggregate(self, parent: str, request: Request) -> list[Any]:
        """runAggregationQuery with counts and sums."""
        _only(request, "structuredAggregationQuery")
        asked = request["structuredAggregationQuery"]
        query = Query(asked["structuredQuery"])
        summed = [_summed(each) for each in asked["aggregations"] if "sum" in each]
        if summed and (query.limit is not None or query.offset or NAME in summed or query.projection is not None):
            raise Unsupported("a sum over a part", request)
        candidates = self._candidates(parent, query)
        found, _ = query.select(each for each in candidates if all(each.key(field) is not None for field in summed))
        fields: dict[str, Any] = {}
        unnamed = itertools.count(1)
        for each in asked["aggregations"]:
            if each.keys() - {"alias"} not in ({"count"}, {"sum"}) or each.get("count"):
                raise Unsupported("an aggregation", request)
            total = len(found) if "count" in each else _sum(found, _summed(each))
            shown = {"integerValue": str(total)} if isinstance(total, int) else {"doubleValue": total}
            fields[each.get("alias") or f"field_{next(unnamed)}"] = shown
        return [{"result": {"aggregateFields": fields}}]

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
    if "update" in write:
        return str(write["update"]["name"])
    if "delete" not in write or "updateMask" in write:
        raise Unsupported("a transform alone, or a verification", write)
    return str(write["delete"])


def _check(write: Any, name: str, before: Stored | None, deleted: int) -> None:
    """The precondition of a write. `deleted`: when the document was, 0 for never."""
    ((kind, wanted),) = write["currentDocument"].items()
    match kind:
        case "exists":
            if wanted and before is None:
                raise Fault("NOT_FOUND", f"No document to update: {name}")
            if not wanted and before is not None:
                raise Fault("ALREADY_EXISTS", f"Document already exists: {name}")
        case "updateTime":
            if not wanted.endswith("000Z"):
                raise invalid("timestamp cannot have more than microseconds precision")
            required = micros_of(wanted)
            stored = deleted if before is None else before.updated
            if before is not None and required > stored:
                raise invalid(f"Invalid base version, it is greater than the stored version: {name}")
            if required != stored:
                text = f"the stored version ({stored}) does not match the required base version ({required})"
                raise Fault("FAILED_PRECONDITION", text)
            if before is None and "delete" not in write:
                raise Fault("NOT_FOUND", f"No document to update: {name}")
        case _:
            raise Unsupported("a precondition", write)


def _written(write: Any, path: Segments, before: Stored | None, now: int) -> Stored:
    """The document after the write: `before` itself if the write changes nothing. It keeps the request's values."""
    name, given = write["update"]["name"], write["update"].get("fields", {})
    mask, transforms = write.get("updateMask"), write.get("updateTransforms", ())
    if before is None and mask is None and not transforms:
        return Stored(name, path, given, now, now)
    old = {} if before is None else before.values
    values = dict(given)
    if mask is not None:
        named = [field_of(each) for each in mask["fieldPaths"]]
        values = {**old, **{field: given[field] for field in named if field in given}}
        for field in named:
            if field not in given:
                values.pop(field, None)
    for each in transforms:
        values = _incremented(values, path_of(each["fieldPath"]), each)
    if before is not None and values == old:
        return before
    return Stored(name, path, values, now if before is None else before.created, now)


def _incremented(values: Mapping[str, Any], path: Sequence[str], transform: Any) -> dict[str, Any]:
    """The fields after an increment of one of them by an integer. What is not a number, or absent, becomes the amount.

    A sum that integers cannot hold becomes the greatest or the least of them.
    """
    if transform.keys() != {"fieldPath", "increment"} or "integerValue" not in transform["increment"]:
        raise Unsupported("a transform that does not add an integer", transform)
    name, *rest = path
    before, added = values.get(name, {}), int(transform["increment"]["integerValue"])
    after: dict[str, Any]
    if rest:
        inner = before["mapValue"]["fields"] if "mapValue" in before else {}
        after = {"mapValue": {"fields": _incremented(inner, rest, transform)}}
    elif "doubleValue" in before:
        after = _double(float(before["doubleValue"]) + added)
    else:
        total = added + (int(before["integerValue"]) if "integerValue" in before else 0)
        after = {"integerValue": str(min(max(total, -(2**63)), 2**63 - 1))}
    return {**values, name: after}


def _double(value: float) -> dict[str, Any]:
    return value_json(value)


def _result(after: Stored, transforms: Sequence[Any]) -> dict[str, Any]:
    sums = [_held(after.values, path_of(each["fieldPath"])) for each in transforms]
    return {"updateTime": time_of(after.updated), **({"transformResults": sums} if sums else {})}


def _held(values: Mapping[str, Any], path: Sequence[str]) -> Any:
    name, *rest = path
    return _held(values[name]["mapValue"]["fields"], rest) if rest else values[name]


def _summed(aggregation: Request) -> str:
    return field_of(aggregation["sum"]["field"]["fieldPath"])


def _only(request: Request, *fields: str) -> None:
    """No read of the past or in a transaction, no mask, no options."""
    if unknown := request.keys() - set(fields):
        raise Unsupported(f"a request with {sorted(unknown)}", request)


def _sum(found: list[Stored], field: str) -> int | float:
    """The sum of the integers among the field's values; a double if it is too large."""
    values = [value_of(each.data, field) for each in found]
    if any(isinstance(each, float) for each in values):
        raise Unsupported("a sum of doubles, which depends on their order", field)
    total = sum(each for each in values if isinstance(each, int) and not isinstance(each, bool))
    return total if -(2**63) <= total < 2**63 else float(total)


Io = Callable[[str, str, Callable[[], Any], float | None], Any]
"""`io(kind, what, act, timeout_s)` carries `act` out, or raises `Cut` or `Late`."""


class Wire:
    """What stands for `rest.Connections.send`: requests go to a `Store`, and the world's faults are the network's."""

    def __init__(self, store: Store, io: Io) -> None:
        self._store, self._io = store, io

    def send(self, address: str, body: bytes, timeout_s: float) -> tuple[int, bytes]:
        """The answer. ConnectionResetError when the connection breaks, TimeoutError after the timeout."""
        name, _, method = unquote(address.removeprefix("/v1/")).rpartition(":")
        request = msgspec.json.decode(body)
        kind, what, act = self._known(name, method, request)
        try:
            return 200, msgspec.json.encode(self._io(kind, what, act, timeout_s))
        except Cut as error:
            raise ConnectionResetError(104, "Connection reset by peer") from error
        except Late as error:
            raise TimeoutError("timed out") from error
        except Conflict:
            fault = Fault("ABORTED", "Too much contention on these documents.")
        except Fault as refused:
            fault = refused
        return fault.answer(in_a_list=method != "commit")

    def _known(self, name: str, method: str, request: Request) -> tuple[str, str, Callable[[], Any]]:
        """How the I/O is called in the trace, what it is about, and the act."""
        store, database = self._store, name.removesuffix("/documents")
        match method:
            case "batchGet":
                return "firestore.get", _names(request["documents"]), lambda: store.get(database, request)
            case "commit":
                names = map(_target, request["writes"])
                return "firestore.commit", _names(names), lambda: store.commit(database, request)
            case "runQuery":
                what = _query(request["structuredQuery"])
                return "firestore.query", what, lambda: store.query(name, request)
            case "runAggregationQuery":
                what = _query(request["structuredAggregationQuery"]["structuredQuery"])
                return "firestore.aggregate", what, lambda: store.aggregate(name, request)
        raise Unsupported(method, request)


def _names(names: Iterable[str]) -> str:
    """Such as `users/ledger 3`: the collections of the first document, and how many documents."""
    every = list(names)
    return f"{'/'.join(every[0].split('/')[5::2])} {len(every)}" if every else "0"


def _query(query: Any) -> str:
    """Such as `jobs status createdAt`: the collection, and the fields that are compared and sorted by."""
    where = query.get("where", {})
    compared = where["compositeFilter"]["filters"] if "compositeFilter" in where else [where] if where else []
    fields = (filter_["field"]["fieldPath"] for each in compared for filter_ in each.values())
    orders = (each["field"]["fieldPath"] for each in query.get("orderBy", ()))
    collections = (each["collectionId"] for each in query["from"])
    return " ".join(filter(None, dict.fromkeys(itertools.chain(collections, fields, orders))))
