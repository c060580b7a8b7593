"""Stripe's objects in the stand-in: those fields of API version 2026-10-28.endive that StudioX or the SDK reads."""

from __future__ import annotations

import calendar
import datetime
import secrets
from collections.abc import Mapping
from typing import Any

from local.vendors.stripe import totals

API_VERSION = "2026-10-28.endive"
Object = dict[str, Any]


def new_id(prefix: str) -> str:
    return f"{prefix}_{secrets.token_hex(12)}"


def months_after(moment: int, months: int = 1) -> int:
    """The same day and time that many months later, or the month's last day if it is shorter."""
    when = datetime.datetime.fromtimestamp(moment, datetime.UTC)
    year, month = divmod(when.year * 12 + when.month - 1 + months, 12)
    day = min(when.day, calendar.monthrange(year, month + 1)[1])
    return int(when.replace(year=year, month=month + 1, day=day).timestamp())


def copied(value: Any) -> Any:
    """A copy of JSON data, without the stand-in's own fields. `copy.deepcopy` takes several times as long."""
    if isinstance(value, dict):
        return {name: copied(each) for name, each in value.items() if name[:1] != "_"}
    return [copied(each) for each in value] if isinstance(value, list) else value


def listed(objects: list[Object], url: str, *, more: bool = False) -> Object:
    return {"object": "list", "url": url, "has_more": more, "data": objects}


def customer(params: Mapping[str, Any], now: int) -> Object:
    return {
        "id": new_id("cus"),
        "object": "customer",
        "address": None,
        "balance": 0,
        "created": now,
        "email": params.get("email"),
        "name": params.get("name"),
        "livemode": False,
        "metadata": dict(params.get("metadata", {})),
        "preferred_locales": list(params.get("preferred_locales", [])),
    }


def product(params: Mapping[str, Any], now: int) -> Object:
    return {
        "id": params.get("id") or new_id("prod"),
        "object": "product",
        "active": True,
        "created": now,
        "livemode": False,
        "name": params["name"],
        "metadata": dict(params.get("metadata", {})),
    }


def price(params: Mapping[str, Any], product_id: str, now: int) -> Object:
    recurring = params.get("recurring")
    return {
        "id": params.get("id") or new_id("price"),
        "object": "price",
        "active": True,
        "created": now,
        "currency": params["currency"],
        "livemode": False,
        "metadata": dict(params.get("metadata", {})),
        "product": product_id,
        "recurring": None if recurring is None else {"interval": recurring["interval"], "interval_count": 1},
        "tax_behavior": params.get("tax_behavior", "unspecified"),
        "type": "one_time" if recurring is None else "recurring",
        "unit_amount": int(params["unit_amount"]),
        "unit_amount_decimal": str(params["unit_amount"]),
        "_currency_options": {
            name: {"unit_amount": int(option["unit_amount"])}
            for name, option in params.get("currency_options", {}).items()
        },
    }


def session(params: Mapping[str, Any], lines: list[Object], base_url: str, now: int) -> Object:
    session_id = new_id("cs_test")
    taxed = params.get("automatic_tax", {}).get("enabled") == "true"
    creation = params.get("invoice_creation")
    made = {
        "id": session_id,
        "object": "checkout.session",
        "allow_promotion_codes": params.get("allow_promotion_codes") == "true",
        "automatic_tax": {"enabled": taxed, "status": "complete" if taxed else None},
        "cancel_url": params.get("cancel_url"),
        "client_reference_id": params.get("client_reference_id"),
        "created": now,
        "customer": params.get("customer"),
        "expires_at": now + 86400,
        "invoice": None,
        "invoice_creation": creation and {**creation, "enabled": creation["enabled"] == "true"},
        "livemode": False,
        "locale": params.get("locale"),
        "metadata": dict(params.get("metadata", {})),
        "mode": params["mode"],
        "payment_intent": None,
        "payment_status": "unpaid",
        "status": "open",
        "subscription": None,
        "success_url": params.get("success_url"),
        "url": f"{base_url}/checkout/{session_id}",
        "_line_items": lines,
        "_country": totals.HOME,
        "_coupon": None,
        "_code": "",
        "_said": "",
    }
    totals.price_session(made)
    return made


