"""The rules of the catalogue: what a model takes, what of a request it is given, and what that costs. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Literal

import msgspec

from studiox.kit.errors import InvalidRequest, StudioxError
from studiox.models.jobs import JobType
from studiox.models.users import PlanId


class PriceChanged(StudioxError):
    code = "failed-precondition"
    figures = {"price": int, "maxPrice": int}
    text = "The price has changed."


class PlanRequired(StudioxError):
    code = "failed-precondition"
    figures = {"plan": PlanId}
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


class Rule(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True, forbid_unknown_fields=True):
    """What follows for other inputs when one is set, or has one of `values`. False and absent are not set."""

    when: str
    values: tuple[str | int | bool, ...] = ()
    needs: tuple[str, ...] = ()
    """Required then."""
    excludes: tuple[str, ...] = ()
    """Not to be set then."""
    max: dict[str, int] = msgspec.field(default_factory=dict)
    """text: code points, integer: the largest; tighter than the input's own."""


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
    rules: tuple[Rule, ...] = ()
    plan: PlanId = "free"
    """The lowest plan that may order it."""
    outputs: int | str = 0
    """How many files an order is sure to bring: a number, or the input that says it. Fewer are refunded in part.
    0: nobody promises a number, and the order is for as many as the provider lists."""
    enabled: bool = True


class Feature(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Something that `useTokens` pays for, at the catalogue's price."""

    id: str
    label: str
    tokens: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)]
    enabled: bool = True


PLANS = ("free", "pro", "enterprise")


def chosen(model: Model, given: Mapping[str, Any], listed: Mapping[str, bool]) -> dict[str, Any]:
    """The inputs of a job: `given` checked against the model's, defaults filled in. `InvalidRequest`.

    `given` holds the request's named inputs, and its options as `options.<name>`; `listed` says of each chosen
    catalogue id (`styles/anime`) whether the catalogue has it.
    """
    wrong: dict[str, str] = {}
    inputs: dict[str, Any] = {}
    by_name = {name.removeprefix("options."): (name, value) for name, value in given.items()}
    for field in given.keys() - {field for field, _ in by_name.values()}:
        wrong[field] = "given twice"
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
    wrong = wrong or _broken_rules(model.rules, inputs, {name: field for name, (field, _) in by_name.items()})
    if wrong:
        raise InvalidRequest(fields=wrong)
    return inputs


def _broken_rules(rules: Iterable[Rule], inputs: Mapping[str, Any], fields: Mapping[str, str]) -> dict[str, str]:
    """{field: what is wrong} of inputs that are right each by itself."""
    wrong: dict[str, str] = {}
    for rule in rules:
        value = inputs.get(rule.when)
        if not (_is_any_of(value, rule.values) if rule.values else _is_set(value)):
            continue
        with_ = rule.when if not rule.values else f"{rule.when} {_key(value)}"
        wrong |= {name: f"required with {with_}" for name in rule.needs if not _is_set(inputs.get(name))}
        wrong |= {fields.get(name, name): f"not with {with_}" for name in rule.excludes if _is_set(inputs.get(name))}
        for name, most in rule.max.items():
            given = inputs.get(name)
            size = len(given) if isinstance(given, str) else given
            if size is not None and size > most:
                wrong[fields.get(name, name)] = f"at most {most} with {with_}"
    return wrong


def _is_set(value: Any) -> bool:
    return value is not None and value is not False and value != ""


def _is_any_of(value: Any, values: Iterable[Any]) -> bool:
    return any(type(each) is type(value) and each == value for each in values)


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
        case "files" if not isinstance(value, list | tuple):
            return "expected uploads"
        case "files":
            return f"at most {spec.max}" if spec.max is not None and len(value) > spec.max else ""
        case "choice" if spec.catalogue:
            known = isinstance(value, str) and listed.get(f"{spec.catalogue}/{value}", False)
            return "" if known else "not in the catalogue"
        case "choice":
            return "" if _is_any_of(value, spec.values) else f"one of {', '.join(map(str, spec.values))}"


def price_of(price: Price, inputs: Mapping[str, Any]) -> int:
    """What a job with these inputs costs; 0 is free. `InvalidRequest` for a catalogue entry without a price."""
    rate: Any = price.tokens
    for name in price.by:
        rate = rate.get(_key(inputs[name]))
        if rate is None:  # an entry that the catalogue was given later than the model its prices
            raise InvalidRequest(fields={name: "this model has no price for it"})
    match price.per:
        case "job":
            units = 1
        case "second":
            units = inputs["durationSeconds"]
        case "minute":
            units = math.ceil(inputs["durationSeconds"] / 60)
        case "thousandCharacters":
            units = max(1, math.ceil(len(inputs["prompt"]) / 1000))
    return int(rate) * units


def outputs_of(model: Model, inputs: Mapping[str, Any]) -> int:
    """How many files an order with these inputs is sure to bring, 0 if nobody promises a number."""
    return int(inputs[model.outputs]) if isinstance(model.outputs, str) else model.outputs


MAX_TOKENS = 1_000_000  # of a rate
MAX_OUTPUTS = 10


def check_model(model: Model) -> None:
    """ValueError unless every order that `chosen` lets pass has a price: an override may be anything."""
    for price in (model.price, model.credits):
        _check_rates(model, price.tokens, price.by)
        counted = {"second": "durationSeconds", "minute": "durationSeconds", "thousandCharacters": "prompt"}.get(
            price.per
        )
        if counted is not None and not _always_has(model, counted):
            raise ValueError(f"priced by {counted}, which an order may lack")
        if counted == "durationSeconds" and not _is_number(model.inputs[counted]):
            raise ValueError("durationSeconds is no number")
    _check_outputs(model)
    for rule in model.rules:
        if unknown := {rule.when, *rule.needs, *rule.excludes, *rule.max} - set(model.inputs):
            raise ValueError(f"a rule about {min(unknown)}, which the model does not take")


def _check_outputs(model: Model) -> None:
    counts: list[Any] = [model.outputs]
    if isinstance(model.outputs, str):
        if not _always_has(model, model.outputs) or not _is_number(model.inputs[model.outputs]):
            raise ValueError(f"outputs by {model.outputs}, which an order may lack, or which is no number")
        spec = model.inputs[model.outputs]
        counts = [*spec.values] if spec.kind == "choice" else [spec.min, spec.max]
    if any(type(count) is not int or not 0 <= count <= MAX_OUTPUTS for count in counts):
        raise ValueError(f"outputs that are no whole number from 0 to {MAX_OUTPUTS}")


def _is_number(spec: Input) -> bool:
    return spec.kind == "integer" or (spec.kind == "choice" and all(type(value) is int for value in spec.values))


def _check_rates(model: Model, rates: Any, by: tuple[str, ...]) -> None:
    if not by:
        if type(rates) is not int or not 0 <= rates <= MAX_TOKENS:
            raise ValueError(f"a rate that is no whole number from 0 to {MAX_TOKENS}")
        return
    name, *rest = by
    if not isinstance(rates, dict) or not rates or not _always_has(model, name):
        raise ValueError(f"no rates by {name}")
    spec = model.inputs[name]
    values = ("false", "true") if spec.kind == "flag" else tuple(map(_key, spec.values))
    if missing := [value for value in values if value not in rates]:
        raise ValueError(f"no rate for {name} {missing[0]}")
    for inner in rates.values():
        _check_rates(model, inner, tuple(rest))


def _always_has(model: Model, name: str) -> bool:
    spec = model.inputs.get(name)
    return spec is not None and (spec.required or spec.default is not None)


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
