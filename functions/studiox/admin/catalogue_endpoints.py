"""The administrators' catalogue: every entry with its margins, and changes of the documents that override entries."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Annotated, Any

from msgspec import UNSET, Meta, UnsetType

from studiox.api.callables import Admin, Nothing, Request, Response, Text, endpoint
from studiox.catalog import margins, store
from studiox.kit.errors import NotFound
from studiox.kit.rate_limits import Limit
from studiox.models.catalog import Feature, Model, Price, Size
from studiox.models.jobs import JobType
from studiox.models.users import PlanId

from . import service

MAX_RATES = 200
Key = Annotated[str, Meta(pattern=r"^(models|styles|colors|sizes|features)/.{1,200}$(?!\n)")]


class Rate(Response):
    """One of a model's prices, for one unit. Money is in millionths of a dollar."""

    chosen: dict[str, str | int | bool]
    """The inputs that pick it."""
    earned_micro_usd: int
    cost_micro_usd: int


class CatalogueEntry(Response):
    """`problem`: why the entry is not offered although it is enabled; empty if it is valid."""

    key: str
    """As `models/nano-banana`."""
    label: str
    enabled: bool
    overridden: list[str]
    """The fields that a document overrides."""
    problem: str
    tokens: int | UnsetType = UNSET
    """Of a feature or a size."""
    type: JobType | UnsetType = UNSET
    """Of a model, as the rest."""
    provider: str | UnsetType = UNSET
    plan: PlanId | UnsetType = UNSET
    price: Price | UnsetType = UNSET
    rates: list[Rate] | UnsetType = UNSET
    """At most 200."""


class Catalogue(Response):
    entries: list[CatalogueEntry]


@endpoint(limit=Limit(60, per=60))
def getCatalogue(caller: Admin, request: Nothing) -> Catalogue:
    """List models, styles, colors, sizes and features with prices and margins, also what is disabled or invalid."""
    entries = store.entries()
    listed = _ids(entries)
    return Catalogue(entries=[_shown(each, listed) for each in entries])


class SaveCatalogueEntry(Request, frozen=True):
    key: Key
    changes: dict[str, Any]
    """Fields of the entry and their new values. null: the bundled value applies again."""
    reason: Annotated[str, Meta(min_length=1, max_length=500), Text]
    preview: bool = False
    """Return the entry as it would be, and change nothing."""


class SavedEntry(Response):
    entry: CatalogueEntry


@endpoint(limit=Limit(60, per=60, in_commit=True), refuses=(NotFound,))
def saveCatalogueEntry(caller: Admin, request: SaveCatalogueEntry) -> SavedEntry:
    """Change fields of an entry that exists, such as `enabled` or `price`, and return it with its margins.

    A change that would make the entry invalid is refused. It takes effect within a minute.
    """
    change = service.preview_entry if request.preview else service.save_entry
    entry = change(caller, request.key, request.changes, request.reason)
    return SavedEntry(entry=_shown(entry, _ids(store.entries())))


def _ids(entries: Iterable[store.Entry]) -> Mapping[str, list[str]]:
    """The ids of the valid entries by collection."""
    found = defaultdict(list)
    for each in entries:
        collection, _, id_ = each.key.partition("/")
        if not each.problem:
            found[collection].append(id_)
    return found


def _shown(entry: store.Entry, listed: Mapping[str, list[str]]) -> CatalogueEntry:
    label = entry.fields.get("label")
    shown = CatalogueEntry(
        key=entry.key,
        label=label if isinstance(label, str) else entry.key.partition("/")[2],
        enabled=entry.enabled,
        overridden=sorted(entry.override),
        problem=entry.problem,
    )
    match entry.offered:
        case Feature(tokens=tokens) | Size(tokens=tokens):
            shown.tokens = tokens
        case Model() as model:
            shown.type, shown.provider, shown.plan, shown.price = model.type, model.provider, model.plan, model.price
            rates = itertools.islice(margins.rates(model, listed), MAX_RATES)
            shown.rates = [
                Rate(chosen=chosen, earned_micro_usd=margin.earned, cost_micro_usd=margin.cost)
                for chosen, margin in rates
            ]
    return shown