def line_item(price: Object, quantity: int, description: str) -> Object:
    return {
        "id": new_id("li"),
        "object": "item",
        "description": description,
        "price": price,
        "quantity": quantity,
    }


def payment_intent(
    amount: int, currency: str, customer_id: str | None, metadata: Object, now: int, **about: Any
) -> Object:
    return {
        "id": new_id("pi"),
        "object": "payment_intent",
        "amount": amount,
        "amount_received": 0,
        "created": now,
        "currency": currency,
        "customer": customer_id,
        "last_payment_error": None,
        "latest_charge": None,
        "livemode": False,
        "metadata": dict(metadata),
        "payment_method": None,
        "setup_future_usage": None,
        "status": "requires_payment_method",
        **about,
    }


def card(customer_id: str, now: int) -> Object:
    """A payment method that is saved with its customer."""
    return {
        "id": new_id("pm"),
        "object": "payment_method",
        "card": {"brand": "visa", "last4": "4242", "exp_month": 12, "exp_year": 2034},
        "created": now,
        "customer": customer_id,
        "livemode": False,
        "metadata": {},
        "type": "card",
    }


def charge(intent: Object, base_url: str, now: int, fingerprint: str) -> Object:
    charge_id = new_id("ch")
    return {
        "id": charge_id,
        "object": "charge",
        "amount": intent["amount"],
        "amount_refunded": 0,
        "created": now,
        "currency": intent["currency"],
        "customer": intent["customer"],
        "disputed": False,
        "livemode": False,
        "metadata": dict(intent["metadata"]),
        "paid": True,
        "payment_intent": intent["id"],
        "payment_method": intent["payment_method"],
        "payment_method_details": {
            "type": "card",
            "card": {"brand": "visa", "last4": "4242", "fingerprint": fingerprint},
        },
        "receipt_url": f"{base_url}/receipts/{charge_id}",
        "refunded": False,
        "status": "succeeded",
    }


def refund(charge: Object, amount: int, now: int) -> Object:
    return {
        "id": new_id("re"),
        "object": "refund",
        "amount": amount,
        "charge": charge["id"],
        "created": now,
        "currency": charge["currency"],
        "payment_intent": charge["payment_intent"],
        "status": "succeeded",
    }


def dispute(charge: Object, amount: int, now: int) -> Object:
    return {
        "id": new_id("du"),
        "object": "dispute",
        "amount": amount,
        "charge": charge["id"],
        "created": now,
        "currency": charge["currency"],
        "livemode": False,
        "metadata": {},
        "payment_intent": charge["payment_intent"],
        "reason": "fraudulent",
        "status": "needs_response",
    }


def subscription(customer_id: str, price: Object, metadata: Object, now: int, trial_days: int = 0) -> Object:
    subscription_id = new_id("sub")
    end = now + trial_days * 86400 if trial_days else months_after(now)
    item = {
        "id": new_id("si"),
        "object": "subscription_item",
        "created": now,
        "current_period_start": now,
        "current_period_end": end,
        "price": price,
        "quantity": 1,
        "subscription": subscription_id,
    }
    return {
        "id": subscription_id,
        "object": "subscription",
        "billing_cycle_anchor": now,
        "cancel_at": None,
        "cancel_at_period_end": False,
        "canceled_at": None,
        "created": now,
        "currency": price["currency"],
        "customer": customer_id,
        "ended_at": None,
        "items": listed([item], f"/v1/subscription_items?subscription={subscription_id}"),
        "latest_invoice": None,
        "livemode": False,
        "metadata": dict(metadata),
        "pending_update": None,
        "start_date": now,
        "status": "trialing" if trial_days else "active",
        "trial_end": end if trial_days else None,
    }


