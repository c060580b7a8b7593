"""Token packs and plans: their fields and bundled defaults. Pure.

A token sells for about a cent, and less in larger packs. A plan's `priceId` is its recurring price in Stripe. The
bundled ids are those of the local stand-in; production sets its own in `plans/{id}` (docs/billing.md).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

import msgspec

from studiox.models.users import PlanId

Currency = Annotated[str, msgspec.Meta(pattern=r"\A[a-z]{3}\Z")]
Amount = Annotated[int, msgspec.Meta(ge=1, le=99_999_999)]
Tokens = Annotated[int, msgspec.Meta(ge=0, le=10**9)]


class Pack(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A one-time purchase of tokens. `amount` is in the currency's minor unit."""

    id: str
    name: str
    tokens: Annotated[int, msgspec.Meta(ge=1, le=10**9)]
    amount: Amount
    currency: Currency


class Allowances(msgspec.Struct, frozen=True, rename="camel"):
    """A plan's monthly limits; null is unlimited."""

    songs_per_month: int | None = None


class Plan(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A subscription plan: its features, limits and monthly price (`amount`, in the currency's minor unit)."""

    id: PlanId
    name: str
    monthly_tokens: Tokens
    features: tuple[str, ...]
    amount: Annotated[int, msgspec.Meta(ge=0, le=99_999_999)]
    currency: Currency
    allowances: Allowances
    max_concurrent_jobs: Annotated[int, msgspec.Meta(ge=1, le=1000)]
    interval: Literal["month"] = "month"
    price_id: str = ""
    """The id of the price in Stripe; empty for a plan that is not sold."""


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
    **{f"tokenPacks/{pack.id}": msgspec.to_builtins(pack) for pack in PACKS},
    **{f"plans/{plan.id}": msgspec.to_builtins(plan) for plan in PLANS},
}
PLAN_KEYS = tuple(f"plans/{plan.id}" for plan in PLANS)
