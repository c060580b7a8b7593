"""getStudioOptions, and the documents that override the bundled catalogue."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

import main
from studiox.catalog import defaults, store
from studiox.kit import cache, firestore
from tests.support import Answer, Database, Rpcs, before_create, budgets, call

SIGN_UP: Any = main.onUserCreated  # the SDK types it as what it answers
PROMPT = {"kind": "text", "required": True, "max": 100}
NEW_MODEL = {
    "type": "image",
    "provider": "mock",
    "providerModel": "Model A",
    "label": "Model C",
    "inputs": {"prompt": PROMPT},
    "price": {"tokens": 7},
    "credits": {"tokens": 0},
}


@pytest.fixture(autouse=True)
def _jobs_stay_under_way(monkeypatch: pytest.MonkeyPatch) -> None:
    """Orders only show what is offered: the mock provider does not finish them."""
    monkeypatch.setenv("MOCK_LATENCY_MS", "600000")


@pytest.fixture
def a_minute_passes(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """The catalogue's clock, which nothing else reads."""
    passed = [0.0]
    real = time.monotonic

    class Clock:
        @staticmethod
        def monotonic() -> float:
            return real() + passed[0]

    monkeypatch.setattr(cache, "time", Clock)

    def passes() -> None:
        passed[0] += cache.MINUTE_S + 0.1

    return passes


def options(**who: Any) -> dict[str, Any]:
    answer = call(main.getStudioOptions, **who)
    assert answer.ok, answer
    found: dict[str, Any] = answer.result
    return found


def models() -> dict[str, dict[str, Any]]:
    return {model["id"]: model for model in options()["models"]}


def order(model: str, uid: str = "u1", **more: Any) -> Answer:
    request = {
        "requestId": f"request-{time.monotonic_ns()}",
        "type": "image",
        "model": model,
        "prompt": "a cat",
        **more,
    }
    return call(main.createStudioJob, request, uid=uid)


def test_anyone_sees_all_that_may_be_ordered() -> None:
    found = options()
    assert [model["id"] for model in found["models"]] == [model.id for model in defaults.MODELS]
    assert {name: [entry["id"] for entry in found[name]] for name in ("styles", "colors", "sizes", "features")} == {
        "styles": ["realistic", "anime", "oil painting", "sketch", "cyberpunk", "watercolor"],
        "colors": ["vibrant", "monochrome", "pastel", "neon", "vintage"],
        "sizes": ["512x512", "1024x1024", "1024x1792"],
        "features": ["prompt_enhancement", "hd_download", "watermark_removal", "stem_export", "commercial_license"],
    }
    assert {size["id"]: size["tokens"] for size in found["sizes"]} == {"512x512": 1, "1024x1024": 3, "1024x1792": 4}
    assert options(uid="u1") == found


def test_a_model_says_enough_to_draw_its_form_and_nothing_of_what_it_costs_us() -> None:
    assert models()["nano-banana"] == {
        "id": "nano-banana",
        "type": "image",
        "provider": "poyo",
        "label": "Nano Banana",
        "plan": "free",
        "price": {"tokens": 5},
        "rules": [],
        "inputs": {
            "prompt": {"kind": "text", "required": True, "max": 4000},
            "style": {"kind": "choice", "catalogue": "styles"},
            "color": {"kind": "choice", "catalogue": "colors"},
            "size": {"kind": "choice", "catalogue": "sizes", "default": "1024x1024"},
            "aspectRatio": {"kind": "choice", "values": ["1:1", "16:9", "9:16", "4:3", "3:4"]},
        },
    }
    assert models()["Model A"]["price"] == {"tokens": {"512x512": 1, "1024x1024": 3, "1024x1792": 4}, "by": ["size"]}


def test_mock_models_only_where_they_are_enabled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENABLE_MOCK_MODELS", "false")
    assert not {"Model A", "Model B"} & models().keys()
    before_create(SIGN_UP, "u1")
    refused = order("Model A")
    assert (refused.reason, refused.details["fields"]) == ("InvalidRequest", {"model": "not in the catalogue"})


def test_a_document_changes_disables_and_adds_after_a_minute(
    database: Database, a_minute_passes: Callable[[], None]
) -> None:
    before = models()
    database.put("models/nano-banana", {"label": "Renamed", "price": {"tokens": 6}})
    database.put("models/z-image", {"enabled": False})
    database.put("models/kling-3.0~pro", {"label": "Kling, renamed"})
    database.put("models/Model C", NEW_MODEL)
    database.put("styles/anime", {"enabled": False})
    database.put("styles/baroque", {"label": "Baroque"})
    assert models() == before
    a_minute_passes()
    after = models()
    assert after["nano-banana"] == {**before["nano-banana"], "label": "Renamed", "price": {"tokens": 6}}
    assert after["kling-3.0/pro"] == {**before["kling-3.0/pro"], "label": "Kling, renamed"}
    assert set(after) == set(before) - {"z-image"} | {"Model C"}
    styles = {style["id"]: style for style in options()["styles"]}
    assert "anime" not in styles
    assert styles["baroque"]["label"] == "Baroque"
    for path in ("models/nano-banana", "models/z-image", "models/kling-3.0~pro", "models/Model C", "styles/anime"):
        database.delete(path)
    a_minute_passes()
    assert models() == before


