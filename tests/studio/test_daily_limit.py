"""A user's own limits: the daily limit that every debit obeys, and when a low balance is notified."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

import main
from local.vendors.chat import ChatStandIn
from tests.conftest import SECRETS
from tests.studio.studio import Studio
from tests.support import Answer, call, crowd, http

GENERATE: Any = main.createGenerationRequest
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
PICTURE = {"model": "Model A", "style": "realistic", "color": "vibrant", "size": "1024x1024", "prompt": "a fox"}
WISH = {"theme": "Rain", "mood": "sad", "presetType": "lullaby"}


@pytest.fixture(autouse=True)
def _noon(studio: Studio) -> None:
    studio.clock.stop(NOON)
    studio.user(balance=1000)


@pytest.fixture
def chat(monkeypatch: pytest.MonkeyPatch) -> Iterator[ChatStandIn]:
    with ChatStandIn(api_key=SECRETS["OPENAI_API_KEY"]) as stand_in:
        monkeypatch.setenv("OPENAI_BASE_URL", stand_in.url)
        yield stand_in


def choose(**preferences: int | None) -> Answer:
    answer = call(main.updateProfile, {"preferences": preferences}, uid="u1")
    assert answer.ok, answer
    return answer


def spend(function: str, request_id: str) -> tuple[str, dict[str, Any]]:
    """Order something of this function. Its refusal's reason and details, or neither."""
    if function == "createGenerationRequest":
        body = json.dumps({**PICTURE, "requestId": request_id}).encode()
        reply = http(GENERATE, "POST", body=body, uid="u1", headers={"Content-Type": "application/json"})
        assert reply.status in (200, 429), reply.text
        return reply.json.get("reason", ""), {}
    requests: dict[str, dict[str, Any]] = {
        "createStudioJob": {"type": "image", "model": "z-image", "prompt": "a fox"},
        "generateLyrics": WISH,
        "useTokens": {"feature": "hd_download"},
    }
    answer = call(getattr(main, function), {**requests[function], "requestId": request_id}, uid="u1")
    return answer.reason or "", dict(answer.details or {})


PRICES = {"createStudioJob": 2, "generateLyrics": 2, "useTokens": 2, "createGenerationRequest": 3}


@pytest.mark.usefixtures("chat")
@pytest.mark.parametrize(("function", "price"), PRICES.items())
def test_every_debit_obeys_the_limit(studio: Studio, function: str, price: int) -> None:
    """Raising or removing the limit works at once."""
    choose(dailySpendLimit=price)
    assert spend(function, "request-000000001")[0] == ""
    before = studio.database.hash("rateLimits")
    reason, details = spend(function, "request-000000002")
    assert reason == "SpendLimitReached"
    assert details in ({}, {"reason": reason, "limit": price, "resetsAt": "2026-03-03T00:00:00Z"})
    assert studio.database.hash("rateLimits") == before
    assert spend(function, "request-000000001")[0] == "", "a replay answers the first call's answer"
    choose(dailySpendLimit=2 * price)
    assert spend(function, "request-000000002")[0] == ""
    assert spend(function, "request-000000003")[0] == "SpendLimitReached"
    choose(dailySpendLimit=None)
    assert spend(function, "request-000000003")[0] == ""
    studio.check()


def test_what_was_spent_before_the_limit_was_set_counts_and_the_next_day_begins_anew(studio: Studio) -> None:
    studio.created()
    choose(dailySpendLimit=2)
    assert studio.create().reason == "SpendLimitReached"
    studio.clock.stop(datetime(2026, 3, 3, tzinfo=UTC))
    studio.created()
    assert studio.database.need("users/u1")["spent"] == {"date": "2026-03-03", "tokens": 2, "limitTold": True}
    studio.check()


def test_a_quote_says_so(studio: Studio) -> None:
    choose(dailySpendLimit=1)
    order = {name: value for name, value in studio.request().items() if name != "requestId"}
    quote = call(main.quoteStudioJob, order, uid="u1").result
    refused = studio.create()
    assert {"reason": quote["refusal"]["reason"], **quote["refusal"]["details"]} == refused.details
    assert (refused.code, refused.reason, quote["balanceAfter"]) == ("resource-exhausted", "SpendLimitReached", 1000)


def test_orders_at_once_never_exceed_it(studio: Studio) -> None:
    choose(dailySpendLimit=9)
    answers = crowd(12, lambda _: studio.create())
    assert [answer.ok for answer in answers].count(True) <= 4
    assert {answer.reason for answer in answers if not answer.ok} <= {"SpendLimitReached", "TooManyJobs"}
    spent = studio.database.need("users/u1")["spent"]["tokens"]
    assert spent == 1000 - studio.balance() <= 9
    studio.check()


def test_a_refund_of_today_makes_room_and_one_of_yesterday_does_not(studio: Studio) -> None:
    choose(dailySpendLimit=2)
    yesterday = studio.created()
    studio.clock.stop(datetime(2026, 3, 3, 0, 1, tzinfo=UTC))
    today = studio.created()
    assert studio.cancel(yesterday).ok
    assert studio.create().reason == "SpendLimitReached"
    assert studio.cancel(today).ok
    studio.created()
    studio.check()


def test_a_reached_limit_is_told_once_a_day(studio: Studio) -> None:
    choose(dailySpendLimit=2)
    first = studio.created()
    assert studio.create().reason == "SpendLimitReached"
    studio.cancel(first)
    studio.created()
    told = [each["type"] for each in studio.database.under("users/u1/notifications").values()]
    assert told == ["spend_limit_reached"]
    studio.clock.stop(datetime(2026, 3, 3, 0, 1, tzinfo=UTC))
    studio.created()
    told = [each["type"] for each in studio.database.under("users/u1/notifications").values()]
    assert told == ["spend_limit_reached"] * 2


def test_j22_a_lost_response_counts_and_tells_once(studio: Studio) -> None:
    choose(dailySpendLimit=2)
    studio.rpcs.fail_after_apply("Commit")
    studio.created()
    assert studio.database.need("users/u1")["spent"]["tokens"] == 2
    assert len(studio.database.under("users/u1/notifications")) == 1
    studio.check()


@pytest.mark.parametrize(("chosen", "told"), [(999, 1), (998, 0), (0, 0), (None, 0)])
def test_a_low_balance_is_what_the_user_chose(studio: Studio, chosen: int | None, told: int) -> None:
    choose(lowBalanceAt=chosen)
    studio.created()
    assert len(studio.database.under("users/u1/notifications")) == told
