"""Which models are refused because some order of them would have no price."""

from __future__ import annotations

import math
import re
from typing import Any

import pytest
from msgspec.structs import replace

from studiox.catalog import catalog, defaults
from studiox.models.catalog import Input, Model, Price, Rule

BUNDLED = {model.id: model for model in defaults.MODELS}
PROMPT = Input(kind="text", required=True)
NUMBER = Input(kind="integer", min=1, max=9, default=1)
TWO = Input(kind="choice", values=("a", "b"), default="a")
FLAG = Input(kind="flag", default=False)
SIZE = Input(kind="choice", catalogue="sizes", required=True)
NO_RATE = "a rate that is not a whole number from 0 to 1000000"
NO_COUNT = "{} is not a number from 0 on"
LACKS = "priced or counted by {}, which an order may lack"


def model_with(inputs: dict[str, Input], **changes: Any) -> Model:
    model: Model = replace(BUNDLED["nano-banana"], inputs={"prompt": PROMPT, **inputs}, rules=())
    return replace(model, **changes)


def refused(model: Model, problem: str) -> None:
    with pytest.raises(ValueError, match=rf"\A{re.escape(problem)}\Z"):
        catalog.check_model(model)


@pytest.mark.parametrize("model", defaults.MODELS, ids=lambda model: model.id)
def test_the_bundled_models_are_sound(model: Model) -> None:
    catalog.check_model(model)


@pytest.mark.parametrize(
    ("price", "inputs", "problem"),
    [
        (Price(tokens=-1), {}, NO_RATE),
        (Price(tokens=1_000_001), {}, NO_RATE),
        (Price(tokens=1.5), {}, NO_RATE),
        (Price(tokens=math.inf), {}, NO_RATE),
        (Price(tokens=True), {}, NO_RATE),
        (Price(tokens="5"), {}, NO_RATE),
        (Price(tokens=None), {}, NO_RATE),
        (Price(tokens={"a": 1, "b": 2}), {}, NO_RATE),
        (Price(tokens=5, by=("mode",)), {"mode": TWO}, "no rates by mode"),
        (Price(tokens={}, by=("size",)), {"size": SIZE}, "no rates by size"),
        (Price(tokens={"b": 1}, by=("mode",)), {"mode": TWO}, "no rate for mode a"),
        (Price(tokens={"c": 1}, by=("mode",)), {"mode": TWO}, "no rate for mode a"),
        (Price(tokens={"a": 1, "b": "2"}, by=("mode",)), {"mode": TWO}, NO_RATE),
        (Price(tokens={"a": 1, "b": 2}, by=("mode",)), {}, LACKS.format("mode")),
        (Price(tokens={"a": 1, "b": 2}, by=("mode",)), {"mode": replace(TWO, default=None)}, LACKS.format("mode")),
        (Price(tokens={"false": 1}, by=("sound",)), {"sound": FLAG}, "no rate for sound true"),
        (Price(tokens={"4": 1}, by=("n",)), {"n": Input(kind="choice", values=(4, 8), default=4)}, "no rate for n 8"),
        (
            Price(tokens={"a": {"a": 1}, "b": {"a": 1, "b": 1}}, by=("mode", "tone")),
            {"mode": TWO, "tone": TWO},
            "no rate for tone b",
        ),
    ],
)
def test_each_order_has_a_rate(price: Price, inputs: dict[str, Input], problem: str) -> None:
    for broken in ({"price": price}, {"credits": price}):
        refused(model_with(inputs, **broken), problem)


@pytest.mark.parametrize("per", ["second", "minute"])
@pytest.mark.parametrize(
    ("spec", "problem"),
    [
        (None, LACKS),
        (replace(NUMBER, default=None), LACKS),
        (PROMPT, NO_COUNT),
        (replace(FLAG, required=True), NO_COUNT),
        (SIZE, NO_COUNT),
        (Input(kind="choice", values=("5",), default="5"), NO_COUNT),
        (Input(kind="choice", values=(5, "6"), default=5), NO_COUNT),
        (Input(kind="choice", values=(-1, 5), default=5), NO_COUNT),
        (Input(kind="integer", min=-1, max=9, required=True), NO_COUNT),
    ],
)
def test_a_price_for_a_time_needs_a_number(per: Any, spec: Input | None, problem: str) -> None:
    inputs = {} if spec is None else {"durationSeconds": spec}
    refused(model_with(inputs, price=Price(tokens=5, per=per)), problem.format("durationSeconds"))


