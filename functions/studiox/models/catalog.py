"""The catalogue's documents: `models`, `styles`, `colors`, `sizes`, `features`, `tokenPacks` and `plans`.

Each overrides the bundled entry of the same id, or adds one, and has any of the fields of its struct. So a document
alone need not fit its struct: the stores of `catalog/` read it as a mapping, merge it with the bundled entry and check
the result. Administrators write them, by `saveCatalogueEntry` or in the console. A model's id has `~` for `/` there.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec

from studiox.kit.documents import Collection, Stored

from .jobs import JobType
from .users import PlanId

Currency = Annotated[str, msgspec.Meta(pattern=r"\A[a-z]{3}\Z")]
Amount = Annotated[int, msgspec.Meta(ge=1, le=99_999_999)]
Amounts = Annotated[dict[Currency, Amount], msgspec.Meta(max_length=20)]
Sample = Annotated[
    str, msgspec.Meta(pattern=r"\A(https://[\w.-]+/[\w./~%?&=+:,-]{1,400}|samples/[\w-][\w.-]{0,99}|)\Z")
]
Tokens = Annotated[int, msgspec.Meta(ge=0, le=10**9)]


class Input(Stored, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One input of a model, with everything a client needs to render its form field."""

    kind: Literal["text", "choice", "integer", "flag", "files"]
    required: bool = False
    values: tuple[str | int, ...] = ()
    """choice: the allowed values."""
    min: int | None = None
    max: int | None = None
    """Integer: the largest value, and `min` the smallest; text: the most code points; files: the most files."""
    default: str | int | bool | None = None
    catalogue: Literal["", "styles", "colors", "sizes"] = ""
    """choice: the values are this collection's ids."""


class Rule(Stored, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Constraints that apply when input `when` is set, or has one of `values`. False, empty and absent are unset."""

    when: str
    values: tuple[str | int | bool, ...] = ()
    needs: tuple[str, ...] = ()
    """Inputs that are required when the rule applies."""
    excludes: tuple[str, ...] = ()
    """Inputs that must not be set when the rule applies."""
    max: dict[str, int] = msgspec.field(default_factory=dict)
    """Upper limits, lower than the inputs' own. Text: the most code points; integer: the largest value."""


class Price(Stored, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The price of a job: the rate in `tokens`, times the number of `per` units. `by` names the inputs that pick it."""

    tokens: Any
    """An integer, or nested tables keyed by the inputs' values as text, with one level for each input of `by`."""
    by: tuple[str, ...] = ()
    per: Literal["job", "second", "minute", "thousandCharacters"] = "job"


class Model(Stored, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=False):
    """A model of the catalogue. A Firestore document of the same id overrides its fields."""

    id: str
    type: JobType
    provider: str
    provider_model: str
    label: str
    inputs: dict[str, Input]
    price: Price
    credits: Price
    """The provider's charge for the same job, in hundredths of its own credits."""
    rules: tuple[Rule, ...] = ()
    plan: PlanId = "free"
    """The lowest plan that includes this model."""
    outputs: int | str = 0
    """The number of files that an order returns, or the name of the input that holds it. If the provider delivers
    fewer, the difference is refunded. 0: the number is not guaranteed, and the order is for what the provider lists."""
    sample: Sample = ""
    """A picture of what it makes: an https address, or the path of a file in the bucket's public folder `samples`."""
    enabled: bool = True


class Feature(Stored, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=False):
    """A feature that `useTokens` pays for, at the catalogue's price in tokens."""

    id: str
    label: str
    tokens: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)]
    enabled: bool = True


class Choice(Stored, frozen=True, kw_only=True, omit_defaults=False):
    """A style or a color that a model's input may take."""

    id: str
    label: str
    enabled: bool = True


class Size(Stored, frozen=True, kw_only=True, omit_defaults=False):
    """A size of an image, by its width and height in pixels."""

    id: str
    label: str
    enabled: bool = True
    width: int
    height: int
    tokens: int


class Pack(Stored, frozen=True, kw_only=True, omit_defaults=False):
    """A one-time purchase of tokens. Amounts are in the currency's minor unit."""

    id: str
    name: str
    tokens: Annotated[int, msgspec.Meta(ge=1, le=10**9)]
    amount: Amount
    currency: Currency
    amounts: Amounts = {}
    """The price in other currencies, as the price in Stripe says; Stripe chooses by the buyer."""
    price_id: str = ""
    """The id of the price in Stripe; needed for `amounts`. Empty: the checkout brings a price of its own."""
    enabled: bool = True
    """Whether it is on sale."""


class Allowances(Stored, frozen=True, kw_only=True, omit_defaults=False):
    """A plan's monthly limits; null is unlimited."""

    songs_per_month: int | None = None


class Plan(Stored, frozen=True, kw_only=True, omit_defaults=False):
    """A subscription plan: its features, limits and monthly price (`amount`, in the currency's minor unit)."""

    id: PlanId
    name: str
    monthly_tokens: Tokens
    features: tuple[str, ...]
    amount: Annotated[int, msgspec.Meta(ge=0, le=99_999_999)]
    currency: Currency
    amounts: Amounts = {}
    """As a pack's."""
    allowances: Allowances
    max_concurrent_jobs: Annotated[int, msgspec.Meta(ge=1, le=1000)]
    interval: Literal["month"] = "month"
    price_id: str = ""
    """The id of the price in Stripe; empty for a plan that is not sold."""


MODELS = Collection("models", Model)
STYLES = Collection("styles", Choice)
COLORS = Collection("colors", Choice)
SIZES = Collection("sizes", Size)
FEATURES = Collection("features", Feature)
TOKEN_PACKS = Collection("tokenPacks", Pack)
PLANS = Collection("plans", Plan)
