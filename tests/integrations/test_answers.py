"""Reading a vendor's values of any type, and what a refused order's status means."""

from __future__ import annotations

import pytest

from studiox.integrations.providers import answers
from studiox.integrations.providers.protocol import AccountRefused, Failure, NotAccepted, OutcomeUnknown, Rejected


@pytest.mark.parametrize(
    ("code", "reason"),
    [(400, "InvalidInput"), (413, "InvalidInput"), (422, "InvalidInput")]
    + [(each, "GenerationFailed") for each in (404, 410, 451, 499)],
)
def test_a_refused_order(code: int, reason: Failure) -> None:
    refused = answers.refusal(code)("words", None)
    assert isinstance(refused, Rejected)
    assert (refused.reason, refused.raw) == (reason, "words")


@pytest.mark.parametrize(
    ("kind", "codes"),
    [
        (AccountRefused, (401, 402, 403)),
        (NotAccepted, (307, 308, 425, 429, 503)),
        (OutcomeUnknown, (200, 301, 302, 303, 399, 408, 409, 500, 502, 504, 599)),
    ],
)
def test_the_meaning_of_a_status(kind: type[Exception], codes: tuple[int, ...]) -> None:
    for code in codes:
        assert type(answers.refusal(code)("words", None)) is kind, code


def test_the_codes_with_a_meaning_of_their_own_are_these() -> None:
    assert sorted(answers.REFUSALS_BY_CODE) == [307, 308, 400, 401, 402, 403, 408, 409, 413, 422, 425, 429, 503]


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ("blocked by Content_Moderation", "ContentRejected"),
        ("the image is too large and violates our rules", "ContentRejected"),
        ("Prompt too long", "InvalidInput"),
        ("oops", "GenerationFailed"),
        ("", "GenerationFailed"),
    ],
)
def test_why_a_generation_failed(words: str, reason: Failure) -> None:
    assert answers.reason(words) == reason


def test_text() -> None:
    assert [answers.text(each) for each in ("a", "", None, 1, {"a": 1})] == ["a", "", "", "1", "{'a': 1}"]
    assert len(answers.text("a" * 501)) == 501
    assert len(answers.text(["a" * 600])) == 500


def test_an_address() -> None:
    longest = "https://a/" + "b" * 4086
    for good in ("https://a/1", "http://a/1", longest):
        assert answers.url(good) == good
    for bad in (longest + "b", "ftp://a", "a", "", None, 1, ["https://a"]):
        assert answers.url(bad) == ""


def test_a_number() -> None:
    for good in (0, 1, "2.5", 2**53 - 1, "9007199254740991"):
        assert answers.number(good) == float(good)
    unusable: tuple[object, ...] = (True, [], None, "x", "", -1, -0.5, "-1", "nan", "inf", float("inf"), 2**53, 10**400)
    for bad in unusable:
        assert answers.number(bad) is None, bad


@pytest.mark.parametrize(("value", "shown"), [(None, 0), ("x", 0), (-1, 0), (0, 0), (0.9, 0), (1, 1), ("42", 42)])
def test_progress(value: object, shown: int) -> None:
    assert answers.progress(value) == shown
    assert [answers.progress(each) for each in (99.9, 100, 101)] == [99, 100, 100]


def test_tags() -> None:
    assert answers.words(" a, b ,,c") == answers.words(["a", " b ", "", " ", 1, None, "c"]) == ("a", "b", "c")
    assert answers.words(None) == answers.words({"a": 1}) == answers.words(1) == ()
    assert answers.words([" " + "x" * 65, "y" * 64]) == ("x" * 64, "y" * 64)
    assert answers.words([str(each) for each in range(30)]) == tuple(str(each) for each in range(20))


def test_plain_text() -> None:
    assert answers.plain(" a\n\tb\x00\x7f\ud800 ", 99) == "a\n\tb"
    assert answers.plain("e\u0301", 99) == "\u00e9"
    assert answers.plain("abc", 2) == "ab"
    # Four times as much is looked at: what is left of it, without white space and control characters, is kept.
    assert answers.plain("\x00" * 7 + "ab", 2) == "a"
    assert answers.plain("\x00" * 8 + "ab", 2) == ""
