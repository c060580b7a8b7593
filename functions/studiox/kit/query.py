"""Queries: one builder for every list that the code reads, and cursors that only this deployment can make."""

from __future__ import annotations

import base64
import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Annotated, Any, Generic, NamedTuple, TypeVar

import msgspec

from . import documents as documents_
from . import ids, malformed, structured_query
from .clock import datetime
from .documents import Collection, D, Data, MalformedDocument, Path
from .errors import InvalidCursor
from .firestore import Row
from .structured_query import Query
from .values import Json

PAGE = 300
"""Documents per round trip when a whole list is read."""
BULK = 1_000
"""Documents per round trip when only a few fields of each are read."""
PageSize = Annotated[int, msgspec.Meta(ge=1, le=100)]
Cursor = Annotated[str, msgspec.Meta(min_length=1, max_length=1024)]
DEFAULT_SIZE = 20
EXAMINED = 200
"""Documents that one page reads when not all of them are shown. More than the largest page."""
MAX_MALFORMED = 100
"""Documents that one walk skips. More of them mean that the struct is wrong, or the code that writes it."""

T = TypeVar("T")


class Span(NamedTuple):
    """The documents of a collection whose keys are in [low, below). A key is the id, or the value of `order`."""

    order: str = "__name__"
    low: Any = None
    below: Any = None


class Test(NamedTuple):
    """What a document must fulfil beyond its query, and a name that no other test of the same list has."""

    name: str
    passes: Callable[[Any], bool]


class Found(NamedTuple, Generic[T]):
    """A document and its path."""

    path: str
    data: T

    @property
    def id(self) -> str:
        return self.path.rsplit("/", 1)[1]


def documents(
    collection: Collection[D],
    *,
    order: str = "__name__",
    equal: Mapping[str, object] | None = None,
    least: object = None,
    below: object = None,
    most: object = None,
    after: object = None,
    limit: int | None = None,
    newest_first: bool = False,
    group: bool = False,
    page_size: int | None = None,
    skipped: list[MalformedDocument] | None = None,
) -> Iterator[Found[D]]:
    """The documents that match, sorted by `order`, up to `limit`. `Unavailable`.

    `equal`: field values that must match. `least`, `below`, `most`: bounds of the `order` field (>=, <, <=). `after`:
    start after this value of `order`, or, when sorting by name, after the document with this id. A projection
    (`JOBS.select(JobTimes)`) reads only its fields. `group`: search every collection with this name. One page is in
    memory at a time.

    A document that does not fit its struct is reported and left out; it is added to `skipped`. `MalformedDocument`
    after MAX_MALFORMED of them.
    """
    asked = _equal(_narrowed(collection, order, least, below, most, group=group), equal or {})
    left_out = [] if skipped is None else skipped
    last = None
    if after is not None and order == "__name__":
        last = [structured_query.place(collection, order, after)]
    elif after is not None:
        asked = asked.where(order, "GREATER_THAN", after)
    rows = _pages(asked, collection, order, last, limit or 0, page_size or PAGE, newest_first)
    found = _fitting(collection, rows, left_out)
    return found if limit is None else itertools.islice(found, limit)


def spanned(
    collection: Collection[D], span: Span, *, behind: Sequence[Any] | None = None, page_size: int = PAGE
) -> Iterator[Found[D]]:
    """The documents of `span` in order, as `documents`. `behind`: those behind the one with this [key, id] only."""
    last = None
    if behind is not None:
        key, id_ = behind
        last = structured_query.position(collection, span.order, key, id_)
    rows = _pages(_within(collection, span), collection, span.order, last, 0, page_size, newest_first=False)
    return _fitting(collection, rows, [])


def key_of(found: Found[Any], span: Span) -> Any:
    """The document's key in `span`."""
    if span.order == "__name__":
        return found.id
    struct: Any = type(found.data)  # mypy does not take a type[Any] for hashable
    return getattr(found.data, documents_.attribute(struct, span.order))


def count_of(collection: Collection[Any], span: Span, most: int) -> int:
    """The number of documents in `span`; `most` if there are more. `Unavailable`.

    An aggregation over no more than `most` index entries. Firestore bills one read for each 1,000 of them.
    """
    return _count(_within(collection, span).sorted(span.order).having(limit=most))


