"""Payments by a saved card, as Stripe tells of them."""

from __future__ import annotations

from typing import Any

import pytest

from studiox.integrations.stripe_off_session_objects import off_session_payment, refused_intent
from studiox.integrations.stripe_types import BadShape, Bill

INTENT = {
    "id": "pi_1",
    "status": "succeeded",
    "amount": 500,
    "amount_received": 500,
    "currency": "usd",
    "created": 1_700_000_000,
    "metadata": {"orderId": "o1", "uid": "u1"},
    "latest_charge": {"id": "ch_1", "amount": 500, "amount_refunded": 100, "receipt_url": "https://x"},
    "last_payment_error": None,
}
DECLINED = {"code": "card_declined", "decline_code": "insufficient_funds"}
SOFT = {"code": "card_declined", "decline_code": "authentication_required"}
ASKED = {"code": "authentication_required"}
FAILED_3DS = {"code": "payment_intent_authentication_failure"}
LACKING = "requires_payment_method"


@pytest.mark.parametrize(
    ("status", "error", "payment_status", "intent_status", "refusal"),
    [
        ("succeeded", None, "paid", "succeeded", ""),
        ("succeeded", DECLINED, "paid", "succeeded", ""),
        ("processing", None, "unpaid", "processing", ""),
        ("requires_confirmation", None, "unpaid", "processing", ""),
        (LACKING, None, "unpaid", "processing", ""),
        (LACKING, DECLINED, "unpaid", LACKING, "declined"),
        (LACKING, SOFT, "unpaid", LACKING, "authentication"),
        (LACKING, ASKED, "unpaid", LACKING, "authentication"),
        (LACKING, FAILED_3DS, "unpaid", LACKING, "authentication"),
        ("requires_action", None, "unpaid", "requires_action", "authentication"),
        ("canceled", ASKED, "unpaid", "canceled", "authentication"),
        ("canceled", None, "unpaid", "canceled", ""),
    ],
)
def test_what_came_of_a_payment(status: str, error: Any, payment_status: str, intent_status: str, refusal: str) -> None:
    read = off_session_payment({**INTENT, "status": status, "last_payment_error": error})
    assert (read.payment_status, read.intent_status, read.refusal) == (payment_status, intent_status, refusal)


def test_a_payment_is_read_as_a_complete_session() -> None:
    read = off_session_payment(INTENT)
    assert (read.id, read.mode, read.status, read.quantity) == ("pi_1", "payment", "complete", 1)
    assert (read.bill, read.order_id, read.uid) == (Bill("usd", 500, 500), "o1", "u1")
    assert (read.intent_id, read.subscription_id, read.url) == ("pi_1", "", "")
    assert read.created.timestamp() == 1_700_000_000
    assert read.charge is not None
    assert read.charge.refunded == 100


def test_less_than_was_asked_for_may_be_paid() -> None:
    assert off_session_payment({**INTENT, "amount_received": 400}).bill == Bill("usd", 400, 400)
    unpaid = {**INTENT, "status": "processing", "amount_received": 0, "latest_charge": None}
    assert (off_session_payment(unpaid).bill, off_session_payment(unpaid).charge) == (Bill("usd", 500, 500), None)


@pytest.mark.parametrize("broken", [{"id": ""}, {"status": None}, {"amount_received": "5"}, {"latest_charge": "ch_1"}])
def test_a_bad_shape_is_refused(broken: dict[str, Any]) -> None:
    with pytest.raises(BadShape):
        off_session_payment({**INTENT, **broken})


@pytest.mark.parametrize(
    ("body", "intent"),
    [
        ({"error": {"payment_intent": {"id": "pi_1"}}}, "pi_1"),
        ({"error": {"payment_intent": "pi_1"}}, "pi_1"),
        ({"error": {}}, ""),
        ({}, ""),
        ({"error": "no"}, ""),
        (None, ""),
    ],
)
def test_an_error_names_the_payment_that_was_refused(body: Any, intent: str) -> None:
    assert refused_intent(body) == intent
