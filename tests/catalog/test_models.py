"""What the bundled catalogue says beyond prices: rules between inputs, features, margins, names that are no ids."""

from __future__ import annotations

import pathlib
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

import main
from ops.margins import table
from studiox.catalog import catalog, defaults, margins, store
from studiox.kit.errors import InvalidRequest
from studiox.kit.transaction import Docs, Reads, transact
from studiox.models.catalog import Feature, Input, Model, Rule
from tests.support import Database, before_create, call

SIGN_UP: Any = main.onUserCreated  # the SDK types it as what it answers
MODELS = {model.id: model for model in defaults.MODELS}
PROMPT = Input(kind="text", required=True, max=10)


def model_with(*rules: Rule, **inputs: Input) -> Model:
    changed: Model = msgspec.structs.replace(MODELS["z-image"], inputs={"prompt": PROMPT, **inputs}, rules=rules)
    return changed


def refused(model: Model, **options: Any) -> dict[str, str]:
    sent = {name if name == "prompt" else f"options.{name}": value for name, value in options.items()}
    try:
        catalog.chosen(model, {"prompt": "a cat", **sent}, {})
    except InvalidRequest as refusal:
        fields: dict[str, str] = refusal.details["fields"]
        return fields
    return {}


FLAG, TEXT = Input(kind="flag", default=False), Input(kind="text", max=20)


def test_what_a_rule_needs_is_named_by_the_input_that_is_missing() -> None:
    model = model_with(Rule(when="custom", needs=("title",)), custom=FLAG, title=TEXT)
    assert refused(model, custom=True) == {"title": "required with custom"}
    assert refused(model, custom=True, title="x") == {}
    assert refused(model, custom=False) == {}
    assert refused(model) == {}


def test_what_a_rule_excludes_is_named_by_the_field_that_was_sent() -> None:
    model = model_with(Rule(when="silent", excludes=("words", "loud")), silent=FLAG, words=TEXT, loud=FLAG)
    assert refused(model, silent=True, words="la") == {"options.words": "not with silent"}
    assert refused(model, silent=True, loud=False) == {}
    assert refused(model, words="la", loud=True) == {}


def test_a_rule_may_ask_for_a_value_and_narrow_a_range() -> None:
    size = Input(kind="integer", min=1, max=9, default=1)
    rule = Rule(when="mode", values=("fast",), max={"prompt": 3, "steps": 4})
    mode = Input(kind="choice", values=("fast", "good"), default="fast")
    model = model_with(rule, mode=mode, steps=size)
    assert refused(model) == {"prompt": "at most 3 with mode fast"}
    assert refused(model, mode="good", steps=9) == {}
    assert refused(model, prompt="abc", steps=5) == {"options.steps": "at most 4 with mode fast"}
    assert refused(model, prompt="abc", steps=4) == {}


def test_a_rule_may_ask_for_fewer_files() -> None:
    files = Input(kind="files", max=4)
    model = model_with(Rule(when="custom", max={"pictures": 2}), custom=FLAG, pictures=files)
    assert refused(model, custom=True, pictures=["a", "b"]) == {}
    assert refused(model, custom=True, pictures=["a", "b", "c"]) == {"options.pictures": "at most 2 with custom"}
    assert refused(model, custom=True) == {}


def test_one_rule_that_does_not_apply_hides_no_other() -> None:
    first, second = Rule(when="title", needs=("custom",)), Rule(when="custom", needs=("title",))
    model = model_with(first, second, custom=FLAG, title=TEXT)
    assert refused(model, custom=True, title="") == {"title": "required with custom"}


def test_a_client_sees_the_rules_of_a_song() -> None:
    models = {model["id"]: model for model in call(main.getStudioOptions).result["models"]}
    assert models["generate-music"]["rules"] == [
        {"when": "customMode", "needs": ["style", "title"]},
        {"when": "customMode", "values": [False], "excludes": ["lyrics"], "max": {"prompt": 500}},
        {"when": "instrumental", "excludes": ["lyrics", "vocalGender"]},
    ]
    assert {model["type"] for model in models.values()} == {
        *("image", "edit", "video", "music", "speech", "analysis", "lyrics")
    }
    assert models["image-analysis"]["inputs"]["inputPaths"] == {"kind": "files", "required": True, "max": 4}