def _within(collection: Collection[Any], span: Span) -> Query:
    """The query for `span`. Bounds are cursors, not filters: Firestore takes those for ids and for fields alike."""
    cursors = {
        name: {"values": [structured_query.place(collection, span.order, bound)], "before": True}
        for name, bound in (("startAt", span.low), ("endAt", span.below))
        if bound is not None
    }
    return structured_query.of(collection, group=False).having(**cursors)


def created_between(
    collection: Collection[D],
    start: datetime,
    end: datetime,
    skipped: list[MalformedDocument],
    *,
    group: bool = False,
) -> Iterator[D]:
    """The documents created in [start, end), oldest first, with BULK in memory at a time; as `documents`."""
    found = documents(
        collection, order="createdAt", least=start, below=end, group=group, page_size=BULK, skipped=skipped
    )
    return (each.data for each in found)


def fields(
    collection: Collection[Any],
    *,
    order: str = "__name__",
    equal: Mapping[str, object] | None = None,
    most: object = None,
    limit: int | None = None,
) -> Iterator[Found[Data]]:
    """Every stored field of the documents that match, as `documents`; a document need not fit its struct."""
    asked = _equal(_narrowed(collection, order, None, None, most), equal or {})
    rows = _pages(asked, collection, order, None, limit or 0, PAGE, newest_first=False)
    found = (Found(each.path, each.data) for each in rows)
    return found if limit is None else itertools.islice(found, limit)


def _pages(
    asked: Query,
    collection: Collection[Any],
    order: str,
    last: list[Json] | None,
    wanted: int,
    size: int,
    newest_first: bool,
) -> Iterator[Row]:
    """All documents that a query finds behind the position `last`, in pages of at most `size`. A page ends at the last
    of the `wanted` documents, so that no more are read than a caller needs; 0 if the number is unknown."""
    asked = asked.sorted(order, "DESCENDING" if newest_first else "ASCENDING")
    if collection.projected:
        struct: Any = collection.struct  # mypy does not take a type[Any] for hashable
        names = documents_.field_names(struct)
        asked = asked.select(
            [*sorted(names), *([] if order == "__name__" or order.partition(".")[0] in names else [order])]
        )
    while True:
        most = min(size, wanted) if wanted > 0 else size
        rows = asked.behind(last).having(limit=most).run()
        yield from rows
        if len(rows) < most:
            return
        last, wanted = structured_query.position_of(rows[-1], order), wanted - most


def _fitting(collection: Collection[D], rows: Iterable[Row], skipped: list[MalformedDocument]) -> Iterator[Found[D]]:
    """The documents of the rows; those that do not fit are reported and left out."""
    for row in rows:
        path = Path(row.path, collection.struct)
        try:
            yield Found(path, documents_.typed(path, row.data))
        except MalformedDocument as error:
            malformed.report(error)
            skipped.append(error)
            if len(skipped) > MAX_MALFORMED:
                raise


def names(
    collection: Collection[D],
    equal: Mapping[str, object],
    limit: int,
    *,
    holds: Mapping[str, object] | None = None,
    group: bool = False,
) -> list[Path[D]]:
    """The paths of up to `limit` documents with these field values and members, as `page`. `Unavailable`."""
    asked = _equal(structured_query.of(collection, group=group).select(["__name__"]), equal)
    for field, value in (holds or {}).items():
        asked = asked.where(field, "ARRAY_CONTAINS", value)
    return [Path(row.path, collection.struct) for row in asked.having(limit=limit).run()]


def count(
    collection: Collection[Any],
    *,
    order: str = "__name__",
    equal: Mapping[str, object] | None = None,
    least: object = None,
    below: object = None,
) -> int:
    """The number of documents with these field values and with `order` in [`least`, `below`). `Unavailable`.

    An aggregation: Firestore counts, and no document is read.
    """
    return _count(_equal(_narrowed(collection, order, least, below), equal or {}))


def total(
    collection: Collection[Any],
    field: str,
    *,
    equal: Mapping[str, object],
    order: str = "__name__",
    least: object = None,
    below: object = None,
    group: bool = False,
) -> int:
    """The sum of `field` over the documents that match, as `count`. Those without the field count as 0. `Unavailable`.

    `equal`: a tuple stands for one of these values.
    """
    asked = _equal(_narrowed(collection, order, least, below, group=group), equal)
    return asked.aggregate({"sum": {"field": structured_query.field_of(field)}})


def _count(asked: Query) -> int:
    return asked.aggregate({"count": {}})


