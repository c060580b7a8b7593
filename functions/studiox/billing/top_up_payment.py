"""Fetches a top-up's payment for its settlement. A payment that was refused is ended: it is never made later."""

from __future__ import annotations

from studiox.integrations import stripe_off_session
from studiox.integrations.stripe_types import Session
from studiox.models.orders import OffSession, Order


def fetch(order: Order, terms: OffSession, intent_id: str) -> Session | None:
    """The payment of the order; None if none is known. `intent_id`: from an event, if the order does not name one yet.

    If the card was refused, the payment intent is cancelled and the card forgotten, before the order ends: the buyer
    may then pay by an ordinary checkout, and is charged once. `PaymentsUnavailable`.
    """
    found = stripe_off_session.payment(terms.intent_id or intent_id) if terms.intent_id or intent_id else None
    if found is None or found.order_id != order.order_id:
        return None
    if not found.refusal or found.intent_status == "canceled":
        return found
    stripe_off_session.cancel(found.id)
    stripe_off_session.forget_card(terms.payment_method_id)
    cancelled = stripe_off_session.payment(found.id)
    if cancelled is None or cancelled.payment_status == "paid":
        return cancelled
    return cancelled._replace(refusal=found.refusal)
