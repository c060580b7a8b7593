"""Payments by a saved card without the customer: what the stand-in's API answers to them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from local.vendors.stripe import objects
from local.vendors.stripe.account import Account, Refused
from local.vendors.stripe.objects import Object

DECLINED = {"code": "card_declined", "decline_code": "generic_decline", "message": "Your card was declined."}
ASKED = {
    "code": "authentication_required",
    "decline_code": "authentication_required",
    "message": "Your card was declined. This transaction requires authentication.",
}


def pay(account: Account, params: Mapping[str, Any]) -> Object:
    """Create a payment intent and confirm it without the customer. `Refused` with the intent if the card is refused."""
    if params.get("confirm") != "true" or params.get("off_session") != "true":
        raise ValueError("confirm and off_session must be true")
    customer = account.get(params["customer"], "customer", "customer")
    card = account.get(params["payment_method"], "payment_method", "payment_method")
    if card["customer"] != customer["id"]:
        message = "The provided PaymentMethod was detached from a Customer. It may not be used again."
        raise Refused(400, message, param="payment_method")
    intent = account.add(
        objects.payment_intent(
            *(int(params["amount"]), params["currency"], customer["id"], params.get("metadata", {}), account.now()),
            payment_method=card["id"],
        )
    )
    account.emit("payment_intent.created", intent)
    error = ASKED if customer["id"] in account.asks else DECLINED if customer["id"] in account.declines else None
    if error is None:
        account.charge(intent)
        account.emit("payment_intent.succeeded", intent)
        return intent
    intent.update(payment_method=None, last_payment_error={"type": "card_error", **error, "payment_method": card})
    account.emit("payment_intent.payment_failed", intent)
    refused = Refused(402, error["message"], error["code"], type_="card_error")
    refused.body["error"] |= {"decline_code": error["decline_code"], "payment_intent": objects.copied(intent)}
    raise refused


def cancel(account: Account, intent_id: str) -> Object:
    """Cancel a payment intent that was not paid."""
    intent = account.get(intent_id, "payment_intent", "intent")
    if intent["status"] in ("succeeded", "canceled"):
        message = f"You cannot cancel this PaymentIntent because it has a status of {intent['status']}."
        raise Refused(400, message, "payment_intent_unexpected_state")
    intent.update(status="canceled", canceled_at=account.now())
    account.emit("payment_intent.canceled", intent)
    return intent


def detach(account: Account, card_id: str) -> Object:
    """Take a saved card off its customer."""
    card = account.get(card_id, "payment_method", "payment_method")
    if card["customer"] is None:
        raise Refused(400, "The payment method you provided is not attached to a customer so detachment is impossible.")
    account.emit("payment_method.detached", card)
    card["customer"] = None
    return card
