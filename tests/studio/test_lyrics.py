"""generateLyrics: a wish becomes lyrics at once, or its tokens come back and the wish is noted."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

import main
from local.vendors.chat import ChatStandIn
from studiox.studio import service as orders
from tests.studio.studio import Studio
from tests.support import Answer, call

WISH = {"theme": "Rain on a tin roof", "mood": "sad", "presetType": "lullaby", "language": "French"}


def wish(request_id: str = "lyrics-0123456789", *, uid: str = "u1", **change: Any) -> Answer:
    return call(main.generateLyrics, {**WISH, "requestId": request_id, **change}, uid=uid)


def test_lyrics_have_a_title_a_price_and_what_is_left(studio: Studio, chat: ChatStandIn) -> None:
    answer = wish()
    assert answer.ok, answer
    assert answer.result.keys() == {"lyrics", "title", "price", "balance"}
    assert (answer.result["price"], answer.result["balance"]) == (2, 998)
    assert answer.result["title"]
    assert "[Verse]" in answer.result["lyrics"]
    assert len(chat.orders()) == 1
    studio.check()


def test_the_same_wish_is_answered_again_and_paid_once(studio: Studio, chat: ChatStandIn) -> None:
    assert wish().result == wish().result
    assert wish(mood="glad").reason == "RequestIdReused"
    assert len(chat.orders()) == 1
    assert studio.balance() == 998
    [job_id] = studio.database.under("jobs")
    assert call(main.deleteCreation, {"creationId": job_id}, uid="u1").ok
    assert wish().reason == "NotFound", "they were deleted since"
    assert studio.balance() == 998


@pytest.mark.parametrize(
    ("fault", "reason", "cause"),
    [
        ("moderation", "ProviderRejected", "ContentRejected"),
        ("500", "ProviderUnavailable", "GenerationFailed"),
        ("429", "ProviderUnavailable", "ProviderUnavailable"),
    ],
)
def test_a_failure_is_refunded_and_noted(
    studio: Studio, chat: ChatStandIn, fault: str, reason: str, cause: str
) -> None:
    chat.plan(fault)
    answer = wish()
    assert (answer.reason, answer.details["refunded"]) == (reason, 2)
    assert studio.balance() == 1000
    [(path, noted)] = studio.database.under("lyricGenerationErrors").items()
    assert path.endswith(answer.details["jobId"])
    kept = {name: noted[name] for name in ("theme", "mood", "presetType", "cause")}
    assert kept == {**{name: WISH[name] for name in ("theme", "mood", "presetType")}, "cause": cause}
    said = studio.state(answer.details["jobId"])["rawError"]
    assert noted["message"] == (said or cause)
    assert bool(said) is (fault != "429"), "the provider's own words tell more than our reason"
    assert wish().reason == reason, "a replay is refused as the first call was"
    assert len(studio.database.under("lyricGenerationErrors")) == 1
    studio.check()


@pytest.mark.usefixtures("chat")
def test_too_few_tokens_order_nothing(studio: Studio) -> None:
    studio.user("poor", balance=1)
    answer = wish(uid="poor")
    assert (answer.reason, answer.details["balance"], answer.details["price"]) == ("InsufficientTokens", 1, 2)
    assert studio.database.under("jobs") == {}


@pytest.mark.usefixtures("studio", "unchanged")
@pytest.mark.parametrize("change", [{"theme": ""}, {"mood": None}, {"presetType": 3}, {"theme": "x" * 1001}])
def test_a_wish_that_is_none_changes_nothing(change: dict[str, Any]) -> None:
    assert wish(**change).reason == "InvalidRequest"


def test_a_second_click_does_not_end_what_the_first_one_waits_for(
    studio: Studio, chat: ChatStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(orders, "ANSWER_WAIT_S", 0.2)
    chat.plan(delay_s=3.0)
    with ThreadPoolExecutor(1) as pool:
        calling = pool.submit(wish)
        while not studio.database.under("jobs"):
            time.sleep(0.01)
        assert wish().reason == "Unavailable"
        first = calling.result()
    assert first.ok, first
    assert wish().result == first.result
    assert (len(chat.orders()), studio.balance()) == (1, 998)
