"""How many files an order is sure to bring, where the catalogue promises a number."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from studiox.catalog import catalog, defaults
from studiox.models.catalog import Input

MODELS = {model.id: model for model in defaults.MODELS}


@pytest.mark.parametrize("spec", [{"default": 2}, {"required": True}])
def test_a_promise_is_a_number_or_an_input(spec: dict[str, Any]) -> None:
    model = MODELS["nano-banana"]
    assert catalog.outputs_of(model, {}) == 0
    count = Input(kind="integer", min=1, max=4, **spec)
    model = msgspec.structs.replace(model, outputs="count", inputs={**model.inputs, "count": count})
    catalog.check_model(model)
    assert catalog.outputs_of(model, {"count": 3}) == 3
    assert catalog.outputs_of(msgspec.structs.replace(model, outputs=2), {}) == 2
