"""The playground's form reckons prices and rules as the functions do: it asks them for what it shows."""

from __future__ import annotations

import itertools
import json
import pathlib
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest

import main
from studiox.catalog import catalog
from studiox.models.catalog import Input
from tests.catalog.test_rules import IDS, LISTED, MODELS, PRICES, as_given, least
from tests.support import call

pytestmark = pytest.mark.usefixtures("database")
ROOT = pathlib.Path(__file__).parents[2]
Order = tuple[str, dict[str, Any]]


def reckoned(orders: list[Order]) -> list[dict[str, Any]]:
    """What the page makes of orders of models as getStudioOptions tells of them."""
    served = {model["id"]: model for model in call(main.getStudioOptions).result["models"]}
    asked = json.dumps([{"model": served[model], "values": values} for model, values in orders])
    command = ["node", "tests/clients/order_form.mjs"]
    ran = subprocess.run(command, cwd=ROOT, input=asked, capture_output=True, text=True, check=True, timeout=60)
    found: list[dict[str, Any]] = json.loads(ran.stdout)
    return found


def test_every_price_of_the_table() -> None:
    orders = [(model, {**least(MODELS[model]), **inputs}) for model, inputs, _ in PRICES]
    assert [each["price"] for each in reckoned(orders)] == [tokens for _, _, tokens in PRICES]


def sample(spec: Input) -> Any:
    match spec.kind:
        case "text":
            return "words"
        case "integer":
            return spec.max
        case "files":
            return ["users/u1/uploads/a.png"]
    return (spec.values or IDS[spec.catalogue])[0]


def filled() -> Iterator[Order]:
    """Every input of every model filled in, for every combination of its switches."""
    for model in MODELS.values():
        flags = [name for name, spec in model.inputs.items() if spec.kind == "flag"]
        others = {name: sample(spec) for name, spec in model.inputs.items() if spec.kind != "flag"}
        for values in itertools.product([False, True], repeat=len(flags)):
            yield model.id, {**others, **dict(zip(flags, values, strict=True))}


def test_an_order_holds_nothing_that_its_rules_exclude() -> None:
    orders = list(filled())
    assert len(orders) > len(MODELS)
    for (model, _), made in zip(orders, reckoned(orders), strict=True):
        options = made["request"].pop("options", {})
        assert (made["request"].pop("type"), made["request"].pop("model")) == (MODELS[model].type, model)
        catalog.chosen(MODELS[model], as_given({**made["request"], **options}), LISTED)
