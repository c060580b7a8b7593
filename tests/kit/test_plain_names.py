"""What of a name is kept, character by character."""

from __future__ import annotations

import pytest

from studiox.kit.texts import INVISIBLE, plain_name, shortened, shows


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Ann", "Ann"),
        (" A \t\n B ", "A B"),
        ("A\u2028B\u2029C", "A B C"),
        ("A\u00a0B", "A B"),
        ("A\nB", "A B"),
        ("e\u0301", "\u00e9"),
        ("A\u0000\u200b\u202e\ud800B", "AB"),
        ("\u1112\u1161\u200b\u11ab", "\ud55c"),  # composed once nothing separates the syllable's letters
        ("q\u0308", "q\u0308"),
        ("\u0308", ""),
        ("\ue000", ""),
        ("\ue000a", "\ue000a"),
        ("!", "!"),
        ("9", "9"),
        ("", ""),
        *((f"A{char}B", "AB") for char in sorted(INVISIBLE)),
    ],
)
def test_a_name_keeps_what_can_be_seen(text: str, name: str) -> None:
    assert plain_name(text) == name


@pytest.mark.parametrize(
    ("text", "short"),
    [
        ("A boat at sea", "A boat at sea"),
        ("A boat at sea!", "A boat at…"),
        ("A boat at sea, at night", "A boat at…"),
        ("A boatswain at sea", "A boatswain…"),
        ("A boatswains at sea", "A boatswains…"),
        ("A lighthouses at sea", "A lighthouse…"),
        ("Boat lighthouse at sea", "Boat lightho…"),
        ("Boat on lighthouse", "Boat on…"),
        ("lighthousekeeping", "lighthouseke…"),
        ("Boatsw   lighthouse", "Boatsw   lig…"),
        ("Boatswa   lighthouse", "Boatswa…"),
    ],
)
def test_a_long_text_ends_with_a_whole_word(text: str, short: str) -> None:
    assert shortened(text, 13) == short


@pytest.mark.parametrize(
    ("text", "seen"),
    [("", False), (" ", False), ("\u0301", False), ("\u200b", False), ("\ue000", False), ("\u3164", False)]
    + [("a", True), ("1", True), ("!", True), ("\u20ac", True), ("  a", True), ("\u3164a", True), ("_", True)],
)
def test_a_text_shows_something(text: str, seen: bool) -> None:
    assert shows(text) is seen