@pytest.mark.parametrize("style", ["..", ".", "__all__", "a/../b", "x" * 100, "~"])
def test_a_style_that_is_no_id_is_not_in_the_catalogue(style: str) -> None:
    """C18."""
    before_create(SIGN_UP, "u1")
    request = {"requestId": "request-0123456789", "type": "image", "model": "Model A", "prompt": "a", "style": style}
    answer = call(main.createStudioJob, request, uid="u1")
    assert (answer.reason, answer.details["fields"]) == ("InvalidRequest", {"style": "not in the catalogue"})
    assert answer.details["rules"] == {"style": {"rule": "notOffered"}}


def test_the_margins_in_the_documentation_are_the_catalogues() -> None:
    documented = (pathlib.Path(__file__).parents[2] / "docs/catalogue.md").read_text()
    assert table() in documented, "PYTHONPATH=functions python -m ops.margins prints the table anew"


def feature(feature_id: str) -> Feature:
    key = f"features/{feature_id}"
    found: list[Feature] = []

    def decide(docs: Docs) -> None:
        found.append(store.find_feature(docs, feature_id))

    transact(key, decide, Reads(fresh=store.stale([key])))
    return found[-1]


def test_a_feature_has_a_price_that_a_document_may_change(database: Database) -> None:
    assert feature("stem_export").tokens == 5
    database.put("features/hd_download", {"tokens": 4})
    database.put("features/new_one", {"label": "New", "tokens": 9})
    assert feature("hd_download").tokens == 4
    assert feature("new_one").tokens == 9


@pytest.mark.malformed("broken overrides")
@pytest.mark.parametrize("entry", [None, {"enabled": False}, {"tokens": 0}, {"tokens": -1}, {"tokens": "5"}, {"x": 1}])
def test_a_feature_that_is_not_offered_or_broken_is_refused(database: Database, entry: dict[str, Any] | None) -> None:
    if entry is not None:
        database.put("features/stem", {"label": "Stems", "tokens": 5, **entry})
    with pytest.raises(InvalidRequest) as refusal:
        feature("stem")
    assert refusal.value.details["fields"] == {"feature": "not in the catalogue"}


@pytest.mark.parametrize(
    ("provider", "kept", "credits", "loss"),
    [
        ("poyo", 5, 5.0, 0),
        ("poyo", 5, 10.0, 0),
        ("poyo", 5, 10.01, 50),
        ("poyo", 0, 5.0, 25_000),
        ("piapi", 10, 5.0, 0),
        ("piapi", 10, 10.5, 5_000),
        ("openai", 2, 33.3, 0),
        ("openai", 2, 50.0, 10_000),
        ("mock", 0, 100.0, 0),
        ("unheard-of", 0, 100.0, 0),
    ],
)
def test_a_loss_is_what_the_provider_took_beyond_what_the_job_earned(
    provider: str, kept: int, credits: float, loss: int
) -> None:
    assert margins.loss(margins.cost(provider, credits), kept) == loss


def test_a_provider_that_was_removed_counts_as_free() -> None:
    assert margins.cost("unheard-of", 100.0) == 0


@given(st.sampled_from(sorted(margins.CREDIT_MICRO_USD)), st.integers(0, 10**6), st.floats(0, 10**9))
def test_a_loss_is_never_negative_and_grows_with_the_charge(provider: str, kept: int, credits: float) -> None:
    cost, more = margins.cost(provider, credits), margins.cost(provider, credits + 1)
    assert 0 <= margins.loss(cost, kept) <= margins.loss(more, kept)
    assert margins.loss(cost, kept + 1) <= margins.loss(cost, kept)
