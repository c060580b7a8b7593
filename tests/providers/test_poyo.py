"""Poyo through real HTTP: every way in which an order or a question can go, and where the key may go."""

from __future__ import annotations

import json
import logging
import socket
import threading
from collections.abc import Callable
from typing import Any

import pytest

from local.poyo import PoyoStandIn
from studiox.providers import FAILURES, AccountRefused, NotAccepted, Order, OutcomeUnknown, PollFailed, Rejected, wire
from studiox.providers.poyo import Poyo
from tests.providers.conftest import KEY, SECRET
from tests.providers.servers import Raw, answering, response

MakeOrder = Callable[..., Order]

# fault → (what submit raises, its reason if it is rejected, tasks that run at Poyo)
OUTCOMES: dict[str, tuple[type[Exception], str, int]] = {
    "validation": (Rejected, "InvalidInput", 0),
    "moderation": (Rejected, "ContentRejected", 0),
    "too-long": (Rejected, "InvalidInput", 0),
    "bad-file": (Rejected, "InvalidInput", 0),
    "detail": (Rejected, "InvalidInput", 0),
    "404": (Rejected, "GenerationFailed", 0),
    "code-400": (Rejected, "InvalidInput", 0),
    "code-moderation": (Rejected, "ContentRejected", 0),
    "html-400": (Rejected, "GenerationFailed", 0),
    "401": (AccountRefused, "", 0),
    "402": (AccountRefused, "", 0),
    "403": (AccountRefused, "", 0),
    "code-402": (AccountRefused, "", 0),
    "html-403": (AccountRefused, "", 0),
    "429": (NotAccepted, "", 0),
    "503": (NotAccepted, "", 0),
    "code-429": (NotAccepted, "", 0),
    "redirect": (NotAccepted, "", 0),
    "408": (OutcomeUnknown, "", 0),
    "409": (OutcomeUnknown, "", 0),
    "500": (OutcomeUnknown, "", 0),
    "502": (OutcomeUnknown, "", 0),
    "504": (OutcomeUnknown, "", 0),
    "500-accepted": (OutcomeUnknown, "", 1),
    "502-accepted": (OutcomeUnknown, "", 1),
    "504-accepted": (OutcomeUnknown, "", 1),
    "code-500": (OutcomeUnknown, "", 0),
    "html": (OutcomeUnknown, "", 0),
    "html-accepted": (OutcomeUnknown, "", 1),
    "html-502": (OutcomeUnknown, "", 0),
    "garbage": (OutcomeUnknown, "", 1),
    "no-task-id": (OutcomeUnknown, "", 1),
    "nothing": (OutcomeUnknown, "", 1),
    "huge": (OutcomeUnknown, "", 1),
    "drop": (OutcomeUnknown, "", 1),
    "drop-before": (OutcomeUnknown, "", 0),
    "redirect-302": (OutcomeUnknown, "", 0),
}


@pytest.mark.parametrize("fault", OUTCOMES)
def test_what_a_failed_submit_means(fault: str, poyo: PoyoStandIn, provider: Poyo, order: MakeOrder) -> None:
    poyo.plan(fault)
    expected, reason, running = OUTCOMES[fault]
    with pytest.raises(expected) as caught:
        provider.submit(order())
    assert getattr(caught.value, "reason", "") == reason
    charge = poyo.charges()["job-1"]
    assert (charge["submits"], len(charge["tasks"])) == (1, running)


@pytest.mark.parametrize("fault", ["hang", "hang-before"])
def test_a_hanging_submit_may_have_been_accepted(
    fault: str, poyo: PoyoStandIn, provider: Poyo, order: MakeOrder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wire, "ORDER_READ_S", 0.2)
    poyo.plan(fault, hang_s=3)
    with pytest.raises(OutcomeUnknown):
        provider.submit(order())
    assert poyo.charges()["job-1"]["submits"] == 1


def test_an_accepted_order(poyo: PoyoStandIn, provider: Poyo, order: MakeOrder) -> None:
    task_id = provider.submit(order(callback_url="https://studio.example/poyoWebhook?job=1"))
    (sent,) = poyo.orders()
    assert sent == {
        "model": "nano-banana",
        "callback_url": "https://studio.example/poyoWebhook?job=1",
        "input": {"prompt": "canary-prompt: a lighthouse"},
        "idempotencyKey": "job-1",
    }
    task = provider.poll(task_id, "image", "nano-banana")
    assert (task.status, task.progress, task.credits, len(task.files)) == ("finished", 100, 5.0, 1)
    assert task.files[0].kind == "image"
    assert task.files[0].size_bytes
    assert poyo.charges()["job-1"]["charged"] == 1


def test_no_callback_address_is_sent_as_none(poyo: PoyoStandIn, provider: Poyo, order: MakeOrder) -> None:
    provider.submit(order())
    assert "callback_url" not in poyo.orders()[0]


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("7", 7.0), ("0", 0.0), ("99999999", 3600.0), ("9" * 5000, 3600.0), ("soon", None), ("-1", None), ("", None)],
)
def test_retry_after(header: str, seconds: float | None, order: MakeOrder) -> None:
    with answering(response(429, {"code": 429}, Retry_After=header)) as server:
        with pytest.raises(NotAccepted) as caught:
            Poyo(server.url, KEY, SECRET).submit(order())
    assert caught.value.retry_after_s == seconds


def test_retry_after_as_a_date() -> None:
    assert wire.retry_after("Wed, 21 Oct 2015 07:28:00 GMT") == 0.0
    assert wire.retry_after("Wed, 21 Oct 2999 07:28:00 GMT") == 3600.0
    assert wire.retry_after("Wed, 99 Oct 99999999999999999999 07:28:00 GMT") in (None, 0.0, 3600.0)


