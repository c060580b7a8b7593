"""Queries of the Firestore in memory: its values and their order, and what a StructuredQuery selects."""

from __future__ import annotations

import base64
import functools
import math
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple, Protocol

from google.cloud.firestore_v1.field_path import FieldPath

from tests.support.rpcs import Fault

Key = tuple[Any, ...]
"""A value's place in Firestore's order: the rank of its type, then what compares within the type."""
Segments = tuple[str, ...]

NAME = "__name__"
NULL, BOOLEAN, NAN, NUMBER, TIME, STRING, BYTES, REFERENCE, ARRAY, MAP = range(10)
MAX_IN = 30
MAX_ID_BYTES = 1_500
LONGEST_TIME = len("2026-01-02T03:04:05.123456Z")


class Unsupported(BaseException):
    """A request that the Firestore in memory does not know. It ends the run, because no handler may catch it."""

    def __init__(self, what: str, request: object = "") -> None:
        super().__init__(f"UNIMPLEMENTED: {what}\n{request}")


def invalid(text: str) -> Fault:
    return Fault("INVALID_ARGUMENT", text)


class Record(Protocol):
    """What a query sees of a document."""

    @property
    def segments(self) -> Segments: ...

    @property
    def data(self) -> Mapping[str, Any]: ...

    def key(self, field: str) -> Key | None: ...


def plain_fields(fields: Mapping[str, Any]) -> dict[str, Any]:
    """A map of Values as Python values, in order of the names: Firestore keeps no order."""
    return {name: plain(fields[name]) for name in sorted(fields)}


def plain(value: Any, *, in_array: bool = False) -> Any:
    """A Value as a Python value.

    `Unsupported` for what the product does not store and for what Firestore would have refused or changed.
    """
    ((kind, held),) = value.items()
    match kind:
        case "stringValue" | "booleanValue" | "nullValue":
            return held
        case "integerValue":
            return int(held)
        case "doubleValue":
            return float(held)
        case "bytesValue":
            return base64.b64decode(held)
        case "timestampValue":
            if len(held) > LONGEST_TIME:
                raise Unsupported("a time with nanoseconds, which Firestore cuts", value)
            return datetime.fromisoformat(held)
        case "mapValue":
            return plain_fields(held["fields"])
        case "arrayValue" if not in_array:
            return [plain(each, in_array=True) for each in held["values"]]
    raise Unsupported(f"a value of kind {kind}", value)


def key_of(value: Any) -> Key:
    """https://firebase.google.com/docs/firestore/manage-data/data-types#value_type_ordering

    Python orders strings by code points, which is the order of their bytes in UTF-8.
    """
    match value:
        case str():
            return (STRING, value)
        case bool():
            return (BOOLEAN, value)
        case float() if math.isnan(value):
            return (NAN,)
        case int() | float():
            return (NUMBER, value)
        case datetime():
            return (TIME, value)
        case None:
            return (NULL,)
        case list():
            return (ARRAY, tuple(map(key_of, value)))
        case bytes():
            return (BYTES, value)
    return (MAP, tuple(sorted((name, key_of(each)) for name, each in value.items())))


@functools.lru_cache(maxsize=10_000)
def segments_of(name: str) -> tuple[str, Segments]:
    """The database and the path of a document's, a parent's or a reference's full name. INVALID_ARGUMENT."""
    parts = name.split("/")
    if len(parts) < 5 or (parts[0], parts[2], parts[4]) != ("projects", "databases", "documents"):
        raise invalid(f'Document name "{name}" lacks "projects/…/databases/…/documents".')
    path = tuple(parts[5:])
    for each in path:
        reserved = each in ("", ".", "..") or (len(each) >= 4 and each.startswith("__") and each.endswith("__"))
        if reserved or len(each.encode()) > MAX_ID_BYTES:
            raise invalid(f'Document name "{name}" has an invalid id "{each}".')
    return "/".join(parts[:4]), path


NESTED = "\0"
ABSENT = object()


@functools.lru_cache(maxsize=10_000)
def path_of(path: str) -> tuple[str, ...]:
    """The names in a field path."""
    return tuple(map(str, FieldPath.from_api_repr(path).parts))


@functools.lru_cache(maxsize=1_000)
def field_of(path: str) -> str:
    """The top-level field that a field path names, or `__name__`; a field in a map as NESTED and the names to it."""
    parts = path_of(path)
    return parts[0] if len(parts) == 1 else "".join(NESTED + each for each in parts)