def invoice_line(
    price: Object, amount: int, start: int, end: int, description: str, *, proration: bool = False
) -> Object:
    return {
        "id": new_id("il"),
        "object": "line_item",
        "amount": amount,
        "currency": price["currency"],
        "description": description,
        "parent": {"type": "subscription_item_details", "subscription_item_details": {"proration": proration}},
        "period": {"start": start, "end": end},
        "pricing": {
            "type": "price_details",
            "price_details": {"price": price["id"], "product": price["product"]},
            "unit_amount_decimal": str(price["unit_amount"]),
        },
        "quantity": 1,
    }


def invoice(
    subscription: Object,
    lines: list[Object],
    sums: Object,
    reason: str,
    base_url: str,
    now: int,
    balance: int = 0,
) -> Object:
    """`balance` is the customer's before the invoice. It is negative for a credit, which pays first."""
    invoice_id = new_id("in")
    total = sums["total"]
    parent = {"subscription": subscription["id"], "metadata": dict(subscription["metadata"])}
    return {
        "id": invoice_id,
        "object": "invoice",
        "amount_due": max(0, total + min(0, balance)) if total > 0 else 0,
        "amount_paid": 0,
        "attempt_count": 0,
        "billing_reason": reason,
        "created": now,
        "currency": subscription["currency"],
        "customer": subscription["customer"],
        "ending_balance": None,
        "hosted_invoice_url": f"{base_url}/invoices/{invoice_id}",
        "lines": listed(lines, f"/v1/invoices/{invoice_id}/lines"),
        "livemode": False,
        "metadata": {},
        "parent": {"type": "subscription_details", "quote_details": None, "subscription_details": parent},
        "period_end": now,
        "period_start": now,
        "starting_balance": balance,
        "status": "open",
        **sums,
    }


def session_invoice(session: Object, metadata: Object, base_url: str, now: int) -> Object:
    """The invoice of a pack: paid, and without a subscription."""
    invoice_id = new_id("in")
    total, details = session["amount_total"], session["total_details"]
    return {
        "id": invoice_id,
        "object": "invoice",
        "amount_due": total,
        "amount_paid": total,
        "attempt_count": 1,
        "billing_reason": "manual",
        "created": now,
        "currency": session["currency"],
        "customer": session["customer"],
        "hosted_invoice_url": f"{base_url}/invoices/{invoice_id}",
        "lines": listed(copied(session["_line_items"]), f"/v1/invoices/{invoice_id}/lines"),
        "livemode": False,
        "metadata": dict(metadata),
        "parent": None,
        "status": "paid",
        "subtotal": session["amount_subtotal"],
        "total": total,
        "total_discount_amounts": [{"amount": details["amount_discount"], "discount": "di_code"}],
        "total_taxes": [
            {"amount": each["amount"], "tax_behavior": "inclusive" if each["rate"]["inclusive"] else "exclusive"}
            for each in details["_breakdown"]["taxes"]
        ],
    }


def invoice_payment(invoice: Object, intent: Object, now: int) -> Object:
    return {
        "id": new_id("inpay"),
        "object": "invoice_payment",
        "amount_paid": None,
        "amount_requested": intent["amount"],
        "created": now,
        "currency": intent["currency"],
        "invoice": invoice["id"],
        "is_default": True,
        "livemode": False,
        "payment": {"type": "payment_intent", "payment_intent": intent["id"]},
        "status": "open",
    }


def event(type_: str, about: Object, now: int) -> Object:
    return {
        "id": new_id("evt"),
        "object": "event",
        "api_version": API_VERSION,
        "created": now,
        "data": {"object": about},
        "livemode": False,
        "pending_webhooks": 1,
        "request": {"id": None, "idempotency_key": None},
        "type": type_,
    }
