"""One rule for names and titles, which are shown beside other people's: visible characters, on one line. Pure.

Longer texts (comments, captions, prompts) only lose control characters: joiners belong to emoji and to many scripts.
"""

from __future__ import annotations

import unicodedata

# Invisible characters of other categories: fillers, a joiner of graphemes, Braille without dots, Mongolian marks.
INVISIBLE = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800\u3164\uffa0")


def plain_name(text: str) -> str:
    """NFC, without control, bidirectional and zero-width characters, each run of white space as one space.

    Empty if no visible character is left.
    """
    kept = []
    for char in unicodedata.normalize("NFC", text):
        category = unicodedata.category(char)
        if char.isspace():
            kept.append(" ")
        elif category not in ("Cc", "Cf", "Cs") and char not in INVISIBLE:
            kept.append(char)
    name = unicodedata.normalize("NFC", " ".join("".join(kept).split()))
    return name if shows(name) else ""


def shortened(text: str, most: int) -> str:
    """The text if it has at most `most` characters, else its first words and an ellipsis within that length.

    A word that would leave less than half of the length is cut.
    """
    if len(text) <= most:
        return text
    words = text[:most].rpartition(" ")[0].rstrip()
    return (words if 2 * len(words) >= most else text[: most - 1].rstrip()) + "…"


def shows(text: str) -> bool:
    """Whether the text has a visible character."""
    return any(unicodedata.category(char)[0] not in "MZC" and char not in INVISIBLE for char in text)
