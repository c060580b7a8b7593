"""What a job earns and what it costs us, in millionths of a dollar. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

from studiox.integrations.providers import specs

from .catalog import Model, price_of

TOKEN_MICRO_USD = 10_000
"""What a token sells for, about: packs and plans differ."""

CREDIT_MICRO_USD: Mapping[str, int] = {name: spec.credit_micro_usd for name, spec in specs.PROVIDERS.items()}
"""What one of a provider's credits costs us. A provider that was removed counts as free."""


class Margin(NamedTuple):
    """What a job earns, what it costs."""

    earned: int
    cost: int

    @property
    def profit(self) -> int:
        return self.earned - self.cost


def cost(provider: str, credits: float) -> int:
    """What these credits cost us, rounded up."""
    return math.ceil(credits * CREDIT_MICRO_USD.get(provider, 0))


def expected(model: Model, inputs: Mapping[str, Any]) -> Margin:
    """The margin of a job with these inputs, by the catalogue. The model's credits are hundredths."""
    hundredths = price_of(model.credits, inputs)
    return Margin(price_of(model.price, inputs) * TOKEN_MICRO_USD, cost(model.provider, hundredths / 100))


def loss(cost_micro_usd: int, tokens_kept: int) -> int:
    """How much more a job cost than it earned, 0 if it did not."""
    return max(0, cost_micro_usd - tokens_kept * TOKEN_MICRO_USD)
