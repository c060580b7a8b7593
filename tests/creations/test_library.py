"""getUserCreations and getCreation: one's own library, and nobody else's."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

import main
from tests.media.servers import Gcs
from tests.support import Database, Rpcs, budgets, call

START = datetime(2026, 3, 1, tzinfo=UTC)
TYPES = ("image", "video", "music")


def path(number: int, uid: str = "u1") -> str:
    return f"users/{uid}/creations/c{number:02}/0.png"


def creation(number: int, uid: str = "u1") -> dict[str, Any]:
    """Each third is of another type, each second a favourite; three at each moment."""
    return {
        "creationId": f"c{number:02}",
        "jobId": f"c{number:02}",
        "uid": uid,
        "title": f"title {number}",
        "type": TYPES[number % 3],
        "model": "Model A",
        "prompt": "a cat",
        "params": {"prompt": "a cat", "size": "512x512"},
        "media": [{"path": path(number, uid), "contentType": "image/png", "bytes": 7}],
        "isFavorite": number % 2 == 0,
        "playCount": number,
        "createdAt": START + timedelta(seconds=number // 3),
        "updatedAt": START,
    }


@pytest.fixture
def library(database: Database) -> list[dict[str, Any]]:
    """u1's 25 creations among others', as they are answered: newest first, then by name."""
    for number in range(25):
        database.put(f"creations/c{number:02}", creation(number))
        database.put(f"creations/d{number:02}", creation(number, "u2") | {"creationId": f"d{number:02}"})
    return [answered(number) for number in reversed(range(25))]


def answered(number: int) -> dict[str, Any]:
    shown = {name: value for name, value in creation(number).items() if name not in ("uid", "updatedAt")}
    return shown | {"rating": "general", "createdAt": shown["createdAt"].isoformat().replace("+00:00", "Z")}


def creations(**request: Any) -> dict[str, Any]:
    answer = call(main.getUserCreations, request, uid="u1")
    assert answer.ok, answer
    found: dict[str, Any] = answer.result
    return found


@pytest.mark.parametrize("size", [1, 4, 24, 25, 26, 100])
def test_all_pages_are_the_own_library(library: list[dict[str, Any]], size: int) -> None:
    found: list[dict[str, Any]] = []
    request: dict[str, Any] = {"pageSize": size}
    while True:
        page = creations(**request)
        found += page["creations"]
        if page["nextCursor"] is None:
            break
        assert len(page["creations"]) == size
        request["cursor"] = page["nextCursor"]
    assert found == library


@pytest.mark.parametrize("type_", [None, *TYPES, "speech"])
@pytest.mark.parametrize("favorite", [None, True, False])
def test_every_combination_of_filters(library: list[dict[str, Any]], type_: str | None, favorite: bool | None) -> None:
    wanted = [
        each
        for each in library
        if type_ in (None, each["type"]) and (favorite is None or each["isFavorite"] is favorite)
    ]
    first = creations(pageSize=3, type=type_, favorite=favorite)
    assert first["creations"] == wanted[:3]
    if first["nextCursor"] is None:
        assert len(wanted) <= 3
        return
    rest = creations(pageSize=100, type=type_, favorite=favorite, cursor=first["nextCursor"])
    assert rest == {"creations": wanted[3:], "nextCursor": None}


@pytest.mark.parametrize("other", [{"type": "image"}, {"favorite": True}, {"favorite": False}])
def test_a_cursor_is_of_one_list(library: list[dict[str, Any]], other: dict[str, Any]) -> None:
    """C12."""
    assert library
    cursor = creations(pageSize=2)["nextCursor"]
    assert call(main.getUserCreations, {"cursor": cursor, **other}, uid="u1").reason == "InvalidCursor"
    assert call(main.getUserCreations, {"cursor": cursor}, uid="u2").reason == "InvalidCursor"
    of_other = creations(pageSize=2, **other)["nextCursor"]
    assert call(main.getUserCreations, {"cursor": of_other}, uid="u1").reason == "InvalidCursor"


def test_a_page_takes_one_query_that_reads_no_more_than_itself(library: list[dict[str, Any]], rpcs: Rpcs) -> None:
    assert library
    creations()
    rpcs.reset()
    creations(pageSize=5)
    assert rpcs.calls == budgets.calls("getUserCreations", "warm")
    assert rpcs.documents == 6


def test_addresses_only_in_the_answer_about_one(library: list[dict[str, Any]], gcs: Gcs, rpcs: Rpcs) -> None:
    gcs.put_object(path(7), b"picture", {"contentType": "image/png"})
    media = [item for each in creations()["creations"] for item in each["media"]]
    assert {item["path"] for item in media} >= {path(7), path(24)}
    assert not [item for item in media if "url" in item]
    call(main.getCreation, {"creationId": "c07"}, uid="u1")
    rpcs.reset()
    answer = call(main.getCreation, {"creationId": "c07"}, uid="u1")
    assert rpcs.calls == budgets.calls("getCreation", "warm")
    [item] = answer.result["media"]
    assert item.pop("url").startswith("http")
    assert answer.result == next(each for each in library if each["creationId"] == "c07")


def test_what_a_song_and_a_text_have_besides(database: Database, gcs: Gcs) -> None:
    assert gcs
    more = {"title": "Ode", "durationSeconds": 61.5, "tags": ["pop"], "imagePath": "users/u1/creations/c01/1.png"}
    [item] = creation(1)["media"]
    database.put("creations/c01", creation(1) | {"media": [item | more], "text": "la la", "postId": "c01"})
    for answer in (creations()["creations"][0], call(main.getCreation, {"creationId": "c01"}, uid="u1").result):
        assert {name: answer["media"][0][name] for name in more} == more
        assert (answer["text"], answer["postId"]) == ("la la", "c01")


@pytest.mark.usefixtures("library")
def test_c1_absent_and_somebody_elses_answer_alike() -> None:
    absent = call(main.getCreation, {"creationId": "absent"}, uid="u1")
    others = call(main.getCreation, {"creationId": "d07"}, uid="u1")
    assert absent.code == "not-found"
    assert (others.status, others.code, others.message, others.details) == (
        *(absent.status, absent.code, absent.message),
        {"reason": "NotFound"},
    )


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize(
    ("function", "request_", "field"),
    [
        ("getUserCreations", {"pageSize": 0}, "pageSize"),
        ("getUserCreations", {"pageSize": 101}, "pageSize"),
        ("getUserCreations", {"type": "hologram"}, "type"),
        ("getUserCreations", {"favorite": "true"}, "favorite"),
        ("getUserCreations", {"favorite": 1}, "favorite"),
        ("getUserCreations", {"uid": "u2"}, "uid"),
        ("getCreation", {}, "creationId"),
        ("getCreation", {"creationId": "a/b"}, "creationId"),
        ("getCreation", {"creationId": ".."}, "creationId"),
        ("getCreation", {"creationId": ""}, "creationId"),
        ("getCreation", {"creationId": "a" * 129}, "creationId"),
        ("getCreation", {"creationId": 7}, "creationId"),
        ("getCreation", {"creationId": "c07", "uid": "u2"}, "uid"),
    ],
)
def test_what_is_wrong_is_named(function: str, request_: dict[str, Any], field: str) -> None:
    answer = call(getattr(main, function), request_, uid="u1")
    assert (answer.reason, list(answer.details["fields"])) == ("InvalidRequest", [field])
    assert call(getattr(main, function), request_).reason == "Unauthenticated"
