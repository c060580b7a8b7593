"""Names and titles show what they are; longer texts keep what emoji and scripts need."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studiox.api.callables import parse
from studiox.auth.endpoints import UpdateProfile
from studiox.kit.texts import INVISIBLE, plain_name
from tests.community.community import Community
from tests.community.conftest import community

__all__ = ["community"]

HIDDEN = "\u202e\u2066\u200b\u200d\ufeff\u00ad"


@given(st.text())
def test_a_name_is_seen_whole_on_one_line(text: str) -> None:
    name = plain_name(text)
    assert plain_name(name) == name == name.strip() == unicodedata.normalize("NFC", name)
    assert not [char for char in name if unicodedata.category(char) in ("Cc", "Cf", "Cs", "Zl", "Zp")]
    assert not INVISIBLE & set(name)
    assert "  " not in name


@given(st.text(st.characters(categories=("L", "N", "P", "S"), exclude_characters=INVISIBLE), min_size=1))
def test_what_can_be_seen_stays(text: str) -> None:
    assert plain_name(text) == unicodedata.normalize("NFC", text)


def test_names_and_titles_follow_it_and_comments_do_not(community: Community) -> None:
    assert parse(UpdateProfile, {"displayName": f"An{HIDDEN}n"}).display_name == "Ann"
    community.user("ann", displayName=f"An{HIDDEN}n")  # as it was kept before
    post = community.published("ann")
    assert community.ok("getPost", postId=post)["authorName"] == "Ann"
    assert community.ok("updateCreation", "ann", creationId=post, title=f"A f{HIDDEN}ox\n two")["title"] == "A fox two"
    family = "nice 👩‍👩‍👧 می‌خواهم"
    community.comment("bob", post, family)
    assert [said["text"] for said in community.ok("getComments", postId=post)["comments"]] == [family]


@pytest.mark.parametrize("title", [HIDDEN, "\u3164", "\u200b \u200b"])
def test_a_title_that_shows_nothing_is_refused(community: Community, title: str) -> None:
    refused = community.call("updateCreation", "ann", creationId=community.creation(), title=title)
    assert (refused.code, refused.reason) == ("invalid-argument", "InvalidRequest")
