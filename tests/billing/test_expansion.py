"""What was asked for whole and comes as an id alone is an error: a charge that is not seen may have been refunded."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from local.vendors.stripe.objects import Object
from tests.billing.shop import Shop


def _collapse(answer: Object, *names: str) -> None:
    """The id in the place of the object."""
    *places, last = names
    for name in places:
        answer = answer.get(name) or {}
    if isinstance(answer, dict) and isinstance(answer.get(last), dict):
        answer[last] = answer[last]["id"]


@pytest.mark.parametrize("names", [("payment_intent",), ("payment_intent", "latest_charge")])
def test_a_session_whose_charge_is_not_seen_is_asked_for_again(shop: Shop, names: tuple[str, ...]) -> None:
    _refunds(shop, "/v1/checkout/sessions/", names)


def test_an_invoices_payment_whose_charge_is_not_seen_is_asked_for_again(shop: Shop) -> None:
    sub = shop.subscribed()
    shop.account.refund(shop.invoice_intent(sub))
    _fails_until_whole(shop, "/v1/payment_intents/", ("latest_charge",))
    assert shop.buckets()["monthly"] == 0


def _refunds(shop: Shop, path: str, names: tuple[str, ...]) -> None:
    session = shop.bought()
    shop.account.refund(shop.intent(session))
    _fails_until_whole(shop, path, names)
    assert shop.buckets()["purchased"] == 0


def _fails_until_whole(shop: Shop, under: str, names: tuple[str, ...]) -> None:
    """The last event is not taken while Stripe does not expand, changes nothing, and is taken afterwards."""
    honest, before = shop.api.answer, shop.balance()

    def unexpanded(method: str, path: str, form: str, headers: Mapping[str, str]) -> tuple[int, dict[str, Any]]:
        status, answer = honest(method, path, form, headers)
        if path.startswith(under):
            _collapse(answer, *names)
        return status, answer

    refunded = shop.account.events[-1]
    shop.api.answer = unexpanded  # type: ignore[method-assign]
    assert shop.deliver(refunded).status == 500
    assert shop.balance() == before
    shop.api.answer = honest  # type: ignore[method-assign]
    assert shop.deliver(refunded).status == 200
