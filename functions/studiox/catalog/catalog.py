"""The catalogue's rules: which inputs a model accepts, how a request is checked against them, and its price. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

from studiox.kit.errors import NOT_OFFERED, InvalidRequest, RuleName, StudioxError, Wrong
from studiox.models.catalog import Input, Model, Price, Rule
from studiox.models.users import PlanId


class PriceChanged(StudioxError):
    code = "failed-precondition"
    figures = {"price": int, "maxPrice": int}
    text = "The price has changed. Please check it and try again."


class PlanRequired(StudioxError):
    code = "failed-precondition"
    figures = {"plan": PlanId}
    text = "Your plan doesn't include this. Please choose a higher plan."


PLANS = ("free", "pro", "enterprise")


def chosen(model: Model, given: Mapping[str, Any], listed: Mapping[str, bool]) -> dict[str, Any]:
    """Check `given` against the model's inputs, fill in defaults, and return the job's inputs. `InvalidRequest`.

    `given` holds the request's named inputs, and its options as `options.<name>`. `listed` maps each chosen catalogue
    id (`styles/anime`) to whether the catalogue contains it.
    """
    wrong: dict[str, str] = {}
    inputs: dict[str, Any] = {}
    by_name = {name.removeprefix("options."): (name, value) for name, value in given.items()}
    for field in given.keys() - {field for field, _ in by_name.values()}:
        wrong[field] = Wrong("given twice", {"rule": "excluded"})
    for name, (field, value) in by_name.items():
        if name not in model.inputs:
            wrong[field] = Wrong("not an input of this model", {"rule": "unknown"})
        elif problem := _problem(model.inputs[name], value, listed):
            wrong[field] = problem
        else:
            inputs[name] = value
    for name, spec in model.inputs.items():
        if name in by_name:
            continue
        if spec.required:
            wrong[name] = Wrong("required", {"rule": "missing"})
        elif spec.default is not None:
            inputs[name] = spec.default
    wrong = wrong or _broken_rules(model.rules, inputs, {name: field for name, (field, _) in by_name.items()})
    if wrong:
        raise InvalidRequest(fields=wrong)
    return inputs


def _broken_rules(rules: Iterable[Rule], inputs: Mapping[str, Any], fields: Mapping[str, str]) -> dict[str, str]:
    """{field: error} of inputs that are individually valid but break one of the model's rules."""
    wrong: dict[str, str] = {}
    for rule in rules:
        value = inputs.get(rule.when)
        if not (_is_any_of(value, rule.values) if rule.values else _is_set(value)):
            continue
        with_ = rule.when if not rule.values else f"{rule.when} {_key(value)}"
        needed = Wrong(f"required with {with_}", {"rule": "missing"})
        wrong |= {name: needed for name in rule.needs if not _is_set(inputs.get(name))}
        excluded = Wrong(f"not with {with_}", {"rule": "excluded"})
        wrong |= {fields.get(name, name): excluded for name in rule.excludes if _is_set(inputs.get(name))}
        for name, most in rule.max.items():
            given = inputs.get(name)
            size = given if isinstance(given, int | None) else len(given)
            if size is not None and size > most:
                rule_name = _MORE[type(given)]
                wrong[fields.get(name, name)] = Wrong(f"at most {most} with {with_}", {"rule": rule_name, "most": most})
    return wrong


def _is_set(value: Any) -> bool:
    return value is not None and value is not False and value != ""


def _is_any_of(value: Any, values: Iterable[Any]) -> bool:
    return any(type(each) is type(value) and each == value for each in values)


_MORE: Mapping[type, RuleName] = {int: "tooLarge", str: "tooLong", list: "tooMany", tuple: "tooMany"}


def _problem(spec: Input, value: Any, listed: Mapping[str, bool]) -> Wrong | None:
    """What is wrong with the value."""
    match spec.kind:
        case "text" if not isinstance(value, str):
            return _of_type("text")
        case "text" if spec.max is not None and len(value) > spec.max:
            return Wrong(f"at most {spec.max} characters", {"rule": "tooLong", "most": spec.max})
        case "flag" if not isinstance(value, bool):
            return _of_type("true or false")
        case "integer" if type(value) is not int:
            return _of_type("a whole number")
        case "integer":
            low, high = spec.min or 0, spec.max or 0
            outside = Wrong(f"from {low} to {high}", {"rule": "outOfRange", "least": low, "most": high})
            return None if low <= value <= high else outside
        case "files" if not isinstance(value, list | tuple):
            return _of_type("uploads")
        case "files" if spec.max is not None and len(value) > spec.max:
            return Wrong(f"at most {spec.max}", {"rule": "tooMany", "most": spec.max})
        case "choice" if spec.catalogue:
            known = isinstance(value, str) and listed.get(_listed(spec, value), False)
            return None if known else NOT_OFFERED
        case "choice" if not _is_any_of(value, spec.values):
            return Wrong(f"one of {', '.join(map(str, spec.values))}", {"rule": "choice"})
    return None


