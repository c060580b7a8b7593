"""A shop to test billing in: the deployed functions, the Stripe stand-in, and events that are really signed."""

from __future__ import annotations

import contextlib
import json
import re
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import timedelta
from typing import Any

import main
from local.vendors.stripe import checkouts
from local.vendors.stripe.account import Account
from local.vendors.stripe.api import Api
from local.vendors.stripe.objects import Object
from local.vendors.stripe.server import StandIn
from local.vendors.stripe.webhooks import signed
from studiox.admin import report_store as reports
from studiox.kit import clock
from tests.conftest import SECRETS
from tests.support import Answer, Database, Reply, call, http, schedule
from tests.support.clock import Clock

RECONCILE: Any = main.reconcilePayments
SECRET = SECRETS["STRIPE_WEBHOOK_SECRET"]
WELCOME = 200


class Shop:
    """What a test says instead of twenty lines. Every event that happens waits in `account.events`."""

    def __init__(self, stripe: StandIn, database: Database) -> None:
        self.account: Account = stripe.account
        self.api: Api = stripe.api
        self.url = stripe.url
        self.database = database

    @contextlib.contextmanager
    def overtaken(self, path: str, act: Callable[[], object]) -> Iterator[None]:
        """Within the block, `act` happens while Stripe's first answer about this path (a pattern) is on its way."""
        honest, done = self.api.answer, False

        def answer(method: str, asked: str, form: str, headers: Mapping[str, str]) -> tuple[int, Object]:
            nonlocal done
            answered = honest(method, asked, form, headers)
            if not done and re.fullmatch(path, asked):
                done = True
                act()
            return answered

        self.api.answer = answer  # type: ignore[method-assign, assignment]
        yield
        assert done, f"nobody asked about {path}"

    def user(self, uid: str = "u1") -> str:
        """An account as the sign-up trigger makes it, with its 200 tokens."""
        assert call(main.initializeUser, {}, uid=uid).ok
        return uid

    def ask(self, uid: str = "u1", request_id: str | None = None, **what: str) -> Answer:
        return call(main.createCheckoutSession, {"requestId": request_id or uuid.uuid4().hex, **what}, uid=uid)

    def checkout(self, uid: str = "u1", **what: str) -> str:
        """The id of a session for a pack or a plan."""
        answer = self.ask(uid, **what)
        assert answer.ok, answer
        return str(answer.result["sessionId"])

    def bought(self, uid: str = "u1", pack: str = "starter") -> str:
        """A pack that is paid for and heard of; the session's id."""
        session = self.checkout(uid, packId=pack)
        self.account.pay(session)
        self.hear_all()
        return session

    def subscribed(self, uid: str = "u1", plan: str = "pro", *, country: str = "", code: str = "") -> str:
        """A plan that is paid for and heard of; the subscription's id. `country`, `code`: as the buyer enters them."""
        opened = self.checkout(uid, planId=plan)
        if country:
            checkouts.enter(self.account, opened, country, code)
        session = self.account.pay(opened)
        self.hear_all()
        return str(session["subscription"])

    def intent(self, session_id: str) -> str:
        return str(self.account.objects[session_id]["payment_intent"])

    def invoice_intent(self, subscription_id: str) -> str:
        """The payment of the subscription's latest invoice."""
        invoice = self.account.objects[subscription_id]["latest_invoice"]
        return str(self.account.payments_of(invoice)[0]["payment"]["payment_intent"])

    def deliver(self, event: Object, secret: str = SECRET) -> Reply:
        return deliver(event, secret)

    def hear(self, events: Iterable[Object]) -> None:
        """Each of them is taken."""
        for event in events:
            reply = deliver(event)
            assert reply.status == 200, (event["type"], reply.text)

    def hear_all(self) -> list[Object]:
        """Every event so far, in the order in which it happened."""
        events = list(self.account.events)
        self.hear(events)
        return events

    def vanish(self) -> None:
        """Our ids are of the other mode: Stripe has the catalogue, and nothing of ours."""
        kept = {name: each for name, each in self.account.objects.items() if each["object"] in ("price", "product")}
        self.account.objects.clear()
        self.account.objects.update(kept)
        self.account.events.clear()

    def follow(self, moved: Clock) -> None:
        """From now on Stripe's time is that of the code under test."""
        self.account.clock = lambda: moved.now().timestamp()

    def reconcile(self) -> None:
        assert schedule(RECONCILE).status == 200

    def balance(self, uid: str = "u1") -> int:
        return int(self.database.need(f"users/{uid}")["balance"])

    def buckets(self, uid: str = "u1") -> dict[str, int]:
        return dict(self.database.need(f"users/{uid}")["buckets"])

    def plan(self, uid: str = "u1") -> tuple[str, bool]:
        user = self.database.need(f"users/{uid}")
        return user["plan"], user["isPremium"]

    def entries(self, uid: str = "u1") -> dict[str, int]:
        """{entry id: amount} without the welcome."""
        found = self.database.under(f"users/{uid}/ledger")
        return {name: entry["amount"] for name, entry in found.items() if entry["type"] != "welcome_bonus"}

    def payments(self, uid: str = "u1") -> list[dict[str, Any]]:
        answer = call(main.getBillingHistory, {}, uid=uid)
        assert answer.ok, answer
        return list(answer.result["payments"])

    def revenue(self) -> Mapping[str, int]:
        """What the weekly report would call this week's, and the months' around it."""
        now = clock.now()
        return reports.revenue(now - timedelta(days=60), now + timedelta(days=60), [])


def comparable(everything: Mapping[str, Any]) -> str:
    """What a database holds, but for times and random names: the same state has the same text."""
    kept = {path: data for path, data in everything.items() if path.split("/")[0] not in ("rateLimits", "auditLogs")}
    return json.dumps(_timeless(kept), sort_keys=True, default=str)


TIMES = ("createdAt", "updatedAt", "at", "checkAt", "receivedAt", "expiresAt", "creditResetAt", "lookedAt")


def _timeless(value: Any) -> Any:
    """Without what may differ: when we heard of it, and how often we looked."""
    if isinstance(value, dict):
        return {name: _timeless(each) for name, each in value.items() if name not in TIMES}
    return [_timeless(each) for each in value] if isinstance(value, list) else value


def deliver(event: Object, secret: str = SECRET) -> Reply:
    """As Stripe sends it, at the moment that it is for the code under test."""
    body, signature = signed(event, secret, clock.now().timestamp())
    return send(body, signature)


def send(body: bytes, signature: str | None) -> Reply:
    headers = {"Content-Type": "application/json; charset=utf-8"}
    if signature is not None:
        headers["Stripe-Signature"] = signature
    return http(main.stripeWebhook, "POST", headers=headers, body=body)
