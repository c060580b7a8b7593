"""deleteAccount of somebody who paid: the subscription ends, the money stays under the pseudonym, nobody is named."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

import main
from studiox.models.users import pseudonym
from tests.auth.identity import Accounts
from tests.billing.shop import Shop
from tests.conftest import forget_all
from tests.media.servers import Gcs
from tests.support import Rpcs, call
from tests.support.clock import Clock
from tests.support.queue import Queue

ADA, ADDRESS = "uid-of-ada-lovelace-01", "ada@canary.test"


@pytest.fixture(autouse=True)
def _vendors(auth: Accounts, gcs: Gcs, queue: Queue) -> None:
    assert gcs.port
    assert queue.port
    auth.users.add(ADA)


def test_deleting_an_account_ends_its_subscription(shop: Shop) -> None:
    shop.user(ADA)
    shop.bought(ADA)
    subscription = shop.subscribed(ADA)
    open_checkout = shop.checkout(ADA, packId="starter")
    balance = shop.database.need(f"users/{ADA}")["balance"]
    assert balance == 200 + 500 + 1000
    assert call(main.deleteAccount, {"confirm": ADDRESS}, uid=ADA, email=ADDRESS).ok
    assert shop.account.objects[subscription]["status"] == "canceled"
    closed = f"closedAccounts/{pseudonym(ADA)}"
    account = shop.database.need(closed)
    entries = shop.database.under(f"{closed}/ledger").values()
    assert sum(entry["amount"] for entry in entries) == account["balance"] == 700, (
        "the month's tokens went with the plan"
    )
    payments = shop.database.under(f"{closed}/payments").values()
    assert {payment["kind"] for payment in payments} == {"pack", "subscription"}
    assert traces(shop) == []
    # What Stripe still tells, and a checkout that was open, bring nobody back.
    shop.account.pay(open_checkout)
    for event in list(shop.account.events):
        shop.deliver(event)
    assert traces(shop) == []
    assert not shop.database.get(f"users/{ADA}")


def test_an_account_goes_whose_subscription_stripe_does_not_have(shop: Shop) -> None:
    shop.user(ADA)
    shop.subscribed(ADA)
    shop.vanish()
    assert call(main.deleteAccount, {"confirm": ADDRESS}, uid=ADA, email=ADDRESS).ok
    assert shop.database.get(f"users/{ADA}") is None
    assert traces(shop) == []


def test_an_account_goes_that_was_invited(shop: Shop) -> None:
    shop.user("u1")
    shop.user(ADA)
    code = call(main.getReferral, {}, uid="u1").result["code"]
    assert call(main.redeemReferral, {"code": code}, uid=ADA, email=ADDRESS).ok
    shop.bought(ADA)
    assert shop.buckets("u1")["bonus"] == 300, "both were rewarded"
    assert call(main.deleteAccount, {"confirm": ADDRESS}, uid=ADA, email=ADDRESS).ok
    assert traces(shop) == []


class _Died(BaseException):
    """The process dies."""


@pytest.mark.parametrize("begun", [True, False], ids=["all but the account is gone", "nothing is gone"])
@pytest.mark.parametrize("news", ["a refund", "nothing", "another subscription, which is not paid"])
def test_a9_a_settlement_without_tokens_finds_no_account(
    shop: Shop, rpcs: Rpcs, clock: Clock, begun: bool, news: str
) -> None:
    """Stripe's event changes neither plan nor tokens, so its commit does not write the user. It reads before the
    account is closed and commits afterwards."""
    shop.user(ADA)
    if news.startswith("another"):
        shop.checkout(ADA, packId="starter")
        customer = shop.database.need(f"billing/{ADA}")["customerId"]
    else:
        subscription = shop.subscribed(ADA)
    answers: list[bool] = []

    def close() -> None:
        """The deletion, or the rest of it, on another instance."""
        forget_all()
        answers.append(call(main.deleteAccount, {"confirm": ADDRESS}, uid=ADA, email=ADDRESS).ok)
        forget_all()

    if begun:

        def die(_method: str, request: Any) -> None:
            if any(write.get("delete", "").endswith(f"/users/{ADA}") for write in request["writes"]):
                raise _Died

        rpcs.plan("Commit", times=1_000, before=die)
        with pytest.raises(_Died):
            call(main.deleteAccount, {"confirm": ADDRESS}, uid=ADA, email=ADDRESS)
        rpcs.heal()
        clock.ahead += timedelta(minutes=4)  # the next run no longer waits for the one that died
        forget_all()
        assert shop.database.need(f"users/{ADA}")["closing"]
    if news == "a refund":
        shop.account.refund(shop.invoice_intent(subscription))
    elif news.startswith("another"):
        unheard = shop.account.subscribe(customer, "price_studiox_pro", {"uid": ADA}, silent=True)
        shop.account.set_status(unheard["id"], "incomplete")
    else:
        shop.account.emit("customer.subscription.updated", shop.account.objects[subscription])
    rpcs.before("Commit", close)
    reply = shop.deliver(shop.account.events[-1])
    assert reply.status == 200, reply.text
    assert answers == [True]
    assert traces(shop) == []


def traces(shop: Shop) -> list[str]:
    return [path for path, data in shop.database.all().items() if ADA in path + repr(data) or ADDRESS in repr(data)]
