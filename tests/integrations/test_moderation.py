"""Moderators: a list of words, the meaning of scores, and the endpoint over HTTP with every fault."""

from __future__ import annotations

import threading
import unicodedata
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.vendors.chat import ChatStandIn
from local.vendors.moderation import CATEGORIES
from studiox.integrations.moderation import openai as module
from studiox.integrations.moderation import words
from studiox.integrations.moderation.openai import OpenAiModerator
from studiox.integrations.moderation.protocol import Away, Content, Verdict, strictest
from studiox.integrations.moderation.scores import LIMITS, NEVER, Limits, verdict
from studiox.integrations.moderation.words import InvalidList, WordList
from tests.integrations.servers import answering, response

KEY = "canary-key-of-the-moderation-endpoint"
LISTED = WordList(["Kitten", "bad word", "naïve", "Straße", "b4d", "ass", "猫"])


@pytest.mark.parametrize(
    "text",
    [
        *("kitten", "KITTEN!", "a kitten.", "(kitten)", "k1tt3n", "ki\u00adtt\u200ben", "ＫＩＴＴＥＮ", "x_kitten_y"),
        *("bad word", "BAD\n word", "bad-word", "so bad, word", "naïve", "nai\u0308ve", "STRASSE", "bad"),
        *("a$$", "@ss", "one 猫 two", "kitten's"),
    ],
)
def test_a_word_of_the_list_is_found(text: str) -> None:
    assert LISTED.check(Content([text])) == "rejected"
    assert LISTED.check(Content(["fine", f"and then {text} once"])) == "rejected"


@pytest.mark.parametrize(
    "text", ["kittens", "akitten", "word b ad", "b ad", "glass", "class", "", " ", "naive", "ba dword", "猫舌"]
)
def test_parts_of_words_are_not(text: str) -> None:
    assert LISTED.check(Content([text])) == "general"


def test_a_phrase_is_not_found_across_two_texts() -> None:
    assert WordList(["bad word"]).check(Content(["bad", "word"])) == "general"
    assert WordList([]).check(Content(["anything"])) == "general"


@given(st.text(max_size=40), st.text(max_size=40))
def test_any_text_is_judged(entry: str, text: str) -> None:
    found = words.words_of(entry)
    if not 1 <= len(found) <= words.MAX_PHRASE:
        with pytest.raises(InvalidList):
            WordList([entry])
        return
    assert WordList([entry]).check(Content([f"{text} {entry} {text}"])) == "rejected"
    assert words.words_of(" ".join(found)) == found or unicodedata.normalize("NFKC", entry) != entry


def test_a_list_has_a_limit() -> None:
    assert (words.MAX_WORDS, words.MAX_LENGTH, words.MAX_PHRASE) == (5_000, 100, 8)
    every_length = [" ".join(["word"] * number) for number in range(1, words.MAX_PHRASE + 1)]
    assert WordList(every_length).check(Content(["a word"])) == "rejected"
    most = [f"w{number}" for number in range(words.MAX_WORDS)]
    assert WordList(most).check(Content(["w17"])) == "rejected"
    phrase = " ".join(["word"] * words.MAX_PHRASE)
    assert WordList([phrase, "x" * words.MAX_LENGTH]).check(Content([f"a {phrase} b"])) == "rejected"
    for wrong in ([*most, "more"], ["x" * (words.MAX_LENGTH + 1)], [f"{phrase} word"], [""], ["…"]):
        with pytest.raises(InvalidList):
            WordList(wrong)


def judged(scores: Mapping[str, Any], flagged: Mapping[str, Any] | None = None) -> Verdict | None:
    categories = dict.fromkeys(CATEGORIES, False) | dict(flagged or {})
    return verdict({"flagged": True in categories.values(), "categories": categories, "category_scores": scores})