def page(
    collection: Collection[D],
    equal: Mapping[str, object | None],
    order: str,
    *,
    size: int = DEFAULT_SIZE,
    cursor: str | None,
    holds: Mapping[str, object | None] | None = None,
    span: Span | None = None,
    test: Test | None = None,
    oldest_first: bool = False,
) -> tuple[list[Found[D]], str | None]:
    """One page of the documents with these field values, and the cursor of the next page, None on the last.

    `equal`: field values (None: any; a tuple: one of these). `holds`: list fields and a member that each must contain
    (None: any). `span`: bounds of `order`. Sorted by `order` (a time or a number), then by name, both descending; with
    `oldest_first` both ascending. One round trip reads at most size + 1 documents. A document that does not fit its
    struct is reported and left out. `InvalidCursor` for a cursor of another list.

    `test`: which of the documents are shown. One round trip then reads at most EXAMINED documents, so a page may have
    fewer than `size` of them, or none, although the list goes on behind its cursor.
    """
    filters = [
        (field, "in" if isinstance(value, tuple) else "==", value)
        for field, value in sorted(equal.items())
        if value is not None
    ]
    filters += [(field, "array_contains", value) for field, value in sorted((holds or {}).items()) if value is not None]
    if span is not None:
        bounds = ((">=", span.low), ("<", span.below))
        filters += [(order, relation, value) for relation, value in bounds if value is not None]
    direction = "ASCENDING" if oldest_first else "DESCENDING"
    list_id = [
        str(collection),
        order,
        *([direction] if oldest_first else []),
        *(f"{field} {relation} {value}" for field, relation, value in filters),
        *([] if test is None else [test.name]),
    ]
    asked = structured_query.of(collection, group=False).sorted(order, direction)
    for field, relation, value in filters:
        asked = asked.where(field, _OPERATORS[relation], value)
    last = None if cursor is None else structured_query.position(collection, order, *_opened(cursor, list_id))
    most = size + 1 if test is None else EXAMINED
    rows = asked.behind(last).having(limit=most).run()
    shown: list[Found[D]] = []
    skipped: list[MalformedDocument] = []
    examined, window = 0, rows if test else rows[:size]
    while examined < len(window) and len(shown) < size:
        found = _fitting(collection, window[examined : examined + 1], skipped)
        shown += [each for each in found if test is None or test.passes(each.data)]
        examined += 1
    if examined == len(rows) < most:
        return shown, None
    return shown, _sealed(rows[examined - 1], order, list_id)


# As they are written in the ids of lists, which cursors are sealed with.
_OPERATORS = {
    "==": "EQUAL",
    "in": "IN",
    "array_contains": "ARRAY_CONTAINS",
    ">=": "GREATER_THAN_OR_EQUAL",
    "<": "LESS_THAN",
}


def count_between(collection: Collection[Any], start: datetime, end: datetime) -> int:
    """The number of documents created in [start, end), as a Firestore aggregation. `Unavailable`."""
    return count(collection, order="createdAt", least=start, below=end)


def _narrowed(
    collection: str, order: str, least: object, below: object, most: object = None, *, group: bool = False
) -> Query:
    asked = structured_query.of(collection, group=group)
    for relation, value in (("GREATER_THAN_OR_EQUAL", least), ("LESS_THAN", below), ("LESS_THAN_OR_EQUAL", most)):
        if value is not None:
            asked = asked.where(order, relation, value)
    return asked


def _equal(asked: Query, equal: Mapping[str, object]) -> Query:
    for name, value in sorted(equal.items()):
        asked = asked.where(name, "IN" if isinstance(value, tuple) else "EQUAL", value)
    return asked


def _sealed(last: Row, order: str, list_id: list[str]) -> str:
    """The position as `base64url(JSON).seal`. Clients can read it; only this deployment can create it."""
    value = structured_query.value_at(last, order)
    position = [value.isoformat() if isinstance(value, datetime) else value, last.path.rpartition("/")[2]]
    body = base64.urlsafe_b64encode(msgspec.json.encode(position)).decode().rstrip("=")
    return f"{body}.{ids.keyed('cursor', *list_id, body)}"


def _opened(cursor: str, list_id: list[str]) -> tuple[Any, str]:
    body, _, seal = cursor.partition(".")
    if not ids.is_keyed(seal, "cursor", *list_id, body):
        raise InvalidCursor
    value, name = msgspec.json.decode(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    return (datetime.fromisoformat(value) if isinstance(value, str) else value), name
