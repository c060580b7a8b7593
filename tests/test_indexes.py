"""firestore.indexes.json holds the indexes of the queries that the code can make, and no other."""

from __future__ import annotations

import importlib
import itertools
import typing
from collections.abc import Iterator
from typing import Any, Literal, get_args, get_origin

import msgspec
import pytest

from bench import costs
from studiox.api.callables import CONTRACTS, Admin, Contract
from tests.support import Database, Rpcs, call, people, schedule
from tests.support.indexes import Index, alone, asked, deployed, exempt, missing, needed, read_file
from tests.support.posts import post

# Queries that clients make themselves, under the rules.
LIVE = {Index("posts", "COLLECTION", frozenset({("hidden", "ASCENDING")}), (("createdAt", "DESCENDING"),))}

# The queries of what no sample request gets as far as: whoever deletes an account makes its comments anonymous, and
# takes it from the lists of blocked people.
# And the queries that are none on the wire: sums, and the look-up of a callback's task.
BEYOND = {
    *(
        Index(
            "payments",
            "COLLECTION_GROUP",
            frozenset({("currency", "ASCENDING"), ("status", "ASCENDING")}),
            (("createdAt", "ASCENDING"), (summed, "ASCENDING")),
        )
        for summed in ("amount", "refunded")
    ),
    Index("comments", "COLLECTION_GROUP", frozenset({("uid", "ASCENDING")}), ()),
    Index("blocks", "COLLECTION", frozenset({("blocked", "CONTAINS")}), (("updatedAt", "DESCENDING"),)),
    Index("jobs", "COLLECTION", frozenset({("uid", "ASCENDING")}), (("price", "ASCENDING"),)),
    Index("jobs", "COLLECTION", frozenset({("uid", "ASCENDING")}), (("refunded", "ASCENDING"),)),
    Index("private", "COLLECTION_GROUP", frozenset({("spentOn", "ASCENDING")}), (("costMicroUsd", "ASCENDING"),)),
    Index("private", "COLLECTION_GROUP", frozenset({("spentOn", "ASCENDING")}), (("unpaidMicroUsd", "ASCENDING"),)),
    Index("private", "COLLECTION_GROUP", frozenset({("taskId", "ASCENDING")}), ()),
}

# The times by which schedules look for what to do, once there is something: jobs, changed accounts, new media.
LATER = {("jobs", "nextPollAt"), ("jobs", "updatedAt"), ("users", "updatedAt"), ("creations", "createdAt")}

# What a call needs to be there before it asks anything: {path: data}.
SAMPLE_ID = "sample-0123456789"
WORLD: dict[str, dict[str, Any]] = {
    f"posts/{SAMPLE_ID}": post(SAMPLE_ID),
    f"users/{SAMPLE_ID}": people.user_data(),
    f"posts/{SAMPLE_ID}/private/state": {"postId": SAMPLE_ID, "uid": "author", "reports": 0},
}
PAGED = {"pageSize", "cursor"}


def _values(hint: Any) -> list[Any]:
    """What a field of this type may be sent as: every choice, or one sample."""
    if get_origin(hint) is typing.Annotated:
        return _values(get_args(hint)[0])
    if get_origin(hint) is Literal:
        return list(get_args(hint))
    if type(None) in get_args(hint):
        return [value for part in get_args(hint) if part is not type(None) for value in _values(part)]
    samples: dict[Any, list[Any]] = {bool: [True, False], str: [SAMPLE_ID], int: [1]}
    return samples.get(hint, [])


def _requests(contract: Contract) -> Iterator[dict[str, Any]]:
    """A list: with every combination of its filters. Any other call: with its required fields."""
    hints = typing.get_type_hints(contract.request, include_extras=True)
    fields = [field for field in msgspec.structs.fields(contract.request) if field.encode_name not in PAGED]
    required = {
        field.encode_name: value for field in fields if field.required for value in _values(hints[field.name])[:1]
    }
    if not _is_list(contract):
        yield required
        return
    optional = {field.encode_name: [None, *_values(hints[field.name])] for field in fields if not field.required}
    for chosen in itertools.product(*optional.values()):
        yield required | dict(zip(optional, chosen, strict=True))


def _is_list(contract: Contract) -> bool:
    return "cursor" in contract.request.__struct_fields__


def _functions() -> dict[str, Any]:
    """What is deployed. Not imported above: the log is set up by the import, and belongs into the test."""
    main = importlib.import_module("main")
    return {name: getattr(main, name) for name in main.__all__}


def _schedules() -> list[Any]:
    return [each for each in _functions().values() if getattr(each.__firebase_endpoint__, "scheduleTrigger", None)]


_found: list[Any] = []
"""What `queries` has found."""


@pytest.fixture
def queries(rpcs: Rpcs, database: Database) -> list[Any]:
    """All that the callables and schedules ask of Firestore; called once, by the first test that wants to know."""
    if not _found:
        _found.extend(_ask_everything(rpcs, database))
    return _found


