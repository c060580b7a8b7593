"""The rules of the catalogue: what a model takes, what of a request it is given, and what that costs. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from ..errors import InvalidRequest, StudioxError

JobType = Literal["image", "edit", "video", "music", "speech", "analysis", "lyrics"]


class PriceChanged(StudioxError):
    """`price`, `maxPrice`."""

    code = "failed-precondition"
    text = "The price has changed."


class PlanRequired(StudioxError):
    """`plan`."""

    code = "failed-precondition"
    text = "Your plan does not include this."


class Input(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True, forbid_unknown_fields=True):
    """One input of a model, enough for a client to draw its field."""

    kind: Literal["text", "choice", "integer", "flag", "files"]
    required: bool = False
    values: tuple[str | int, ...] = ()
    """choice: what may be chosen."""
    min: int | None = None
    max: int | None = None
    """integer: the range; text: code points; files: how many."""
    default: str | int | bool | None = None
    catalogue: Literal["", "styles", "colors", "sizes"] = ""
    """choice: the values are this collection's ids."""


PriceTable = int | dict[str, "PriceTable"]


class Price(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """Tokens for a job: `tokens`, looked up `by` the values of these inputs in turn, times the units of `per`."""

    tokens: Any
    """An integer, or a table of tables keyed by the inputs' values as text, one level for each of `by`."""
    by: tuple[str, ...] = ()
    per: Literal["job", "second", "minute", "thousandCharacters"] = "job"


class Model(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """A model as the catalogue holds it, and as a Firestore document of the same id may override it."""

    id: str
    type: JobType
    provider: str
    provider_model: str
    label: str
    inputs: dict[str, Input]
    price: Price
    credits: Price
    """What the provider charges for the same, in its own credits times 100 (vendors quote hundredths)."""
    plan: str = "free"
    """The lowest plan that may order it."""
    enabled: bool = True


PLANS = ("free", "pro", "enterprise")
MAX_JOBS = {"free": 3, "pro": 10, "enterprise": 50}


def chosen(model: Model, given: Mapping[str, Any], listed: Mapping[str, bool]) -> dict[str, Any]:
    """The inputs of a job: `given` checked against the model's, defaults filled in. `InvalidRequest`.

    `given` holds the request's named inputs, and its options as `options.<name>`; `listed` says of each chosen
    catalogue id (`styles/anime`) whether the catalogue has it.
    """
    wrong: dict[str, str] = {}
    inputs: dict[str, Any] = {}
    by_name = {name.removeprefix("options."): (name, value) for name, value in given.items()}
    for name, (field, value) in by_name.items():
        if name not in model.inputs:
            wrong[field] = "this model does not take it"
        elif problem := _problem(model.inputs[name], value, listed):
            wrong[field] = problem
        else:
            inputs[name] = value
    for name, spec in model.inputs.items():
        if name in by_name:
            continue
        if spec.required:
            wrong[name] = "required"
        elif spec.default is not None:
            inputs[name] = spec.default
    if wrong:
        raise InvalidRequest(fields=wrong)
    return inputs


def _problem(spec: Input, value: Any, listed: Mapping[str, bool]) -> str:
    """What is wrong with the value, "" if nothing is."""
    match spec.kind:
        case "text" if not isinstance(value, str):
            return "expected text"
        case "text":
            return f"at most {spec.max} characters" if spec.max is not None and len(value) > spec.max else ""
        case "flag":
            return "" if isinstance(value, bool) else "expected true or false"
        case "integer":
            if type(value) is not int:
                return "expected a whole number"
            low, high = spec.min or 0, spec.max or 0
            return "" if low <= value <= high else f"from {low} to {high}"
        case "files":
            return f"at most {spec.max}" if spec.max is not None and len(value) > spec.max else ""
        case "choice" if spec.catalogue:
            known = isinstance(value, str) and listed.get(f"{spec.catalogue}/{value}", False)
            return "" if known else "not in the catalogue"
        case "choice":
            same = [allowed for allowed in spec.values if type(allowed) is type(value) and allowed == value]
            return "" if same else f"one of {', '.join(map(str, spec.values))}"


def price_of(price: Price, inputs: Mapping[str, Any]) -> int:
    """What a job with these inputs costs, at least 1."""
    rate: Any = price.tokens
    for name in price.by:
        rate = rate[_key(inputs[name])]
    match price.per:
        case "job":
            units = 1
        case "second":
            units = inputs["durationSeconds"]
        case "minute":
            units = math.ceil(inputs["durationSeconds"] / 60)
        case "thousandCharacters":
            units = math.ceil(len(inputs["prompt"]) / 1000)
    return max(1, math.ceil(int(rate) * units))


def _key(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def check_price(price: int, max_price: int | None) -> None:
    """`PriceChanged` when it costs more than the caller agreed to."""
    if max_price is not None and price > max_price:
        raise PriceChanged(price=price, maxPrice=max_price)


def check_plan(model: Model, plan: str) -> None:
    """`PlanRequired` when the model needs a higher plan."""
    if PLANS.index(plan) < PLANS.index(model.plan):
        raise PlanRequired(plan=model.plan)
