"""Billing's public functions: the packs and plans on sale."""

from __future__ import annotations

from typing import Literal

from studiox.api.callables import Anyone, Nothing, Response, endpoint
from studiox.catalog import sales_store
from studiox.catalog.sales import prices
from studiox.kit.rate_limits import Limit
from studiox.models.catalog import Allowances
from studiox.models.users import PlanId

READS = Limit(120, per=60)


class TokenPack(Response):
    id: str
    name: str
    tokens: int
    amount: int
    currency: str
    amounts: dict[str, int]


class TokenPacks(Response):
    packs: list[TokenPack]


@endpoint(limit=READS)
def getTokenPacks(caller: Anyone, request: Nothing) -> TokenPacks:
    """List the token packs on sale. Amounts are in the currency's minor unit (cents).

    `amounts` is the price by currency. Stripe's page shows the buyer's own currency if it is among them.
    """
    packs = [
        TokenPack(
            id=pack.id,
            name=pack.name,
            tokens=pack.tokens,
            amount=pack.amount,
            currency=pack.currency,
            amounts=prices(pack),
        )
        for pack in sales_store.packs()
    ]
    return TokenPacks(packs=packs)


class PlanOffer(Response):
    id: PlanId
    name: str
    monthly_tokens: int
    features: tuple[str, ...]
    amount: int
    currency: str
    amounts: dict[str, int]
    interval: Literal["month"]
    allowances: Allowances
    max_concurrent_jobs: int
    price_id: str | None


class Plans(Response):
    plans: list[PlanOffer]


@endpoint(limit=READS)
def getPlans(caller: Anyone, request: Nothing) -> Plans:
    """List the plans with their monthly prices, `amounts` as in `getTokenPacks`."""
    found = [
        PlanOffer(
            id=plan.id,
            name=plan.name,
            monthly_tokens=plan.monthly_tokens,
            features=plan.features,
            amount=plan.amount,
            currency=plan.currency,
            amounts=prices(plan),
            interval=plan.interval,
            allowances=plan.allowances,
            max_concurrent_jobs=plan.max_concurrent_jobs,
            price_id=plan.price_id or None,
        )
        for plan in sales_store.plans()
    ]
    return Plans(plans=found)
