"""The catalogue's rules: what an order may hold, and what it costs."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from studiox.catalog import catalog, defaults, margins
from studiox.kit.errors import InvalidRequest
from studiox.models.catalog import Input, Model, Price

MODELS = {model.id: model for model in defaults.MODELS}
IDS = {"styles": defaults.STYLES, "colors": defaults.COLORS, "sizes": tuple(defaults.SIZES)}
LISTED = {f"{name}/{id_}": True for name, ids in IDS.items() for id_ in ids}

# One line for each price that a bundled model has: what is chosen, the tokens. Written by hand from the vendors' tables
# (a token is one credit, rounded up), not computed.
PRICES: list[tuple[str, dict[str, Any], int]] = [
    *((model, {"size": size}, tokens) for model in ("Model A", "Model B") for size, tokens in defaults.SIZES.items()),
    ("nano-banana", {}, 5),
    ("nano-banana-edit", {}, 5),
    ("nano-banana-2", {}, 8),
    ("nano-banana-2-edit", {}, 8),
    ("seedream-4.5", {}, 5),
    ("seedream-4.5-edit", {}, 5),
    ("z-image", {}, 2),
    ("flux-2-pro", {"resolution": "1K"}, 6),
    ("flux-2-pro", {"resolution": "2K"}, 9),
    ("flux-2-pro-edit", {"resolution": "1K"}, 6),
    ("flux-2-pro-edit", {"resolution": "2K"}, 9),
    *(
        (model, {"quality": quality, "resolution": resolution}, tokens)
        for model in ("gpt-image-2", "gpt-image-2-edit")
        for (quality, resolution), tokens in {
            ("low", "1K"): 2,
            ("low", "2K"): 4,
            ("low", "4K"): 8,
            ("medium", "1K"): 9,
            ("medium", "2K"): 9,
            ("medium", "4K"): 17,
            ("high", "1K"): 34,
            ("high", "2K"): 36,
            ("high", "4K"): 65,
        }.items()
    ),
    *(("veo3.1-lite", {"durationSeconds": seconds}, 20) for seconds in (4, 6, 8)),
    *(("veo3.1-fast", {"durationSeconds": seconds}, 36) for seconds in (4, 6, 8)),
    *(("veo3.1-quality", {"durationSeconds": seconds}, 200) for seconds in (4, 6, 8)),
    ("kling-2.6", {"sound": False, "durationSeconds": 5}, 65),
    ("kling-2.6", {"sound": False, "durationSeconds": 10}, 130),
    ("kling-2.6", {"sound": True, "durationSeconds": 5}, 120),
    ("kling-2.6", {"sound": True, "durationSeconds": 10}, 240),
    ("kling-3.0/standard", {"sound": False, "durationSeconds": 5}, 135),
    ("kling-3.0/standard", {"sound": True, "durationSeconds": 10}, 390),
    ("kling-3.0/pro", {"sound": False, "durationSeconds": 5}, 195),
    ("kling-3.0/pro", {"sound": True, "durationSeconds": 10}, 490),
    *(
        ("sora-2-official", {"durationSeconds": n}, price)
        for n, price in {4: 48, 8: 96, 12: 144, 16: 192, 20: 240}.items()
    ),
    ("seedance-2", {"resolution": "480p", "durationSeconds": 4}, 80),
    ("seedance-2", {"resolution": "720p", "durationSeconds": 5}, 200),
    ("seedance-2", {"resolution": "1080p", "durationSeconds": 15}, 1350),
    ("seedance-2", {"resolution": "4k", "durationSeconds": 15}, 3000),
    *(("wan2.6-text-to-video", {"durationSeconds": n}, price) for n, price in {5: 80, 10: 160, 15: 240}.items()),
    *(("hailuo-2.3", {"durationSeconds": n}, price) for n, price in {6: 35, 10: 70}.items()),
    *(("runway-gen-4.5", {"durationSeconds": n}, price) for n, price in {5: 75, 10: 150}.items()),
    ("generate-music", {}, 20),
    ("generate-music", {"customMode": True, "style": "swing", "title": "Cats"}, 20),
    ("minimax-music-2.6", {"instrumental": True}, 20),
    ("elevenlabs-music", {}, 128),
    ("elevenlabs-music", {"durationSeconds": 61}, 256),
    ("elevenlabs-music", {"durationSeconds": 300}, 640),
    ("elevenlabs-v3-tts", {"prompt": "x" * 1000}, 16),
    ("elevenlabs-v3-tts", {"prompt": "x" * 1001}, 32),
    ("music-u", {}, 10),
    ("image-analysis", {}, 2),
    ("lyrics-writer", {}, 2),
]


def least(model: Model) -> dict[str, Any]:
    """The required inputs only."""
    samples: dict[str, Any] = {"prompt": "a cat", "inputPaths": ["users/u1/uploads/a.png"]}
    return {name: samples[name] for name, spec in model.inputs.items() if spec.required}


def as_given(inputs: Mapping[str, Any]) -> dict[str, Any]:
    """The inputs by the request's names: what is no field of the request goes among the options."""
    fields = {"prompt", "negativePrompt", "style", "color", "size", "aspectRatio", "durationSeconds", "inputPaths"}
    return {name if name in fields else f"options.{name}": value for name, value in inputs.items()}


