"""The rules of auto top-ups: what a user may set, whether a top-up is ordered, and what its end does to the settings.
Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

from msgspec.structs import replace

from studiox.integrations.stripe_types import Card
from studiox.kit.clock import UTC, datetime, timedelta
from studiox.kit.errors import NOT_OFFERED, FieldRule, InvalidRequest, StudioxError, Wrong
from studiox.models.auto_top_up import AutoTopUp, SavedCard, TopUpProblem
from studiox.models.catalog import Pack
from studiox.models.notifications import Words
from studiox.models.orders import OffSession, Order
from studiox.models.users import User

from .orders import open_order

MAX_CEILING = 99_999_999
RESEND = timedelta(hours=20)
"""How long a payment may be sent again. Stripe remembers an idempotency key for a day; later it would pay twice."""
GIVE_UP = timedelta(hours=25)
"""When a payment that Stripe does not know was never made: nothing that was sent can be under way any more."""

TEXTS: Mapping[TopUpProblem, Words] = {
    "authentication": Words(
        "Your bank wants you to confirm the payment, so nothing was charged. Please buy the pack: its checkout saves"
        " your card again.",
        "يطلب مصرفك أن تؤكد عملية الدفع، فلم يُحسم منك شيء. اشترِ الباقة من فضلك، فتُحفظ بطاقتك من جديد.",
    ),
    "declined": Words(
        "Your card was refused, so nothing was charged and auto top-up is off. You can turn it on again.",
        "رُفضت بطاقتك، فلم يُحسم منك شيء وأُوقفت التعبئة التلقائية. يمكنك تشغيلها من جديد.",
    ),
    "ceiling": Words(
        "Another top-up would exceed the monthly limit that you set, so nothing was charged.",
        "كانت تعبئة أخرى ستتجاوز الحد الشهري الذي وضعته، فلم يُحسم منك شيء.",
    ),
    "pack_changed": Words(
        "The pack that you chose is no longer sold at that price, so nothing was charged and auto top-up is off. You"
        " can turn it on again with another pack or at the new price.",
        "لم تعد الباقة التي اخترتها تُباع بذلك السعر، فلم يُحسم منك شيء وأُوقفت التعبئة التلقائية. يمكنك تشغيلها من"
        " جديد بباقة أخرى أو بالسعر الجديد.",
    ),
    "unavailable": Words(
        "Auto top-up is not available right now, so nothing was charged and it is off. You can turn it on again later.",
        "التعبئة التلقائية غير متاحة الآن، فلم يُحسم منك شيء وأُوقفت. يمكنك تشغيلها لاحقًا.",
    ),
}
_TURNS_OFF = ("declined", "pack_changed", "unavailable")
_OF_THE_CARD = ("authentication", "declined")


class AutoTopUpUnavailable(StudioxError):
    """Tax is calculated (`STRIPE_TAX`), which a payment without the buyer cannot carry."""

    code = "failed-precondition"
    text = "Auto top-up isn't available here."


class WantedTopUp(NamedTuple):
    """A user's request. None: as it is set."""

    enabled: bool
    pack_id: str | None
    below: int | None
    monthly_ceiling: int | None


def agreed(known: AutoTopUp | None, wanted: WantedTopUp, pack: Pack | None) -> AutoTopUp | None:
    """The settings after this request; None if there are none. `pack`: the one that is asked for, at today's price.

    Settings are changed only by a request that turns auto top-up on. `InvalidRequest`.
    """
    if not wanted.enabled:
        return None if known is None else replace(known, enabled=False)
    below = wanted.below if wanted.below is not None or known is None else known.below
    ceiling = wanted.monthly_ceiling if wanted.monthly_ceiling is not None or known is None else known.monthly_ceiling
    if pack is None:
        raise InvalidRequest(fields={"packId": NOT_OFFERED})
    if below is None or not 1 <= below <= pack.tokens:
        tokens: FieldRule = {"rule": "outOfRange", "least": 1, "most": pack.tokens}
        raise InvalidRequest(fields={"below": Wrong(f"from 1 to the pack's {pack.tokens} tokens", tokens)})
    if ceiling is None or not pack.amount <= ceiling <= MAX_CEILING:
        money: FieldRule = {"rule": "outOfRange", "least": pack.amount, "most": MAX_CEILING}
        raise InvalidRequest(fields={"monthlyCeiling": Wrong(f"at least the pack's price, {pack.amount}", money)})
    terms: dict[str, Any] = {
        "enabled": True,
        "pack_id": pack.id,
        "tokens": pack.tokens,
        "amount": pack.amount,
        "currency": pack.currency,
        "below": below,
        "monthly_ceiling": ceiling,
    }
    if known is None:
        return AutoTopUp(**terms)
    # A sum of another currency cannot be compared with the new ceiling.
    same = known.currency == pack.currency
    return replace(known, **terms, month=known.month if same else None, ordered=known.ordered if same else 0)


