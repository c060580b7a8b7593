"""PiAPI behind the protocol, over HTTP: its stand-in with every fault, and answers byte for byte."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.vendors.piapi import PiapiStandIn
from studiox.integrations.providers import wire
from studiox.integrations.providers.piapi import Piapi, translate
from studiox.integrations.providers.protocol import (
    FAILURES,
    AccountRefused,
    NotAccepted,
    Order,
    OutcomeUnknown,
    PollFailed,
    Rejected,
)
from tests.integrations.servers import answering, response

KEY, SECRET = "canary-piapi-key-of-the-stand-in", "canary-piapi-secret-of-the-stand-in"
CALLBACK = "http://127.0.0.1:9/piapiWebhook?job=job-1&seal=s"


@pytest.fixture(scope="module")
def _running() -> Iterator[PiapiStandIn]:
    with PiapiStandIn(api_key=KEY, secret=SECRET, seconds=0, callbacks=False) as running:
        yield running


@pytest.fixture
def piapi(_running: PiapiStandIn) -> PiapiStandIn:
    _running.reset()
    return _running


@pytest.fixture
def provider(piapi: PiapiStandIn) -> Piapi:
    return Piapi(piapi.url, KEY, SECRET)


def song(**inputs: Any) -> Order:
    given = {"prompt": "canary-prompt: a lullaby", **inputs}
    return Order(job_id="job-1", type="music", model="music-u", inputs=given, callback_url=CALLBACK)


def test_an_order_in_piapis_words(piapi: PiapiStandIn, provider: Piapi) -> None:
    task_id = provider.submit(song(negativePrompt="drums", title="Sleep", style="folk", vocalGender="female"))
    (sent,) = piapi.orders()
    assert sent == {
        "idempotencyKey": "job-1",
        "model": "music-u",
        "task_type": "generate_music",
        "input": {
            "gpt_description_prompt": "canary-prompt: a lullaby, folk style, female vocals",
            "lyrics_type": "generate",
            "negative_tags": "drums",
            "seed": -1,
            "title": "Sleep",
        },
        "config": {"service_mode": "public", "webhook_config": {"endpoint": CALLBACK, "secret": SECRET}},
    }
    assert [task["id"] for task in piapi.tasks()] == [task_id]


@pytest.mark.parametrize(
    ("inputs", "expected"),
    [
        ({"instrumental": True, "style": "folk", "vocalGender": "male"}, ("instrumental", None, "p, folk style")),
        ({"lyrics": "la la"}, ("user", "la la", "p")),
        ({"lyrics": "la la", "instrumental": True}, ("instrumental", None, "p")),
        ({"instrumental": False}, ("generate", None, "p")),
    ],
)
def test_whose_words_are_sung(inputs: dict[str, Any], expected: tuple[str, str | None, str]) -> None:
    fields = translate(song(**inputs, prompt="p"))
    assert (fields["lyrics_type"], fields.get("lyrics"), fields["gpt_description_prompt"]) == expected


def test_songs_come_as_variations(piapi: PiapiStandIn, provider: Piapi) -> None:
    task = provider.poll(provider.submit(song(title="Sleep")), "music", "music-u")
    assert (task.status, task.progress, task.raw_status, task.credits) == ("finished", 100, "completed", 5.0)
    assert [file.title for file in task.files] == ["Sleep", "Sleep (variation 1)"]
    for file in task.files:
        assert file.url.startswith(f"http://{piapi.host}/files/")
        assert file.image_url is not None
        assert (file.kind, file.tags, file.duration_s) == ("audio", ("calm", "new age"), 16.056)
    assert task.text is not None
    assert task.text.startswith("[Verse]")


def test_what_runs_has_no_files(piapi: PiapiStandIn, provider: Piapi) -> None:
    piapi.plan("never")
    task = provider.poll(provider.submit(song()), "music", "music-u")
    assert (task.status, task.files, task.text, task.credits) == ("running", (), None, 0)


SUBMITS: list[tuple[str, type[Exception], str]] = [
    ("validation", Rejected, "InvalidInput"),
    ("moderation", Rejected, "ContentRejected"),
    ("code-400", Rejected, "InvalidInput"),
    ("code-moderation", Rejected, "ContentRejected"),
    ("404", Rejected, "GenerationFailed"),
    ("html-400", Rejected, "GenerationFailed"),
    ("401", AccountRefused, ""),
    ("402", AccountRefused, ""),
    ("403", AccountRefused, ""),
    ("code-402", AccountRefused, ""),
    ("html-403", AccountRefused, ""),
    ("429", NotAccepted, ""),
    ("503", NotAccepted, ""),
    ("code-429", NotAccepted, ""),
    ("redirect", NotAccepted, ""),
    *(
        (fault, OutcomeUnknown, "")
        for fault in (
            *("408", "409", "500", "502", "504", "500-accepted", "html", "html-502", "code-500", "garbage"),
            *("no-task-id", "nothing", "drop", "redirect-302", "huge"),
        )
    ),
]


@pytest.mark.parametrize(("fault", "kind", "reason"), SUBMITS)
def test_what_each_answer_to_an_order_means(
    piapi: PiapiStandIn, provider: Piapi, fault: str, kind: type[Exception], reason: str
) -> None:
    """J7."""
    piapi.plan(fault)
    with pytest.raises(kind) as caught:
        provider.submit(song())
    if kind is Rejected:
        assert getattr(caught.value, "reason", "") == reason
        assert reason in FAILURES
    assert len(piapi.orders()) == 1, "an order was sent twice"
    assert SECRET not in str(vars(caught.value))


def test_a_hanging_answer_is_unknown(piapi: PiapiStandIn, provider: Piapi, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "ORDER_READ_S", 0.2)
    piapi.plan("hang")
    with pytest.raises(OutcomeUnknown):
        provider.submit(song())
    assert len(piapi.tasks()) == 1


def test_nobody_there_is_not_accepted() -> None:
    with pytest.raises(NotAccepted):
        Piapi("http://127.0.0.1:9", KEY, SECRET).submit(song())


def envelope(**data: Any) -> dict[str, Any]:
    return {"data": {"task_id": "t1", "status": "completed", **data}}


@pytest.mark.parametrize("status", ["Completed", "COMPLETED", "completed ", "Success"])
def test_a_status_is_known_in_any_case_and_without_a_code(status: str) -> None:
    body = envelope(status=status, output={"songs": [{"song_path": "https://a/1.mp3"}]})
    for shape in (body, body["data"], {"code": "200", **body}, {"code": 0, **body}):
        with answering(response(200, shape)) as server:
            task = Piapi(server.url, KEY, SECRET).poll("t1", "music", "music-u")
        assert (task.status, [file.url for file in task.files]) == ("finished", ["https://a/1.mp3"])


@pytest.mark.parametrize("status", ["pending", "Processing", "STAGED", "waiting-for-moon"])
def test_what_is_no_end_runs(status: str) -> None:
    songs = [{"song_path": "https://a/1", "finished": True}, {"song_path": "", "finished": False}]
    with answering(response(200, envelope(status=status, output={"songs": songs}))) as server:
        task = Piapi(server.url, KEY, SECRET).poll("t1", "music", "music-u")
    assert (task.status, task.progress, task.files, task.raw_status) == ("running", 50, (), status.lower())


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        ({"code": 10000, "raw_message": "moderation: blocked", "message": "failed"}, "ContentRejected"),
        ({"code": 10000, "raw_message": "", "message": "unsupported language"}, "InvalidInput"),
        ({"code": 10000, "raw_message": "GPU fell over", "message": "failed"}, "GenerationFailed"),
        (None, "GenerationFailed"),
    ],
)
def test_a_failure_has_a_reason_and_words_for_the_private_log(error: Any, reason: str) -> None:
    """M14; also where PiAPI answers 500 about a task that failed."""
    body = {"code": 500, **envelope(status="Failed", error=error, meta={"usage": {"consume": 0}})}
    for status in (200, 500):
        with answering(response(status, body)) as server:
            task = Piapi(server.url, KEY, SECRET).poll("t1", "music", "music-u")
        assert (task.status, task.reason, task.credits) == ("failed", reason, 0)
        assert len(task.raw_error) <= 500


def test_a_failed_variation_is_left_out_and_all_failed_ones_are_a_failure() -> None:
    wrong = {"song_path": "", "error_type": "moderation_error", "error_detail": "blocked"}
    for songs, status, count in (([wrong, {"song_path": "https://a/2"}], "finished", 1), ([wrong, wrong], "failed", 0)):
        with answering(response(200, envelope(output={"songs": songs}))) as server:
            task = Piapi(server.url, KEY, SECRET).poll("t1", "music", "music-u")
        assert (task.status, len(task.files), task.missing) == (status, count, count)
    assert task.reason == "ContentRejected"


def test_songs_that_are_not_there_yet_are_no_failure() -> None:
    with answering(response(200, envelope(output={"songs": [{"song_path": "(will be populated)"}]}))) as server:
        task = Piapi(server.url, KEY, SECRET).poll("t1", "music", "music-u")
    assert (task.status, task.files, task.missing) == ("finished", (), 0)


def test_another_models_one_file() -> None:
    with answering(response(200, envelope(output={"audio_url": "https://a/1.mp3"}))) as server:
        task = Piapi(server.url, KEY, SECRET).poll("t1", "music", "other")
    assert [file.url for file in task.files] == ["https://a/1.mp3"]


@pytest.mark.parametrize(
    ("fault", "gone"),
    [("poll-404", True), ("poll-html", False), ("poll-garbage", False), ("poll-drop", False), ("poll-redirect", False)],
)
def test_a_poll_that_fails(piapi: PiapiStandIn, provider: Piapi, fault: str, gone: bool) -> None:
    piapi.plan(fault)
    task_id = provider.submit(song())
    with pytest.raises(PollFailed) as caught:
        provider.poll(task_id, "music", "music-u")
    assert caught.value.gone == gone
    assert SECRET not in caught.value.raw


@pytest.mark.parametrize("fault", ["poll-429", "poll-503"])
def test_a_poll_is_repeated_while_the_trouble_may_pass(piapi: PiapiStandIn, provider: Piapi, fault: str) -> None:
    piapi.plan(fault)
    assert provider.poll(provider.submit(song()), "music", "music-u").status == "finished"


def test_an_unknown_task_is_gone() -> None:
    with answering(response(400, {"code": 400, "message": "task not found"})) as server:
        with pytest.raises(PollFailed) as caught:
            Piapi(server.url, KEY, SECRET).poll("t/1", "music", "music-u")
    assert caught.value.gone
    assert server.requests[0].startswith(b"GET /api/v1/task/t%2F1 ")


def test_the_key_goes_in_its_header_only(provider: Piapi) -> None:
    """M12."""
    with answering(response(200, envelope(status="pending"))) as server:
        Piapi(server.url, f" {KEY} ", SECRET).submit(song())
    head, _, body = server.requests[0].partition(b"\r\n\r\n")
    assert f"X-API-Key: {KEY}".encode() in head
    assert KEY.encode() not in body
    assert (repr(provider), KEY in str(provider)) == ("Piapi()", False)


def test_an_echoed_secret_is_in_no_exception_and_no_log(caplog: pytest.LogCaptureFixture) -> None:
    """PiAPI may echo `config.webhook_config.secret` in its bodies."""
    caplog.set_level(logging.DEBUG)
    config = {"webhook_config": {"secret": SECRET}}
    words = {"code": 1, "raw_message": f"bad config {SECRET}", "message": f"key {KEY}"}
    refusals = [
        response(400, {"code": 400, "data": {"config": config, "error": words}, "message": SECRET}),
        response(500, {"code": 500, "data": {"status": "failed", "config": config, "error": words}}),
        response(400, b"<html>" + SECRET.encode()),
        response(200, b'{"data": {"config": "' + SECRET.encode()),
    ]
    for refusal in refusals:
        with answering(refusal) as server, pytest.raises((Rejected, OutcomeUnknown, AccountRefused)) as caught:
            Piapi(server.url, KEY, SECRET).submit(song())
        assert SECRET not in str(vars(caught.value))
        assert KEY not in str(vars(caught.value))
    with answering(refusals[1]) as server:
        task = Piapi(server.url, KEY, SECRET).poll("t1", "music", "music-u")
    assert SECRET not in str(task)
    assert "canary" not in caplog.text


def callback(body: Any, secret: str = SECRET, header: str = "x-webhook-secret") -> str | None:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Piapi("https://api.piapi.ai", KEY, SECRET).verify({header: secret}, content)


@pytest.mark.parametrize("header", ["x-webhook-secret", "X-Webhook-Secret", "X-WEBHOOK-SECRET"])
def test_a_callback_is_genuine_when_it_brings_our_secret(header: str) -> None:
    """J13."""
    assert callback({"timestamp": 1, "data": {"task_id": "t1", "status": "processing"}}, header=header) == "t1"
    assert callback({"task_id": "t1", "status": "Completed"}, header=header) == "t1"


@pytest.mark.parametrize("secret", ["", SECRET[:-1], SECRET + "x", SECRET.upper(), "é", "\udcff", f"{SECRET},{SECRET}"])
def test_another_secret_is_not_genuine(secret: str) -> None:
    assert callback({"data": {"task_id": "t1"}}, secret) is None


def test_a_secret_in_the_body_alone_is_not_genuine() -> None:
    body = {"data": {"task_id": "t1", "config": {"webhook_config": {"secret": SECRET}}}}
    assert callback(body, header="x-other") is None


def test_two_secrets_are_good_while_they_are_rotated() -> None:
    provider = Piapi("https://api.piapi.ai", KEY, "new-one, old-one")
    body = json.dumps({"data": {"task_id": "t1"}}).encode()
    assert [provider.verify({"x-webhook-secret": each}, body) for each in ("new-one", "old-one", "other")] == [
        "t1",
        "t1",
        None,
    ]


def test_without_a_secret_nothing_is_genuine() -> None:
    assert Piapi("https://api.piapi.ai", KEY, " , ").verify({"x-webhook-secret": ""}, b'{"task_id": "t1"}') is None


@given(st.binary(max_size=200), st.dictionaries(st.text(max_size=20), st.text(max_size=20), max_size=3))
def test_hostile_callbacks_are_answered_not_raised(body: bytes, headers: dict[str, str]) -> None:
    provider = Piapi("https://api.piapi.ai", KEY, SECRET)
    assert provider.verify(headers, body) is None
    assert provider.verify({"x-webhook-secret": SECRET}, body) is None


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"[" * 100_000, b'{"data": 1}', b'{"task_id": 5}', b'{"task_id": ""}', b"x" * (2 << 20)]
)
def test_a_body_without_a_task_is_not_genuine(body: bytes) -> None:
    assert callback(body) is None


@given(st.recursive(st.none() | st.booleans() | st.floats() | st.text(max_size=9), lambda x: st.lists(x, max_size=3)))
def test_whatever_a_field_holds_a_task_comes_of_it(value: Any) -> None:
    from studiox.integrations.providers import piapi as module

    names = ("song_path", "title", "tags", "duration", "image_path", "lyrics", "error_type", "finished")
    for data in (
        {"output": value, "meta": value, "error": value},
        {"output": {"songs": value}, "meta": {"usage": value}},
        {"output": {"songs": [value, dict.fromkeys(names, value)]}, "meta": {"usage": {"consume": value}}},
    ):
        for end in (None, "finished", "failed"):
            task = module._task(data, end, "said")
            assert task.status in ("running", "finished", "failed")
            assert not task.files


@pytest.mark.parametrize(
    ("url", "key"),
    [
        ("http://api.piapi.ai", KEY),
        ("https://u@api.piapi.ai", KEY),
        ("", KEY),
        ("https://a", ""),
        ("https://a", "a\nb"),
    ],
)
def test_a_wrong_address_or_key_is_refused_at_once(url: str, key: str) -> None:
    with pytest.raises(ValueError):
        Piapi(url, key, SECRET)


def test_the_stand_in_calls_back_with_the_orders_secret() -> None:
    with answering(response(200, {})) as ours, PiapiStandIn(api_key=KEY, secret=SECRET, seconds=0) as piapi:
        provider = Piapi(piapi.url, KEY, SECRET)
        piapi.plan("callback-forged")
        task_id = provider.submit(
            Order(job_id="j", type="music", model="music-u", inputs={"prompt": "p"}, callback_url=f"{ours.url}/?job=j")
        )
        piapi.wait_callbacks(2)
        bodies = []
        for request in ours.requests:
            head, _, body = request.partition(b"\r\n\r\n")
            lines = [line.split(": ", 1) for line in head.decode().split("\r\n")[1:]]
            bodies.append(provider.verify(dict(lines), body))
    assert bodies == [None, task_id]