def test_every_category_of_the_model_has_limits() -> None:
    assert LIMITS.keys() == set(CATEGORIES)
    assert {
        "sexual": Limits(0.3, 0.9),
        "sexual/minors": Limits(0.1, 0.2),
        "violence": Limits(0.7, 0.97),
        "violence/graphic": Limits(0.4, 0.95),
        "self-harm": Limits(0.4, 0.9),
        "self-harm/intent": Limits(0.4, 0.7),
        "self-harm/instructions": Limits(0.2, 0.4),
        "harassment": Limits(NEVER, 0.95),
        "harassment/threatening": Limits(NEVER, 0.8),
        "hate": Limits(NEVER, 0.7),
        "hate/threatening": Limits(NEVER, 0.5),
        "illicit": Limits(NEVER, 0.9),
        "illicit/violent": Limits(NEVER, 0.6),
    } == LIMITS
    assert NEVER > 1


@pytest.mark.parametrize("category", CATEGORIES)
def test_a_score_is_judged_by_its_limits(category: str) -> None:
    limits = LIMITS[category]
    assert judged({category: limits.rejected}) == "rejected"
    assert judged({category: 1}) == "rejected"
    below: Verdict = "mature" if limits.mature <= 1 else "general"
    assert judged({category: limits.rejected - 0.001}) == below
    assert judged({category: min(limits.mature, limits.rejected) - 0.001}) == "general"
    assert judged({category: limits.mature if limits.mature <= 1 else 0}) == below
    assert judged({category: 0}) == "general"


@pytest.mark.parametrize("score", [None, "0.9", True, -0.1, 1.1, float("nan"), float("inf"), [], {}])
def test_a_category_without_a_score_counts_as_it_is_flagged(score: Any) -> None:
    assert judged({"sexual": score}) == "general"
    assert judged({"sexual": score}, {"sexual": True}) == "rejected"
    assert judged({}, {"sexual": None}) == "general"


def test_a_score_goes_before_the_flag() -> None:
    assert judged({"sexual": 0.5}, {"sexual": True}) == "mature"
    assert judged({"sexual": 0.1}, {"sexual": True}) == "general"


def test_a_category_that_we_do_not_know_is_rejected_if_it_is_flagged() -> None:
    assert judged({"new": 0.99}) == "general"
    assert judged({"new": 0.01}, {"new": True}) == "rejected"
    assert verdict({"flagged": True, "categories": {}}) == "rejected"
    assert verdict({"flagged": True, "categories": {"sexual": False}, "category_scores": None}) == "rejected"
    assert verdict({"flagged": False, "categories": {}}) == "general"


@pytest.mark.parametrize(
    "result",
    [
        None,
        {},
        {"flagged": True},
        {"flagged": "yes", "categories": {}},
        {"flagged": None, "categories": {}},
        {"flagged": False, "categories": []},
    ],
)
def test_a_result_that_cannot_be_understood(result: Any) -> None:
    assert verdict(result) is None


def test_the_strictest_verdict_counts() -> None:
    assert strictest([]) == "general"
    assert strictest(["general", "mature", "general"]) == "mature"
    assert strictest(["rejected", "mature"]) == "rejected"


@pytest.fixture(scope="module")
def _running() -> Iterator[ChatStandIn]:
    with ChatStandIn(api_key=KEY) as running:
        yield running


