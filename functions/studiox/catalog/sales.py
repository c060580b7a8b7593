"""Token packs and plans: the bundled ones. Pure.

A token sells for about a cent, and less in larger packs. A plan's `priceId` is its recurring price in Stripe. The
bundled ids are those of the local stand-in; production sets its own in `plans/{id}` (docs/billing.md).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from studiox.models.catalog import PLANS as PLAN_DOCUMENTS
from studiox.models.catalog import TOKEN_PACKS, Allowances, Pack, Plan


def prices(item: Pack | Plan) -> dict[str, int]:
    """What the item costs, by currency: in its own, and in those that Stripe may choose for the buyer."""
    return {**item.amounts, item.currency: item.amount}


PACKS = (
    Pack(id="starter", name="Starter", tokens=500, amount=500, currency="usd"),
    Pack(id="creator", name="Creator", tokens=1_200, amount=1_000, currency="usd"),
    Pack(id="studio", name="Studio", tokens=6_500, amount=5_000, currency="usd"),
)
PLANS = (
    Plan(
        id="free",
        name="Free",
        monthly_tokens=50,
        features=("Welcome tokens for the first month, then 50 a month", "3 songs a month", "3 jobs at once"),
        amount=0,
        currency="usd",
        allowances=Allowances(songs_per_month=3),
        max_concurrent_jobs=3,
    ),
    Plan(
        id="pro",
        name="Pro",
        monthly_tokens=1_000,
        features=("1,000 tokens a month", "Unlimited songs", "10 jobs at once"),
        amount=900,
        currency="usd",
        allowances=Allowances(),
        max_concurrent_jobs=10,
        price_id="price_studiox_pro",
    ),
    Plan(
        id="enterprise",
        name="Enterprise",
        monthly_tokens=10_000,
        features=("10,000 tokens a month", "Unlimited songs", "50 jobs at once"),
        amount=7_900,
        currency="usd",
        allowances=Allowances(),
        max_concurrent_jobs=50,
        price_id="price_studiox_enterprise",
    ),
)

BUNDLED: Mapping[str, Mapping[str, Any]] = {
    **{str(TOKEN_PACKS.document(pack.id)): msgspec.to_builtins(pack) for pack in PACKS},
    **{str(PLAN_DOCUMENTS.document(plan.id)): msgspec.to_builtins(plan) for plan in PLANS},
}
PLAN_KEYS = tuple(str(PLAN_DOCUMENTS.document(plan.id)) for plan in PLANS)