def _ask_everything(rpcs: Rpcs, database: Database) -> list[Any]:
    for path, data in WORLD.items():
        database.put(path, data)
    callers = itertools.count()
    for name, function in _functions().items():
        contract = CONTRACTS.get(name)
        if contract is None:
            continue
        for request in _requests(contract):
            rpcs.reset()
            # A new caller each time: no limit of theirs is reached.
            answer = call(function, request, uid=f"u{next(callers)}", admin=contract.caller is Admin)
            assert answer.code != "internal", f"{contract.name} failed: what does WORLD lack?"
            made = [method for method in rpcs.calls if method in ("RunQuery", "RunAggregationQuery")]
            # What is refused asks nothing, and an account that is asked for by its name needs no query.
            by_name = contract.name == "searchUsers" and request["uid"] is not None
            excused = by_name or answer.reason == "InvalidRequest"
            assert made or excused or not _is_list(contract), f"{contract.name} asked nothing: what does WORLD lack?"
    for each in _schedules():
        schedule(each)
    return [asked(request) for request in rpcs.queries]


def test_every_query_has_its_index_and_every_index_its_query(queries: list[Any]) -> None:
    assert missing(queries) == []
    wanted = LIVE | BEYOND | {index for query in queries if (index := needed(query)) is not None}
    assert [each for each in deployed() if not any(each.serves(index) for index in wanted)] == []
    assert [index for index in LIVE | BEYOND if not any(each.serves(index) for each in deployed())] == []


def test_every_combination_of_filters_is_asked(queries: list[Any]) -> None:
    """A guard of the guard: the jobs' list has four combinations, and models are timed by one more query. The
    creations' list has four too, and one index each for collection, words and model, beside which the other filters
    are tested on what is found."""
    wanted = {index for query in queries if (index := needed(query)) is not None}
    equal = {name: {index.equal for index in wanted if index.collection == name} for name in ("jobs", "creations")}
    assert {name: len(found) for name, found in equal.items()} == {"jobs": 5, "creations": 7}
    assert {query["from"][0]["collectionId"] for query in queries} >= {"jobs", "creations", "ledger", "models"}


def test_a_query_by_a_field_without_an_index_is_seen() -> None:
    query = {"from": [{"collectionId": "jobs"}], "orderBy": [ordered("startedAt", "ASCENDING")], "limit": 1}
    assert [(each.collection, each.order) for each in missing([query])] == [("jobs", (("startedAt", "ASCENDING"),))]


def ordered(field: str, direction: str) -> dict[str, Any]:
    return {"field": {"fieldPath": field}, "direction": direction}


def test_a_time_that_each_order_writes_has_an_index_only_if_a_query_uses_it(queries: list[Any]) -> None:
    """Times grow: Firestore writes at most 500 entries a second of such an index (docs/capacity.md)."""
    lives, *_ = costs.read()
    written = {(each.partition(".")[0], each.partition(".")[2]) for life in lives.values() for each in life.times}
    used = LATER | {field for query in queries for field in alone(query)}
    assert written - exempt() == written & used


def test_counters_of_rate_limits_expire() -> None:
    """Their `expiresAt` is written by rate_limits.py; unindexed, because only the expiry reads it."""
    override = {"collectionGroup": "rateLimits", "fieldPath": "expiresAt", "ttl": True, "indexes": []}
    assert override in read_file()["fieldOverrides"]
    from studiox.kit import documents, rate_limits

    assert "expiresAt" in documents.field_names(rate_limits.RATE_LIMITS.struct)


@pytest.mark.parametrize(
    ("equal", "order", "wanted"),
    [
        ([], [], None),
        (["uid", "status"], [], None),
        ([], [("createdAt", "DESCENDING")], None),
        ([], [("createdAt", "DESCENDING"), ("__name__", "DESCENDING")], None),
        (["uid"], [("createdAt", "DESCENDING"), ("__name__", "DESCENDING")], "uid/createdAt:DESCENDING"),
        (["uid"], [("createdAt", "ASCENDING")], "uid/createdAt:ASCENDING"),
        (["uid"], [("a", "ASCENDING"), ("b", "DESCENDING")], "uid/a:ASCENDING b:DESCENDING"),
        (["uid"], [("a", "DESCENDING"), ("__name__", "ASCENDING")], "uid/a:DESCENDING __name__:ASCENDING"),
        ([], [("__name__", "DESCENDING")], "/__name__:DESCENDING"),
        ([], [("__name__", "ASCENDING")], None),
    ],
)
def test_what_a_query_needs(equal: list[str], order: list[tuple[str, str]], wanted: str | None) -> None:
    filters = [{"fieldFilter": {"field": {"fieldPath": field}, "op": "EQUAL"}} for field in equal]
    query: dict[str, Any] = {"from": [{"collectionId": "things"}], "orderBy": [ordered(*each) for each in order]}
    if filters:
        where = filters[0] if len(filters) == 1 else {"compositeFilter": {"op": "AND", "filters": filters}}
        query["where"] = where
    index = needed(query)
    assert wanted == (
        index
        and "/".join(
            [" ".join(sorted(name for name, _ in index.equal)), " ".join(f"{name}:{way}" for name, way in index.order)]
        )
    )
