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
) -> Iterator[Found]:
    """The documents whose fields are `equal` and whose `order` is at least, below or at most so much, up to `limit`.

    `after`: from behind this value of `order` (a name: behind the document of this id). `fields`: only these.
    A page is in memory at a time. `Unavailable`.
    """
    from google.cloud.firestore_v1.base_query import FieldFilter

    parent = firestore.client().collection(collection)
    direction = "DESCENDING" if newest_first else "ASCENDING"
    query: Any = parent.order_by(order, direction=direction)
    for name, value in sorted((equal or {}).items()):
        query = query.where(filter=FieldFilter(name, "==", value))
    for relation, value in ((">=", least), ("<", below), ("<=", most)):
        if value is not None:
            query = query.where(filter=FieldFilter(order, relation, value))
    if order != "__name__":
        query = query.order_by("__name__", direction=direction)
    if fields:
        query = query.select([*fields, *([] if order == "__name__" else [order])])
    left, last = limit, None
    if after is not None:
        last = {order: parent.document(str(after)) if order == "__name__" else after}
        if order != "__name__":
            query = query.where(filter=FieldFilter(order, ">", after))
            last = None
    while left is None or left > 0:
        size = PAGE if left is None else min(PAGE, left)
        page = (query if last is None else query.start_after(last)).limit(size)
        with firestore.reachable():
            snapshots = list(page.stream(retry=firestore.read_retry(), timeout=firestore.RPC_TIMEOUT_S))
        yield from (Found(each.reference.path, each.to_dict() or {}) for each in snapshots)
        if len(snapshots) < size:
            return
        last, left = snapshots[-1], None if left is None else left - size


def count(collection: str) -> int:
    """How many documents the collection has: Firestore counts. `Unavailable`."""
    with firestore.reachable():
        query = firestore.client().collection(collection).count()  # type: ignore[no-untyped-call]
        [[result]] = query.get(retry=firestore.read_retry(), timeout=firestore.RPC_TIMEOUT_S)
    return int(result.value)
