"""What can be ordered, and how long it usually takes."""

from __future__ import annotations

from typing import Any

from firebase_functions.scheduler_fn import ScheduledEvent
from msgspec import UNSET, UnsetType

from studiox.api.background import schedule
from studiox.api.callables import Anyone, Nothing, Response, endpoint
from studiox.catalog import store as catalogue
from studiox.kit import config
from studiox.kit.rate_limits import Limit
from studiox.models.catalog import Input, Price, Rule
from studiox.models.jobs import JobType
from studiox.models.model_times import TypicalTime
from studiox.models.users import PlanId

from . import model_times

READS = Limit(120, per=60)


class TypicalSeconds(Response):
    """How long the model's newest jobs of a day took, from the order to the result."""

    p50: int
    p90: int


class ModelOption(Response):
    id: str
    type: JobType
    provider: str
    label: str
    inputs: dict[str, Input]
    price: Price
    rules: tuple[Rule, ...]
    plan: PlanId
    typical_seconds: TypicalSeconds | UnsetType = UNSET
    """Absent while too few of its jobs have been timed."""
    sample: str | UnsetType = UNSET
    """A picture of what it makes: an address, or the path of a public file in the bucket."""


class StudioOptions(Response):
    models: list[ModelOption]
    styles: list[dict[str, Any]]
    colors: list[dict[str, Any]]
    sizes: list[dict[str, Any]]
    features: list[dict[str, Any]]
    welcome_tokens: int
    """What a new account starts with."""


@endpoint(limit=READS)
def getStudioOptions(caller: Anyone, request: Nothing) -> StudioOptions:
    """List everything that can be ordered, with inputs, rules and prices, from which a client can render the form."""
    models, others = catalogue.everything()
    times = model_times.known()
    shown = [
        ModelOption(
            id=model.id,
            type=model.type,
            provider=model.provider,
            label=model.label,
            inputs=model.inputs,
            price=model.price,
            rules=model.rules,
            plan=model.plan,
            typical_seconds=seconds(times.get(model.id)),
            sample=model.sample or UNSET,
        )
        for model in models
    ]
    listed = {name: [dict(entry) for entry in found] for name, found in others.items()}
    return StudioOptions(models=shown, welcome_tokens=config.WELCOME_TOKENS.value, **listed)


def seconds(typical: TypicalTime | None) -> TypicalSeconds | UnsetType:
    """The answer's field."""
    return UNSET if typical is None else TypicalSeconds(p50=typical.p50, p90=typical.p90)


@schedule("7 * * * *", timeout_s=120)
def measureModels(event: ScheduledEvent) -> None:
    """Every hour: measure how long each model's jobs take, for quotes and the catalogue."""
    model_times.measure()
