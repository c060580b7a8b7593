"""What a checkout may sell, and the parameters of its session in Stripe. Pure."""

from __future__ import annotations

import urllib.parse
from collections.abc import Mapping
from typing import Any, NamedTuple

from studiox.kit.errors import NOT_OFFERED, InvalidRequest, StudioxError
from studiox.models.catalog import Pack, Plan

TAX_BEHAVIORS = ("inclusive", "exclusive")


class AlreadySubscribed(StudioxError):
    """The user has a live subscription; it can be changed or cancelled."""

    code = "already-exists"
    text = "You already have a subscription. Change or cancel it instead."


class NoSubscription(StudioxError):
    code = "failed-precondition"
    text = "You don't have a subscription."


class PreviewOutdated(StudioxError):
    """The preview is more than 10 minutes old, or the subscription was billed since. Preview the change again."""

    code = "failed-precondition"
    text = "The amount may have changed. Please look at it again."


class CheckoutTerms(NamedTuple):
    """What a checkout adds to its price. Everything is off by default."""

    tax: str = ""
    """How Stripe Tax counts, one of TAX_BEHAVIORS; empty if it does not."""
    codes: bool = False
    """Whether the page takes promotion codes."""
    invoices: bool = False
    """Whether a pack comes with an invoice. A plan always does."""


NOTHING_ADDED = CheckoutTerms()


def checkout_terms(tax: str, *, codes: bool, invoices: bool) -> CheckoutTerms:
    """The terms by the deployment's parameters. ValueError for a way to count tax that does not exist."""
    if tax not in ("off", *TAX_BEHAVIORS):
        raise ValueError("STRIPE_TAX must be off, inclusive or exclusive")
    return CheckoutTerms("" if tax == "off" else tax, codes, invoices)


class CheckoutItem(NamedTuple):
    """What a checkout sells: a pack or a plan. The other id is empty."""

    pack_id: str = ""
    plan_id: str = ""


def requested_item(
    pack_id: str | None, plan_id: str | None, price_id: str | None, plans: Mapping[str, Plan]
) -> CheckoutItem:
    """The one item that was asked for. A price must be one of the catalogue's: clients never name an amount.

    `InvalidRequest`.
    """
    given = {"packId": pack_id, "planId": plan_id, "priceId": price_id}
    if sum(value is not None for value in given.values()) != 1:
        raise InvalidRequest(fields=dict.fromkeys(given, "give exactly one of packId, planId and priceId"))
    if pack_id is not None:
        return CheckoutItem(pack_id=pack_id)
    if price_id is not None:
        plan_id = next((plan.id for plan in plans.values() if plan.price_id == price_id), "")
    sold = plans.get(plan_id or "")
    if sold is None or not sold.price_id:
        raise InvalidRequest(fields={"planId" if price_id is None else "priceId": NOT_OFFERED})
    return CheckoutItem(plan_id=sold.id)


LOCALES = (
    "bg", "cs", "da", "de", "el", "en", "es", "et", "fi", "fil", "fr", "hr", "hu", "id", "it", "ja", "ko", "lt", "lv",
    "ms", "mt", "nb", "nl", "pl", "pt", "ro", "ru", "sk", "sl", "sv", "th", "tr", "vi", "zh",
)  # fmt: skip
"""The languages of both Stripe's checkout and its portal, without those of one country."""
NAMED_OTHERWISE = {"nn": "nb", "no": "nb", "tl": "fil"}


def locale_of(language: str | None) -> str:
    """The user's language as Stripe names it; `auto`, the browser's, if it is unknown or Stripe does not speak it."""
    named = NAMED_OTHERWISE.get(language or "", language or "")
    return named if named in LOCALES else "auto"


def site_url(site: str, path: str) -> str:
    """The address of a path on our own site. ValueError if a browser would open another site."""
    if not path.startswith("/") or path.startswith(("//", "/\\")) or any(char in path for char in "\\\t\r\n@"):
        raise ValueError("not a path of the site")
    base = urllib.parse.urlsplit(site.rstrip("/"))
    made = urllib.parse.urlsplit(site.rstrip("/") + path)
    secure = base.scheme == "https" or (base.scheme == "http" and base.hostname in ("127.0.0.1", "localhost"))
    if not secure or base.username or (made.scheme, made.netloc) != (base.scheme, base.netloc):
        raise ValueError("not an address of the site")
    return made.geturl()


def session_params(
    *,
    order_id: str,
    uid: str,
    customer_id: str,
    site: str,
    pack: Pack | None,
    plan: Plan | None,
    terms: CheckoutTerms,
    locale: str,
    save_card: bool = False,
) -> dict[str, Any]:
    """The parameters of a checkout session. Nothing in them comes from the client.

    `save_card`: a pack's checkout saves the card for auto top-up.
    """
    metadata = {"orderId": order_id, "uid": uid}
    params: dict[str, Any] = {
        "customer": customer_id,
        "client_reference_id": uid,
        "locale": locale,
        "metadata": metadata,
        # Stripe replaces the braces with the session's id.
        "success_url": site_url(site, "/?checkout=success&session_id={CHECKOUT_SESSION_ID}"),
        "cancel_url": site_url(site, "/?checkout=cancelled"),
    }
    if terms.tax:
        # Tax needs an address. Stripe refuses a customer without one unless the page may save what the buyer enters.
        params |= {"automatic_tax": {"enabled": True}, "customer_update": {"address": "auto"}}
    if terms.codes:
        params["allow_promotion_codes"] = True
    if pack is not None:
        payment = {"metadata": metadata, **({"setup_future_usage": "off_session"} if save_card else {})}
        params |= {"mode": "payment", "payment_intent_data": payment}
        if terms.invoices:
            params["invoice_creation"] = {"enabled": True, "invoice_data": {"metadata": metadata}}
        return {**params, "line_items": [{**_price(pack, terms), "quantity": 1}]}
    assert plan is not None
    owner = {"uid": uid, **({"allows": allowed} if (allowed := _allowed(terms)) else {})}
    item = {"price": plan.price_id, "quantity": 1}
    return {**params, "mode": "subscription", "line_items": [item], "subscription_data": {"metadata": owner}}


def _price(pack: Pack, terms: CheckoutTerms) -> dict[str, Any]:
    """The pack's price in Stripe, or one that only this checkout has."""
    if pack.price_id:
        return {"price": pack.price_id}
    price = {"currency": pack.currency, "unit_amount": pack.amount, "product_data": {"name": pack.name}}
    return {"price_data": {**price, **({"tax_behavior": terms.tax} if terms.tax else {})}}


def _allowed(terms: CheckoutTerms) -> str:
    """What the subscription's invoices may contain beside prices, for as long as it lives."""
    return " ".join(name for name, on in (("codes", terms.codes), ("tax", bool(terms.tax))) if on)
