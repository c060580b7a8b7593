"""What may be bought, and where a buyer may be sent back to. Pure."""

from __future__ import annotations

import urllib.parse
from collections.abc import Mapping
from typing import Any, NamedTuple

from studiox.catalog.sales import Pack, Plan
from studiox.kit.errors import InvalidRequest, StudioxError


class AlreadySubscribed(StudioxError):
    """Change or cancel the subscription instead."""

    code = "already-exists"
    text = "You have a subscription already."


class NoSubscription(StudioxError):
    code = "failed-precondition"
    text = "You have no subscription."


class Wanted(NamedTuple):
    """What a checkout is for: one of a pack's and a plan's ids."""

    pack_id: str = ""
    plan_id: str = ""


def wanted(pack_id: str | None, plan_id: str | None, price_id: str | None, plans: Mapping[str, Plan]) -> Wanted:
    """The one thing asked for. A price is one of the catalogue's plans': the client names no amount (S15)."""
    given = {"packId": pack_id, "planId": plan_id, "priceId": price_id}
    if sum(value is not None for value in given.values()) != 1:
        raise InvalidRequest(fields=dict.fromkeys(given, "give exactly one of packId, planId and priceId"))
    if pack_id is not None:
        return Wanted(pack_id=pack_id)
    if price_id is not None:
        plan_id = next((plan.id for plan in plans.values() if plan.price_id == price_id), "")
    sold = plans.get(plan_id or "")
    if sold is None or not sold.price_id:
        raise InvalidRequest(fields={"planId" if price_id is None else "priceId": "not in the catalogue"})
    return Wanted(plan_id=sold.id)


def site_url(site: str, path: str) -> str:
    """An address of our own site; ValueError for anything that a browser would take elsewhere (S24)."""
    if not path.startswith("/") or path.startswith(("//", "/\\")) or any(char in path for char in "\\\t\r\n@"):
        raise ValueError("not a path of the site")
    base = urllib.parse.urlsplit(site.rstrip("/"))
    made = urllib.parse.urlsplit(site.rstrip("/") + path)
    secure = base.scheme == "https" or (base.scheme == "http" and base.hostname in ("127.0.0.1", "localhost"))
    if not secure or base.username or (made.scheme, made.netloc) != (base.scheme, base.netloc):
        raise ValueError("not an address of the site")
    return made.geturl()


def session_params(
    *, order_id: str, uid: str, customer_id: str, site: str, pack: Pack | None, plan: Plan | None
) -> dict[str, Any]:
    """The checkout session that is asked of Stripe. Everything in it comes from us."""
    metadata = {"orderId": order_id, "uid": uid}
    params: dict[str, Any] = {
        "customer": customer_id,
        "client_reference_id": uid,
        "metadata": metadata,
        # Stripe puts the session's id in the place of the braces.
        "success_url": site_url(site, "/?checkout=success&session_id={CHECKOUT_SESSION_ID}"),
        "cancel_url": site_url(site, "/?checkout=cancelled"),
    }
    if pack is not None:
        price = {"currency": pack.currency, "unit_amount": pack.amount}
        item = {"price_data": {**price, "product_data": {"name": pack.name}}, "quantity": 1}
        return {**params, "mode": "payment", "line_items": [item], "payment_intent_data": {"metadata": metadata}}
    assert plan is not None
    item = {"price": plan.price_id, "quantity": 1}
    owner = {"metadata": {"uid": uid}}
    return {**params, "mode": "subscription", "line_items": [item], "subscription_data": owner}
