"""Songs, speech, analysis and lyrics from the order to the library, whatever provider makes them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

import main
from local.vendors.chat import ChatStandIn
from local.vendors.piapi import PiapiStandIn
from studiox.catalog import defaults
from studiox.kit import ids
from tests.conftest import SECRETS, Logged
from tests.integrations.servers import answering, response
from tests.media.servers import png
from tests.studio.deaths import Deaths, Died
from tests.studio.studio import Studio
from tests.support import Reply, call, http

UPLOAD = "users/u1/uploads/picture.png"
SUNO = {"customMode": True, "title": "Nine lives", "lyrics": "[Verse]\nNine times I fell"}


@pytest.fixture
def piapi(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> Iterator[PiapiStandIn]:
    key, secret = SECRETS["PIAPI_API_KEY"], SECRETS["PIAPI_WEBHOOK_SECRET"]
    with PiapiStandIn(api_key=key, secret=secret, seconds=0, callbacks=False) as stand_in:
        monkeypatch.setenv("PIAPI_BASE_URL", stand_in.url)
        monkeypatch.setenv("MEDIA_HOSTS", f"{studio.poyo.host},{stand_in.host}")
        yield stand_in


def song(studio: Studio, **more: Any) -> str:
    return studio.created(type="music", model="music-u", prompt="a lullaby", **more)


def lyrics(**more: Any) -> dict[str, Any]:
    return {"type": "lyrics", "model": "lyrics-writer", "prompt": "rain", **more}


def creation(job_id: str) -> dict[str, Any]:
    answer = call(main.getCreation, {"creationId": job_id}, uid="u1")
    assert answer.ok, answer
    found: dict[str, Any] = answer.result
    return found


def test_a_song_of_sunos_comes_in_variations(studio: Studio) -> None:
    job_id = studio.created(type="music", model="generate-music", prompt="a waltz", style="swing", options=SUNO)
    studio.advance(10)
    job = studio.status(job_id).result
    assert job["status"] == "completed"
    assert [item["title"] for item in job["media"]] == ["Nine lives", "Nine lives (variation 1)"]
    for item in job["media"]:
        assert (item["contentType"], item["tags"]) == ("audio/mpeg", ["swing"])
        assert item["durationSeconds"] > 6
        assert studio.gcs.objects[item["imagePath"]]["resource"]["contentType"] == "image/png"
    sent = studio.task_of(job_id)["input"]
    assert (sent["custom_mode"], sent["prompt"], sent["title"]) == (True, SUNO["lyrics"], SUNO["title"])
    assert creation(job_id)["title"] == "Nine lives"
    studio.check()


@pytest.mark.usefixtures("piapi")
def test_a_song_of_piapis_comes_in_variations_with_its_words(studio: Studio) -> None:
    job_id = song(studio, options={"title": "Sleep", "vocalGender": "female"})
    studio.advance(10)
    job = studio.status(job_id).result
    assert (job["status"], job["price"], job["refunded"]) == ("completed", 10, 0)
    assert [item["title"] for item in job["media"]] == ["Sleep", "Sleep (variation 1)"]
    assert all(item["imagePath"] in studio.gcs.objects for item in job["media"])
    assert [item["tags"] for item in job["media"]] == [["calm", "new age"]] * 2
    assert job["text"].startswith("[Verse]")
    assert creation(job_id)["text"] == job["text"]
    assert (studio.state(job_id)["creditsCharged"], studio.balance()) == (5.0, 990)
    assert SECRETS["PIAPI_WEBHOOK_SECRET"] not in str(studio.database.all())
    studio.check()


def test_a_song_is_kept_without_a_cover_that_cannot_be(
    studio: Studio, piapi: PiapiStandIn, monkeypatch: pytest.MonkeyPatch, logged: Logged
) -> None:
    job_id = song(studio)
    data = piapi.data(piapi.tasks_kept.all()[0])
    for each, cover in zip(
        data["output"]["songs"], ("https://elsewhere.example/1.jpg", f"{piapi.url}/files/x"), strict=True
    ):
        each["image_path"] = cover  # one refused, one gone
    with answering(response(200, {"code": 200, "data": data})) as server:
        monkeypatch.setenv("PIAPI_BASE_URL", server.url)
        studio.advance(10)
        job = studio.status(job_id).result
    assert (job["status"], len(job["media"])) == ("completed", 2)
    assert not any("imagePath" in item for item in job["media"])
    assert [line["error"] for line in logged.lines("cover_not_taken")] == ["MediaRefused", "MediaGone"]
    studio.check()


def callback(job_id: str, body: Any, secret: str = SECRETS["PIAPI_WEBHOOK_SECRET"], **query: str) -> Reply:
    asked = {"job": job_id, "seal": ids.keyed("callback", "piapi", job_id), **query}
    return http(
        main.WEBHOOKS["piapiWebhook"],
        "POST",
        query=asked,
        headers={"X-Webhook-Secret": secret},
        body=json.dumps(body).encode(),
    )


def test_piapis_callback_is_a_hint_that_brings_our_secret_back(studio: Studio, piapi: PiapiStandIn) -> None:
    """J13."""
    job_id = song(studio)
    (task,) = piapi.tasks()
    said = {"timestamp": 1, "data": {"task_id": task["id"], "status": "failed", "error": {"message": "a lie"}}}
    assert callback(job_id, said, secret="wrong").status == 401
    assert callback(job_id, said, seal="wrong").status == 401
    studio.run_queue()
    assert studio.job(job_id)["status"] == "processing"
    studio.advance(2)
    assert callback(job_id, said).status == 200
    studio.run_queue()
    assert studio.job(job_id)["status"] == "completed"
    assert callback(job_id, said).status == 200
    studio.check()


def test_an_answer_of_piapis_that_was_lost_is_settled_by_its_callback(studio: Studio, piapi: PiapiStandIn) -> None:
    """J6, J14."""
    piapi.plan("504-accepted")
    job_id = song(studio)
    (task,) = piapi.tasks()
    assert studio.state(job_id)["submission"] == "unknown"
    assert callback(job_id, {"task_id": task["id"], "status": "Completed"}).status == 200
    studio.heal(job_id)
    assert studio.job(job_id)["status"] == "completed"
    assert len(piapi.orders()) == 1
    studio.check()


@pytest.mark.parametrize(
    ("fault", "reason", "of_us"),
    [("moderation", "ProviderRejected", False), ("402", "ProviderUnavailable", True)],
)
def test_what_piapi_refuses_is_refunded(
    studio: Studio, piapi: PiapiStandIn, logged: Logged, fault: str, reason: str, of_us: bool
) -> None:
    piapi.plan(fault)
    answer = studio.create(type="music", model="music-u", prompt="a lullaby")
    assert (answer.reason, answer.details["refunded"], studio.balance()) == (reason, 10, 1000)
    assert bool(logged.lines("provider_refuses_our_account")) == of_us
    studio.check()


def test_a_song_that_fails_is_refunded(studio: Studio, piapi: PiapiStandIn) -> None:
    piapi.plan("fail-moderation", seconds=5.0)
    job_id = song(studio)
    piapi.advance(10)
    studio.advance(10)
    job = studio.status(job_id).result
    assert (job["status"], job["error"]["reason"], job["refunded"]) == ("failed", "ContentRejected", 10)
    studio.check()


def test_speech_is_priced_by_its_length(studio: Studio) -> None:
    answer = studio.create(type="speech", model="elevenlabs-v3-tts", prompt="x" * 1001, options={"voice": "Adam"})
    assert answer.result["price"] == 32
    studio.advance(10)
    (item,) = studio.status(answer.result["jobId"]).result["media"]
    assert item["contentType"] == "audio/mpeg"
    assert studio.task_of(answer.result["jobId"])["input"] == {"text": "x" * 1001, "voice": "Adam"}
    studio.check()


def test_an_analysis_is_answered_at_once(studio: Studio, chat: ChatStandIn) -> None:
    studio.gcs.put_object(UPLOAD, png(2000), {"contentType": "image/png"})
    request = studio.request(type="analysis", model="image-analysis", prompt="What is it?", inputPaths=[UPLOAD])
    answer = call(main.createStudioJob, request, uid="u1")
    again = call(main.createStudioJob, request, uid="u1")
    assert (answer.result["status"], answer.result["balance"]) == ("completed", 998)
    assert again.result == answer.result
    job = studio.status(answer.result["jobId"]).result
    assert job["text"].startswith("I see a")
    assert (job["media"], job["progress"], "startedAt" in job) == ([], 100, True)
    assert creation(job["jobId"])["text"] == job["text"]
    assert len(chat.orders()) == 1
    studio.check()


@pytest.mark.usefixtures("chat")
def test_lyrics_have_a_title_in_the_library(studio: Studio) -> None:
    job_id = studio.created(**lyrics(options={"mood": "sad", "language": "French"}))
    assert studio.job(job_id)["text"].startswith("[Verse]")
    assert creation(job_id)["title"] == "Rain"
    studio.check()


def test_lyrics_that_are_refused_are_refunded(studio: Studio, chat: ChatStandIn) -> None:
    chat.plan("moderation")
    request = studio.request(**lyrics())
    for _ in range(2):
        answer = call(main.createStudioJob, request, uid="u1")
        assert (answer.reason, answer.details["refunded"]) == ("ProviderRejected", 2)
    assert (studio.balance(), len(chat.orders())) == (1000, 1)
    studio.check()


@pytest.mark.parametrize("fault", ["504", "drop"])
def test_an_answer_at_once_that_is_lost_fails_at_once(studio: Studio, chat: ChatStandIn, fault: str) -> None:
    chat.plan(fault)
    request = studio.request(**lyrics())
    answers = [call(main.createStudioJob, request, uid="u1").result for _ in range(2)]
    assert answers[0] == answers[1]
    assert (answers[0]["status"], answers[0]["balance"], studio.balance()) == ("failed", 1000, 1000)
    assert len(chat.orders()) == 1
    studio.check()


def test_lyrics_that_are_not_accepted_for_now_are_written_later(studio: Studio, chat: ChatStandIn) -> None:
    chat.plan("429")
    job_id = studio.created(**lyrics())
    assert studio.job(job_id)["status"] == "pending"
    studio.heal(job_id)
    assert studio.job(job_id)["status"] == "completed"
    studio.check()


def test_a_death_around_an_answer_at_once_ends_settled_and_is_charged_once(
    studio: Studio, chat: ChatStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    """J4, J5 for a provider without tasks: what dies with the answer is refunded at the deadline."""
    deaths = Deaths(studio.rpcs, monkeypatch)
    ends: dict[str, int] = {}
    for at in range(100):
        chat.reset()
        deaths.arm(at)
        request = studio.request(**lyrics())
        died = False
        try:
            call(main.createStudioJob, request, uid="u1")
        except Died:
            died = True
        deaths.disarm()
        studio.restart()
        job_id = ids.derived("createStudioJob", "u1", request["requestId"])
        if studio.database.get(f"jobs/{job_id}") is not None:
            studio.heal(job_id)
            status = studio.job(job_id)["status"]
            ends[status] = ends.get(status, 0) + 1
        assert len(chat.orders()) <= 1, "an order went out twice"
        studio.check()
        if not died:
            break
    assert len(deaths.passed) < 100, "the story has more points than were tried"
    assert ends["completed"] >= 1
    assert ends["failed"] >= 1


@pytest.mark.parametrize(
    ("plan", "advance", "loss"),
    [
        ({"credits": 4}, 10, None),
        ({"credits": 4.01}, 10, 50),
        ({"credits": 500, "outcome": "fail"}, 10, None),  # only what is finished is charged
    ],
)
def test_a_job_that_cost_more_than_it_earned_is_reported(
    studio: Studio, logged: Logged, plan: dict[str, Any], advance: float, loss: int | None
) -> None:
    """z-image earns 2 tokens, that is $0.02: 4 of Poyo's credits."""
    studio.poyo.plan(**plan)
    job_id = studio.created()
    studio.advance(advance)
    studio.status(job_id)
    studio.status(job_id)
    found = logged.lines("provider_loss")
    assert [line["lossMicroUsd"] for line in found] == ([] if loss is None else [loss])
    for line in found:
        assert (line["severity"], line["jobId"], line["provider"], line["tokensKept"]) == ("ALERT", job_id, "poyo", 2)
    studio.check()


def test_a_charge_for_nothing_is_reported_softly_where_the_user_cancelled(studio: Studio, logged: Logged) -> None:
    job_id = studio.created()
    assert studio.cancel(job_id).ok
    studio.heal(job_id)
    (line,) = logged.lines("provider_loss")
    assert (line["severity"], line["tokensKept"], line["lossMicroUsd"]) == ("WARNING", 0, 10_000)
    assert studio.state(job_id)["creditsCharged"] == 2.0
    studio.check()


def test_every_kind_has_a_model_and_every_model_a_kind() -> None:
    assert {model.type for model in defaults.MODELS} == {
        *("image", "edit", "video", "music", "speech", "analysis", "lyrics")
    }
    assert {model.provider for model in defaults.MODELS} == {"mock", "poyo", "piapi", "openai"}
