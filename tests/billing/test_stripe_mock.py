"""Every request that we make is valid against Stripe's own API description: stripe-mock answers 200 to each.

stripe-mock (https://github.com/stripe/stripe-mock) is built by Go, once, beside the other cached tools. Where there is
no Go the same requests are checked against the parameters that Stripe's SDK declares for each call.
"""

from __future__ import annotations

import importlib
import re
import shutil
import subprocess
import time
import typing
from collections.abc import Iterator
from typing import Any

import pytest
import stripe
import urllib3

import main
from local.vendors.stripe import mock as stripe_mock
from local.vendors.stripe.api import parse_form
from studiox.integrations.stripe_client import API_VERSION
from tests.billing.shop import Shop
from tests.support import call
from tests.support.engine import free_port

Request = tuple[str, str, str, str]


KINDS = {
    "POST /v1/customers",
    "POST /v1/customers/{id}",
    "POST /v1/checkout/sessions",
    "GET /v1/checkout/sessions",
    "GET /v1/checkout/sessions/{id}",
    "POST /v1/checkout/sessions/{id}/expire",
    "POST /v1/billing_portal/sessions",
    "GET /v1/payment_intents/{id}",
    "GET /v1/invoice_payments",
    "POST /v1/invoices/create_preview",
    "GET /v1/invoices",
    "GET /v1/invoices/{id}",
    "GET /v1/prices/{id}",
    "GET /v1/subscriptions",
    "GET /v1/subscriptions/{id}",
    "POST /v1/subscriptions/{id}",
    "DELETE /v1/subscriptions/{id}",
    "POST /v1/refunds",
    "GET /v1/disputes",
    "GET /v1/events",
    "GET /v1/events/{id}",
}