@pytest.fixture
def endpoint(_running: ChatStandIn) -> ChatStandIn:
    _running.reset()
    return _running


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test depends on how fast the machine is."""
    monkeypatch.setattr(module, "WITHIN_S", 30)


def address(path: str) -> str:
    return f"https://storage.example/{path}"


@pytest.fixture
def moderator(endpoint: ChatStandIn) -> OpenAiModerator:
    return OpenAiModerator(endpoint.url, KEY, address)


def test_texts_go_together_and_each_picture_alone(endpoint: ChatStandIn, moderator: OpenAiModerator) -> None:
    assert moderator.check(Content(["a fox", "in snow"], ["users/u1/a.png", "users/u1/b.png"])) == "general"
    sent = sorted(endpoint.orders(), key=str)
    assert {each["model"] for each in sent} == {"omni-moderation-latest"}
    assert [each["input"] for each in sent] == [
        [{"type": "image_url", "image_url": {"url": "https://storage.example/users/u1/a.png"}}],
        [{"type": "image_url", "image_url": {"url": "https://storage.example/users/u1/b.png"}}],
        [{"type": "text", "text": "a fox\nin snow"}],
    ]
    assert all(set(each) == {"model", "input", "idempotencyKey"} for each in sent), "fields that are not documented"


def test_a_long_text_goes_in_parts(endpoint: ChatStandIn, moderator: OpenAiModerator) -> None:
    long = "x" * module.MAX_TEXT + "moderation:mature"
    assert moderator.check(Content([long])) == "mature"
    assert sorted(len(each["input"][0]["text"]) for each in endpoint.orders()) == [17, module.MAX_TEXT]


def test_nothing_to_judge_asks_nobody(endpoint: ChatStandIn, moderator: OpenAiModerator) -> None:
    assert moderator.check(Content([])) == "general"
    assert endpoint.orders() == []


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (Content(["moderation:mature"]), "mature"),
        (Content(["moderation:rejected"]), "rejected"),
        (Content(["a fox"], ["a.png", "moderation-mature.png"]), "mature"),
        (Content(["moderation:mature"], ["moderation-rejected.png"]), "rejected"),
        (Content(["moderation:500"], ["moderation-rejected.png"]), "rejected"),
    ],
)
def test_the_verdict_is_the_strictest(moderator: OpenAiModerator, content: Content, expected: Verdict) -> None:
    assert moderator.check(content) == expected


@pytest.mark.parametrize(
    ("fault", "ours"),
    [
        *(
            (each, False)
            for each in ("429", "500", "502", "503", "html", "garbage", "nothing", "drop", "redirect", "huge")
        ),
        *((each, True) for each in ("401", "403", "404")),
        *((each, False) for each in ("validation", "408")),
    ],
)
def test_without_a_verdict_it_is_away(moderator: OpenAiModerator, fault: str, ours: bool) -> None:
    with pytest.raises(Away) as caught:
        moderator.check(Content([f"moderation:{fault}"], ["moderation-mature.png"]))
    assert caught.value.ours is ours
    assert caught.value.known == "mature", "what was judged is known"


def test_nobody_waits_longer_than_the_limit(moderator: OpenAiModerator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "WITHIN_S", 0.2)
    with pytest.raises(Away):
        moderator.check(Content(["moderation:hang"]))


def test_an_address_that_is_not_made_in_time_holds_nobody(
    endpoint: ChatStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "WITHIN_S", 0.2)
    over = threading.Event()

    def slow(path: str) -> str:
        over.wait(10)
        return path

    try:
        with pytest.raises(Away, match="late"):
            OpenAiModerator(endpoint.url, KEY, slow).check(Content([], ["a.png"]))
    finally:
        over.set()


def test_the_address_of_a_picture_may_not_be_had(endpoint: ChatStandIn) -> None:
    def lacking(_path: str) -> str:
        raise Away("no address")

    with pytest.raises(Away, match="no address"):
        OpenAiModerator(endpoint.url, KEY, lacking).check(Content(["a fox"], ["a.png"]))


def test_nobody_there() -> None:
    with pytest.raises(Away):
        OpenAiModerator("http://127.0.0.1:9/v1", KEY, address).check(Content(["a fox"]))


@pytest.mark.parametrize(
    "body",
    [
        *({}, {"results": None}, {"results": []}, {"results": [None]}, {"results": "x"}, {"results": {"a": 1}}),
        {"results": [{"flagged": False, "categories": {}}, {}]},
        {"results": 7},
    ],
)
def test_an_answer_that_cannot_be_understood_is_none(body: dict[str, Any]) -> None:
    with answering(response(200, body)) as server, pytest.raises(Away):
        OpenAiModerator(f"{server.url}/v1", KEY, address).check(Content(["a fox"]))


def test_a_kept_connection_that_was_closed_is_no_failure() -> None:
    judged = response(200, {"results": [{"flagged": False, "categories": {}}]})
    with answering(judged.replace(b"Connection: close\r\n", b"")) as server:
        moderator = OpenAiModerator(f"{server.url}/v1", KEY, address)
        assert [moderator.check(Content(["a fox"])) for _ in range(3)] == ["general"] * 3


@pytest.mark.parametrize(("base", "key"), [("http://example.com/v1", KEY), ("https://a.example", "")])
def test_settings_are_checked_before_anything_is_sent(base: str, key: str) -> None:
    with pytest.raises(ValueError, match="moderation endpoint"):
        OpenAiModerator(base, key, address)
    assert "canary" not in repr(OpenAiModerator("https://a.example", KEY, address))