def month_of(now: datetime) -> str:
    """The UTC month, such as `2026-11`."""
    return now.astimezone(UTC).strftime("%Y-%m")


def with_order(setting: AutoTopUp, now: datetime) -> AutoTopUp:
    """The settings with one more top-up ordered in this month.

    The first instance to see a new month begins it for all, as of a day (`kit/daily_quota.py`).
    """
    month = max(month_of(now), setting.month or "")
    ordered = setting.ordered if setting.month == month else 0
    return replace(setting, month=month, ordered=ordered + setting.amount)


def obstacle(
    user: User, setting: AutoTopUp, pack: Pack | None, *, taxed: bool, now: datetime
) -> TopUpProblem | Literal["dropped", ""]:
    """Why the top-up that is under way is not ordered; "" if it is.

    `dropped`: the user has turned it off, or the account was suspended or is being deleted. They know.
    """
    if not setting.enabled or setting.card is None or user.suspended or user.closing:
        return "dropped"
    if taxed:
        return "unavailable"
    sold = None if pack is None else (pack.tokens, pack.amount, pack.currency)
    if sold != (setting.tokens, setting.amount, setting.currency):
        return "pack_changed"
    return "ceiling" if with_order(setting, now).ordered > setting.monthly_ceiling else ""


def new_order(order_id: str, uid: str, setting: AutoTopUp, card: SavedCard, customer_id: str, now: datetime) -> Order:
    """An order on the terms that the user agreed to."""
    return open_order(
        order_id,
        uid,
        now,
        session_id="",
        kind="top_up",
        item_id=setting.pack_id,
        tokens=setting.tokens,
        amount=setting.amount,
        currency=setting.currency,
        url="",
        fingerprint="",
        off_session=OffSession(customer_id=customer_id, payment_method_id=card.payment_method_id),
    )


def payment_params(order: Order, terms: OffSession) -> dict[str, Any]:
    """The parameters of the order's payment intent. They never change: the order's id is its idempotency key."""
    return {
        "amount": order.amount,
        "currency": order.currency,
        "customer": terms.customer_id,
        "payment_method": terms.payment_method_id,
        "payment_method_types": ["card"],
        "confirm": True,
        "off_session": True,
        "metadata": {"orderId": order.order_id, "uid": order.uid},
    }


def may_send(order: Order, user: User | None, now: datetime) -> bool:
    """Whether the payment of an open order may be sent, for the first time or again with the same key."""
    setting = None if user is None else user.auto_top_up
    if user is None or setting is None or order.status != "open" or user.suspended or user.closing:
        return False
    return setting.enabled and setting.order_id == order.order_id and now - order.created_at < RESEND


def concluded(
    setting: AutoTopUp, problem: TopUpProblem | Literal["dropped", ""], payment_method_id: str = ""
) -> AutoTopUp:
    """The settings after the top-up under way has ended. `payment_method_id`: the card that it was to be paid with."""
    after = replace(setting, order_id=None, crossed_at=None)
    if problem in _OF_THE_CARD:
        if setting.card is None or setting.card.payment_method_id != payment_method_id:
            return after  # the card was changed since
        after = replace(after, card=None)
    return replace(after, enabled=setting.enabled and problem not in _TURNS_OFF)


def with_card(setting: AutoTopUp | None, card: Card) -> AutoTopUp | None:
    """The settings with the card that a checkout has saved, if they lack one."""
    if setting is None or not setting.wants_card:
        return setting
    saved = SavedCard(payment_method_id=card.payment_method_id, brand=card.brand, last4=card.last4)
    return replace(setting, card=saved)
