"""The community's rules, without a database."""

from __future__ import annotations

import unicodedata
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studiox.catalog import defaults
from studiox.community import rules
from studiox.kit.errors import InvalidRequest
from studiox.models import posts
from studiox.models.media_files import MediaFile
from tests.support.jobs import made_creation
from tests.support.people import user_of

NOW = datetime(2026, 6, 1, tzinfo=UTC)
TIMES = st.integers(1_600_000_000, 2_800_000_000).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))
IDS = st.text("abc234", min_size=1, max_size=6)
UIDS = st.text("abc_234", min_size=1, max_size=8)


@given(st.integers(0, 10**7), TIMES)
def test_a_like_never_lowers_the_rank(likes: int, at: datetime) -> None:
    assert posts.score(likes + 1, at) >= posts.score(likes, at)


@given(st.integers(0, 10**6), TIMES)
def test_a_younger_post_with_as_many_likes_ranks_higher(likes: int, at: datetime) -> None:
    assert posts.score(likes, at + timedelta(minutes=1)) > posts.score(likes, at)


def test_half_a_day_is_worth_ten_times_the_likes() -> None:
    """So a new post enters the top: what had 999 likes is level with 99 likes 12.5 hours later."""
    assert posts.score(999, NOW) == pytest.approx(posts.score(99, NOW + timedelta(hours=12.5)))
    assert posts.score(0, NOW + timedelta(days=2)) > posts.score(500, NOW)
    assert posts.score(500, NOW) > posts.score(0, NOW + timedelta(days=1))


@given(st.text(max_size=40))
def test_a_tag_is_normal_or_refused(text: str) -> None:
    try:
        tag = rules.normal_tag(text)
    except InvalidRequest:
        return
    assert rules.normal_tag(tag) == tag
    assert 1 <= len(tag) <= rules.MAX_TAG
    assert not any(char.isspace() or char in "#/<>&\"'" or unicodedata.category(char)[0] == "C" for char in tag)


@pytest.mark.parametrize(
    ("given_", "wanted"),
    [
        ("#Cyberpunk", "cyberpunk"),
        ("  Oil   Painting ", "oil-painting"),
        ("ÉTÉ", "été"),
        ("e\u0301te\u0301", "été"),
        ("Ｆｏｘ", "fox"),
        ("東京", "東京"),
        ("Straße", "strasse"),
        ("a_b-c9", "a_b-c9"),
    ],
)
def test_tags(given_: str, wanted: str) -> None:
    assert rules.normal_tag(given_) == wanted


@pytest.mark.parametrize("text", ["", "#", "---", "a/b", "<b>", "a\0b", "\u202eabc", "x" * 31, "🦊", "a,b"])
def test_no_tags(text: str) -> None:
    with pytest.raises(InvalidRequest):
        rules.normal_tag(text)


def test_each_tag_once_and_ten_at_most() -> None:
    assert rules.normal_tags(["B", "#a", "b", "A"]) == ["b", "a"]
    with pytest.raises(InvalidRequest):
        rules.normal_tags([f"t{number}" for number in range(11)])


@pytest.mark.parametrize("text", ["\u200b", "\u200b\u2060\ufeff", "\u202e \u202c", "\u0301"])
def test_c10_a_comment_shows_something(text: str) -> None:
    with pytest.raises(InvalidRequest):
        rules.check_comment(text)


@pytest.mark.parametrize("text", ["!", "🦊", "שלום", "<script>alert(1)</script>", "a\u200bb", "http://a b http://c"])
def test_c10_a_comment_may_be_any_plain_text(text: str) -> None:
    rules.check_comment(text)


def test_c11_a_comment_is_no_list_of_links() -> None:
    rules.check_comment("https://a.example " * 5)
    with pytest.raises(InvalidRequest):
        rules.check_comment("HTTPS://a.example www.b.example " * 3)


@given(IDS, UIDS, IDS, UIDS)
def test_c7_no_two_likes_share_a_name(post: str, uid: str, other_post: str, other_uid: str) -> None:
    assert rules.is_post_id(post)
    assert rules.is_post_id(other_post)
    if (post, uid) != (other_post, other_uid):
        assert posts.like_path(post, uid) != posts.like_path(other_post, other_uid)


def test_c7_with_an_underscore_they_could() -> None:
    assert posts.like_path("a", "b_c") == posts.like_path("a_b", "c")
    assert not rules.is_post_id("a_b")


def plainly(share: bool) -> rules.Publishing:
    return rules.Publishing("", [], share_params=share, rating="general")


VALUES = st.one_of(st.booleans(), st.integers(), st.text(max_size=10), st.lists(st.text(max_size=5), max_size=2))


@given(st.dictionaries(st.sampled_from(["style", "size", "inputPaths", "price", "taskId", "x"]), VALUES), st.booleans())
def test_c4_c5_only_listed_parameters_become_public(params: dict[str, Any], share: bool) -> None:
    creation = made_creation("c1", "u1", prompt="p", params=params)
    post = rules.new_post(creation, None, plainly(share), rating="general", remix_of=None, now=NOW)
    assert set(post.params or {}) <= {"style", "size"}
    assert (post.prompt is not None) == (post.params is not None) == share
    if share:
        assert set(rules.remix_params(post)) <= {"style", "size", "prompt"}
    else:
        with pytest.raises(rules.RemixDisabled):
            rules.remix_params(post)


def test_c4_of_every_input_in_the_catalogue_it_is_decided_whether_it_is_shared() -> None:
    inputs = {(name, spec.kind) for model in defaults.MODELS for name, spec in model.inputs.items()}
    kept = {(name, kind) for name, kind in inputs if name not in rules.PUBLIC_PARAMS}
    assert kept == {("prompt", "text"), ("inputPaths", "files")}


def test_a_providers_echo_of_an_unshared_prompt_stays_private() -> None:
    path = "users/u1/creations/c1/0.mp3"
    media = [
        MediaFile(path=path, content_type="audio/mpeg", bytes=1, tags=["sad fox"], title=title)
        for title in ("a sad fox", "Nocturne")
    ]
    titled = made_creation("c1", "u1", type="music", prompt="A sad fox sings", params={}, media=media)

    def shown(share: bool) -> list[tuple[Any, Any]]:
        post = rules.new_post(titled, None, plainly(share), rating="general", remix_of=None, now=NOW)
        return [(file.title, file.tags) for file in post.media]

    assert shown(False) == [(None, None), ("Nocturne", None)]
    assert shown(True) == [("a sad fox", ["sad fox"]), ("Nocturne", ["sad fox"])]


def test_nobody_is_named_by_their_address() -> None:
    assert rules.author_name(user_of("ann@example.org")) == "Anonymous"