@pytest.mark.parametrize(("model", "inputs", "tokens"), PRICES)
def test_price(model: str, inputs: dict[str, Any], tokens: int) -> None:
    found = MODELS[model]
    chosen = catalog.chosen(found, as_given({**least(found), **inputs}), LISTED)
    assert catalog.price_of(found.price, chosen) == tokens


def test_every_model_is_in_the_table() -> None:
    assert {model for model, _, _ in PRICES} == set(MODELS)


def orders(model: Model) -> Iterator[dict[str, Any]]:
    """Every combination of what a price is looked up by."""
    choices: dict[str, list[Any]] = {}
    for name in {*model.price.by, *(["durationSeconds"] if model.price.per in ("second", "minute") else [])}:
        spec = model.inputs[name]
        if spec.kind == "integer":
            assert spec.min is not None
            assert spec.max is not None
            choices[name] = list(range(spec.min, spec.max + 1))
        else:
            choices[name] = [False, True] if spec.kind == "flag" else list(spec.values or IDS.get(spec.catalogue, ()))
    for values in itertools.product(*choices.values()):
        yield {**least(model), **dict(zip(choices, values, strict=True))}


@pytest.mark.parametrize("model", defaults.MODELS, ids=lambda model: model.id)
def test_no_order_costs_less_than_it_costs_us(model: Model) -> None:
    """A token is sold for more than a credit of Poyo's costs; the others' credits have values of their own."""
    seen = 0
    for order in orders(model):
        chosen = catalog.chosen(model, as_given(order), LISTED)
        price = catalog.price_of(model.price, chosen)
        margin = margins.expected(model, chosen)
        assert margin.earned == price * 10_000
        assert margin.profit >= 0
        assert (margin.cost == 0) == (model.provider == "mock")
        assert type(price) is int
        assert price >= 1
        seen += 1
    assert seen >= 1


@pytest.mark.parametrize("model", defaults.MODELS, ids=lambda model: model.id)
def test_the_least_order_has_its_defaults_and_a_price(model: Model) -> None:
    chosen = catalog.chosen(model, least(model), LISTED)
    defaulted = {name: spec.default for name, spec in model.inputs.items() if spec.default is not None}
    assert chosen == {**defaulted, **least(model)}
    assert catalog.price_of(model.price, chosen) >= 1


def _valid(spec: Input) -> st.SearchStrategy[Any]:
    match spec.kind:
        case "text":
            return st.text(max_size=min(spec.max or 50, 50))
        case "flag":
            return st.booleans()
        case "integer":
            return st.integers(spec.min, spec.max)
        case "files":
            return st.lists(st.just("users/u1/uploads/a"), min_size=1, max_size=spec.max)
        case "choice":
            return st.sampled_from(spec.values or IDS[spec.catalogue])


@st.composite
def valid_orders(draw: st.DrawFn) -> tuple[Model, dict[str, Any]]:
    model = draw(st.sampled_from(defaults.MODELS))
    names = [name for name, spec in model.inputs.items() if spec.required or draw(st.booleans())]
    return model, _obeying(model, {name: draw(_valid(model.inputs[name])) for name in names})


