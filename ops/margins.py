"""Prints the catalogue's margin table for docs/catalogue.md: `PYTHONPATH=functions python -m ops.margins`."""

from __future__ import annotations

import sys
from typing import Any

from studiox.catalog import defaults, margins
from studiox.catalog.catalog import price_of
from studiox.models.catalog import Model

LISTED = {"sizes": tuple(defaults.SIZES)}
HEAD = ("model", "type", "chosen", "provider's credits", "tokens", "we earn", "it costs", "margin")


def row(model: Model, order: dict[str, Any], margin: margins.Margin) -> tuple[str, ...]:
    chosen = [f"{name} {value}".lower() if isinstance(value, bool) else str(value) for name, value in order.items()]
    per = {"job": "", "second": "a second", "minute": "a minute", "thousandCharacters": "1,000 characters"}
    unit = {**margins.ONE_UNIT[model.price.per], **order}
    credits = price_of(model.credits, unit) / 100
    share = f"{margin.profit * 100 // margin.earned}%" if margin.earned else "free"
    return (
        model.id,
        model.type,
        ", ".join(filter(None, [*chosen, per[model.price.per]])),
        f"{credits:g}",
        str(price_of(model.price, unit)),
        f"${margin.earned / 1e6:.2f}",
        f"${margin.cost / 1e6:.4f}",
        share,
    )


def table() -> str:
    """All models, in Markdown."""
    rows = [HEAD, ("---",) * len(HEAD)]
    rows += [row(model, order, margin) for model in defaults.MODELS for order, margin in margins.rates(model, LISTED)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in rows)


if __name__ == "__main__":
    print(table())
    sys.exit(0)