def value_of(data: Mapping[str, Any], field: str) -> Any:
    """The value of what `field_of` names; ABSENT if there is none."""
    if not field.startswith(NESTED):
        return data.get(field, ABSENT)
    found: Any = data
    for each in field.split(NESTED)[1:]:
        found = found.get(each, ABSENT) if isinstance(found, Mapping) else ABSENT
    return found


class Order(NamedTuple):
    field: str
    is_descending: bool


class Bound(NamedTuple):
    """A cursor: keys of the leading orders."""

    keys: list[Key]
    before: bool


class Query:
    """A StructuredQuery below `parent`. INVALID_ARGUMENT, FAILED_PRECONDITION, `Unsupported`."""

    def __init__(self, query: Any) -> None:
        self._message = query
        if unknown := query.keys() - KNOWN:
            raise Unsupported(f"a query with {sorted(unknown)}", query)
        sources = query["from"]
        if len(sources) != 1 or not sources[0].get("collectionId"):
            raise Unsupported("a query that is not of one collection", query)
        self.collection_id: str = sources[0]["collectionId"]
        self.is_group: bool = sources[0].get("allDescendants", False)
        self._filters: list[tuple[str, str, Callable[[Record], bool]]] = []
        """(field, operator, whether a document matches)"""
        if "where" in query:
            self._add(query["where"])
        self.projection = (
            {field_of(each["fieldPath"]) for each in query["select"]["fields"]} if "select" in query else None
        )
        if any(NESTED in each for each in self.projection or ()):
            raise Unsupported("a projection of a field in a map", query)
        explicit = [
            Order(field_of(each["field"]["fieldPath"]), each["direction"] == "DESCENDING")
            for each in query.get("orderBy", ())
        ]
        self._start = self._bound("startAt", explicit)
        self._end = self._bound("endAt", explicit)
        self._check_filters()
        self.orders = self._complete(explicit)
        self.offset: int = query.get("offset", 0)
        self.limit: int | None = query.get("limit")
        if self.offset < 0 or (self.limit or 0) < 0:
            raise invalid("limit is negative" if self.offset >= 0 else "offset is negative")

    def _add(self, where: Any) -> None:
        """Add this filter, or its parts: all of them must match."""
        ((kind, asked),) = where.items()
        match kind:
            case "compositeFilter" if asked["op"] == "AND":
                for each in asked["filters"]:
                    self._add(each)
            case "fieldFilter":
                field, operator = _compared_field(asked), asked["op"]
                self._filters.append((field, operator, self._compared(field, operator, asked["value"])))
            case "unaryFilter":
                field, operator = _compared_field(asked), asked["op"]
                self._filters.append((field, operator, functools.partial(_holds, UNARY[operator], field)))
            case _:
                raise Unsupported("a filter", where)

    def _compared(self, field: str, operator: str, value: Any) -> Callable[[Record], bool]:
        if operator == "IN":
            members = value["arrayValue"]["values"]
            if not 0 < len(members) <= MAX_IN:
                raise invalid(f"'IN' requires an ArrayValue of 1 to {MAX_IN} comparison values.")
            keys = [_operand(each) for each in members]
            return lambda record: record.key(field) in keys
        key = _operand(value)
        match operator:
            case "EQUAL":
                return lambda record: record.key(field) == key
            case "NOT_EQUAL":
                return lambda record: (found := record.key(field)) is not None and found[0] != NULL and found != key
            case "ARRAY_CONTAINS":
                return lambda record: (found := record.key(field)) is not None and found[0] == ARRAY and key in found[1]
        if operator not in RANGES:
            raise Unsupported(f"a filter by {operator}", self._message)
        accepts, rank = RANGES[operator], key[0]
        return lambda record: (found := record.key(field)) is not None and found[0] == rank and accepts(found, key)

    def _bound(self, name: str, orders: list[Order]) -> Bound | None:
        cursor = self._message.get(name)
        if cursor is None:
            return None
        if len(cursor["values"]) > len(orders):
            raise invalid("Cursor has too many values.")
        keys = [_position(order.field, value) for order, value in zip(orders, cursor["values"], strict=False)]
        return Bound(keys, cursor.get("before", False))

    def _check_filters(self) -> None:
        operators = [operator for _, operator, _ in self._filters]
        if sum(operator in NEGATIONS for operator in operators) > 1:
            raise invalid(
                "Only a single 'NOT_EQUAL', 'NOT_IN', 'IS_NOT_NAN', or 'IS_NOT_NULL' filter allowed per query."
            )
        if operators.count("ARRAY_CONTAINS") > 1 or operators.count("IN") > 1:
            raise Unsupported("more than one array-contains, or more than one in", self._message)

    def _complete(self, explicit: list[Order]) -> list[Order]:
        """The orders that the query names, then the fields of its inequalities, then the document's name."""
        fields = [order.field for order in explicit]
        if NAME in fields[:-1]:
            raise invalid("order by clause cannot contain more fields after the key")
        if len(set(fields)) < len(fields):
            raise invalid("order by clause cannot contain duplicate fields")
        if explicit == [Order(NAME, True)] and not self._filters:
            raise Fault("FAILED_PRECONDITION", "Firestore does not support descending key scans")
        is_descending = explicit[-1].is_descending if explicit else False
        unequal = {field for field, operator, _ in self._filters if operator in RANGES or operator in NEGATIONS}
        implied = sorted(unequal.difference(fields))
        if implied and NAME in fields:
            raise invalid("order by clause cannot contain more fields after the key")
        names = [*implied, *([] if NAME in fields else [NAME])]
        return [*explicit, *(Order(name, is_descending) for name in names)]

    def select(self, records: Iterable[Any]) -> tuple[list[Any], int]:
        """The records that match, in order, from the offset on and up to the limit; and how many the offset skipped."""
        for _, _, matches in self._filters:
            records = filter(matches, records)
        ordered = [field for field, _ in self.orders[:-1]]
        found = []
        for record in records:
            keys = [record.key(field) for field in ordered]
            if None in keys:
                continue
            keys.append(record.key(NAME))
            if self._is_between(keys):
                found.append((keys, record))
        self._sort(found)
        end = None if self.limit is None else self.offset + self.limit
        return [record for _, record in found[self.offset : end]], min(self.offset, len(found))

    def _sort(self, found: list[tuple[list[Any], Any]]) -> None:
        directions = {order.is_descending for order in self.orders}
        if len(directions) == 1:
            found.sort(key=lambda each: each[0], reverse=directions.pop())
            return
        for place in reversed(range(len(self.orders))):
            found.sort(key=lambda each: each[0][place], reverse=self.orders[place].is_descending)

    def _is_between(self, keys: list[Any]) -> bool:
        if self._start is not None:
            place = self._compare(keys, self._start.keys)
            if place < 0 or (place == 0 and not self._start.before):
                return False
        if self._end is not None:
            place = self._compare(keys, self._end.keys)
            return place < 0 or (place == 0 and not self._end.before)
        return True

    def _compare(self, keys: list[Any], bound: list[Key]) -> int:
        """Where the document is: -1 before the cursor, 0 at its position, 1 after it."""
        for order, mine, its in zip(self.orders, keys, bound, strict=False):
            if mine != its:
                return 1 if (mine > its) != order.is_descending else -1
        return 0


