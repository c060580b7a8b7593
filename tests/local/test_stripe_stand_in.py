"""The Stripe stand-in: its webhooks come signed until they are taken, its pages need no JavaScript."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import stripe
import urllib3

from local.vendors.stripe.server import StandIn, stand_in
from local.vendors.stripe.webhooks import Webhooks

POOL = urllib3.PoolManager(retries=False)
SECRET = "whsec_of_the_stand_in"


class _Target(BaseHTTPRequestHandler):
    """Refuses the first delivery, takes the rest, and keeps what it was sent."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        heard: list[Any] = self.server.heard  # type: ignore[attr-defined]
        heard.append(stripe.Webhook.construct_event(body, self.headers["Stripe-Signature"], SECRET).id)
        self.send_response(500 if len(heard) == 1 else 200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *arguments: Any) -> None:
        """Silent."""


@pytest.fixture
def target() -> Iterator[ThreadingHTTPServer]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Target)
    server.heard = []  # type: ignore[attr-defined]
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def _until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < deadline, "it never came to hold"
        time.sleep(0.02)


def test_events_are_signed_and_sent_again_until_they_are_taken(target: ThreadingHTTPServer) -> None:
    """The signature is checked by Stripe's own SDK."""
    heard: list[str] = target.heard  # type: ignore[attr-defined]
    webhook = f"http://127.0.0.1:{target.server_address[1]}/hook"
    with stand_in(secret=SECRET, webhook=webhook) as running:
        made = running.account.emit("customer.created", {"id": "cus_1", "object": "customer"})
        _until(lambda: heard.count(made["id"]) == 2)
        assert isinstance(running.webhooks, Webhooks)
        running.webhooks.copies, running.webhooks.delay_s = 3, 0.2
        again = running.account.emit("customer.created", {"id": "cus_2", "object": "customer"})
        _until(lambda: heard.count(again["id"]) == 3)


@pytest.fixture
def running() -> Iterator[StandIn]:
    with stand_in() as served:
        yield served


def _client(running: StandIn) -> stripe.StripeClient:
    return stripe.StripeClient("sk_test_local", base_addresses={"api": running.url}, max_network_retries=0)


def _session(running: StandIn, **more: Any) -> str:
    params: Any = {
        "mode": "payment",
        "client_reference_id": "u1",
        "success_url": "http://127.0.0.1:5000/?session_id={CHECKOUT_SESSION_ID}",
        "line_items": [
            {
                "price_data": {"currency": "usd", "unit_amount": 500, "product_data": {"name": "<b>Starter</b>"}},
                "quantity": 1,
            }
        ],
        **more,
    }
    return _client(running).v1.checkout.sessions.create(params, {"idempotency_key": "k1"}).id


def _page(running: StandIn, path: str) -> str:
    answer = POOL.request("GET", f"{running.url}{path}")
    assert answer.status == 200
    text = answer.data.decode()
    assert "<script" not in text
    return text


def _press(running: StandIn, page: str, label: str, **fields: str) -> urllib3.BaseHTTPResponse:
    """Submit the form whose button says so, as a browser without JavaScript does."""
    for action, inner in re.findall(r"<form method=post action='([^']+)'>(.*?)</form>", page, re.DOTALL):
        if f">{label}</button>" in inner:
            hidden = dict(re.findall(r"name=(\w+) (?:type=\w+ min=\d+ max=\d+ )?value='?([^'>]*)", inner))
            return POOL.request(
                "POST", f"{running.url}{action}", fields={**hidden, **fields}, encode_multipart=False, redirect=False
            )
    raise AssertionError(f"no button {label!r}")


