"""Auto top-up's deployed functions: its settings, and the task that pays one."""

from __future__ import annotations

from typing import Annotated

from firebase_functions import https_fn
from msgspec import UNSET, Meta, UnsetType

from studiox.api.background import task
from studiox.api.callables import Buyer, Id, Request, Response, endpoint
from studiox.kit import config, ids, log
from studiox.kit.errors import AccountSuspended, EmailNotVerified
from studiox.kit.rate_limits import Limit
from studiox.tokens.service import TOP_UP_TASK

from . import auto_top_up
from .top_up_rules import MAX_CEILING, AutoTopUpUnavailable, WantedTopUp

STRIPE = [config.STRIPE_SECRET_KEY]


class SetAutoTopUp(Request, frozen=True):
    """To turn it on for the first time, give every field. Later a field that is absent stays as it is.

    `below`: tokens. `monthlyCeiling`: in the minor unit of the pack's currency, for each UTC month.
    """

    enabled: bool
    pack_id: Id | None = None
    below: Annotated[int, Meta(ge=1, le=10**9)] | None = None
    monthly_ceiling: Annotated[int, Meta(ge=1, le=MAX_CEILING)] | None = None


class Card(Response):
    brand: str
    last4: str


class AutoTopUpSettings(Response):
    """`card` is absent until a checkout of a pack has saved one. The others are null if it was never turned on."""

    enabled: bool
    pack_id: str | None
    below: int | None
    monthly_ceiling: int | None
    card: Card | UnsetType = UNSET


@endpoint(
    consume_app_check=True,
    limit=Limit(60, per=60, in_commit=True),
    secrets=STRIPE,
    refuses=(AccountSuspended, AutoTopUpUnavailable, EmailNotVerified),
)
def setAutoTopUp(caller: Buyer, request: SetAutoTopUp) -> AutoTopUpSettings:
    """Buy a pack by the saved card whenever an order takes the balance below a threshold, or stop that.

    The first checkout of a pack after this call saves the card; until then nothing is bought. Turning it on agrees to
    the pack's price of that moment: no other price is charged. Turning it off forgets the card.
    """
    wanted = WantedTopUp(request.enabled, request.pack_id, request.below, request.monthly_ceiling)
    found = auto_top_up.set_auto_top_up(caller, wanted)
    if found is None:
        return AutoTopUpSettings(enabled=False, pack_id=None, below=None, monthly_ceiling=None)
    return AutoTopUpSettings(
        enabled=found.enabled,
        pack_id=found.pack_id,
        below=found.below,
        monthly_ceiling=found.monthly_ceiling,
        card=UNSET if found.card is None else Card(brand=found.card.brand, last4=found.card.last4),
    )


@task(secrets=[*STRIPE, config.APP_SIGNING_KEY])
def payTopUp(request: https_fn.CallableRequest[object]) -> None:
    """Order and pay one top-up. Malformed data is logged and dropped."""
    data = request.data if isinstance(request.data, dict) else {}
    uid, order_id = data.get("uid"), data.get("orderId")
    if not isinstance(uid, str) or not ids.is_segment(uid) or not isinstance(order_id, str) or not ids.is_id(order_id):
        log.warning("task_malformed", function=TOP_UP_TASK)
        return
    auto_top_up.pay(uid, order_id, TOP_UP_TASK)
