"""Reading many documents with few in memory: a page at a time, in order, from wherever a run left off."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from . import firestore
from .firestore import Data

PAGE = 300


class Found(NamedTuple):
    """A document and where it lies."""

    path: str
    data: Data

    @property
    def id(self) -> str:
        return self.path.rsplit("/", 1)[1]


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
) -> Iterator[Found]:
    """The documents whose fields are `equal` and whose `order` is at least, below or at most so much, up to `limit`.

    `after`: from behind this value of `order` (a name: behind the document of this id). `fields`: only these.
    `group`: of every collection of that name. A page is in memory at a time, PAGE or `page_size` documents of it.
    `Unavailable`.
    """
    query = _narrowed(collection, order, least, below, most, group=group)
    direction = "DESCENDING" if newest_first else "ASCENDING"
    query = _equal(query, equal or {}).order_by(order, direction=direction)
    if order != "__name__":
        query = query.order_by("__name__", direction=direction)
    if fields:
        query = query.select([*fields, *([] if order == "__name__" else [order])])
    most_at_once = page_size or PAGE
    left, last = limit, None
    if after is not None and order == "__name__":
        last = {order: firestore.client().collection(collection).document(str(after))}
    elif after is not None:
        query = _where(query, order, ">", after)
    while left is None or left > 0:
        size = most_at_once if left is None else min(most_at_once, left)
        page = (query if last is None else query.start_after(last)).limit(size)
        snapshots = firestore.run(page)
        yield from (Found(each.reference.path, each.to_dict() or {}) for each in snapshots)
        if len(snapshots) < size:
            return
        last, left = snapshots[-1], None if left is None else left - size


def names(collection: str, equal: Mapping[str, object], limit: int) -> list[str]:
    """The paths of up to `limit` documents whose fields are `equal`. `Unavailable`."""
    query = _equal(firestore.client().collection(collection).select([]), equal)
    return [snapshot.reference.path for snapshot in firestore.run(query.limit(limit))]


def count(
    collection: str,
    *,
    order: str = "__name__",
    equal: Mapping[str, object] | None = None,
    least: object = None,
    below: object = None,
) -> int:
    """How many documents have `equal` fields and an `order` that is at least and below so much: Firestore counts.

    `Unavailable`.
    """
    return firestore.aggregate(_equal(_narrowed(collection, order, least, below), equal or {}).count())


def total(collection: str, field: str, *, equal: Mapping[str, object], group: bool = False) -> int:
    """What `field` adds up to in the documents whose fields are `equal`: Firestore adds. `Unavailable`."""
    db = firestore.client()
    query: Any = db.collection_group(collection) if group else db.collection(collection)
    return firestore.aggregate(_equal(query, equal).sum(field))


def _narrowed(
    collection: str, order: str, least: object, below: object, most: object = None, *, group: bool = False
) -> Any:
    db = firestore.client()
    query: Any = db.collection_group(collection) if group else db.collection(collection)
    for relation, value in ((">=", least), ("<", below), ("<=", most)):
        if value is not None:
            query = _where(query, order, relation, value)
    return query


def _equal(query: Any, equal: Mapping[str, object]) -> Any:
    for name, value in sorted(equal.items()):
        query = _where(query, name, "==", value)
    return query


def _where(query: Any, field: str, relation: str, value: object) -> Any:
    from google.cloud.firestore_v1.base_query import FieldFilter

    return query.where(filter=FieldFilter(field, relation, value))
