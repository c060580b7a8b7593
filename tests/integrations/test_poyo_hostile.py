"""Callbacks that anybody may send, and answers that nobody documented: the protocol's outcomes and nothing else."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import hmac
import json
import socket
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from local.vendors.poyo.server import PoyoStandIn
from local.vendors.poyo.tasks import signed
from studiox.integrations.providers.poyo import MAX_CALLBACK_BYTES, Poyo
from studiox.integrations.providers.protocol import (
    FAILURES,
    AccountRefused,
    NotAccepted,
    Order,
    OutcomeUnknown,
    PollFailed,
    Rejected,
    Task,
)
from studiox.kit import clock
from tests.integrations.conftest import KEY, SECRET
from tests.integrations.servers import Raw, answering, response

NOW = clock.parse("2026-07-01T12:00:00")
AT = NOW.timestamp()
BODY = {"code": 200, "data": {"task_id": "task-1", "status": "finished"}}
SLOW = settings(max_examples=80)


def poyo_at(secret: str = SECRET) -> Poyo:
    return Poyo("https://api.poyo.ai", KEY, secret, now=lambda: NOW)


def genuine(body: Any = BODY, *, secret: str = SECRET, at: float = AT) -> tuple[dict[str, str], bytes]:
    content, headers = signed(secret, "task-1", body, at)
    return headers, content


# Callbacks


@pytest.mark.parametrize("body", [BODY, BODY["data"], {"data": None, "task_id": "task-1"}, {**BODY, "task_id": "no"}])
def test_both_shapes_are_genuine(body: Any) -> None:
    assert poyo_at().verify(*genuine(body)) == "task-1"


def test_the_signature_is_as_documented() -> None:
    """Spelled out here, so that stand-in and provider cannot agree on a mistake."""
    digest = hmac.new(SECRET.encode(), b"task-1.1782907200", hashlib.sha256).digest()
    headers = {"X-Webhook-Timestamp": "1782907200", "X-Webhook-Signature": base64.b64encode(digest).decode()}
    assert int(AT) == 1782907200
    assert poyo_at().verify(headers, json.dumps(BODY).encode()) == "task-1"


def test_headers_in_any_case() -> None:
    headers, content = genuine()
    assert poyo_at().verify({name.upper(): value for name, value in headers.items()}, content) == "task-1"
    assert poyo_at().verify({name.lower(): f" {value} " for name, value in headers.items()}, content) == "task-1"


@pytest.mark.parametrize(
    ("skew", "accepted"), [(-301, False), (-300, True), (0, True), (300, True), (301, False), (1e9, False)]
)
def test_the_window_is_five_minutes_either_way(skew: float, accepted: bool) -> None:
    assert (poyo_at().verify(*genuine(at=AT + skew)) == "task-1") is accepted


def test_either_of_two_secrets_while_they_are_rotated() -> None:
    both = poyo_at("the-old-one, the-new-one,")
    assert both.verify(*genuine(secret="the-old-one")) == "task-1"
    assert both.verify(*genuine(secret="the-new-one")) == "task-1"
    assert both.verify(*genuine(secret="the-old-one, the-new-one,")) is None


@pytest.mark.parametrize("secret", ["", " ", ",", " , "])
def test_an_empty_secret_verifies_nothing(secret: str) -> None:
    assert poyo_at(secret).verify(*genuine(secret="")) is None
    assert poyo_at(secret).verify(*genuine(secret=secret)) is None


@pytest.mark.parametrize(
    "change",
    [
        {"X-Webhook-Signature": ""},
        {"X-Webhook-Signature": "AAAA"},
        {"X-Webhook-Signature": "é" * 44},
        {"X-Webhook-Signature": "\ud800"},
        {"X-Webhook-Timestamp": ""},
        {"X-Webhook-Timestamp": "-1782907200"},
        {"X-Webhook-Timestamp": "1782907200.0"},
        {"X-Webhook-Timestamp": "１７８２９０７２００"},
        {"X-Webhook-Timestamp": "9" * 5000},
        {"X-Webhook-Timestamp": "1782907201"},
        {"X-Webhook-Timestamp": "01782907200"},
    ],
)
def test_other_headers_are_not_genuine(change: dict[str, str]) -> None:
    headers, content = genuine()
    assert poyo_at().verify({**headers, **change}, content) is None


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b'"task-1"',
        b'{"data": {"task_id": "task-2"}}',
        b'{"data": {"task_id": ["task-1"]}}',
        b'{"data": {"task_id": 1}}',
        b'{"data": {"task_id": ""}}',
        b'{"data": "task-1"}',
        b'{"data": [], "task_id": "task-1"}',
        b'{"data": {"task_id": "\\ud800"}}',
        b'{"data": {"task_id": "task-1"}',
        b"\xff\xfe\x00",
        b"[" * 100_000,
        b'{"data":' * 10_000,
        json.dumps({**BODY, "padding": "x" * MAX_CALLBACK_BYTES}).encode(),
        json.dumps({"data": {"task_id": "t" * 201}}).encode(),
    ],
    ids=range(17),
)
def test_other_bodies_are_not_genuine(body: bytes) -> None:
    assert poyo_at().verify(genuine()[0], body) is None


def test_a_signature_is_for_one_task() -> None:
    headers, _ = genuine()
    other = {"code": 200, "data": {"task_id": "task-2", "status": "finished"}}
    assert poyo_at().verify(headers, json.dumps(other).encode()) is None


@given(st.binary(max_size=400), st.dictionaries(st.text(max_size=30), st.text(max_size=60), max_size=4))
def test_hostile_bytes_never_raise(body: bytes, more: dict[str, str]) -> None:
    assert poyo_at().verify({**genuine()[0], **more}, body) is None


@given(stamp=st.text(max_size=20), signature=st.text(max_size=60))
def test_hostile_headers_never_raise(stamp: str, signature: str) -> None:
    headers = {"X-Webhook-Timestamp": stamp, "X-Webhook-Signature": signature}
    assert poyo_at().verify(headers, json.dumps(BODY).encode()) is None


@pytest.mark.parametrize("fault", ["callback-bare", "callback-twice", "callback-forged", "callback-early"])
def test_the_stand_ins_callbacks(fault: str) -> None:
    """What arrives over the wire is what `verify` expects, but for the forged one."""
    with contextlib.ExitStack() as stack:
        hook = stack.enter_context(answering(response(200, {})))
        poyo = stack.enter_context(PoyoStandIn(api_key=KEY, secret=SECRET, seconds=0))
        provider = Poyo(poyo.url, KEY, SECRET)
        poyo.plan(fault)
        url = f"{hook.url}/poyoWebhook?job=1"
        order = Order(job_id="j", type="image", model="z-image", inputs={"prompt": "p"}, callback_url=url)
        task_id = provider.submit(order)
        count = 2 if fault in ("callback-twice", "callback-forged") else 1
        sent = poyo.wait_callbacks(count)
        assert [one["status"] for one in sent] == [200] * count
        verdicts = [provider.verify(*_split(request)) for request in hook.requests]
        assert verdicts == [None if one["forged"] else task_id for one in sent]
        assert all(request.startswith(b"POST /poyoWebhook?job=1 HTTP/1.1\r\n") for request in hook.requests)


def _split(request: bytes) -> tuple[Mapping[str, str], bytes]:
    head, _, body = request.partition(b"\r\n\r\n")
    lines = [line.partition(b":") for line in head.split(b"\r\n")[1:]]
    return {name.decode(): value.strip().decode() for name, _, value in lines}, body


# Answers

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=12), inner, max_size=3),
    max_leaves=8,
)
ODD: st.SearchStrategy[Any] = st.sampled_from(
    [None, True, "", "x", -1, 2**70, 1e308, [], {}, [None], [[]], {"a": 1}, "https://a/b", "9" * 400]
)
CODES = st.sampled_from([0, 200, 400, 401, 402, 403, 404, 408, 429, 500, 503, "200", "429", None, -7, 200.0]) | ODD
STATUSES = st.sampled_from(["not_started", "running", "finished", "FAILED", "cancelled", "moon"]) | ODD
URLS = st.sampled_from(["https://a/b", "javascript:x", "file:///etc/passwd", "http://" + "a" * 5000]) | ODD
ENTRY = ODD | st.fixed_dictionaries(
    {},
    optional={
        **dict.fromkeys(("file_url", "audio_url", "image_url"), URLS),
        **dict.fromkeys(("file_type", "content_type", "file_size", "title", "tags", "duration", "text"), ODD),
    },
)
DATA = ODD | st.fixed_dictionaries(
    {},
    optional={
        "task_id": ODD,
        "status": STATUSES,
        "progress": ODD,
        "files": ODD | st.lists(ENTRY, max_size=3),
        "error_message": ODD,
        "credits_amount": ODD,
    },
)
ERROR = ODD | st.fixed_dictionaries(
    {},
    optional={
        "type": ODD | st.sampled_from(["validation_error", "content_moderation_error", "insufficient_credits_error"]),
        "message": ODD,
    },
)
ENVELOPE = st.fixed_dictionaries({}, optional={"code": CODES, "data": DATA, "error": ERROR, "detail": ODD}) | JSON
HTTP = st.sampled_from([200, 200, 200, 201, 204, 302, 400, 402, 404, 408, 418, 422, 429, 500, 503, 599])


def _hold(act: Callable[[Poyo, bytes], None], strategy: st.SearchStrategy[bytes]) -> None:
    """Run `act` with a provider whose server gives each of the answers."""
    current = [b""]

    def respond(connection: socket.socket) -> None:
        with contextlib.suppress(OSError):
            connection.sendall(current[0])

    with Raw(respond) as server:
        provider = Poyo(server.url, KEY, SECRET)

        @SLOW
        @given(strategy)
        def run(answer: bytes) -> None:
            current[0] = answer
            act(provider, answer)

        run()


ANSWERS = st.builds(response, HTTP, ENVELOPE) | st.builds(response, HTTP, st.binary(max_size=60))
WIRE = ANSWERS | st.binary(max_size=120) | ANSWERS.map(lambda answer: answer[: len(answer) // 2])


def test_whatever_submit_is_answered() -> None:
    def act(provider: Poyo, _answer: bytes) -> None:
        try:
            outcome = provider.submit(Order(job_id="j", type="image", model="z-image", inputs={"prompt": "p"}))
        except Rejected as error:
            outcome = error.reason if error.reason in FAILURES else ""
        except (AccountRefused, NotAccepted, OutcomeUnknown) as error:
            outcome = str(error)
        assert outcome

    _hold(act, WIRE)


@pytest.mark.parametrize("model", ["z-image", "generate-music"])
def test_whatever_a_question_is_answered(model: str) -> None:
    def act(provider: Poyo, _answer: bytes) -> None:
        try:
            task = provider.poll("task-1", "image", model)
        except PollFailed:
            return
        _check(task)

    _hold(act, WIRE)


def _check(task: Task) -> None:
    assert task.status in ("running", "finished", "failed")
    assert 0 <= task.progress <= 100
    assert (task.reason in FAILURES) == (task.status == "failed")
    assert len(task.raw_error) <= 500
    assert task.status == "finished" or not task.files
    for file in task.files:
        assert file.url.startswith(("https://", "http://"))
        assert len(file.url) <= 4096
        assert file.kind in ("image", "video", "audio", "other")
        assert file.size_bytes is None or file.size_bytes >= 0