def test_an_order_follows_the_override(database: Database, a_minute_passes: Callable[[], None]) -> None:
    before_create(SIGN_UP, "u1")
    assert order("Model A").result["price"] == 3
    assert order("Model C").reason == "InvalidRequest"
    database.put("models/Model A", {"price": {"tokens": 5}})
    database.put("models/Model C", NEW_MODEL)
    database.put("styles/anime", {"enabled": False})
    assert order("Model A").result["price"] == 3
    a_minute_passes()
    before_create(SIGN_UP, "u2")  # three jobs at once are all that the first may have
    assert order("Model A", uid="u2").result["price"] == 5
    assert order("Model C", uid="u2").result["price"] == 7
    refused = order("Model A", style="anime")
    assert refused.details["fields"] == {"style": "not in the catalogue"}
    database.put("models/Model A", {"enabled": False})
    a_minute_passes()
    refused = order("Model A")
    assert refused.details["fields"] == {"model": "not in the catalogue"}


@pytest.mark.parametrize(
    "sample", ["samples/nano-banana.webp", "https://storage.example.com/v0/b/x/o/samples%2Fa.png?alt=media&token=a-b"]
)
def test_a_model_shows_the_sample_that_the_operator_sets(database: Database, sample: str) -> None:
    database.put("models/nano-banana", {"sample": sample})
    assert {name: model["sample"] for name, model in models().items() if "sample" in model} == {"nano-banana": sample}


def test_many_unknown_names_do_not_bring_a_disabled_model_back(database: Database, rpcs: Rpcs) -> None:
    """An ordering client may fill the memory of single entries; the list is kept by itself."""
    database.put("models/z-image", {"enabled": False})
    assert "z-image" not in models()
    firestore.kept_for_a_minute().clear()
    assert "z-image" not in models()
    assert rpcs.count("RunQuery") == len(store.COLLECTIONS)


@pytest.mark.malformed("broken overrides")
@pytest.mark.parametrize(
    "override",
    [
        {"price": {"tokens": -1}},
        {"price": {"tokens": 0.5}},
        {"price": {"tokens": {"1K": 1}, "by": ["resolution"]}},
        {"price": "5"},
        {"type": "hologram"},
        {"unknown": 1},
        {"inputs": {"prompt": {"kind": "essay"}}},
        {"label": None},
        {"sample": "http://example.com/a.png"},
        {"sample": "https://example.com"},
        {"sample": "https://example.com/a b.png"},
        {"sample": 'https://example.com/"onerror='},
        {"sample": "javascript:alert(1)//samples/a.png"},
        {"sample": "users/u1/creations/j1/0.png"},
        {"sample": "samples/../users/u1/a.png"},
        {"sample": "samples/.."},
        {"sample": "samples/a.png\n"},
        {"sample": f"samples/{'a' * 101}"},
        {"sample": None},
    ],
)
def test_a_broken_override_is_not_offered_and_somebody_is_told(
    database: Database, logged: Any, override: dict[str, Any]
) -> None:
    database.put("models/Model A", override)
    assert "Model A" not in models()
    assert "Model B" in models()
    assert [line["severity"] for line in logged.lines("catalogue_entry_broken")] == ["ALERT"]
    before_create(SIGN_UP, "u1")
    assert order("Model A").details["fields"] == {"model": "not in the catalogue"}


@pytest.mark.parametrize("name", [".", "..", "__x__", "a/../b", "~", "a" * 100, "é\u200b", "%2e%2e", "models/x"])
def test_no_name_of_a_model_or_style_is_more_than_unknown(name: str, database: Database, logged: Any) -> None:
    """C18: names that Firestore does not take as a document's."""
    before_create(SIGN_UP, "u1")
    for refused in (order(name), order("Model A", style=name)):
        assert refused.reason == "InvalidRequest", refused
    assert not logged.lines("bug")
    assert database.need("users/u1")["balance"] == 200


def test_the_list_is_read_once_a_minute(rpcs: Rpcs, a_minute_passes: Callable[[], None]) -> None:
    options()
    rpcs.reset()
    for _ in range(5):
        options()
    assert rpcs.calls == budgets.calls("getStudioOptions", "warm") * 5
    a_minute_passes()
    options()
    cold = budgets.calls("getStudioOptions", "cold")
    assert rpcs.calls == cold
    assert cold.count("RunQuery") == len(store.COLLECTIONS)


def test_the_database_is_away(rpcs: Rpcs, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for it as long as the client library would."""
    monkeypatch.setattr("studiox.kit.firestore.RPC_TIMEOUT_S", 0.5)
    rpcs.fail_before("RunQuery", times=100)
    assert call(main.getStudioOptions).code == "unavailable"
    rpcs.heal()
    assert options()["models"]
