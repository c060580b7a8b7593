"""deleteAccount of somebody who paid: the subscription ends, the money stays under the pseudonym, nobody is named."""

from __future__ import annotations

import pytest

import main
from studiox.models.users import pseudonym
from tests.auth.identity import Accounts
from tests.billing.shop import Shop
from tests.media.servers import Gcs
from tests.support import call
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


def traces(shop: Shop) -> list[str]:
    return [path for path, data in shop.database.all().items() if ADA in path + repr(data) or ADDRESS in repr(data)]
