"""Queries: one builder for every list that the code reads, and cursors that only this deployment can make."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, Generic, NamedTuple, TypeVar, overload

import msgspec

from . import documents as documents_
from . import firestore, ids
from .clock import datetime
from .documents import Collection, D, Data
from .errors import InvalidCursor

PAGE = 300
"""Documents per round trip when a whole list is read."""
BULK = 1_000
"""Documents per round trip when only a few fields of each are read."""
PageSize = Annotated[int, msgspec.Meta(ge=1, le=100)]
Cursor = Annotated[str, msgspec.Meta(min_length=1, max_length=1024)]
DEFAULT_SIZE = 20

T = TypeVar("T")


class Found(NamedTuple, Generic[T]):
    """A document and its path."""

    path: str
    data: T

    @property
    def id(self) -> str:
        return self.path.rsplit("/", 1)[1]


@overload
def documents(  # type: ignore[overload-overlap]
    collection: Collection[D],
    *,
    order: str = ...,
    equal: Mapping[str, object] | None = ...,
    least: object = ...,
    below: object = ...,
    most: object = ...,
    after: object = ...,
    limit: int | None = ...,
    newest_first: bool = ...,
    group: bool = ...,
    page_size: int | None = ...,
) -> Iterator[Found[D]]: ...


@overload
def documents(
    collection: str,
    *,
    order: str = ...,
    equal: Mapping[str, object] | None = ...,
    least: object = ...,
    below: object = ...,
    most: object = ...,
    after: object = ...,
    fields: Sequence[str] = ...,
    limit: int | None = ...,
    newest_first: bool = ...,
    group: bool = ...,
    page_size: int | None = ...,
) -> Iterator[Found[Data]]: ...


def documents(
    collection: str,
    *,
    order: str = "__name__",
    equal: Mapping[str, object] | None = None,
    least: object = None,
    below: object = None,
    most: object = None,
    after: object = None,
    fields: Sequence[str] = (),
    limit: int | None = None,
    newest_first: bool = False,
    group: bool = False,
    page_size: int | None = None,
) -> Iterator[Found[Any]]:
    """The documents that match, sorted by `order`, up to `limit`. `Unavailable`.

    `equal`: field values that must match. `least`, `below`, `most`: bounds of the `order` field (>=, <, <=). `after`:
    start after this value of `order`, or, when sorting by name, after the document with this id. A projection
    (`JOBS.select(JobTimes)`) reads only its fields. `group`: search every collection with this name. One page is in
    memory at a time: PAGE or `page_size` documents.
    """
    asked = _narrowed(collection, order, least, below, most, group=group)
    direction = "DESCENDING" if newest_first else "ASCENDING"
    asked = _equal(asked, equal or {}).order_by(order, direction=direction)
    if order != "__name__":
        asked = asked.order_by("__name__", direction=direction)
    fields = fields or _projected(collection)
    if fields:
        asked = asked.select([*fields, *([] if order == "__name__" or order in fields else [order])])
    most_at_once = page_size or PAGE
    left, last = limit, None
    if after is not None and order == "__name__":
        last = {order: firestore.client().collection(collection).document(str(after))}
    elif after is not None:
        asked = _where(asked, order, ">", after)
    while left is None or left > 0:
        size = most_at_once if left is None else min(most_at_once, left)
        page = (asked if last is None else asked.start_after(last)).limit(size)
        snapshots = firestore.run(page)
        yield from (Found(each.reference.path, _read(collection, each)) for each in snapshots)
        if len(snapshots) < size:
            return
        last, left = snapshots[-1], None if left is None else left - size


def _projected(collection: str) -> list[str]:
    if isinstance(collection, Collection) and collection.projected:
        struct: Any = collection.struct
        return sorted(documents_.field_names(struct))
    return []


def _read(collection: str, snapshot: Any) -> Any:
    """The snapshot as its collection's struct, or as a mapping if the collection has none."""
    data = documents_.plain(snapshot.to_dict() or {})
    return documents_.decode(collection.struct, data) if isinstance(collection, Collection) else data


def names(collection: str, equal: Mapping[str, object], limit: int) -> list[str]:
    """The paths of up to `limit` documents with these field values. `Unavailable`."""
    asked = _equal(firestore.client().collection(collection).select([]), equal)
    return [snapshot.reference.path for snapshot in firestore.run(asked.limit(limit))]


def count(
    collection: str,
    *,
    order: str = "__name__",
    equal: Mapping[str, object] | None = None,
    least: object = None,
    below: object = None,
) -> int:
    """The number of documents with these field values and with `order` in [`least`, `below`). `Unavailable`.

    An aggregation: Firestore counts, and no document is read.
    """
    return firestore.aggregate(_equal(_narrowed(collection, order, least, below), equal or {}).count())


