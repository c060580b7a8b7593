"""The check before the debit: what is judged, what a refusal leaves, and what happens without a verdict."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

import main
from local.vendors.chat import ChatStandIn
from studiox.models.moderation import YEARS
from tests.conftest import Logged
from tests.media.servers import png
from tests.studio.studio import Studio
from tests.support import budgets, call, http, plant

REJECTED, MATURE = "canary-prompt moderation:rejected", "canary-prompt moderation:mature"
MODEL = "omni-moderation-latest"
CREATE: Any = main.createGenerationRequest


@pytest.fixture
def openai(chat: ChatStandIn, monkeypatch: pytest.MonkeyPatch) -> ChatStandIn:
    plant("canary-prompt")
    monkeypatch.setenv("MODERATION", "openai")
    return chat


def asked(chat: ChatStandIn) -> list[Any]:
    """What the endpoint was asked to judge."""
    return [each["input"][0] for each in chat.orders() if each["model"] == MODEL]


def refused(studio: Studio) -> int:
    """How many refusals of prompts are counted."""
    years = studio.database.under(YEARS).values()
    return sum(year["counts"].get("prompts", {}).get("other", {}).get("refused", 0) for year in years)


def lyrics(prompt: str, uid: str) -> str | None:
    wish = {"theme": prompt, "mood": "sad", "presetType": "lullaby", "requestId": "lyrics-0123456789"}
    return call(main.generateLyrics, wish, uid=uid).reason


def picture_now(prompt: str, uid: str) -> str | None:
    body = {"model": "Model A", "style": "realistic", "color": "vibrant", "size": "512x512", "prompt": prompt}
    headers = {"Content-Type": "application/json"}
    answer = http(CREATE, "POST", body=json.dumps(body).encode(), uid=uid, headers=headers)
    assert answer.status in (200, 400)
    return None if answer.status == 200 else str(answer.json["reason"])


def picture(prompt: str, uid: str) -> str | None:
    request = {"requestId": "picture-0123456789", "type": "image", "model": "Model A", "prompt": prompt}
    return call(main.createStudioJob, request, uid=uid).reason


@pytest.mark.parametrize("order", [picture, picture_now, lyrics])
def test_c23_a_rejected_prompt_debits_and_stores_nothing_but_a_count(
    studio: Studio, openai: ChatStandIn, order: Callable[[str, str], str | None]
) -> None:
    before = studio.database.hash("rateLimits")
    assert order(REJECTED, "u1") == "ContentRejected"
    [text] = asked(openai)
    assert REJECTED in text["text"]
    assert refused(studio) == 1
    for year in studio.database.under(YEARS):
        studio.database.delete(f"{YEARS}/{year}")
    assert studio.database.hash("rateLimits") == before
    assert order("a fox", "u1") is None
    assert order(REJECTED, "u1") in ("ContentRejected", "RequestIdReused")
    studio.check()


@pytest.mark.usefixtures("openai")
def test_a_refusal_says_nothing_of_why(studio: Studio) -> None:
    answer = studio.create(prompt=REJECTED)
    assert (answer.code, answer.details) == ("failed-precondition", {"reason": "ContentRejected"})
    assert "hate" not in answer.message


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"model": "no-such-model"}, "InvalidRequest"),
        ({"maxPrice": 0}, "PriceChanged"),
        ({"sessionId": "nobodys"}, "NotFound"),
    ],
)
def test_what_is_refused_anyway_is_not_judged(
    studio: Studio, openai: ChatStandIn, change: dict[str, Any], reason: str
) -> None:
    assert studio.create(prompt=REJECTED, **change).reason == reason
    studio.user("poor", balance=1)
    assert studio.create(caller="poor", prompt=REJECTED).reason == "InsufficientTokens"
    studio.user("out", suspended=True)
    assert studio.create(caller="out", prompt=REJECTED).reason == "AccountSuspended"
    assert asked(openai) == []
    assert refused(studio) == 0


def test_a_replay_is_not_judged_again(studio: Studio, openai: ChatStandIn) -> None:
    request = studio.request(prompt="canary-prompt a fox")
    first = call(main.createStudioJob, request, uid="u1")
    assert call(main.createStudioJob, request, uid="u1").result["jobId"] == first.result["jobId"]
    studio.restart()
    assert call(main.createStudioJob, request, uid="u1").result["jobId"] == first.result["jobId"]
    assert call(main.createStudioJob, {**request, "prompt": REJECTED}, uid="u1").reason == "RequestIdReused"
    assert len(asked(openai)) == 1
    assert studio.balance() == 998
    studio.check()


def test_refusals_count_against_the_limit_as_others_do(studio: Studio, openai: ChatStandIn) -> None:
    reasons = [studio.create(prompt=REJECTED).reason for _ in range(32)]
    assert reasons[:30] == ["ContentRejected"] * 30
    assert set(reasons[30:]) == {"RateLimited"}
    assert len(asked(openai)) == 30
    assert refused(studio) == 30


def test_every_text_and_picture_of_an_order_is_judged(studio: Studio, openai: ChatStandIn) -> None:
    upload = "users/u1/uploads/moderation-mature.png"
    studio.gcs.put_object(upload, png(2000), {"contentType": "image/png"})
    given = {"prompt": "the prompt", "type": "edit", "model": "nano-banana-edit", "inputPaths": [upload]}
    job_id = studio.created(**given)
    kinds = {each["type"]: each for each in asked(openai)}
    assert "the prompt" in kinds["text"]["text"]
    assert "moderation-mature.png" in kinds["image_url"]["image_url"]["url"]
    assert studio.job(job_id)["rating"] == "mature"
    song = studio.create(type="music", model="music-u", prompt="a song", options={"lyrics": REJECTED})
    assert song.reason == "ContentRejected"
    assert (
        studio.create(type="music", model="music-u", prompt="a song", negativePrompt=REJECTED).reason
        == "ContentRejected"
    )


@pytest.mark.usefixtures("openai")
def test_a_rating_goes_from_the_prompt_to_what_is_made_of_it(studio: Studio) -> None:
    first = studio.created(prompt=MATURE)
    studio.heal(first)
    made = call(main.getCreation, {"creationId": first}, uid="u1").result
    assert (studio.job(first)["rating"], made["rating"]) == ("mature", "mature")
    plain = studio.created(prompt="a fox")
    assert "rating" not in studio.job(plain)
    edited = studio.created(
        prompt="in snow", type="edit", model="nano-banana-edit", inputPaths=[made["media"][0]["path"]]
    )
    assert studio.job(edited)["rating"] == "mature", "of the picture that it is made from"
    studio.heal(edited, plain)
    assert call(main.getCreation, {"creationId": plain}, uid="u1").result["rating"] == "general"
    studio.check()


FAULTS = ("hang", "429", "500", "garbage", "401", "nothing")


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("when_away", ["refuse", "allow"])
def test_c24_without_a_verdict_the_parameter_decides(
    studio: Studio, openai: ChatStandIn, monkeypatch: pytest.MonkeyPatch, logged: Logged, fault: str, when_away: str
) -> None:
    if fault == "hang":
        monkeypatch.setattr("studiox.integrations.moderation.openai.WITHIN_S", 0.3)
    monkeypatch.setenv("MODERATION_WHEN_AWAY", when_away)
    answer = studio.create(prompt=f"canary-prompt moderation:{fault}")
    assert answer.reason == (None if when_away == "allow" else "Unavailable")
    assert studio.balance() == (998 if when_away == "allow" else 1000)
    assert len(asked(openai)) == 1
    [line] = logged.lines("moderation_not_working" if fault == "401" else "moderation_away")
    assert line["moderator"] == "openai"
    assert refused(studio) == 0
    studio.check()


@pytest.mark.parametrize("named", ["openia", "", "OFF"])
def test_a_misspelt_parameter_is_not_off(studio: Studio, monkeypatch: pytest.MonkeyPatch, named: str) -> None:
    monkeypatch.setenv("MODERATION", named)
    assert studio.create().reason == "Unavailable"


def test_a_missing_key_is_not_off(studio: Studio, openai: ChatStandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "")
    assert studio.create().reason == "Unavailable"
    assert asked(openai) == []


def test_a_quote_is_not_judged(studio: Studio, openai: ChatStandIn) -> None:
    request = {name: value for name, value in studio.request(prompt=REJECTED).items() if name != "requestId"}
    answer = call(main.quoteStudioJob, request, uid="u1")
    assert (answer.result["price"], "refusal" in answer.result) == (2, False)
    assert asked(openai) == []


@pytest.fixture
def listed(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> Callable[[Any], None]:
    monkeypatch.setenv("MODERATION", "words")

    def write(words: Any) -> None:
        studio.database.put("settings/moderation", {"words": words})

    return write


def test_a_list_of_words(studio: Studio, listed: Callable[[Any], None]) -> None:
    assert studio.create().ok, "no list rejects nothing"
    studio.restart()
    listed(["Kitten", "two words"])
    assert studio.create(prompt="a k1tten").reason == "ContentRejected"
    assert studio.create(prompt="two, WORDS").reason == "ContentRejected"
    assert studio.create(prompt="kittens").ok
    studio.rpcs.reset()
    assert studio.create(prompt="a fox").ok
    assert studio.rpcs.calls.count("BatchGetDocuments") == 1, "the list is read once a minute"
    assert refused(studio) == 2
    studio.check()


@pytest.mark.malformed("a list that an operator wrote wrongly")
@pytest.mark.parametrize("words", [7, ["a", 7], [""], ["x" * 101], [f"w{each}" for each in range(5_001)]])
def test_a_list_that_cannot_be_used_is_not_off(studio: Studio, listed: Callable[[Any], None], words: Any) -> None:
    listed(words)
    assert studio.create().reason == "Unavailable"


@pytest.mark.usefixtures("openai")
def test_it_costs_one_read(studio: Studio) -> None:
    assert studio.create().ok
    studio.rpcs.reset()
    assert studio.create().ok
    assert studio.rpcs.calls == budgets.calls("createStudioJob", "checked")


@pytest.mark.usefixtures("chat")
def test_it_is_off_by_default(studio: Studio, chat: ChatStandIn) -> None:
    assert studio.create(prompt=REJECTED).ok
    assert asked(chat) == []
