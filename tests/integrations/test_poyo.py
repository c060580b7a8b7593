"""Poyo through real HTTP: every way in which an order or a question can go, and where the key may go."""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Callable
from typing import Any

import pytest

from local.vendors.poyo.server import PoyoStandIn
from studiox.integrations.providers import wire
from studiox.integrations.providers.poyo import Poyo
from studiox.integrations.providers.protocol import (
    AccountRefused,
    NotAccepted,
    Order,
    OutcomeUnknown,
    PollFailed,
    Rejected,
)
from tests.integrations.conftest import KEY, SECRET
from tests.integrations.servers import Raw, answering, response

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
    assert server.requests, "it was asked"
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
    assert len(server.requests) >= 2, "an order and a question"
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
