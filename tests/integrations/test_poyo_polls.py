"""Asking Poyo how a task stands: where, how often, and what becomes of answers in every form."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from local.vendors.poyo.server import PoyoStandIn
from studiox.integrations.providers import wire
from studiox.integrations.providers.poyo import Poyo
from studiox.integrations.providers.protocol import FAILURES, Order, PollFailed
from tests.integrations.conftest import KEY, SECRET
from tests.integrations.servers import answering, response

MakeOrder = Callable[..., Order]


def test_progress_and_its_end(order: MakeOrder) -> None:
    with PoyoStandIn(seconds=100, api_key=KEY) as poyo:
        provider = Poyo(poyo.url, KEY, SECRET)
        task_id = provider.submit(order())
        seen = []
        for _ in range(4):
            task = provider.poll(task_id, "image", "nano-banana")
            seen.append((task.status, task.progress, len(task.files)))
            poyo.advance(40)
        assert seen == [("running", 0, 0), ("running", 40, 0), ("running", 80, 0), ("finished", 100, 1)]


def test_songs_are_asked_for_where_songs_are(provider: Poyo, order: MakeOrder) -> None:
    inputs = {"prompt": "a song of the sea", "instrumental": False}
    task_id = provider.submit(order(type="music", model="generate-music", inputs=inputs))
    task = provider.poll(task_id, "music", "generate-music")
    assert task == provider.poll(task_id, "music", "a-song-model-of-tomorrow")
    first, second = task.files
    assert (first.kind, first.duration_s, first.tags) == ("audio", 16.056, ("pop", "bright"))
    assert first.title != second.title
    assert first.url != second.url
    assert first.image_url
    assert "/cover0.png" in first.image_url


@pytest.mark.parametrize("model", ["minimax-music-2.6", "elevenlabs-music"])
def test_other_music_is_asked_for_at_the_common_address(
    model: str, poyo: PoyoStandIn, provider: Poyo, order: MakeOrder
) -> None:
    task_id = provider.submit(order(type="music", model=model))
    (file,) = provider.poll(task_id, "music", model).files
    assert file.kind == "audio"
    assert poyo.tasks()[0]["polls"] == 1


@pytest.mark.parametrize(
    ("fault", "status", "reason", "raw_status"),
    [
        ("fail", "failed", "GenerationFailed", "failed"),
        ("fail-moderation", "failed", "ContentRejected", "failed"),
        ("fail-input", "failed", "InvalidInput", "failed"),
        ("cancelled", "failed", "GenerationFailed", "cancelled"),
        ("never", "running", "", "running"),
        ("odd-status", "running", "", "waiting_for_moon"),
        ("no-files", "finished", "", "finished"),
    ],
)
def test_how_a_task_stands(
    fault: str, status: str, reason: str, raw_status: str, poyo: PoyoStandIn, provider: Poyo, order: MakeOrder
) -> None:
    poyo.plan(fault)
    task = provider.poll(provider.submit(order()), "image", "nano-banana")
    assert (task.status, task.reason, task.raw_status, task.files) == (status, reason, raw_status, ())
    assert bool(task.raw_error) == (status == "failed")


def test_files_may_come_late(poyo: PoyoStandIn, provider: Poyo, order: MakeOrder) -> None:
    poyo.plan("late-files")
    task_id = provider.submit(order())
    counts = [len(provider.poll(task_id, "image", "nano-banana").files) for _ in range(5)]
    assert counts == [0, 0, 0, 1, 1]


@pytest.mark.parametrize("fault", ["poll-429", "poll-503"])
def test_a_question_is_repeated_while_the_trouble_may_pass(
    fault: str, poyo: PoyoStandIn, provider: Poyo, order: MakeOrder
) -> None:
    poyo.plan(fault, poll_times=2)
    assert provider.poll(provider.submit(order()), "image", "nano-banana").status == "finished"


@pytest.mark.parametrize(
    ("fault", "gone"),
    [
        ("poll-404", True),
        ("poll-code-404", True),
        ("poll-500", False),
        ("poll-code-500", False),
        ("poll-html", False),
        ("poll-garbage", False),
        ("poll-drop", False),
        ("poll-redirect", False),
    ],
)
def test_a_question_without_an_answer(
    fault: str, gone: bool, poyo: PoyoStandIn, provider: Poyo, order: MakeOrder
) -> None:
    poyo.plan(fault, poll_times=0)
    task_id = provider.submit(order())
    with pytest.raises(PollFailed) as caught:
        provider.poll(task_id, "image", "nano-banana")
    assert caught.value.gone is gone


def test_a_question_is_asked_three_times_at_most() -> None:
    with answering(response(503, {"code": 503}, Retry_After="0")) as server, pytest.raises(PollFailed):
        Poyo(server.url, KEY, SECRET).poll("task-1", "image", "nano-banana")
    assert len(server.requests) == 3


def test_a_hanging_question(
    poyo: PoyoStandIn, provider: Poyo, order: MakeOrder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wire, "QUESTION_READ_S", 0.1)
    poyo.plan("poll-hang", hang_s=3)
    with pytest.raises(PollFailed):
        provider.poll(provider.submit(order()), "image", "nano-banana")


def test_an_unknown_task_is_gone(provider: Poyo) -> None:
    for model in ("nano-banana", "generate-music"):
        with pytest.raises(PollFailed) as caught:
            provider.poll("task-unified-none", "image", model)
        assert caught.value.gone


def test_a_proxys_404_does_not_speak_for_poyo() -> None:
    with answering(response(404, b"<html>not here</html>")) as server, pytest.raises(PollFailed) as caught:
        Poyo(server.url, KEY, SECRET).poll("task-1", "image", "nano-banana")
    assert not caught.value.gone


@pytest.mark.parametrize("task_id", ["../../user/balance", "a b?c#d&e=f", "é\u202e", "x\r\nX-Y: z", "%2e%2e/"])
def test_a_task_id_is_opaque(task_id: str) -> None:
    answer = response(200, {"code": 200, "data": {"task_id": task_id, "status": "running"}})
    for model, start in (
        ("nano-banana", b"GET /api/generate/status/"),
        ("generate-music", b"GET /api/generate/detail"),
    ):
        with answering(answer) as server:
            assert Poyo(server.url, KEY, SECRET).poll(task_id, "image", model).status == "running"
        line = server.requests[0].split(b"\r\n")[0]
        assert line.startswith(start)
        assert line.count(b"/") == 5
        assert line.count(b" ") == 2
        assert b"X-Y:" not in server.requests[0].split(b"\r\n")[1]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ({"credits_amount": None}, None),
        ({"credits_amount": "8.48"}, 8.48),
        ({"credits_amount": 5}, 5.0),
        ({"credits_amount": True}, None),
        ({"credits_amount": "NaN"}, None),
        ({"credits_amount": -1}, None),
    ],
)
def test_credits_in_any_form(data: dict[str, Any], expected: float | None) -> None:
    with answering(response(200, {"code": 200, "data": {"status": "finished", "files": [], **data}})) as server:
        assert Poyo(server.url, KEY, SECRET).poll("t", "image", "nano-banana").credits == expected


@pytest.mark.parametrize(
    ("progress", "expected"),
    [(-5, 0), (0, 0), (55.9, 55), ("70", 70), (250, 100), (None, 0), ("half", 0), (1e400, 0), ([], 0)],
)
def test_progress_in_any_form(progress: Any, expected: int) -> None:
    body = json.dumps({"data": {"status": "running", "progress": progress}}).replace("Infinity", "1e400").encode()
    with answering(response(200, body)) as server:
        provider = Poyo(server.url, KEY, SECRET)
        if progress == 1e400:
            with pytest.raises(PollFailed):  # no JSON parser has to know it
                provider.poll("t", "image", "nano-banana")
        else:
            assert provider.poll("t", "image", "nano-banana").progress == expected


def test_words_of_a_failure_are_cut() -> None:
    data = {"status": "failed", "files": [], "error_message": "x" * 5000}
    with answering(response(200, {"code": 200, "data": data})) as server:
        task = Poyo(server.url, KEY, SECRET).poll("t", "image", "nano-banana")
    assert len(task.raw_error) == 500
    assert task.reason in FAILURES


def test_a_text_result() -> None:
    data = {"status": "finished", "files": [{"text": "[Verse]\nla la", "title": "La"}]}
    with answering(response(200, {"code": 200, "data": data})) as server:
        task = Poyo(server.url, KEY, SECRET).poll("t", "lyrics", "generate-lyrics")
    assert (task.text, task.files) == ("[Verse]\nla la", ())