def test_a_developer_pays_refunds_and_disputes_by_clicking(running: StandIn) -> None:
    session = _session(running)
    page = _page(running, f"/checkout/{session}")
    assert "5.00 USD" in page
    assert "&lt;b&gt;Starter" in page
    assert "<b>Starter" not in page
    assert "declined" not in page
    again = _press(running, page, "Try a card that is refused").headers["Location"]
    assert "Your card was declined. Nothing was charged." in _page(running, again)
    paid = _press(running, page, "Pay")
    assert (paid.status, paid.headers["Location"]) == (303, f"http://127.0.0.1:5000/?session_id={session}")
    assert _press(running, page, "Pay").status == 400  # once
    _press(running, _page(running, "/"), "Refund (cents)", amount="200")
    [charge] = running.account.all("charge")
    assert charge["amount_refunded"] == 200
    receipt = _page(running, f"/receipts/{charge['id']}")
    bought = datetime.fromtimestamp(charge["created"], UTC).strftime("%Y-%m-%d %H:%M")
    for told in ("5.00 USD", "&lt;b&gt;Starter", bought, "<a href='http://127.0.0.1:5000/tokens'>Back to the shop"):
        assert told in receipt
    _press(running, _page(running, "/"), "Dispute")
    _press(running, _page(running, "/"), "Dispute: we win")
    assert running.account.all("dispute")[0]["status"] == "won"
    _press(running, _page(running, "/"), "Refund fails")
    assert running.account.all("charge")[0]["amount_refunded"] == 0
    _press(running, _page(running, "/"), "Inquiry")
    _press(running, _page(running, "/"), "is closed")
    assert running.account.all("dispute")[0]["status"] == "warning_closed"
    types = [event["type"] for event in running.account.events]
    assert types == [
        "payment_intent.payment_failed",
        "charge.succeeded",
        "payment_intent.succeeded",
        "checkout.session.completed",
        "charge.refunded",
        "charge.dispute.created",
        "charge.dispute.funds_withdrawn",
        "charge.dispute.funds_reinstated",
        "charge.dispute.closed",
        "refund.updated",
        "refund.failed",
        "charge.dispute.created",
        "charge.dispute.closed",
    ]


def test_a_developer_lives_through_a_subscription_by_clicking(running: StandIn) -> None:
    customer = _client(running).v1.customers.create({}).id
    item = [{"price": "price_studiox_pro", "quantity": 1}]
    session = _session(running, mode="subscription", customer=customer, line_items=item)
    _press(running, _page(running, f"/checkout/{session}"), "Pay")
    [sub] = running.account.all("subscription")
    for label, status in (("Advance a month", "active"), ("Advance, payment fails", "past_due")):
        _press(running, _page(running, "/"), label)
        assert sub["status"] == status
    _press(running, _page(running, "/"), "Pay it")
    assert sub["status"] == "active"
    assert "9.00 USD" in _page(running, f"/invoices/{sub['latest_invoice']}")
    portal = _page(running, f"/portal/{customer}?return_url=http://127.0.0.1:5000/")
    assert f"<a href='/invoices/{sub['latest_invoice']}'>" in portal
    _press(running, portal, "Change to enterprise")
    receipt = _page(running, f"/invoices/{sub['latest_invoice']}")
    for told in ("Unused time, StudioX Pro: -9.00 USD", "Remaining time, StudioX Enterprise: 79.00 USD"):
        assert told in receipt
    assert sub["items"]["data"][0]["price"]["id"] == "price_studiox_enterprise"
    _press(running, portal, "Cancel at the end of the period")
    _press(running, _page(running, "/"), "Advance a month")
    assert sub["status"] == "canceled"


FOREIGN = (
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Host": "evil.example"},
)


@pytest.mark.parametrize("headers", FOREIGN, ids=str)
def test_a_page_elsewhere_cannot_press_the_buttons(running: StandIn, headers: dict[str, str]) -> None:
    session = _session(running)
    assert POOL.request("POST", f"{running.url}/act/{session}/pay", headers=headers).status == 403
    assert running.account.objects[session]["status"] == "open"
    ours = {"Origin": running.url, "Sec-Fetch-Site": "same-origin"}
    assert POOL.request("POST", f"{running.url}/act/{session}/pay", headers=ours, redirect=False).status == 303


def test_what_is_not_there_is_not_found(running: StandIn) -> None:
    for path in ("/nothing", "/checkout/cs_none", "/portal/cus_none", "/v1/nothing"):
        assert POOL.request("GET", f"{running.url}{path}").status in (401, 404)
    for path in ("/act", "/act/x/none", "/other/x/y"):
        assert POOL.request("POST", f"{running.url}{path}").status == 404


def test_an_idempotency_key_is_remembered(running: StandIn) -> None:
    assert _session(running) == _session(running)
    assert len(running.account.all("checkout.session")) == 1
    with pytest.raises(stripe.IdempotencyError):
        _session(running, mode="subscription")


def test_a_wrong_key_is_refused(running: StandIn) -> None:
    client = stripe.StripeClient("sk_test_wrong", base_addresses={"api": running.url})
    with pytest.raises(stripe.AuthenticationError):
        client.v1.customers.create({})
