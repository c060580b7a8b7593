"""Reads packs and plans: the bundled ones, and the Firestore documents that override or add to them.

Each process caches `tokenPacks/{id}` and `plans/{id}` for 60 s. A document's field overrides the bundled one, and
`enabled: false` takes a pack off sale. The three plans always exist; documents cannot add or remove one.
"""

from __future__ import annotations

from typing import TypeVar

import msgspec

from studiox.kit import firestore, log, query, structs
from studiox.kit.cache import MINUTE_S, UNKNOWN, Cache
from studiox.kit.documents import Data, Path
from studiox.kit.process import per_process
from studiox.kit.transaction import Docs
from studiox.models.catalog import PLANS, TOKEN_PACKS, Pack, Plan

from . import sales

MAX_ENTRIES = 200

S = TypeVar("S", Pack, Plan)

firestore.KEPT_FOR_A_MINUTE.update((str(TOKEN_PACKS), str(PLANS)))


@per_process
def _packs() -> Cache[list[Pack]]:
    """The packs on sale."""
    return Cache(1, ttl_s=MINUTE_S)


def stale(keys: tuple[str, ...] = sales.PLAN_KEYS) -> list[str]:
    """The documents of these entries that are not cached, to be read before a decision uses the entries."""
    return firestore.kept_for_a_minute().missing(keys)


def plan_of(docs: Docs, plan_id: str) -> Plan:
    """The plan, from the cache or this decision's documents. An unknown id gives the free plan."""
    plans = all_plans(docs)  # looks up every plan that `stale` listed, so that all of them are cached
    return plans.get(plan_id) or plans["free"]


def all_plans(docs: Docs) -> dict[str, Plan]:
    """{id: plan} of all plans, from the cache or this decision's documents."""
    return {key.partition("/")[2]: _plan(key, _find(docs, Path(key, Plan))) for key in sales.PLAN_KEYS}


def find_pack(docs: Docs, pack_id: str) -> Pack | None:
    """The pack, or None if it is not on sale."""
    path = TOKEN_PACKS.document(pack_id)
    return _pack(path, _find(docs, path))


def plans() -> list[Plan]:
    """Every plan, with at most one read for those that are not cached. `Unavailable`."""
    held = {key: firestore.kept_for_a_minute().get(key) for key in sales.PLAN_KEYS}
    if missing := [key for key, override in held.items() if override is UNKNOWN]:
        held |= {path: found.data for path, found in firestore.read_documents(missing).items()}
    return [_plan(key, override) for key, override in held.items()]


def packs() -> list[Pack]:
    """The packs on sale, bundled ones first. One query, cached for 60 s. `Unavailable`."""
    kept = _packs().get("")
    if kept is not UNKNOWN:
        return kept
    held = {found.path: found.data for found in query.fields(TOKEN_PACKS, limit=MAX_ENTRIES)}
    keys = dict.fromkeys([key for key in sales.BUNDLED if key.startswith(TOKEN_PACKS)] + sorted(held))
    on_sale = [pack for key in keys if (pack := _pack(key, held.get(key))) is not None]
    _packs().put("", on_sale)
    return on_sale


def _find(docs: Docs, path: Path[S]) -> Data | None:
    override = firestore.kept_for_a_minute().get(path)
    return docs.fields(path) if override is UNKNOWN else override


def _pack(key: str, override: Data | None) -> Pack | None:
    bundled = sales.BUNDLED.get(key)
    if bundled is None and override is None:
        return None
    entry = {**(bundled or {}), **(override or {}), "id": key.partition("/")[2]}
    return _as(entry, Pack) if entry.get("enabled", True) is True else None


def _plan(key: str, override: Data | None) -> Plan:
    """The plan with its override. A malformed override is ignored: a plan has subscribers and must always exist."""
    bundled = sales.BUNDLED[key]
    plan = _as({**bundled, **(override or {}), "id": bundled["id"]}, Plan)
    return plan or structs.convert(bundled, Plan)


def _as(entry: Data, kind: type[S]) -> S | None:
    """The entry as a pack or plan, or None with an alert if it is malformed."""
    try:
        found = structs.convert(entry, kind)
        if found.amounts and not found.price_id:
            raise msgspec.ValidationError("`amounts` needs the `priceId` of a price in Stripe")
        return found
    except msgspec.ValidationError as error:
        log.alert("catalogue_entry_broken", entry=entry.get("id"), error=str(error))
        return None
