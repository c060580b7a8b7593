"""A job's revenue and its cost to us, in millionths of a dollar. Pure."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from studiox.integrations.providers import specs
from studiox.kit.errors import InvalidRequest
from studiox.models.catalog import Input, Model

from .catalog import price_of

TOKEN_MICRO_USD = 10_000
"""The approximate selling price of a token. Packs and plans differ."""

CREDIT_MICRO_USD: Mapping[str, int] = {name: spec.credit_micro_usd for name, spec in specs.PROVIDERS.items()}
"""Our cost of one credit, by provider. A provider that was removed counts as free."""


class Margin(NamedTuple):
    """A job's revenue and cost, in millionths of a dollar."""

    earned: int
    cost: int

    @property
    def profit(self) -> int:
        return self.earned - self.cost


def cost(provider: str, credits: float) -> int:
    """The cost of these credits in millionths of a dollar, rounded up."""
    return math.ceil(credits * CREDIT_MICRO_USD.get(provider, 0))


def expected(model: Model, inputs: Mapping[str, Any]) -> Margin:
    """The margin of a job with these inputs at the catalogue's prices. A model's credits are hundredths."""
    hundredths = price_of(model.credits, inputs)
    return Margin(price_of(model.price, inputs) * TOKEN_MICRO_USD, cost(model.provider, hundredths / 100))


ONE_UNIT: Mapping[str, Mapping[str, Any]] = {
    "job": {},
    "second": {"durationSeconds": 1},
    "minute": {"durationSeconds": 60},
    "thousandCharacters": {"prompt": "x"},
}


def rates(model: Model, listed: Mapping[str, Sequence[str]]) -> Iterator[tuple[dict[str, Any], Margin]]:
    """For each rate of the model: the inputs that pick it, and the margin of one unit.

    `listed`: the ids of the catalogue's collections. Those that the price table lacks are left out.
    """
    names = tuple(dict.fromkeys((*model.price.by, *model.credits.by)))
    unit = {**ONE_UNIT[model.credits.per], **ONE_UNIT[model.price.per]}
    for values in itertools.product(*(_values(model.inputs[name], listed) for name in names)):
        chosen = dict(zip(names, values, strict=True))
        try:
            yield chosen, expected(model, {**unit, **chosen})
        except InvalidRequest:
            continue


def _values(spec: Input, listed: Mapping[str, Sequence[str]]) -> Sequence[Any]:
    if spec.kind == "flag":
        return (False, True)
    if spec.kind == "integer":
        return range(spec.min or 0, (spec.max or 0) + 1)
    return listed.get(spec.catalogue, ()) if spec.catalogue else spec.values


def loss(cost_micro_usd: int, tokens_kept: int) -> int:
    """The amount by which a job's cost exceeds its revenue, 0 if it does not."""
    return max(0, cost_micro_usd - tokens_kept * TOKEN_MICRO_USD)
