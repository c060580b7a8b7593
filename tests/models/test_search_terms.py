"""The words of a search: folded alike on both sides, bounded, and found exactly where they are."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studiox.models.search_terms import (
    MAX_TERM,
    MAX_WORDS,
    is_answered_by_term,
    matches,
    term_of,
    terms_of,
    words_of,
)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("A red FOX, a fox.", ["a", "red", "fox"]),
        ("Füchse fuchse Fu\u0308chse", ["fuchse"]),
        ("Straße STRASSE", ["strasse"]),
        ("İstanbul ISTANBUL ıstanbul", ["istanbul", "ıstanbul"]),
        ("naïve-café: 4k/8K (best_quality)", ["naive", "cafe", "4k", "8k", "best", "quality"]),
        ("ﬁlm ＦＵＬＬ ①", ["film", "full", "1"]),
        ("Ελλάδα ΕΛΛΑΔΑ", ["ελλαδα"]),
        ("हिन्दी में", ["हिनदी", "में"]),
        ("赤い猫 ガラス", ["赤", "い", "猫", "カ", "ラ", "ス"]),
        ("한국 고양이", ["".join(map(chr, map(ord, "한국"))), "고양이"]),
        ("🦊 … — 'quoted'", ["quoted"]),
        ("", []),
    ],
)
def test_words(text: str, words: list[str]) -> None:
    import unicodedata

    assert [unicodedata.normalize("NFC", each) for each in words_of(text)] == words


def test_titles_come_first_and_the_number_is_bounded() -> None:
    prompt = " ".join(f"wording{number}" for number in range(200))
    found = words_of("My title", prompt)
    assert found == ["my", "title", *(f"wording{number}" for number in range(62))]
    terms = terms_of("My title", prompt)
    assert len(terms) <= MAX_WORDS * MAX_TERM
    assert max(map(len, terms)) == 8
    assert terms_of("Fox", "") == ["f", "fo", "fox"]


def test_the_index_is_asked_for_the_longest_word_as_far_as_it_is_stored() -> None:
    assert term_of(["a", "lantern", "fox"]) == "lantern"
    assert term_of(["extraordinary"]) == "extraord"


@pytest.mark.parametrize(
    ("words", "alone"),
    [(["fox"], True), (["lanterns"], True), (["lanternss"], False), (["red", "fox"], False), (["fo", "f"], False)],
)
def test_the_index_alone_answers_one_word_that_is_stored_in_full(words: list[str], alone: bool) -> None:
    assert is_answered_by_term(words) is alone


TEXTS = st.text(alphabet=st.sampled_from("aAbBéE ßİ-.1猫カが\u0301\u0902न्"), max_size=40)


@given(TEXTS, TEXTS, TEXTS)
def test_the_index_never_hides_what_matches(title: str, prompt: str, query: str) -> None:
    words = words_of(query)
    if not words:
        return
    found = matches(words, title, prompt)
    in_index = term_of(words) in terms_of(title, prompt)
    assert in_index or not found
    if is_answered_by_term(words):
        assert in_index == found


@given(TEXTS)
def test_every_word_and_each_beginning_of_one_finds_its_text(text: str) -> None:
    words = words_of(text)
    for word in words:
        for length in range(1, len(word) + 1):
            assert matches([word[:length]], "", text)
            assert matches([*words, word[:length]], text, "")
            assert not matches([word + "x"], "", text) or word + "x" in " ".join(words)
    assert words_of(" ".join(words)) == words  # folding twice changes nothing