def _of_type(words: str) -> Wrong:
    return Wrong(f"expected {words}", {"rule": "type"})


def price_of(price: Price, inputs: Mapping[str, Any]) -> int:
    """The price of a job with these inputs, in tokens; 0 is free. `InvalidRequest` if an input's value has no rate."""
    rate: Any = price.tokens
    for name in price.by:
        rate = rate.get(_key(inputs[name]))
        if rate is None:  # a size or style that was added to the catalogue after the model's price table was written
            raise InvalidRequest(fields={name: Wrong("this model has no price for it", {"rule": "notOffered"})})
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
    """The number of files that an order with these inputs returns, 0 if the number is not guaranteed."""
    return int(inputs[model.outputs]) if isinstance(model.outputs, str) else model.outputs


MAX_TOKENS = 1_000_000  # the highest rate
MAX_OUTPUTS = 10


def check_model(model: Model) -> None:
    """ValueError unless every order that `chosen` accepts has a price. Overrides are unchecked data from Firestore."""
    for name, spec in model.inputs.items():
        if spec.default is not None and (problem := _problem(spec, spec.default, {_listed(spec, spec.default): True})):
            raise ValueError(f"the default of {name}: {problem}")
    for price in (model.price, model.credits):
        _check_rates(model, price.tokens, price.by)
        if price.per in ("second", "minute"):
            _numbers(model, "durationSeconds")
        if price.per == "thousandCharacters" and _always_has(model, "prompt").kind != "text":
            raise ValueError("prompt is not a text")
    outputs = _numbers(model, model.outputs) if isinstance(model.outputs, str) else (model.outputs,)
    if any(not 0 <= count <= MAX_OUTPUTS for count in outputs):
        raise ValueError(f"outputs must be from 0 to {MAX_OUTPUTS}")
    for rule in model.rules:
        if unknown := {rule.when, *rule.needs, *rule.excludes, *rule.max} - set(model.inputs):
            raise ValueError(f"a rule about {min(unknown)}, which the model does not take")


def _numbers(model: Model, name: str) -> tuple[int, ...]:
    """The values of an input that counts something, or their bounds. ValueError unless they are numbers from 0."""
    spec = _always_has(model, name)
    values = (spec.min or 0, spec.max or 0) if spec.kind == "integer" else spec.values
    numbers = tuple(value for value in values if isinstance(value, int) and value >= 0)
    if not numbers or len(numbers) < len(values):
        raise ValueError(f"{name} is not a number from 0 on")
    return numbers


def _check_rates(model: Model, rates: Any, by: tuple[str, ...]) -> None:
    if not by:
        if type(rates) is not int or not 0 <= rates <= MAX_TOKENS:
            raise ValueError(f"a rate that is not a whole number from 0 to {MAX_TOKENS}")
        return
    name, *rest = by
    spec = _always_has(model, name)
    if not isinstance(rates, dict) or not rates:
        raise ValueError(f"no rates by {name}")
    values = ("false", "true") if spec.kind == "flag" else tuple(map(_key, spec.values))
    if missing := [value for value in values if value not in rates]:
        raise ValueError(f"no rate for {name} {missing[0]}")
    for inner in rates.values():
        _check_rates(model, inner, tuple(rest))


def _always_has(model: Model, name: str) -> Input:
    """The input of this name. ValueError if an order may lack it."""
    spec = model.inputs.get(name)
    if spec is None or not (spec.required or spec.default is not None):
        raise ValueError(f"priced or counted by {name}, which an order may lack")
    return spec


def _listed(spec: Input, value: Any) -> str:
    return f"{spec.catalogue}/{value}"


def _key(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def check_price(price: int, max_price: int | None) -> None:
    """`PriceChanged` if the price is above the caller's `maxPrice`."""
    if max_price is not None and price > max_price:
        raise PriceChanged(price=price, maxPrice=max_price)


def check_plan(model: Model, plan: str) -> None:
    """`PlanRequired` if the model needs a higher plan."""
    if PLANS.index(plan) < PLANS.index(model.plan):
        raise PlanRequired(plan=model.plan)
