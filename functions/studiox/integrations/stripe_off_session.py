"""Payments by a saved card, without the customer. As stripe.py: `PaymentsUnavailable` for every call that fails."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from studiox.kit import log
from studiox.kit.clock import datetime

from . import stripe_objects as objects
from . import stripe_off_session_objects as off_session_objects
from .stripe import with_disputes
from .stripe_client import PAGE, PaymentsUnavailable, find, pages, translated_errors
from .stripe_types import Session

MAX_PAGES = 10


def pay(params: Mapping[str, Any], key: str) -> str:
    """Create a payment intent and confirm it: its id, also if the card was refused.

    "" if Stripe refused to make one: nothing was charged, and nothing will be. `PaymentsUnavailable`: it is not known
    whether there is one. The same key returns the same payment intent, for a day.
    """
    import stripe

    with translated_errors("pay_off_session") as client:
        try:
            return client.v1.payment_intents.create(dict(params), {"idempotency_key": key}).id  # type: ignore[arg-type]
        except stripe.CardError as error:
            return off_session_objects.refused_intent(error.json_body)
        except stripe.InvalidRequestError as error:
            # A card that was removed, or a customer that was deleted, in Stripe.
            if error.param not in ("payment_method", "customer"):
                log.alert("stripe_refused_request", call="pay_off_session", code=error.code, param=error.param)
            return ""


def find_intent(customer_id: str, order_id: str, since: datetime) -> str:
    """The id of the customer's payment intent for this order, if one was created since then; "" if there is none.

    `PaymentsUnavailable` also if the customer has too many to look through.
    """
    params = {"customer": customer_id, "created": {"gte": int(since.timestamp())}}
    for number, page in enumerate(pages("payment_intents", "/v1/payment_intents", params)):
        for each in page:
            if objects.metadata(each, "orderId") == order_id:
                return objects.identifier(each)
        if number >= MAX_PAGES:
            raise PaymentsUnavailable
    return ""


def payment(intent_id: str) -> Session | None:
    """A payment intent as a session that is complete, with its refunds and disputes; None if missing. `BadShape`."""
    with translated_errors("payment") as client:
        got = find(lambda: client.v1.payment_intents.retrieve(intent_id, {"expand": ["latest_charge"]}))
    if got is None:
        return None
    found = off_session_objects.off_session_payment(got.to_dict())
    return found if found.charge is None else found._replace(charge=with_disputes(found.charge))


def cancel(intent_id: str) -> None:
    """Cancel a payment intent, so that it cannot be paid any more. Does nothing if it was paid or cancelled before."""
    import stripe

    with translated_errors("cancel_payment") as client:
        try:
            client.v1.payment_intents.cancel(intent_id, options={"idempotency_key": f"cancel:{intent_id}"})
        except stripe.InvalidRequestError as error:
            log.info("payment_not_cancelled", intent=intent_id, code=error.code)


def forget_card(payment_method_id: str) -> None:
    """Detach a saved card from its customer: it cannot be charged any more. Does nothing if it is not attached."""
    import stripe

    with translated_errors("forget_card") as client:
        try:
            client.v1.payment_methods.detach(payment_method_id)
        except stripe.InvalidRequestError as error:
            log.info("card_not_attached", code=error.code)


def forget_cards(customer_id: str) -> None:
    """Detach all cards of a customer, if there is one. Up to 100: no more are saved."""
    with translated_errors("saved_cards") as client:
        methods = client.v1.customers.payment_methods
        found = find(lambda: methods.list(customer_id, {"type": "card", "limit": PAGE}))
    for each in found.data if found is not None else ():
        forget_card(each.id)
