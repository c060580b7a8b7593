"""A chat endpoint behind the protocol, over HTTP: its stand-in with every fault, and answers byte for byte."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.vendors.chat import ChatStandIn
from studiox.integrations.providers import openai as module
from studiox.integrations.providers.openai import OpenAi, titled
from studiox.integrations.providers.protocol import (
    AccountRefused,
    NotAccepted,
    Order,
    OutcomeUnknown,
    PollFailed,
    Rejected,
    Task,
)
from tests.integrations.servers import answering, response

KEY = "canary-openai-key-of-the-stand-in"
PICTURE = "https://uploads.example/1?signature=canary-signature"


@pytest.fixture(scope="module")
def _running() -> Iterator[ChatStandIn]:
    with ChatStandIn(api_key=KEY) as running:
        yield running


@pytest.fixture
def chat(_running: ChatStandIn) -> ChatStandIn:
    _running.reset()
    return _running


@pytest.fixture
def provider(chat: ChatStandIn) -> OpenAi:
    return OpenAi(chat.url, KEY)


def lyrics(**inputs: Any) -> Order:
    return Order(job_id="j", type="lyrics", model="gpt-x", inputs={"prompt": "canary-prompt: rain", **inputs})


def analysis(*pictures: str) -> Order:
    return Order(job_id="j", type="analysis", model="gpt-x", inputs={"prompt": "What is it?"}, image_urls=pictures)


def test_lyrics_come_at_once_with_their_title(chat: ChatStandIn, provider: OpenAi) -> None:
    task = provider.submit(lyrics(mood="sad", presetType="lullaby", language="French"))
    assert (task.status, task.progress, task.title) == ("finished", 100, "Canary-prompt: rain")
    assert task.text is not None
    assert task.text.startswith("[Verse]\n")
    assert task.credits == pytest.approx(0.21)
    (sent,) = chat.orders()
    system, user = sent["messages"]
    assert (sent["model"], system["role"], user["role"]) == ("gpt-x", "system", "user")
    assert user["content"] == "Theme: canary-prompt: rain\nMood: sad\nKind of song: lullaby\nLanguage: French"
    assert set(sent) == {"model", "messages", "max_tokens", "idempotencyKey"}, "fields that not every endpoint takes"


def test_pictures_go_as_addresses(chat: ChatStandIn, provider: OpenAi) -> None:
    task = provider.submit(analysis(PICTURE, PICTURE))
    assert (task.status, task.text, task.title) == (
        "finished",
        "I see a picture on another host and a picture on another host.",
        None,
    )
    assert chat.orders()[0]["messages"][1]["content"] == [
        {"type": "text", "text": "What is it?"},
        {"type": "image_url", "image_url": {"url": PICTURE}},
        {"type": "image_url", "image_url": {"url": PICTURE}},
    ]


RAISED: list[tuple[str, type[Exception], str]] = [
    ("validation", Rejected, "InvalidInput"),
    ("moderation", Rejected, "ContentRejected"),
    ("html-400", Rejected, "GenerationFailed"),
    ("fail", Rejected, "ContentRejected"),
    ("cancelled", Rejected, "ContentRejected"),
    ("401", AccountRefused, ""),
    ("402", AccountRefused, ""),
    ("403", AccountRefused, ""),
    ("404", AccountRefused, ""),
    ("code-402", AccountRefused, ""),
    ("429", NotAccepted, ""),
    ("503", NotAccepted, ""),
    ("code-429", NotAccepted, ""),
    ("redirect", NotAccepted, ""),
]


@pytest.mark.parametrize(("fault", "kind", "reason"), RAISED)
def test_what_a_refusal_means(
    chat: ChatStandIn, provider: OpenAi, fault: str, kind: type[Exception], reason: str
) -> None:
    """J7."""
    chat.plan(fault)
    with pytest.raises(kind) as caught:
        provider.submit(lyrics())
    assert getattr(caught.value, "reason", "") == reason
    assert len(chat.orders()) == 1


@pytest.mark.parametrize(
    "fault",
    [
        *("408", "409", "500", "502", "504", "html", "html-502", "code-500", "garbage", "nothing"),
        *("drop", "drop-before", "redirect-302", "huge"),
    ],
)
def test_an_answer_that_is_lost_is_a_failure_at_once(chat: ChatStandIn, provider: OpenAi, fault: str) -> None:
    """J6: no task could bring it later, so nobody has to wait for the deadline; and nothing is sent twice."""
    chat.plan(fault)
    task = provider.submit(lyrics())
    assert (task.status, task.reason, task.text, task.raw_status) == ("failed", "GenerationFailed", None, "lost")
    assert len(chat.orders()) == 1


def test_an_answer_that_takes_too_long_is_a_failure(
    chat: ChatStandIn, provider: OpenAi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "READ_S", 0.2)
    chat.plan("hang")
    assert provider.submit(lyrics()).status == "failed"


def test_nobody_there_is_not_accepted() -> None:
    with pytest.raises(NotAccepted):
        OpenAi("http://127.0.0.1:9/v1", KEY).submit(lyrics())


@pytest.mark.parametrize("outcome", ["never", "stuck"])
def test_an_empty_answer_is_a_failure_and_a_cut_one_is_kept(chat: ChatStandIn, provider: OpenAi, outcome: str) -> None:
    chat.plan(outcome=outcome)
    task = provider.submit(analysis())
    assert task.status == ("failed" if outcome == "never" else "finished")
    assert task.credits == pytest.approx(0.21), "what was charged is known of a failure too"


def test_an_answer_in_parts(chat: ChatStandIn, provider: OpenAi) -> None:
    chat.plan(files=1)
    assert provider.submit(analysis(PICTURE)).text == "I see a picture on another host."


def completion(content: Any, **more: Any) -> bytes:
    return response(200, {"choices": [{"message": {"content": content}, "finish_reason": "stop"}], **more})


def test_text_is_plain_text() -> None:
    with answering(completion("  a\u0000b\u0007 e\u0301\r\nc\td  ")) as server:
        assert OpenAi(server.url, KEY).submit(analysis()).text == "ab é\nc\td"
    with answering(completion("x" * 50_000)) as server:
        assert len(OpenAi(server.url, KEY).submit(analysis()).text or "") == module.MAX_TEXT


@pytest.mark.parametrize(
    ("said", "title", "rest"),
    [
        ("Title: Rain\n\n[Verse]\nla", "Rain", "[Verse]\nla"),
        ("**Title:** “Rain”\n[Verse]", "Rain", "[Verse]"),
        ("# TITLE: Rain **\n\nla", "Rain", "la"),
        ("title : Rain\nla", "Rain", "la"),
        ("[Verse]\nTitle: no title\nla", None, "[Verse]\nTitle: no title\nla"),
        ("Title: only a title", None, "Title: only a title"),
        ("Untitled: x\nla", None, "Untitled: x\nla"),
    ],
)
def test_a_title_is_taken_off_the_lyrics(said: str, title: str | None, rest: str) -> None:
    assert titled(said) == (title, rest)


@pytest.mark.parametrize(
    "error",
    [
        {"message": "You exceeded your current quota", "type": "insufficient_quota", "code": "insufficient_quota"},
        {"message": "x", "type": "billing", "code": "insufficient_quota"},
    ],
)
def test_an_empty_account_is_no_rate_limit(error: dict[str, Any]) -> None:
    with answering(response(429, {"error": error})) as server, pytest.raises(AccountRefused):
        OpenAi(server.url, KEY).submit(lyrics())


def test_an_error_in_a_successful_answer() -> None:
    with answering(response(200, {"error": {"message": "rate limited", "code": 429}})) as server:
        with pytest.raises(NotAccepted):
            OpenAi(server.url, KEY).submit(lyrics())


def test_retry_after_is_told() -> None:
    with answering(response(429, {"error": {"message": "slow down"}}, Retry_After="7")) as server:
        with pytest.raises(NotAccepted) as caught:
            OpenAi(server.url, KEY).submit(lyrics())
    assert caught.value.retry_after_s == 7


def test_the_key_and_the_pictures_addresses_stay_where_they_belong(provider: OpenAi) -> None:
    """M12, and R10: no log."""
    with answering(completion("ok")) as server:
        OpenAi(f"{server.url}/v1/", f"{KEY} ").submit(analysis(PICTURE))
    head, _, body = server.requests[0].partition(b"\r\n\r\n")
    assert head.startswith(b"POST /v1/chat/completions ")
    assert f"Authorization: Bearer {KEY}".encode() in head
    assert KEY.encode() not in body
    assert (repr(provider), KEY in str(provider)) == ("OpenAi()", False)


def test_it_has_no_tasks_and_no_callbacks(provider: OpenAi) -> None:
    with pytest.raises(PollFailed) as caught:
        provider.poll("t1", "lyrics", "gpt-x")
    assert caught.value.gone
    assert provider.verify({"x": "y"}, b"{}") is None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["message", "content", "code"]), inner),
)


@given(JSON, st.sampled_from([200, 400, 429, 500]))
def test_whatever_the_body_holds_it_has_a_meaning(value: Any, status: int) -> None:
    for body in (
        {"choices": value, "usage": value},
        {"choices": [value]},
        {"error": value},
        {"choices": [{"message": value}]},
    ):
        answer = module_answer(status, body)
        try:
            task = module._result(answer, "lyrics")
        except (Rejected, AccountRefused, NotAccepted, OutcomeUnknown):
            continue
        assert isinstance(task, Task)


def module_answer(status: int, body: dict[str, Any]) -> Any:
    from studiox.integrations.providers.wire import Answer

    return Answer(status, body, str(body)[:500], None)
