"""The words by which a creation is found, and what a search for words asks the index for. Pure.

Firestore has no text search. A creation stores the beginnings of its words, and an index over them finds those with one
beginning. What else a search asks for is compared with the creation's own words (docs/decisions/0037-finding.md).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

MAX_WORDS = 64
"""Different words of a creation that are found, its title's first."""
MAX_TERM = 8
"""Characters of the longest beginning that is stored: at most 512 terms, a few kilobytes."""

_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"
)
"""Thai, Lao, Burmese, Khmer, Japanese and Chinese characters: those scripts have no spaces between words."""


def words_of(*texts: str) -> list[str]:
    """The first MAX_WORDS different words of the texts, accents and case folded.

    A word is a run of letters, digits and their marks; each character of a script without spaces is one.
    """
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", " ".join(texts)).casefold())
    parted = "".join(_parted(char) for char in folded if not unicodedata.combining(char))
    return list(dict.fromkeys(parted.split()))[:MAX_WORDS]


def _parted(char: str) -> str:
    if _UNSPACED.match(char):
        return f" {char} "
    return char if unicodedata.category(char)[0] in "LMN" else " "


def terms_of(title: str, prompt: str) -> list[str]:
    """What is stored of a creation: the beginnings of its words, up to MAX_TERM characters, sorted."""
    return sorted(
        {word[:length] for word in words_of(title, prompt) for length in range(1, min(len(word), MAX_TERM) + 1)}
    )


def term_of(words: Sequence[str]) -> str:
    """What a search asks the index for: its longest word, which is likely to be the rarest, as far as it is stored."""
    return max(words, key=len)[:MAX_TERM]


def is_answered_by_term(words: Sequence[str]) -> bool:
    """Whether the index alone answers the search: for the beginning of one word that is stored in full."""
    return len(words) == 1 and len(words[0]) <= MAX_TERM


def matches(words: Sequence[str], title: str, prompt: str) -> bool:
    """Whether a creation has every word of the search; its last word may be the beginning of one."""
    *whole, beginning = words
    own = words_of(title, prompt)
    return set(whole) <= set(own) and any(word.startswith(beginning) for word in own)
