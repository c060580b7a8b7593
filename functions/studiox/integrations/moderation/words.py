"""A list of words and phrases that reject a text. Pure.

Text is compared by whole words, in NFKC without case and invisible characters, and with letters in place of the digits
and signs that stand for them. There is no regular expression, and a text is read once for each length of a phrase.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

from studiox.kit.texts import INVISIBLE

from .protocol import Content, Verdict

MAX_WORDS = 5_000
MAX_LENGTH = 100
"""Characters of an entry."""
MAX_PHRASE = 8
"""Words of an entry."""
_LETTERS = str.maketrans("013457@$", "oieastas")


class InvalidList(ValueError):
    """The list is too long, or an entry of it is empty or too long."""


class WordList:
    """The moderator. `InvalidList`."""

    def __init__(self, entries: Iterable[str]) -> None:
        listed = list(entries)
        if len(listed) > MAX_WORDS or any(len(entry) > MAX_LENGTH for entry in listed):
            raise InvalidList(f"at most {MAX_WORDS} entries of {MAX_LENGTH} characters")
        self._phrases = {tuple(words_of(entry)) for entry in listed}
        lengths = {len(phrase) for phrase in self._phrases}
        if not lengths <= set(range(1, MAX_PHRASE + 1)):
            raise InvalidList(f"an entry has 1 to {MAX_PHRASE} words")
        self._lengths = sorted(lengths)

    def check(self, content: Content) -> Verdict:
        """`rejected` if a text has an entry of the list. Pictures are not looked at."""
        return "rejected" if any(map(self._has_one, content.texts)) else "general"

    def _has_one(self, text: str) -> bool:
        words = words_of(text)
        return any(
            tuple(words[start : start + length]) in self._phrases
            for length in self._lengths
            for start in range(len(words) - length + 1)
        )


def words_of(text: str) -> list[str]:
    """The words of a text as they are compared."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    kinds = ((char, unicodedata.category(char)) for char in folded.translate(_LETTERS) if char not in INVISIBLE)
    return "".join(char if kind[0] in "LMN" else " " for char, kind in kinds if kind != "Cf").split()
