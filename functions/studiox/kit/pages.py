"""Pages of a list, newest first, and cursors that nobody can make, alter or carry to another list."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any

import msgspec

from . import firestore, ids, scan
from .clock import datetime
from .errors import InvalidCursor

PageSize = Annotated[int, msgspec.Meta(ge=1, le=100)]
Cursor = Annotated[str, msgspec.Meta(min_length=1, max_length=1024)]
DEFAULT_SIZE = 20
BULK = 1_000


def page(
    collection: str,
    equal: Mapping[str, object | None],
    order: str,
    *,
    size: int = DEFAULT_SIZE,
    cursor: str | None,
    holds: Mapping[str, object | None] | None = None,
    named: str | None = None,
    oldest_first: bool = False,
) -> tuple[list[Mapping[str, Any]], str | None]:
    """One page of the documents whose fields are `equal` (None: any), and the cursor of the next, None at the end.

    `holds`: fields that are lists, and a member that each must have (None: any). `named`: the field of an answer's
    document that gives its own id, where the document itself does not hold it.

    Newest first: by `order` (a time or a number), then by name, both descending; `oldest_first`: both ascending. One
    round trip that reads size + 1 documents however large the collection is. `InvalidCursor` for another list's cursor.
    """
    from google.cloud.firestore_v1.base_query import FieldFilter

    filters = [(field, "==", value) for field, value in sorted(equal.items()) if value is not None]
    filters += [(field, "array_contains", value) for field, value in sorted((holds or {}).items()) if value is not None]
    direction = "ASCENDING" if oldest_first else "DESCENDING"
    list_id = [
        collection,
        order,
        *([direction] if oldest_first else []),
        *(f"{field} {relation} {value}" for field, relation, value in filters),
    ]
    parent = firestore.client().collection(collection)
    query = parent.order_by(order, direction=direction).order_by("__name__", direction=direction)
    for field, relation, value in filters:
        query = query.where(filter=FieldFilter(field, relation, value))
    if cursor is not None:
        value, name = _opened(cursor, list_id)
        query = query.start_after({order: value, "__name__": parent.document(name)})
    found = firestore.run(query.limit(size + 1))
    documents: list[Mapping[str, Any]] = [
        {**(snapshot.to_dict() or {}), **({named: snapshot.id} if named else {})} for snapshot in found[:size]
    ]
    if len(found) <= size:
        return documents, None
    return documents, _sealed(documents[-1][order], found[size - 1].id, list_id)


def between(
    collection: str, start: datetime, end: datetime, fields: Sequence[str], *, group: bool = False
) -> Iterator[Mapping[str, Any]]:
    """The documents made in [start, end), oldest first, with these fields; a page of 1,000 in memory at a time.

    `group`: of every collection of that name. `Unavailable`.
    """
    found = scan.documents(
        collection, order="createdAt", least=start, below=end, fields=fields, group=group, page_size=BULK
    )
    return (each.data for each in found)


def count_between(collection: str, start: datetime, end: datetime) -> int:
    """How many documents were made in [start, end): Firestore counts. `Unavailable`."""
    return scan.count(collection, order="createdAt", least=start, below=end)


def _sealed(value: object, name: str, list_id: list[str]) -> str:
    """The position as `base64url(JSON).seal`: a client may look at it, only this deployment can make it."""
    position = [value.isoformat() if isinstance(value, datetime) else value, name]
    body = base64.urlsafe_b64encode(msgspec.json.encode(position)).decode().rstrip("=")
    return f"{body}.{ids.keyed('cursor', *list_id, body)}"


def _opened(cursor: str, list_id: list[str]) -> tuple[Any, str]:
    body, _, seal = cursor.partition(".")
    if not ids.is_keyed(seal, "cursor", *list_id, body):
        raise InvalidCursor
    value, name = msgspec.json.decode(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    return (datetime.fromisoformat(value) if isinstance(value, str) else value), name
