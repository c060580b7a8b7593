"""What settling a payment does to auto top-up, in the commit of the settlement: the saved card, and a top-up's end."""

from __future__ import annotations

import urllib.parse
from typing import Literal

from studiox.integrations.stripe_types import Card
from studiox.kit import config
from studiox.kit.clock import datetime
from studiox.kit.transaction import Docs
from studiox.models import notifications
from studiox.models.auto_top_up import AutoTopUp, TopUpProblem
from studiox.models.orders import Order
from studiox.models.users import change_user, user_path

from . import top_up_rules
from .plans import site_url


def save_card(docs: Docs, uid: str, card: Card, now: datetime) -> None:
    """Keep the card that a checkout has saved, if auto top-up is on and lacks one."""
    user = docs.get(user_path(uid))
    if user is not None:
        change_user(docs, uid, now, auto_top_up=top_up_rules.with_card(user.auto_top_up, card))


def end(docs: Docs, before: Order, order: Order, problem: TopUpProblem, now: datetime) -> None:
    """End the top-up under way if its order has just ended: paid, failed with this problem, or in review."""
    user = docs.get(user_path(order.uid))
    if user is None or order.status == before.status or order.status not in ("paid", "failed", "parked"):
        return
    failed = order.status == "failed"
    setting = user.auto_top_up
    if setting is not None and setting.order_id == order.order_id:
        method = order.off_session.payment_method_id if order.off_session else ""
        after = top_up_rules.concluded(setting, problem if failed else "", method)
        change_user(docs, order.uid, now, auto_top_up=after)
    if failed:
        tell_problem(docs, order.uid, problem, order.item_id, f"{order.order_id}:{order.failures}", now)
    elif order.status == "paid":
        notifications.add(docs, order.uid, "top_up_done", order.order_id, now, payment_id=order.order_id)


def stop(docs: Docs, uid: str, setting: AutoTopUp, problem: TopUpProblem | Literal["dropped"], now: datetime) -> None:
    """End the top-up under way without an order."""
    change_user(docs, uid, now, auto_top_up=top_up_rules.concluded(setting, problem))
    if problem == "ceiling":
        cause = f"ceiling:{top_up_rules.month_of(now)}"  # once a month
        if not docs.exists(notifications.notification_path(uid, "top_up_failed", cause)):
            tell_problem(docs, uid, problem, setting.pack_id, cause, now)
    elif problem != "dropped":
        tell_problem(docs, uid, problem, setting.pack_id, setting.order_id or "", now)


def tell_problem(docs: Docs, uid: str, problem: TopUpProblem, pack_id: str, cause: str, now: datetime) -> None:
    """Notify the user, with a link to an ordinary checkout if the bank wants them to confirm the payment."""
    url = None
    if problem == "authentication":
        url = site_url(config.SITE_URL.value, f"/tokens?buy={urllib.parse.quote(pack_id)}")
    words = top_up_rules.TEXTS[problem]
    notifications.add(docs, uid, "top_up_failed", cause, now, words, problem=problem, url=url)
