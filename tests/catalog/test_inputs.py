"""What is wrong with each kind of input, in words, and prices that are looked up by inputs."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from studiox.catalog import catalog, defaults
from studiox.kit.errors import InvalidRequest
from studiox.models.catalog import Input, Price, Rule

MODEL = next(model for model in defaults.MODELS if model.id == "nano-banana")
LENGTHS = Input(kind="integer", min=2, max=4, default=3)
NAMES = Input(kind="text", max=3)
UPLOADS = Input(kind="files", max=2)
MODES = Input(kind="choice", values=("a", 1))


@pytest.mark.parametrize(
    ("spec", "value", "problem"),
    [
        (LENGTHS, 1, "from 2 to 4"),
        (LENGTHS, 2, ""),
        (LENGTHS, 4, ""),
        (LENGTHS, 5, "from 2 to 4"),
        (LENGTHS, "3", "expected a whole number"),
        (LENGTHS, True, "expected a whole number"),
        (Input(kind="integer"), 0, ""),
        (Input(kind="integer"), 1, "from 0 to 0"),
        (Input(kind="integer"), -1, "from 0 to 0"),
        (NAMES, "abc", ""),
        (NAMES, "abcd", "at most 3 characters"),
        (NAMES, 1, "expected text"),
        (Input(kind="text"), "x" * 10_000, ""),
        (UPLOADS, ["a", "b"], ""),
        (UPLOADS, ("a", "b"), ""),
        (UPLOADS, ["a", "b", "c"], "at most 2"),
        (UPLOADS, "a", "expected uploads"),
        (Input(kind="files"), ["a"] * 99, ""),
        (Input(kind="flag"), False, ""),
        (Input(kind="flag"), 0, "expected true or false"),
        (MODES, "a", ""),
        (MODES, 1, ""),
        (MODES, True, "one of a, 1"),
        (MODES, "1", "one of a, 1"),
        (Input(kind="choice", catalogue="colors"), "neon", ""),
        (Input(kind="choice", catalogue="colors"), "grey", "not in the catalogue"),
        (Input(kind="choice", catalogue="colors"), "anime", "not in the catalogue"),
        (Input(kind="choice", catalogue="colors"), 1, "not in the catalogue"),
    ],
)
def test_what_is_wrong_with_a_value(spec: Input, value: Any, problem: str) -> None:
    listed = {"colors/neon": True, "colors/grey": False, "styles/anime": True, "colors/1": True}
    model = replace(MODEL, inputs={"x": spec}, rules=())
    if not problem:
        assert catalog.chosen(model, {"options.x": value}, listed) == {"x": value}
        return
    with pytest.raises(InvalidRequest) as refused:
        catalog.chosen(model, {"options.x": value}, listed)
    assert refused.value.details["fields"] == {"options.x": problem}


@pytest.mark.parametrize(
    ("spec", "value", "rule"),
    [
        (LENGTHS, 5, {"rule": "outOfRange", "least": 2, "most": 4}),
        (LENGTHS, "3", {"rule": "type"}),
        (NAMES, "abcd", {"rule": "tooLong", "most": 3}),
        (UPLOADS, ["a", "b", "c"], {"rule": "tooMany", "most": 2}),
        (MODES, "b", {"rule": "choice"}),
        (Input(kind="choice", catalogue="colors"), "grey", {"rule": "notOffered"}),
    ],
)
def test_a_wrong_value_has_a_rule(spec: Input, value: Any, rule: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequest) as refused:
        catalog.chosen(replace(MODEL, inputs={"x": spec}, rules=()), {"x": value}, {})
    assert refused.value.details["rules"] == {"x": rule}


@pytest.mark.parametrize(
    ("rule", "broken"),
    [
        (Rule(when="x", needs=("y",)), {"y": {"rule": "missing"}}),
        (Rule(when="x", excludes=("z",)), {"z": {"rule": "excluded"}}),
        (Rule(when="x", max={"z": 2}), {"z": {"rule": "tooLong", "most": 2}}),
        (Rule(when="x", max={"files": 1}), {"files": {"rule": "tooMany", "most": 1}}),
        (Rule(when="x", max={"n": 2}), {"n": {"rule": "tooLarge", "most": 2}}),
    ],
)
def test_a_rule_of_the_model_has_a_name(rule: Rule, broken: dict[str, Any]) -> None:
    inputs = {**dict.fromkeys("xyz", NAMES), "files": UPLOADS, "n": LENGTHS}
    sent = {"x": "a", "z": "abc", "files": ["a", "b"], "n": 3}
    with pytest.raises(InvalidRequest) as refused:
        catalog.chosen(replace(MODEL, inputs=inputs, rules=(rule,)), sent, {})
    assert refused.value.details["rules"] == broken


def test_a_field_that_is_given_twice_or_not_taken_or_missing_is_named() -> None:
    model = replace(MODEL, inputs={"x": NAMES, "y": replace(NAMES, required=True)})
    for sent, wrong in (
        ({"x": "a", "options.x": "b", "y": "c"}, {"x": "given twice"}),
        ({"y": "c", "options.z": 1}, {"options.z": "not an input of this model"}),
        ({"x": "a"}, {"y": "required"}),
    ):
        with pytest.raises(InvalidRequest) as refused:
            catalog.chosen(model, sent, {})
        assert refused.value.details["fields"] == wrong
    assert catalog.chosen(model, {"y": ""}, {}) == {"y": ""}


def test_prices_may_be_looked_up_by_numbers_and_flags() -> None:
    by = Price(tokens={"4": {"true": 2, "false": 1}}, by=("seconds", "sound"))
    assert catalog.price_of(by, {"seconds": 4, "sound": True}) == 2
    assert catalog.price_of(by, {"seconds": 4, "sound": False}) == 1
    with pytest.raises(InvalidRequest) as refused:
        catalog.price_of(by, {"seconds": 5, "sound": False})
    assert refused.value.details["fields"] == {"seconds": "this model has no price for it"}