@pytest.fixture
def requests(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> list[Request]:
    """Every kind of request that billing makes, as it went over the wire, with all that a checkout may add."""
    for name, value in (("STRIPE_TAX", "exclusive"), ("PROMOTION_CODES", "true"), ("PACK_INVOICES", "true")):
        monkeypatch.setenv(name, value)
    call(main.updateProfile, {"preferences": {"language": "de"}}, uid="u1")
    session = shop.bought()
    shop.account.dispute(shop.intent(session))
    shop.account.refund(shop.intent(session), 100)
    sub = shop.subscribed()
    customer = shop.account.objects[sub]["customer"]
    shop.account.add({**shop.account.objects["price_studiox_pro"], "id": "price_odd"})
    second = shop.account.subscribe(customer, "price_odd", {"uid": "u1"})
    shop.account.objects[second["id"]]["created"] += 1
    shop.hear_all()
    shown = call(main.previewSubscription, {"planId": "enterprise"}, uid="u1").result
    call(main.updateSubscription, {"planId": "enterprise", "prorationDate": shown["prorationDate"]}, uid="u1")
    call(main.cancelSubscription, {}, uid="u1")
    call(main.updateSubscription, {"planId": "pro"}, uid="u1")
    call(main.createPortalSession, {}, uid="u1")
    shop.hear_all()
    call(main.retryWebhooks, {"eventIds": [shop.account.events[-1]["id"]]}, uid="boss", admin=True)
    call(main.cancelSubscription, {"atPeriodEnd": False}, uid="u1")
    shop.checkout(planId="pro")
    shop.checkout(planId="enterprise")
    moved = shop.account.subscribe(customer, "price_odd", {"uid": "u1"})
    shop.account.change_price(moved, shop.account.objects["price_studiox_pro"], invoice_now=True)
    shop.reconcile()
    kinds = {_kind(method, path) for method, path, _, _ in shop.api.requests}
    assert kinds == KINDS
    return shop.api.requests


ID = re.compile(r"/(?:cus|cs_test|pi|in|price|sub|evt)_(?!intents|payments)\w+")


def _kind(method: str, path: str) -> str:
    return f"{method} {ID.sub('/{id}', path)}"


@pytest.fixture(scope="module")
def mock() -> Iterator[str]:
    """The address of a running stripe-mock."""
    port = free_port()
    command = [str(stripe_mock.install()), "-http-port", str(port), "-strict-version-check=false"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        pool = urllib3.PoolManager(retries=False)
        for _ in range(200):
            try:
                pool.request("GET", f"http://127.0.0.1:{port}/v1/charges")
                break
            except urllib3.exceptions.HTTPError:
                time.sleep(0.05)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait()


if shutil.which("go") or stripe_mock.binary().exists():

    def test_every_request_is_valid_for_stripes_own_mock(requests: list[Request], mock: str) -> None:
        pool = urllib3.PoolManager(retries=False)
        refused = []
        for method, path, form, key in dict.fromkeys((m, p, f, k) for m, p, f, k in requests):
            address = f"{mock}{path}" + (f"?{form}" if form and method != "POST" else "")
            headers = {"Authorization": "Bearer sk_test_123", "Idempotency-Key": key}
            headers |= {"Content-Type": "application/x-www-form-urlencoded", "Stripe-Version": API_VERSION}
            answer = pool.request(method, address, body=form if method == "POST" else None, headers=headers)
            if answer.status != 200:
                refused.append((_kind(method, path), form, answer.data[:300]))
        assert refused == []

    def test_stripes_mock_does_refuse(mock: str) -> None:
        """A guard of the guard."""
        pool = urllib3.PoolManager(retries=False)
        headers = {"Authorization": "Bearer sk_test_123", "Content-Type": "application/x-www-form-urlencoded"}
        for path, form in (("/v1/refunds", "payment_intend=pi_1"), ("/v1/checkout/sessions", "mode=gift")):
            assert pool.request("POST", f"{mock}{path}", body=form, headers=headers).status == 400


# The SDK's own declarations: what is sent must be among the parameters of the call.
PARAMS = {
    "POST /v1/customers": "CustomerCreateParams",
    "POST /v1/customers/{id}": "CustomerUpdateParams",
    "POST /v1/checkout/sessions": "checkout.SessionCreateParams",
    "GET /v1/checkout/sessions": "checkout.SessionListParams",
    "GET /v1/checkout/sessions/{id}": "checkout.SessionRetrieveParams",
    "POST /v1/billing_portal/sessions": "billing_portal.SessionCreateParams",
    "POST /v1/refunds": "RefundCreateParams",
    "POST /v1/subscriptions/{id}": "SubscriptionUpdateParams",
    "GET /v1/subscriptions": "SubscriptionListParams",
    "GET /v1/subscriptions/{id}": "SubscriptionRetrieveParams",
    "GET /v1/invoices": "InvoiceListParams",
    "POST /v1/invoices/create_preview": "InvoiceCreatePreviewParams",
    "GET /v1/invoice_payments": "InvoicePaymentListParams",
    "GET /v1/prices/{id}": "PriceRetrieveParams",
    "GET /v1/payment_intents/{id}": "PaymentIntentRetrieveParams",
    "GET /v1/disputes": "DisputeListParams",
    "GET /v1/events": "EventListParams",
}


def _declared(name: str) -> dict[str, Any]:
    module, _, kind = name.rpartition(".")
    place = importlib.import_module("stripe.params" + (f".{module}" if module else ""))
    return dict.fromkeys(typing.cast(Any, getattr(place, kind)).__annotations__)


def test_every_parameter_is_one_that_the_sdk_declares(requests: list[Request]) -> None:
    """Also where there is no Go."""
    unknown = []
    for method, path, form, _ in requests:
        if form and (kind := _kind(method, path)) not in PARAMS:
            unknown.append((kind, "no declaration named for it"))
        elif form:
            extra = parse_form(form).keys() - _declared(PARAMS[kind]).keys()
            unknown += [(kind, each) for each in extra]
    assert unknown == []


def test_the_sdk_is_the_one_that_the_version_was_pinned_for() -> None:
    """A new SDK may mean a new API version: stripe_objects.py is read again first."""
    assert stripe.api_version == API_VERSION