def _obeying(model: Model, inputs: dict[str, Any]) -> dict[str, Any]:
    """The inputs with what the model's rules need, and without what they exclude."""
    for rule in model.rules:
        value = inputs.get(rule.when, model.inputs[rule.when].default)
        if value in rule.values if rule.values else value not in (None, False, ""):
            inputs |= dict.fromkeys(rule.needs, "x")
            inputs = {name: given for name, given in inputs.items() if name not in rule.excludes}
    return inputs


@given(valid_orders())
def test_every_valid_order_has_a_whole_price(order: tuple[Model, dict[str, Any]]) -> None:
    model, inputs = order
    chosen = catalog.chosen(model, as_given(inputs), LISTED)
    assert chosen.items() >= inputs.items()
    price = catalog.price_of(model.price, chosen)
    assert type(price) is int
    assert 1 <= price <= 1_000_000


ANYTHING = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(), st.lists(st.text(), max_size=20)
)


@given(valid_orders(), st.data())
def test_whatever_is_sent_is_refused_by_its_name_or_has_a_price(
    order: tuple[Model, dict[str, Any]], data: st.DataObject
) -> None:
    """J16: no value of any type gets past as something that has no price, or raises anything but a refusal."""
    model, inputs = order
    name = data.draw(st.sampled_from([*model.inputs, "resolution", "duration", "provider"]))
    value = data.draw(ANYTHING)
    sent = as_given({**inputs, name: value})
    refused: set[str] | None = None
    try:
        chosen = catalog.chosen(model, sent, LISTED)
    except InvalidRequest as refusal:
        refused = set(refusal.details["fields"])
    about = {each for rule in model.rules for each in (*rule.needs, *rule.excludes, *rule.max)}
    named = {each.removeprefix("options.") for each in refused or ()}
    assert refused is None or named == {name} or (named and named <= about)
    if refused is None:
        assert name in model.inputs
        assert catalog.price_of(model.price, chosen) >= 1


@pytest.mark.parametrize(
    ("model", "change", "field"),
    [
        ("nano-banana", {"prompt": None}, "prompt"),
        ("nano-banana", {"prompt": 1}, "prompt"),
        ("nano-banana", {"prompt": "x" * 4001}, "prompt"),
        ("nano-banana", {"style": "no such style"}, "style"),
        ("nano-banana", {"style": 1}, "style"),
        ("nano-banana", {"color": "anime"}, "color"),
        ("nano-banana", {"size": "1x1"}, "size"),
        ("nano-banana", {"negativePrompt": "ugly"}, "negativePrompt"),
        ("nano-banana", {"durationSeconds": 5}, "durationSeconds"),
        ("nano-banana", {"inputPaths": ["a"]}, "inputPaths"),
        ("nano-banana", {"options.colour": "red"}, "options.colour"),
        ("nano-banana-edit", {"inputPaths": None}, "inputPaths"),
        ("nano-banana-edit", {"inputPaths": ["a"] * 5}, "inputPaths"),
        ("nano-banana-edit", {"inputPaths": None, "options.inputPaths": "abc"}, "options.inputPaths"),
        ("nano-banana-edit", {"inputPaths": None, "options.inputPaths": 1}, "options.inputPaths"),
        ("veo3.1-lite", {"durationSeconds": 5}, "durationSeconds"),
        ("veo3.1-lite", {"durationSeconds": True}, "durationSeconds"),
        ("veo3.1-lite", {"durationSeconds": 4, "options.durationSeconds": 8}, "durationSeconds"),
        ("seedance-2", {"durationSeconds": 3}, "durationSeconds"),
        ("seedance-2", {"durationSeconds": 16}, "durationSeconds"),
        ("seedance-2", {"durationSeconds": 5.0}, "durationSeconds"),
        ("seedance-2", {"durationSeconds": True}, "durationSeconds"),
        ("seedance-2", {"options.resolution": "8k"}, "options.resolution"),
        ("kling-2.6", {"options.sound": 1}, "options.sound"),
        ("kling-2.6", {"options.sound": "true"}, "options.sound"),
        ("generate-music", {"prompt": "x" * 501}, "prompt"),
        ("generate-music", {"prompt": "x" * 501, "options.customMode": False}, "prompt"),
        ("generate-music", {"options.lyrics": "la"}, "options.lyrics"),
        ("generate-music", {"options.customMode": True, "style": "swing"}, "title"),
        ("generate-music", {"options.customMode": True, "options.title": "Cats"}, "style"),
        ("generate-music", {"options.instrumental": True, "options.vocalGender": "male"}, "options.vocalGender"),
        ("generate-music", {"options.version": "V3"}, "options.version"),
        ("generate-music", {"size": "512x512"}, "size"),
        ("minimax-music-2.6", {"options.instrumental": True, "options.lyrics": "la"}, "options.lyrics"),
        ("elevenlabs-music", {"durationSeconds": 301}, "durationSeconds"),
        ("elevenlabs-v3-tts", {"options.voice": "pNInz6obpgDQGcFmaJgB"}, "options.voice"),
        ("elevenlabs-v3-tts", {"prompt": "x" * 5001}, "prompt"),
        ("music-u", {"options.seed": -1}, "options.seed"),
        ("image-analysis", {"inputPaths": None}, "inputPaths"),
        ("lyrics-writer", {"options.mood": "x" * 101}, "options.mood"),
    ],
)
def test_an_invalid_input_is_named(model: str, change: dict[str, Any], field: str) -> None:
    found = MODELS[model]
    sent = {name: value for name, value in {**least(found), **change}.items() if value is not None}
    with pytest.raises(InvalidRequest) as refused:
        catalog.chosen(found, sent, LISTED)
    assert list(refused.value.details["fields"]) == [field]