def test_a_refused_connection_is_surely_not_accepted(order: MakeOrder) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(NotAccepted):
        Poyo(f"http://127.0.0.1:{port}", KEY, SECRET).submit(order())


def test_an_unknown_name_is_surely_not_accepted(order: MakeOrder, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object, **__: object) -> Any:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(NotAccepted):
        Poyo("https://poyo.invalid", KEY, SECRET).submit(order())


def test_a_broken_tls_handshake_is_surely_not_accepted(order: MakeOrder) -> None:
    with Raw(lambda connection: connection.sendall(b"no TLS here\r\n"), listen=False) as server:
        with pytest.raises(NotAccepted):
            Poyo(server.url.replace("http:", "https:"), KEY, SECRET).submit(order())
    assert not any(KEY.encode() in request for request in server.requests)


@pytest.mark.parametrize("beginning", [b"", b"HTTP/1.1 200 OK\r\nX-Slow: ", b"HTTP/1.1 200 OK\r\n\r\n"])
def test_an_answer_in_drips_comes_to_an_end(
    beginning: bytes, order: MakeOrder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each byte is in time, the whole is not: it is we who hang up."""
    monkeypatch.setattr(wire, "ORDER_READ_S", 0.3)
    monkeypatch.setattr(wire, "SLACK_S", 0.2)
    hung_up = threading.Event()

    def drip(connection: socket.socket) -> None:
        connection.sendall(beginning)
        connection.settimeout(0.05)
        for _ in range(600):
            try:
                if connection.recv(1) == b"":
                    break
            except TimeoutError:
                connection.sendall(b"H")
            except OSError:
                break
        else:
            return
        hung_up.set()

    with Raw(drip) as server, pytest.raises(OutcomeUnknown):
        Poyo(server.url, KEY, SECRET).submit(order())
    assert hung_up.wait(10)


@pytest.mark.parametrize("body", [b"[" * 200_000, b'{"data":' * 100_000, b'{"a": "\xff"}', b"\x1f\x8b\x08", b"NaN"])
def test_a_body_that_is_no_json(body: bytes, order: MakeOrder) -> None:
    with answering(response(200, body)) as server:
        provider = Poyo(server.url, KEY, SECRET)
        with pytest.raises(OutcomeUnknown):
            provider.submit(order())
        with pytest.raises(PollFailed):
            provider.poll("t", "image", "nano-banana")


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_redirect_is_followed_and_the_key_stays(status: int, order: MakeOrder) -> None:
    with answering(response(200, {"code": 200, "data": {"task_id": "stolen", "status": "finished"}})) as thief:
        with answering(response(status, b"", Location=f"{thief.url}/api/generate/submit")) as server:
            provider = Poyo(server.url, KEY, SECRET)
            with pytest.raises((NotAccepted, OutcomeUnknown)):
                provider.submit(order())
            with pytest.raises(PollFailed):
                provider.poll("task-1", "image", "nano-banana")
    assert thief.requests == []
    assert all(f"Authorization: Bearer {KEY}".encode() in request for request in server.requests)


@pytest.mark.parametrize(
    "base_url",
    ["http://api.poyo.ai", "ftp://api.poyo.ai", "", "https://", "https://user@api.poyo.ai", "https://a:port", "//a"],
)
def test_a_base_url_that_would_carry_the_key_in_the_clear_is_refused(base_url: str) -> None:
    with pytest.raises(ValueError):
        Poyo(base_url, KEY, SECRET)


@pytest.mark.parametrize("key", ["", "  ", "two\r\nX-Lines: 1", "clé"])
def test_a_key_that_no_header_can_carry_is_refused(key: str) -> None:
    with pytest.raises(ValueError):
        Poyo("https://api.poyo.ai", key, SECRET)


def test_a_key_that_was_pasted_with_its_line_end_works(poyo: PoyoStandIn, order: MakeOrder) -> None:
    assert Poyo(f"{poyo.url}/", f"{KEY}\n", SECRET).submit(order())


def test_the_base_url_may_have_a_path(order: MakeOrder) -> None:
    with answering(response(200, {"code": 0, "data": {"task_id": "t", "status": "not_started"}})) as server:
        assert Poyo(f"{server.url}/proxy/", KEY, SECRET).submit(order()) == "t"
    assert server.requests[0].startswith(b"POST /proxy/api/generate/submit HTTP/1.1\r\n")


def test_neither_key_nor_prompt_nor_address_is_logged(
    poyo: PoyoStandIn, provider: Poyo, order: MakeOrder, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    callback = "https://studio.example/hook?sig=canary-signature"
    raised = []
    for fault in (*OUTCOMES, "poll-503"):
        poyo.plan(fault)
        try:
            task_id = provider.submit(
                order(f"job-{fault}", callback_url=callback, image_urls=("https://canary-upload/1",))
            )
            provider.poll(task_id, "image", "nano-banana")
        except (Rejected, AccountRefused, NotAccepted, OutcomeUnknown, PollFailed) as error:
            raised += [str(error), repr(error), repr(error.__cause__), error.raw]
    said = "\n".join([*(record.getMessage() for record in caplog.records), *raised, repr(provider)])
    for secret in (KEY, SECRET, "canary-prompt", "canary-signature", "canary-upload"):
        assert secret not in said


# Polls


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
    assert (first.kind, first.duration_s, first.tags) == ("audio", 6.048, ("pop", "bright"))
    assert first.title != second.title
    assert first.url != second.url
    assert first.image_url
    assert "/cover0.jpg" in first.image_url


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