def test_a_price_for_characters_needs_a_text() -> None:
    price = Price(tokens=5, per="thousandCharacters")
    refused(model_with({"prompt": replace(PROMPT, required=False)}, price=price), LACKS.format("prompt"))
    refused(model_with({"prompt": NUMBER}, price=price), "prompt is not a text")
    catalog.check_model(model_with({"prompt": replace(PROMPT, required=False, default="hi")}, price=price))
    catalog.check_model(model_with({"prompt": replace(PROMPT, required=False)}))


@pytest.mark.parametrize("tokens", [0, 1, 1_000_000])
def test_a_rate_is_from_0_to_a_million(tokens: int) -> None:
    catalog.check_model(model_with({}, price=Price(tokens=tokens)))


def test_a_model_with_a_price_for_each_order_is_sound() -> None:
    times = NUMBER, Input(kind="choice", values=(0, 4, 8), default=4), Input(kind="integer", required=True)
    table = {mode: {"true": 2, "false": 1} for mode in ("a", "b")}
    for time in times:
        inputs = {"mode": TWO, "sound": FLAG, "durationSeconds": time}
        catalog.check_model(model_with(inputs, price=Price(tokens=table, by=("mode", "sound"), per="second")))
    catalog.check_model(model_with({"size": SIZE}, price=Price(tokens={"512x512": 1}, by=("size",))))


@pytest.mark.parametrize(
    ("outputs", "spec", "problem"),
    [
        (-1, None, "outputs must be from 0 to 10"),
        (11, None, "outputs must be from 0 to 10"),
        ("count", None, LACKS),
        ("count", Input(kind="integer", min=1, max=4), LACKS),
        ("count", Input(kind="choice", values=("one", "two"), required=True), NO_COUNT),
        ("count", Input(kind="integer", min=1, max=11, required=True), "outputs must be from 0 to 10"),
        ("count", Input(kind="choice", values=(1, 11), required=True), "outputs must be from 0 to 10"),
    ],
)
def test_a_promise_of_outputs_is_a_number_from_0_to_10(outputs: int | str, spec: Input | None, problem: str) -> None:
    inputs = {} if spec is None else {"count": spec}
    refused(model_with(inputs, outputs=outputs), problem.format("count"))


@pytest.mark.parametrize("outputs", [0, 10, "count"])
def test_up_to_ten_outputs_may_be_promised(outputs: int | str) -> None:
    for count in (Input(kind="integer", min=0, max=10, default=1), Input(kind="choice", values=(1, 10), default=1)):
        catalog.check_model(model_with({"count": count}, outputs=outputs))


@pytest.mark.parametrize(
    ("spec", "problem"),
    [
        (Input(kind="integer", min=1, max=9, default=10), "from 1 to 9"),
        (Input(kind="integer", min=1, max=9, default="5"), "expected a whole number"),
        (Input(kind="choice", values=("a", "b"), default="c"), "one of a, b"),
        (Input(kind="choice", catalogue="sizes", default=5), "not in the catalogue"),
        (Input(kind="flag", default="true"), "expected true or false"),
        (Input(kind="files", max=3, default="a"), "expected uploads"),
    ],
)
def test_a_default_is_a_value_that_may_be_given(spec: Input, problem: str) -> None:
    refused(model_with({"x": spec}), f"the default of x: {problem}")


def test_a_rule_is_about_inputs_that_the_model_takes() -> None:
    for rule in (
        Rule(when="x"),
        Rule(when="prompt", needs=("x",)),
        Rule(when="prompt", excludes=("y", "x")),
        Rule(when="prompt", max={"x": 1}),
    ):
        refused(model_with({}, rules=(Rule(when="prompt"), rule)), "a rule about x, which the model does not take")
    catalog.check_model(model_with({"x": FLAG}, rules=(Rule(when="prompt", needs=("x",)),)))
