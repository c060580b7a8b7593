"""Auto top-ups in the shop: turned on, called for by debits, paid by tasks."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Iterator, Mapping
from typing import Any

import main
from local.vendors.stripe.objects import Object
from tests.billing.shop import Shop
from tests.support import Answer, Reply, call, task
from tests.support.queue import Queue

TASKS = {"payTopUp": main.payTopUp}
PAY = ("POST", "/v1/payment_intents")
SETTINGS = {"packId": "starter", "below": 100, "monthlyCeiling": 2_000}


class TopUps:
    """Auto top-up of u1: the starter pack, 500 tokens for 5.00 USD, below 100 tokens."""

    def __init__(self, shop: Shop, queue: Queue) -> None:
        self.shop = shop
        self.queue = queue

    def turn(self, on: bool, **settings: object) -> Answer:
        return call(main.setAutoTopUp, {"enabled": on, **(SETTINGS if on else {}), **settings}, uid="u1")

    def ready(self) -> str:
        """Turned on, with the card that a checkout has saved; the customer's id. The balance is 700."""
        assert self.turn(True).ok
        self.shop.bought()
        return str(self.shop.database.need("billing/u1")["customerId"])

    def spend(self, tokens: int) -> str:
        """The debit's ledger entry."""
        feature, request_id = f"f{tokens}", uuid.uuid4().hex
        self.shop.database.put(f"features/{feature}", {"label": "A feature", "tokens": tokens})
        answer = call(main.useTokens, {"feature": feature, "requestId": request_id}, uid="u1")
        assert answer.ok, answer
        return f"feature:{request_id}"

    def give(self, tokens: int) -> None:
        gift = {"uid": "u1", "amount": tokens, "reason": "A gift", "requestId": uuid.uuid4().hex}
        assert call(main.addTokens, gift, uid="a1", admin=True).ok

    def pay(self, data: dict[str, Any]) -> Reply:
        """Run a task of its own."""
        return task(main.payTopUp, data)

    def run(self) -> list[Reply]:
        """Run the tasks that wait, each once."""
        return self.queue.run(TASKS)

    @property
    def setting(self) -> dict[str, Any]:
        return dict(self.shop.database.need("users/u1")["autoTopUp"])

    def orders(self) -> list[dict[str, Any]]:
        """Those of top-ups."""
        return [each for each in self.shop.database.under("orders").values() if each["kind"] == "top_up"]

    def charges(self) -> int:
        """How often Stripe has charged the saved card without the buyer."""
        stripe = self.shop.account
        mine = {each["orderId"] for each in self.orders()}
        return sum(each["metadata"].get("orderId") in mine for each in stripe.all("charge"))

    def notified(self) -> list[tuple[str, str | None]]:
        """(type, problem) of the notifications of top-ups."""
        found = self.shop.database.under("users/u1/notifications").values()
        return sorted((each["type"], each.get("problem")) for each in found if each["type"].startswith("top_up_"))


def sent(top_ups: TopUps) -> list[tuple[str, str]]:
    """(parameters, idempotency key) of each request to pay."""
    return [(form, key) for method, path, form, key in top_ups.shop.api.requests if (method, path) == PAY]


@contextlib.contextmanager
def lost(top_ups: TopUps, *, arrives: bool) -> Iterator[None]:
    """Within the block no answer to a request to pay comes back, whether or not Stripe gets it."""
    api = top_ups.shop.api
    honest = api.answer

    def answer(method: str, path: str, form: str, headers: Mapping[str, str]) -> tuple[int, Object]:
        if (method, path) != PAY:
            return honest(method, path, form, headers)
        if arrives:
            honest(method, path, form, headers)
        return 503, {"error": {"type": "api_error", "message": "Lost."}}

    api.answer = answer  # type: ignore[method-assign]
    yield
    api.answer = honest  # type: ignore[method-assign]