def _compared_field(asked: Any) -> str:
    field = field_of(asked["field"]["fieldPath"])
    if field == NAME:
        raise Unsupported("a filter by name", asked)
    return field


def _operand(value: Any) -> Key:
    """A value of a filter. For null and NaN the client library asks by unary filters."""
    key = key_of(plain(value))
    if key[0] in (NULL, NAN):
        raise Unsupported("a comparison with null or NaN", value)
    return key


def _position(field: str, value: Any) -> Key:
    """A value of a cursor."""
    if field != NAME:
        return key_of(plain(value))
    if "referenceValue" not in value:
        raise invalid("Cursor __key__ value is not a document reference.")
    return (REFERENCE, segments_of(value["referenceValue"])[1])


def _holds(test: Callable[[Key], bool], field: str, record: Record) -> bool:
    found = record.key(field)
    return found is not None and test(found)


KNOWN = {"select", "from", "where", "orderBy", "startAt", "endAt", "offset", "limit"}
RANGES: Mapping[str, Callable[[Key, Key], bool]] = {
    "LESS_THAN": lambda found, bound: found < bound,
    "LESS_THAN_OR_EQUAL": lambda found, bound: found <= bound,
    "GREATER_THAN": lambda found, bound: found > bound,
    "GREATER_THAN_OR_EQUAL": lambda found, bound: found >= bound,
}
UNARY: Mapping[str, Callable[[Key], bool]] = {
    "IS_NULL": lambda found: found[0] == NULL,
    "IS_NOT_NULL": lambda found: found[0] != NULL,
    "IS_NAN": lambda found: found[0] == NAN,
    "IS_NOT_NAN": lambda found: found[0] not in (NULL, NAN),
}
NEGATIONS = {"NOT_EQUAL", "IS_NOT_NULL", "IS_NOT_NAN"}
