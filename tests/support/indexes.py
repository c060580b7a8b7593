"""Which composite index a query needs, and which ones firestore.indexes.json deploys: no emulator asks for them."""

from __future__ import annotations

import functools
import json
import pathlib
from typing import Any, NamedTuple

FILE = pathlib.Path(__file__).parents[2] / "firestore.indexes.json"

EQUALITIES = ("EQUAL", "IN")
CONTAINS = ("ARRAY_CONTAINS", "ARRAY_CONTAINS_ANY")


class Index(NamedTuple):
    """An index: fields that are compared in any order, then fields that order."""

    collection: str
    scope: str
    equal: frozenset[tuple[str, str]]
    """(field, ASCENDING or CONTAINS)"""
    order: tuple[tuple[str, str], ...]
    """(field, ASCENDING or DESCENDING); the document's name, last in each, goes without saying."""


def needed(query: Any) -> Index | None:
    """What a StructuredQuery needs beside the indexes that Firestore makes of itself; None for nothing.

    https://firebase.google.com/docs/firestore/query-data/index-overview: equalities alone are merged from
    single-field indexes, and so is one field's order or range. Merging with an order is not relied upon.
    """
    [source] = query["from"]
    scope = "COLLECTION_GROUP" if source.get("allDescendants") else "COLLECTION"
    filters = _filters(query.get("where", {}))
    equal = {(field, "ASCENDING") for field, operator in filters if operator in EQUALITIES}
    equal |= {(field, "CONTAINS") for field, operator in filters if operator in CONTAINS}
    order = [(each["field"]["fieldPath"], each["direction"]) for each in query.get("orderBy", [])]
    ranges = [field for field, operator in filters if operator not in EQUALITIES + CONTAINS]
    if not order:
        order = [(field, "ASCENDING") for field in dict.fromkeys(ranges)]
    if order and order[-1][0] == "__name__" and (len(order) == 1 or order[-1][1] == order[-2][1]):
        order = order[:-1] if len(order) > 1 or order[-1][1] == "ASCENDING" else order
    if order:  # what is summed is read from the index, where it comes last
        order += [(field, "ASCENDING") for field in query.get("summed", [])]
    compared = [name for name, _ in order] + [name for name, _ in equal]
    only_equal = not order and not any(mode == "CONTAINS" for _, mode in equal)
    if scope == "COLLECTION" and (only_equal or (len(compared) <= 1 and compared != ["__name__"])):
        return None
    return Index(source["collectionId"], scope, frozenset(equal), tuple(order)) if compared else None


def _filters(where: Any) -> list[tuple[str, str]]:
    """(field, operator) of all filters; a comparison with null or NaN is an equality."""
    if "compositeFilter" in where:
        return [each for part in where["compositeFilter"]["filters"] for each in _filters(part)]
    if "fieldFilter" in where:
        return [(where["fieldFilter"]["field"]["fieldPath"], where["fieldFilter"]["op"])]
    if "unaryFilter" in where:
        return [(where["unaryFilter"]["field"]["fieldPath"], "EQUAL")]
    return []


def asked(request: Any) -> Any:
    """The StructuredQuery of a RunQuery or RunAggregationQuery request, and `summed`: the fields that it sums."""
    aggregation = request.get("structuredAggregationQuery", request)
    summed = [each["sum"]["field"]["fieldPath"] for each in aggregation.get("aggregations", []) if "sum" in each]
    return {**aggregation["structuredQuery"], "summed": summed}


class Deployed(NamedTuple):
    """An index of the file: its fields in order, each with ASCENDING, DESCENDING or CONTAINS."""

    collection: str
    scope: str
    fields: tuple[tuple[str, str], ...]

    def serves(self, index: Index) -> bool:
        compared = len(self.fields) - len(index.order)
        return (
            (self.collection, self.scope) == (index.collection, index.scope)
            and compared == len(index.equal)
            and set(self.fields[:compared]) == index.equal
            and self.fields[compared:] == index.order
        )


@functools.cache
def read_file() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(FILE.read_text())
    return found


def deployed() -> list[Deployed]:
    """The indexes of the file: composite ones, and single fields' of collection groups."""
    found = [
        Deployed(
            each["collectionGroup"],
            each["queryScope"],
            tuple((field["fieldPath"], field.get("order") or field["arrayConfig"]) for field in each["fields"]),
        )
        for each in read_file()["indexes"]
    ]
    for override in read_file()["fieldOverrides"]:
        for each in override["indexes"]:
            if each["queryScope"] == "COLLECTION":
                continue  # what Firestore makes of itself, and an override must name to keep
            mode = each.get("order") or each["arrayConfig"]
            found.append(Deployed(override["collectionGroup"], each["queryScope"], ((override["fieldPath"], mode),)))
    return found


def exempt() -> frozenset[tuple[str, str]]:
    """(collection, field) of the fields for which Firestore makes no index of itself."""
    return frozenset(
        (each["collectionGroup"], each["fieldPath"]) for each in read_file()["fieldOverrides"] if not each["indexes"]
    )


def alone(query: Any) -> set[tuple[str, str]]:
    """(collection, field) of the fields whose own indexes serve the query."""
    if needed(query) is not None:
        return set()
    compared = {field for field, _ in _filters(query.get("where", {}))}
    compared |= {each["field"]["fieldPath"] for each in query.get("orderBy", [])}
    return {(query["from"][0]["collectionId"], field) for field in compared - {"__name__"}}


def missing(queries: list[Any]) -> list[Index]:
    """The indexes that these queries need and production does not have: it would refuse to answer."""
    have = deployed()
    wanted = {index for query in queries if (index := needed(query)) is not None}
    wanted |= {
        Index(collection, "COLLECTION", frozenset(), ((field, "ASCENDING"),))
        for query in queries
        for collection, field in alone(query) & exempt()
    }
    return sorted((index for index in wanted if not any(each.serves(index) for each in have)), key=repr)
