"""Reads payments by a saved card into the form of a checkout session. Pure. As strict as stripe_objects.py."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from . import stripe_objects as objects
from .stripe_objects import Data
from .stripe_types import Bill, Refusal, Session


def off_session_payment(data: Data) -> Session:
    """A payment intent that was confirmed without the customer, as a session. Its charge was asked for whole."""
    return objects.read(_off_session_payment, data)


def refused_intent(body: Any) -> str:
    """Id of the payment intent in the body of an error, "" if there is none."""
    error = body.get("error") if isinstance(body, Mapping) else None
    return objects.reference(error.get("payment_intent")) if isinstance(error, Mapping) else ""


SURELY_REFUSED = ("requires_payment_method", "requires_action")
AUTHENTICATION = ("authentication_required", "payment_intent_authentication_failure")


def _off_session_payment(data: Data) -> Session:
    status, latest = objects.text(data["status"]), data.get("latest_charge")
    error = data.get("last_payment_error") or {}
    asks = status == "requires_action" or not {error.get("code"), error.get("decline_code")}.isdisjoint(AUTHENTICATION)
    refusal: Refusal = "authentication" if asks else "declined" if error else ""
    # Without an error the confirmation is still under way.
    settled = status in ("succeeded", "canceled") or (status in SURELY_REFUSED and refusal)
    amount = objects.count(data["amount_received"] if status == "succeeded" else data["amount"])
    return Session(
        id=objects.text(data["id"]),
        mode="payment",
        status="complete",
        payment_status="paid" if status == "succeeded" else "unpaid",
        bill=Bill(objects.text(data["currency"]), amount, amount),
        quantity=1,
        order_id=objects.metadata(data, "orderId"),
        uid=objects.metadata(data, "uid"),
        subscription_id="",
        intent_id=objects.text(data["id"]),
        intent_status=status if settled else "processing",
        charge=None if latest is None else objects.charge(latest),
        url="",
        created=objects.moment(data["created"]),
        refusal=refusal if status != "succeeded" else "",
    )