def total(collection: str, field: str, *, equal: Mapping[str, object], group: bool = False) -> int:
    """The sum of `field` over the documents with these field values, as a Firestore aggregation. `Unavailable`."""
    return firestore.aggregate(_equal(_source(collection, group=group), equal).sum(field))


@overload
def page(  # type: ignore[overload-overlap]
    collection: Collection[D],
    equal: Mapping[str, object | None],
    order: str,
    *,
    size: int = ...,
    cursor: str | None,
    holds: Mapping[str, object | None] | None = ...,
    oldest_first: bool = ...,
) -> tuple[list[Found[D]], str | None]: ...


@overload
def page(
    collection: str,
    equal: Mapping[str, object | None],
    order: str,
    *,
    size: int = ...,
    cursor: str | None,
    holds: Mapping[str, object | None] | None = ...,
    oldest_first: bool = ...,
) -> tuple[list[Data], str | None]: ...


def page(
    collection: str,
    equal: Mapping[str, object | None],
    order: str,
    *,
    size: int = DEFAULT_SIZE,
    cursor: str | None,
    holds: Mapping[str, object | None] | None = None,
    oldest_first: bool = False,
) -> tuple[list[Any], str | None]:
    """One page of the documents with these field values, and the cursor of the next page, None on the last.

    `equal`: field values (None: any). `holds`: list fields and a member that each must contain (None: any). Sorted by
    `order` (a time or a number), then by name, both descending; with `oldest_first` both ascending. One round trip
    reads at most size + 1 documents. `InvalidCursor` for a cursor of another list.
    """
    filters = [(field, "==", value) for field, value in sorted(equal.items()) if value is not None]
    filters += [(field, "array_contains", value) for field, value in sorted((holds or {}).items()) if value is not None]
    direction = "ASCENDING" if oldest_first else "DESCENDING"
    list_id = [
        str(collection),
        order,
        *([direction] if oldest_first else []),
        *(f"{field} {relation} {value}" for field, relation, value in filters),
    ]
    parent = firestore.client().collection(collection)
    asked = parent.order_by(order, direction=direction).order_by("__name__", direction=direction)
    for field, relation, value in filters:
        asked = _where(asked, field, relation, value)
    if cursor is not None:
        value, name = _opened(cursor, list_id)
        asked = asked.start_after({order: value, "__name__": parent.document(name)})
    snapshots = firestore.run(asked.limit(size + 1))
    shown = snapshots[:size]
    following = _sealed(shown[-1].get(order), shown[-1].id, list_id) if len(snapshots) > size else None
    if isinstance(collection, Collection):
        return [Found(each.reference.path, _read(collection, each)) for each in shown], following
    return [_read(collection, each) for each in shown], following


def between(
    collection: str, start: datetime, end: datetime, fields: Sequence[str], *, group: bool = False
) -> Iterator[Data]:
    """These fields of the documents created in [start, end), oldest first, with 1,000 in memory at a time.

    `group`: search every collection with this name. `Unavailable`.
    """
    found = documents(collection, order="createdAt", least=start, below=end, fields=fields, group=group, page_size=BULK)
    return (each.data for each in found)


def count_between(collection: str, start: datetime, end: datetime) -> int:
    """The number of documents created in [start, end), as a Firestore aggregation. `Unavailable`."""
    return count(collection, order="createdAt", least=start, below=end)


def _source(collection: str, *, group: bool) -> Any:
    db = firestore.client()
    return db.collection_group(collection) if group else db.collection(collection)


def _narrowed(
    collection: str, order: str, least: object, below: object, most: object = None, *, group: bool = False
) -> Any:
    asked = _source(collection, group=group)
    for relation, value in ((">=", least), ("<", below), ("<=", most)):
        if value is not None:
            asked = _where(asked, order, relation, value)
    return asked


def _equal(asked: Any, equal: Mapping[str, object]) -> Any:
    for name, value in sorted(equal.items()):
        asked = _where(asked, name, "==", value)
    return asked


def _where(asked: Any, field: str, relation: str, value: object) -> Any:
    from google.cloud.firestore_v1.base_query import FieldFilter

    return asked.where(filter=FieldFilter(field, relation, value))


def _sealed(value: object, name: str, list_id: list[str]) -> str:
    """The position as `base64url(JSON).seal`. Clients can read it; only this deployment can create it."""
    position = [value.isoformat() if isinstance(value, datetime) else value, name]
    body = base64.urlsafe_b64encode(msgspec.json.encode(position)).decode().rstrip("=")
    return f"{body}.{ids.keyed('cursor', *list_id, body)}"


def _opened(cursor: str, list_id: list[str]) -> tuple[Any, str]:
    body, _, seal = cursor.partition(".")
    if not ids.is_keyed(seal, "cursor", *list_id, body):
        raise InvalidCursor
    value, name = msgspec.json.decode(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    return (datetime.fromisoformat(value) if isinstance(value, str) else value), name