def test_all_that_is_wrong_is_named_at_once() -> None:
    with pytest.raises(InvalidRequest) as refused:
        catalog.chosen(MODELS["veo3.1-lite"], {"durationSeconds": 5, "style": "anime"}, LISTED)
    assert set(refused.value.details["fields"]) == {"durationSeconds", "style", "prompt"}


def test_a_size_without_a_price_is_refused_by_its_name() -> None:
    """A size may be added to the catalogue later than the models that price by it."""
    model = MODELS["Model A"]
    chosen = catalog.chosen(model, {"prompt": "a", "size": "2048x2048"}, {"sizes/2048x2048": True})
    with pytest.raises(InvalidRequest) as refused:
        catalog.price_of(model.price, chosen)
    assert list(refused.value.details["fields"]) == ["size"]


@pytest.mark.parametrize(
    ("per", "inputs", "units"),
    [
        ("job", {}, 1),
        ("second", {"durationSeconds": 7}, 7),
        ("minute", {"durationSeconds": 1}, 1),
        ("minute", {"durationSeconds": 60}, 1),
        ("minute", {"durationSeconds": 61}, 2),
        ("thousandCharacters", {"prompt": ""}, 1),
        ("thousandCharacters", {"prompt": "x"}, 1),
        ("thousandCharacters", {"prompt": "x" * 1000}, 1),
        ("thousandCharacters", {"prompt": "x" * 1001}, 2),
    ],
)
def test_units_are_begun_ones(per: Any, inputs: dict[str, Any], units: int) -> None:
    assert catalog.price_of(Price(tokens=3, per=per), inputs) == 3 * units


@pytest.mark.parametrize("per", ["job", "second", "minute", "thousandCharacters"])
def test_a_price_of_nothing_is_nothing(per: Any) -> None:
    assert catalog.price_of(Price(tokens=0, per=per), {"durationSeconds": 61, "prompt": "x"}) == 0


@given(st.integers(1, 10**6), st.one_of(st.none(), st.integers(1, 10**6)))
def test_max_price(price: int, most: int | None) -> None:
    """J18."""
    if most is None or price <= most:
        catalog.check_price(price, most)
        return
    with pytest.raises(catalog.PriceChanged) as refused:
        catalog.check_price(price, most)
    assert refused.value.details == {"price": price, "maxPrice": most}


@pytest.mark.parametrize("needed", catalog.PLANS)
@pytest.mark.parametrize("plan", catalog.PLANS)
def test_a_plan_includes_the_lower_ones(plan: str, needed: str) -> None:
    model = msgspec.structs.replace(MODELS["nano-banana"], plan=needed)
    if ("free", "pro", "enterprise").index(plan) >= ("free", "pro", "enterprise").index(needed):
        catalog.check_plan(model, plan)
        return
    with pytest.raises(catalog.PlanRequired) as refused:
        catalog.check_plan(model, plan)
    assert refused.value.details == {"plan": needed}
