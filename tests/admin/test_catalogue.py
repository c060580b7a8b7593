"""Administrators see the whole catalogue with its margins, and change one entry at a time."""

from __future__ import annotations

from typing import Any

import pytest

import main
from tests.support import Answer, Database, Rpcs, call

MODEL = "models/nano-banana"
SWITCH: dict[str, Any] = {"key": MODEL, "changes": {"enabled": False}, "reason": "The provider is down."}


def save(**fields: Any) -> Answer:
    return call(main.saveCatalogueEntry, {**SWITCH, **fields}, uid="boss", admin=True)


def entries() -> dict[str, dict[str, Any]]:
    found = call(main.getCatalogue, uid="boss", admin=True).result["entries"]
    return {each["key"]: each for each in found}


def offered() -> set[str]:
    return {each["id"] for each in call(main.getStudioOptions).result["models"]}


@pytest.mark.parametrize("function", [main.getCatalogue, main.saveCatalogueEntry])
@pytest.mark.usefixtures("unchanged")
def test_a12_only_administrators(function: Any) -> None:
    request = SWITCH if function is main.saveCatalogueEntry else {}
    assert call(function, request, uid="u1").reason == "Forbidden"
    assert call(function, request).reason == "Unauthenticated"


def test_every_entry_is_listed_with_its_margin() -> None:
    found = entries()
    assert found[MODEL] == {
        "key": MODEL, "label": "Nano Banana", "enabled": True, "overridden": [], "problem": "", "type": "image",
        "provider": "poyo", "plan": "free", "price": {"tokens": 5},
        "rates": [{"chosen": {}, "earnedMicroUsd": 50_000, "costMicroUsd": 25_000}],
    }  # fmt: skip
    assert {key.partition("/")[0] for key in found} == {"models", "styles", "colors", "sizes", "features"}
    assert found["sizes/512x512"]["tokens"] == 1
    assert [each["chosen"] for each in found["models/Model A"]["rates"]] == [
        {"size": "512x512"}, {"size": "1024x1024"}, {"size": "1024x1792"},
    ]  # fmt: skip
    assert "rates" not in found["styles/anime"]


def test_a_model_is_switched_off_and_on_with_a_reason(database: Database) -> None:
    switched = save()
    assert (switched.result["entry"]["enabled"], switched.result["entry"]["overridden"]) == (False, ["enabled"])
    assert database.need(MODEL) == {"enabled": False}
    assert entries()[MODEL]["enabled"] is False
    assert "nano-banana" not in offered()
    [entry] = database.under("auditLogs").values()
    assert (entry["actor"], entry["action"], entry["target"]) == ("boss", "saveCatalogueEntry", MODEL)
    assert entry["details"] == {"changes": {"enabled": False}, "reason": "The provider is down."}
    assert save(changes={"enabled": None}).ok
    assert database.get(MODEL) is None, "a document without fields is none"


def test_a_price_is_shown_with_its_margin_before_it_is_saved(database: Database) -> None:
    dear = {"price": {"tokens": 8}, "label": "Banana"}
    before = database.hash("rateLimits")
    shown = save(changes=dear, preview=True).result["entry"]
    assert shown["rates"] == [{"chosen": {}, "earnedMicroUsd": 80_000, "costMicroUsd": 25_000}]
    assert (shown["label"], shown["overridden"]) == ("Banana", ["label", "price"])
    assert database.hash("rateLimits") == before
    assert save(changes=dear).result["entry"] == shown
    assert database.need(MODEL) == dear
    assert save(changes={"label": None}).result["entry"]["label"] == "Nano Banana"
    assert database.need(MODEL) == {"price": {"tokens": 8}}, "other fields stay"


@pytest.mark.parametrize(
    ("key", "changes", "problem"),
    [
        (MODEL, {"price": {"tokens": -1}}, "a rate that is not a whole number from 0 to 1000000"),
        (MODEL, {"price": {"tokens": {"a": 1}, "by": ["mode"]}}, "priced or counted by mode, which an order may lack"),
        (MODEL, {"provider": "nobody"}, "no provider is called nobody"),
        (MODEL, {"prize": 1}, "Object contains unknown field `prize`"),
        (MODEL, {"enabled": False, "price": {"tokens": -1}}, "a rate that is not a whole number from 0 to 1000000"),
        ("features/stem-split", {"tokens": 0}, "Expected `int` >= 1 - at `$.tokens`"),
        ("sizes/512x512", {"width": "wide"}, "Expected `int`, got `str` - at `$.width`"),
        ("styles/anime", {"label": 1}, "Expected `str`, got `int` - at `$.label`"),
        (MODEL, {"id": "x"}, "the id cannot be changed"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("preview", [False, True])
@pytest.mark.usefixtures("unchanged")
def test_what_would_make_an_entry_invalid_is_refused(key: str, changes: Any, problem: str, preview: bool) -> None:
    if key.startswith("features/"):
        key = next(each for each in entries() if each.startswith("features/"))
    refused = save(key=key, changes=changes, preview=preview)
    assert (refused.reason, refused.details["fields"]) == ("InvalidRequest", {"changes": problem})


@pytest.mark.parametrize("key", ["models/unheard-of", "models/..", "models/__x__"])
@pytest.mark.usefixtures("unchanged")
def test_what_is_no_entry_is_not_found(key: str) -> None:
    assert save(key=key).reason == "NotFound"


@pytest.mark.parametrize("key", ["plans/pro", "users/u1", "models", "models/", "models/a\n", "settings/limits"])
@pytest.mark.usefixtures("unchanged")
def test_no_other_document_can_be_written(key: str) -> None:
    assert save(key=key).reason == "InvalidRequest"


def test_a_model_whose_name_has_a_slash(database: Database) -> None:
    assert save(key="models/kling-3.0/pro").ok
    assert database.need("models/kling-3.0~pro") == {"enabled": False}


@pytest.mark.malformed("an override that an administrator wrote in the console")
def test_an_invalid_entry_says_why_and_can_be_switched_off(database: Database) -> None:
    database.put(MODEL, {"price": {"tokens": "5"}})
    broken = entries()[MODEL]
    assert (broken["enabled"], broken["problem"]) == (True, "a rate that is not a whole number from 0 to 1000000")
    assert "rates" not in broken
    assert save(changes={"label": "x"}).reason == "InvalidRequest"
    assert save().result["entry"]["enabled"] is False
    assert save(changes={"price": None}).result["entry"]["problem"] == ""
    assert database.need(MODEL) == {"enabled": False}


def test_two_changes_at_once_both_last(database: Database, rpcs: Rpcs) -> None:
    rpcs.before("Commit", lambda: database.put(MODEL, {"label": "Meanwhile"}))
    assert save().result["entry"]["label"] == "Meanwhile"
    assert database.need(MODEL) == {"label": "Meanwhile", "enabled": False}
