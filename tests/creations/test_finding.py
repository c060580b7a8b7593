"""Finding in the library: by words, model, time and collection, one query a page, however large the library is."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

import main
from studiox.creations import filters
from studiox.kit import query
from studiox.models import creations
from studiox.models.creations import Wanted
from studiox.models.search_terms import terms_of
from tests.community.community import Community
from tests.creations.test_library import creation
from tests.creations.test_sweep_media import sweep
from tests.studio.studio import Studio
from tests.support import Database, Rpcs, budgets, call

START = datetime(2026, 3, 1, tzinfo=UTC)
SUBJECTS = (
    "a red fox",
    "a Füchsin in the snow",
    "red lanterns",
    "foxglove, rédacted",
    "a foxlike extraordinarily red cat",
)


def stored(number: int, uid: str = "u1", **fields: Any) -> dict[str, Any]:
    """An hour apart; each fifth about the same, each third of a type, each second a favourite, each seventh by B."""
    made = creation(number, uid) | {"prompt": SUBJECTS[number % 5], "createdAt": START + timedelta(hours=number)}
    made |= {"model": "Model B" if number % 7 == 0 else "Model A"} | fields
    return made | {"terms": terms_of(made["title"], made["prompt"])}


def fill(count: int, uid: str = "u1") -> None:
    for start in range(0, count, 250):
        some = range(start, min(start + 250, count))
        Database().apply({f"creations/{uid}-{number:04}": stored(number, uid) for number in some})


def every_page(size: int, uid: str = "u1", **asked: Any) -> list[int]:
    """The numbers of all creations found, by pages."""
    found: list[int] = []
    cursor = None
    for _ in range(1_000):
        answer = call(main.getUserCreations, {**asked, "pageSize": size, "cursor": cursor}, uid=uid)
        assert answer.ok, answer
        found += [int(each["title"].split()[1]) for each in answer.result["creations"]]
        assert len(answer.result["creations"]) <= size
        cursor = answer.result["nextCursor"]
        if cursor is None:
            return found
    raise AssertionError("the pages do not end")


def has(number: int, *words: str) -> bool:
    texts = [f"title {number}", *SUBJECTS[number % 5].split()]
    own = " ".join(texts).casefold().replace("ü", "u").replace("é", "e").replace(",", "").split()
    return all(word in own for word in words[:-1]) and any(each.startswith(words[-1]) for each in own)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("fox", ("fox",)),
        ("FOX", ("fox",)),
        ("fo", ("fo",)),
        ("red", ("red",)),
        ("réd", ("red",)),
        ("fuchsin", ("fuchsin",)),
        ("fox red", ("fox", "red")),
        ("red fox", ("red", "fox")),
        ("red  FOXL", ("red", "foxl")),
        ("extraordinarily", ("extraordinarily",)),
        ("extraordinaril", ("extraordinaril",)),
        ("extraordinarilx", ("extraordinarilx",)),
        ("title 12", ("title", "12")),
        ("nothing", ("nothing",)),
        ("re fox", ("re", "fox")),
    ],
)
@pytest.mark.parametrize("size", [3, 100])
@pytest.mark.usefixtures("database")
def test_by_words(text: str, words: tuple[str, ...], size: int) -> None:
    fill(60)
    fill(10, uid="u2")
    assert every_page(size, query=text) == [number for number in reversed(range(60)) if has(number, *words)]


@pytest.mark.usefixtures("database")
def test_every_combination_of_filters() -> None:
    fill(60)
    mine = {f"creations/u1-{number:04}" for number in range(0, 60, 4)}
    for path in mine:
        Database().change(path, collectionIds=["c1"])
    choices: dict[str, list[Any]] = {
        "type": [None, "image"],
        "favorite": [None, True],
        "model": [None, "Model B"],
        "query": [None, "fox", "red fox"],
        "collectionId": [None, "c1"],
        "from": [None, "2026-03-02"],
        "to": [None, "2026-03-02", "2026-03-02T12:00:00Z"],
    }
    for chosen in itertools.product(*choices.values()):
        asked = dict(zip(choices, chosen, strict=True))
        wanted = [
            number
            for number in reversed(range(60))
            if asked["type"] in (None, stored(number)["type"])
            and asked["favorite"] in (None, stored(number)["isFavorite"])
            and asked["model"] in (None, stored(number)["model"])
            and (asked["query"] is None or has(number, *asked["query"].split()))
            and (asked["collectionId"] is None or number % 4 == 0)
            and (asked["from"] is None or number >= 24)
            and (asked["to"] is None or number < (48 if asked["to"] == "2026-03-02" else 36))
        ]
        page, _ = creations.list_creations(
            "u1",
            Wanted(
                type=asked["type"],
                favorite=asked["favorite"],
                model=asked["model"],
                collection_id=asked["collectionId"],
                words=filters.words(asked["query"]),
            ),
            query.Span("createdAt", *filters.period(asked["from"], asked["to"])),
            size=100,
            cursor=None,
        )
        assert [int(each.data.title.split()[1]) for each in page] == wanted, asked


@pytest.mark.parametrize(
    ("asked", "documents"),
    [
        ({"query": "fox"}, 6),
        ({"model": "Model B"}, 6),
        ({"from": "2026-03-04", "to": "2026-03-06"}, 6),
        ({"collectionId": "c1"}, 6),
        ({"type": "image", "favorite": True, "from": "2026-03-02"}, 6),
        ({"query": "red fox"}, query.EXAMINED),
        ({"query": "fox", "type": "image", "favorite": True, "model": "Model A", "to": "2026-03-20"}, query.EXAMINED),
        ({"collectionId": "c1", "query": "red"}, query.EXAMINED),
        ({"model": "Model A", "favorite": False}, query.EXAMINED),
        ({"query": "extraordinarily unheard"}, query.EXAMINED),
    ],
)
@pytest.mark.usefixtures("database")
def test_a_page_is_one_query_of_bounded_reads(rpcs: Rpcs, asked: dict[str, Any], documents: int) -> None:
    """The same in a library of 700 as in one of 250."""
    read = []
    for count in (250, 700):
        fill(count)
        if "collectionId" in asked:
            for number in range(0, 30, 2):
                Database().change(f"creations/u1-{number:04}", collectionIds=["c1"])
        request = {**asked, "pageSize": 5}
        call(main.getUserCreations, request, uid="u1")
        rpcs.reset()
        answer = call(main.getUserCreations, request, uid="u1")
        assert answer.ok
        assert rpcs.calls == budgets.calls("getUserCreations", "warm")
        read.append(rpcs.documents)
    assert max(read) <= documents
    assert documents != 6 or read == [6, 6]


@pytest.mark.usefixtures("database")
def test_c12_a_cursor_is_of_one_search() -> None:
    fill(40)
    asked = {"query": "red fox", "model": "Model A", "from": "2026-03-01", "pageSize": 1}
    cursor = call(main.getUserCreations, asked, uid="u1").result["nextCursor"]
    assert cursor is not None
    for other in ({"query": "red fo"}, {"query": "fox red"}, {"model": None}, {"from": None}, {"favorite": True}):
        refused = call(main.getUserCreations, {**asked, **other, "cursor": cursor}, uid="u1")
        assert refused.reason == "InvalidCursor", other
    assert call(main.getUserCreations, {**asked, "cursor": cursor}, uid="u2").reason == "InvalidCursor"
    same = call(main.getUserCreations, {**asked, "query": " RÉD   fox!", "cursor": cursor}, uid="u1")
    assert same.ok


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        *(("query", each) for each in ("", "  ", "…!", "🦊", "a\0b", "x" * 201, 7, ["fox"])),
        *(("model", each) for each in ("", "x" * 101, 7)),
        *(("from", each) for each in ("2026-02-30", "yesterday", "2026-3-1", "2026-03-01T25:00:00Z", "1999-01-01", 7)),
        *(("to", each) for each in ("2026-03-01T00:00:00", "2026-03-01T00:00:00+02:00", "3000-01-01")),
        *(("collectionId", each) for each in ("a/b", "", 7)),
    ],
)
def test_what_is_wrong_is_named(field: str, wrong: object) -> None:
    answer = call(main.getUserCreations, {field: wrong}, uid="u1")
    assert (answer.reason, list(answer.details["fields"])) == ("InvalidRequest", [field])


@pytest.mark.usefixtures("unchanged")
def test_a_span_that_ends_before_it_begins_is_refused() -> None:
    for first, last in (("2026-03-02", "2026-03-01"), ("2026-03-01T10:00:00Z", "2026-03-01T10:00:00Z")):
        answer = call(main.getUserCreations, {"from": first, "to": last}, uid="u1")
        assert (answer.reason, list(answer.details["fields"])) == ("InvalidRequest", ["from"])


def test_what_is_ordered_and_renamed_is_found_at_once(community: Community) -> None:
    community.ok("initializeUser", "zoe")
    order: dict[str, Any] = {"type": "image", "model": "Model A", "prompt": "An Émigré's fox"}
    job = community.ok("createStudioJob", "zoe", requestId=community.request_id(), **order)["jobId"]
    community.ok("getJobStatus", "zoe", jobId=job)

    def found(text: str) -> list[str]:
        return [each["creationId"] for each in community.ok("getUserCreations", "zoe", query=text)["creations"]]

    assert found("emigre f") == [job]
    assert found("lantern") == []
    community.ok("updateCreation", "zoe", creationId=job, title="Lanterns")
    assert (found("lanterns fox"), found("emigre")) == ([job], [job])
    community.ok("updateCreation", "zoe", creationId=job, title="Fires")
    assert found("lantern") == []
    shown = community.ok("getCreation", "zoe", creationId=job)
    assert not {"terms", "collectionIds"} & shown.keys()
    community.ok("publishPost", "zoe", creationId=job)
    assert not {"terms", "collectionIds"} & community.database.need(f"posts/{job}").keys()


def test_the_sweep_writes_the_terms_of_what_is_older(studio: Studio, rpcs: Rpcs) -> None:
    """All of it, once; what is up to date is read and not written."""
    older: dict[str, dict[str, Any]] = {}
    for number in range(120):
        old = {name: value for name, value in stored(number).items() if name != "terms"}
        older[f"creations/c{number:03}"] = old | {"media": [], "text": "a"}
    Database().apply(older)
    assert every_page(100, query="fox") == []
    sweep(studio)
    assert every_page(100, query="fox") == [number for number in reversed(range(120)) if has(number, "fox")]
    rpcs.reset()
    sweep(studio)
    assert not [request for method, request in rpcs.requests if method == "Commit" and "creations" in str(request)]
    studio.database.change("creations/c007", terms=["stale"])
    sweep(studio)
    assert studio.database.need("creations/c007")["terms"] == stored(7)["terms"]
