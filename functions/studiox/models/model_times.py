"""How long the models' jobs take: `modelTimes/all`, one small document that all instances share. Pure."""

from __future__ import annotations

from studiox.kit.clock import datetime
from studiox.kit.documents import Path, Stored


class TypicalTime(Stored, frozen=True, kw_only=True):
    """How many seconds a model's jobs take, from the order to the result."""

    p50: int
    p90: int


class ModelTimes(Stored, frozen=True, kw_only=True):
    """`modelTimes/all`. Written by `measureModels`."""

    models: dict[str, TypicalTime]
    """By the catalogue's id. A model of which too few jobs were ever completed in a day is absent."""
    measured_at: datetime


MODEL_TIMES = Path("modelTimes/all", ModelTimes)
