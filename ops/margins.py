"""Prints the catalogue's margin table for docs/catalogue.md: `PYTHONPATH=functions python -m ops.margins`."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Iterator
from typing import Any

from studiox.catalog import defaults, margins
from studiox.catalog.catalog import price_of
from studiox.models.catalog import Model

HEAD = ("model", "type", "chosen", "provider's credits", "tokens", "we earn", "it costs", "margin")


def orders(model: Model) -> Iterator[dict[str, Any]]:
    """One order for each rate of the model, of one unit."""
    values: list[list[Any]] = []
    for name in model.price.by:
        spec = model.inputs[name]
        listed = list(defaults.SIZES) if spec.catalogue == "sizes" else list(spec.values)
        values.append([False, True] if spec.kind == "flag" else listed)
    unit: dict[str, dict[str, Any]] = {
        "second": {"durationSeconds": 1},
        "minute": {"durationSeconds": 60},
        "thousandCharacters": {"prompt": "x"},
    }
    for chosen in itertools.product(*values):
        yield {**unit.get(model.price.per, {}), **dict(zip(model.price.by, chosen, strict=True))}


def row(model: Model, order: dict[str, Any]) -> tuple[str, ...]:
    margin = margins.expected(model, order)
    named = ((name, order[name]) for name in model.price.by)
    chosen = [f"{name} {value}".lower() if isinstance(value, bool) else str(value) for name, value in named]
    per = {"job": "", "second": "a second", "minute": "a minute", "thousandCharacters": "1,000 characters"}
    credits = price_of(model.credits, order) / 100
    share = f"{margin.profit * 100 // margin.earned}%" if margin.earned else "free"
    return (
        model.id,
        model.type,
        ", ".join(filter(None, [*chosen, per[model.price.per]])),
        f"{credits:g}",
        str(price_of(model.price, order)),
        f"${margin.earned / 1e6:.2f}",
        f"${margin.cost / 1e6:.4f}",
        share,
    )


def table() -> str:
    """All models, in Markdown."""
    rows = [HEAD, ("---",) * len(HEAD)]
    rows += [row(model, order) for model in defaults.MODELS for order in orders(model)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in rows)


if __name__ == "__main__":
    print(table())
    sys.exit(0)
