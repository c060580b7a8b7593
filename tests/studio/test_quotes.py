"""quoteStudioJob: what the order would debit, or why it would refuse, by the same code. Nothing is written."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

import main
from studiox.kit import firestore
from studiox.models.users import closed_path
from tests.studio.studio import Studio
from tests.support import Answer, budgets, call

UID = "u1"


def ask(studio: Studio, *, caller: str = UID, verified: bool = True, **fields: Any) -> Answer:
    request = {name: value for name, value in studio.request(**fields).items() if name != "requestId"}
    return call(main.quoteStudioJob, request, uid=caller, verified=verified)


@pytest.mark.usefixtures("studio", "unchanged")
def test_a_quote_names_price_buckets_and_balance_and_holds_nothing(studio: Studio) -> None:
    answer = ask(studio)
    assert answer.result == {
        "price": 2,
        "takes": {"monthly": 0, "bonus": 2, "purchased": 0},
        "balance": 1000,
        "balanceAfter": 998,
    }
    assert studio.poyo.orders() == []


def test_buckets_are_taken_in_their_order(studio: Studio) -> None:
    buckets = {"monthly": 1, "bonus": 3, "purchased": 50}
    studio.database.change("users/u1", balance=54, buckets=buckets)
    answer = ask(studio, model="nano-banana")
    assert answer.result["takes"] == {"monthly": 1, "bonus": 3, "purchased": answer.result["price"] - 4}
    assert answer.result["balanceAfter"] == 54 - answer.result["price"]


def test_an_order_that_would_be_refused_takes_nothing(studio: Studio) -> None:
    studio.user(balance=1)
    before = studio.database.hash("rateLimits")
    answer = ask(studio)
    assert studio.database.hash("rateLimits") == before
    assert answer.result == {
        "price": 2,
        "takes": {"monthly": 0, "bonus": 0, "purchased": 0},
        "balance": 1,
        "balanceAfter": 1,
        "refusal": {
            "reason": "InsufficientTokens",
            "details": {"reason": "InsufficientTokens", "balance": 1, "price": 2},
        },
    }


@pytest.mark.parametrize(
    "fields",
    [
        {"model": "no-such-model"},
        {"type": "video"},
        {"style": "no such style"},
        {"prompt": "  "},
        {"uid": "u2"},
        {"inputPaths": ["users/u1/uploads/a.png"]},
        {"type": "edit", "model": "nano-banana-edit", "inputPaths": ["users/u1/uploads/absent.png"]},
    ],
)
@pytest.mark.usefixtures("studio", "unchanged")
def test_malformed_input_is_an_error_as_it_is_of_the_order(studio: Studio, fields: dict[str, Any]) -> None:
    quote, order = ask(studio, **fields), studio.create(**fields)
    assert (quote.code, quote.reason) == ("invalid-argument", "InvalidRequest")
    assert quote.details == order.details


@pytest.mark.parametrize("field", ["requestId", "maxPrice"])
def test_what_only_an_order_has_is_refused(studio: Studio, field: str) -> None:
    request = {
        name: value for name, value in studio.request(maxPrice=9).items() if name not in ("requestId", "maxPrice")
    }
    answer = call(main.quoteStudioJob, {**request, field: studio.request(maxPrice=9)[field]}, uid=UID)
    assert (answer.reason, list(answer.details["fields"])) == ("InvalidRequest", [field])


def test_who_is_suspended_or_signed_out_or_unverified_gets_that_refusal(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    studio.user(suspended=True)
    assert ask(studio).result["refusal"]["reason"] == "AccountSuspended"
    studio.user(sessionsRevokedAt=studio.clock.now() + timedelta(days=1))
    assert ask(studio).result["refusal"]["reason"] == "Unauthenticated"
    monkeypatch.setenv("REQUIRE_VERIFIED_EMAIL", "true")
    studio.user()
    assert ask(studio, verified=False).result["refusal"]["reason"] == "EmailNotVerified"
    assert "refusal" not in ask(studio).result


def test_a_deleted_account_has_no_quote(studio: Studio) -> None:
    studio.database.delete("users/u1")
    studio.database.put(closed_path("u1"), {"state": "closed"})
    assert ask(studio).code == "unauthenticated"


def test_an_account_that_the_trigger_never_saw_gets_its_bonus_first(studio: Studio) -> None:
    answer = ask(studio, caller="imported")
    assert (answer.result["balance"], answer.result["balanceAfter"]) == (200, 198)


def test_a_full_window_of_orders_is_a_refusal_and_quotes_do_not_fill_it(studio: Studio) -> None:
    studio.user(plan="enterprise")
    studio.clock.stop(studio.clock.now())
    for _ in range(40):
        assert "refusal" not in ask(studio).result
    for _ in range(30):
        studio.created()
    assert ask(studio).result["refusal"]["reason"] == "RateLimited"
    studio.restart()
    refusal = ask(studio).result["refusal"]
    assert refusal["details"] == studio.create().details
    assert refusal["reason"] == "RateLimited"


def test_round_trips(studio: Studio) -> None:
    ask(studio)
    studio.rpcs.reset()
    ask(studio)
    assert studio.rpcs.calls == budgets.calls("quoteStudioJob", "warm")
    firestore.kept_for_a_minute().clear()
    studio.rpcs.reset()
    ask(studio)
    assert studio.rpcs.calls == budgets.calls("quoteStudioJob", "cold")
