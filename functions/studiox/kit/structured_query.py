"""Firestore's queries in the JSON of its REST API, built part by part.

https://firebase.google.com/docs/firestore/reference/rest/v1/StructuredQuery
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from . import firestore, values
from .firestore import Row
from .values import Json


class Query(NamedTuple):
    """A query. Each method returns another one."""

    parent: str
    """The full name of what the collection lies below."""
    parts: Json

    def having(self, **parts: Any) -> Query:
        return self._replace(parts={**self.parts, **parts})

    def where(self, field: str, operator: str, value: object) -> Query:
        """Also with this condition."""
        if value is None:
            added: Json = {"unaryFilter": {"field": field_of(field), "op": "IS_NULL"}}
        else:
            added = {"fieldFilter": {"field": field_of(field), "op": operator, "value": values.value_json(value)}}
        before = self.parts.get("where")
        if before is None:
            return self.having(where=added)
        filters = before["compositeFilter"]["filters"] if "compositeFilter" in before else [before]
        return self.having(where={"compositeFilter": {"op": "AND", "filters": [*filters, added]}})

    def sorted(self, order: str, direction: str = "ASCENDING") -> Query:
        """Sorted by this field, then by name."""
        fields = dict.fromkeys((order, "__name__"))
        return self.having(orderBy=[{"field": field_of(each), "direction": direction} for each in fields])

    def select(self, fields: Iterable[str]) -> Query:
        return self.having(select={"fields": [field_of(each) for each in fields]})

    def behind(self, position: list[Json] | None) -> Query:
        """The documents behind this one, if there is one."""
        return self if position is None else self.having(startAt={"values": position, "before": False})

    def run(self) -> list[Row]:
        return firestore.run(self.parent, self.parts)

    def aggregate(self, aggregation: Json) -> int:
        return firestore.aggregate(self.parent, self.parts, aggregation)


def field_of(path: str) -> Json:
    """A field: its name, or a.`b-c` for the field `b-c` of the map a."""
    return {"fieldPath": path}


def value_at(row: Row, path: str) -> Any:
    found: Any = row.data
    for name in path.split("."):
        found = found[name.strip("`")]
    return found


def place(collection: str, order: str, key: object) -> Json:
    """A place in an order as a Value: that of a document, by its id, if the order is by name."""
    if order == "__name__":
        return {"referenceValue": firestore.full_name(f"{collection}/{key}")}
    return values.value_json(key)


def position(collection: str, order: str, key: object, id_: str) -> list[Json]:
    """The position of the document with this value of `order` and this id."""
    name = place(collection, "__name__", id_)
    return [name] if order == "__name__" else [values.value_json(key), name]


def position_of(row: Row, order: str) -> list[Json]:
    collection, _, id_ = row.path.rpartition("/")
    return position(collection, order, None if order == "__name__" else value_at(row, order), id_)


def of(collection: str, *, group: bool) -> Query:
    above, _, name = collection.rpartition("/")
    parent = firestore.full_name(above) if above else firestore.root()
    return Query(parent, {"from": [{"collectionId": str(name), **({"allDescendants": True} if group else {})}]})
