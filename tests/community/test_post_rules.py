"""What a post shows and which tags, comments and remixes it takes, to the last character."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from studiox.community import rules
from studiox.kit.errors import InvalidRequest
from studiox.kit.texts import INVISIBLE
from studiox.models.media_files import MediaFile
from studiox.models.posts import Post, score
from studiox.models.ratings import Rating
from tests.support.jobs import made_creation
from tests.support.people import NOW, user_of

TAG = {"tags": "only letters, digits, - and _, at most 30 characters"}


@pytest.mark.parametrize(
    ("text", "tag"),
    [
        ("a", "a"),
        ("9", "9"),
        ("a" * 30, "a" * 30),
        ("##a#", None),
        ("##a", "a"),
        ("# #a", "a"),
        ("#", None),
        ("", None),
        ("a" * 31, None),
        ("ae\u0302\u0323-_9", "aệ-_9"),
        ("q\u0308", "q\u0308"),  # a mark that no letter includes
        ("\u0308", None),
        ("-_", None),
        ("-9", "-9"),
        ("a+", None),
        ("+a", None),
        ("a\u200b", None),
        *((f"a{char}", None) for char in sorted(INVISIBLE)),
        ("\u3164", None),
    ],
)
def test_a_tag_is_letters_digits_and_dashes(text: str, tag: str | None) -> None:
    if tag is not None:
        assert rules.normal_tag(text) == tag
        return
    with pytest.raises(InvalidRequest) as refused:
        rules.normal_tag(text)
    assert refused.value.details["fields"] == TAG


def test_a_post_has_ten_tags_in_their_order() -> None:
    ten = [f"t{number}" for number in range(10, 0, -1)]
    assert rules.normal_tags(ten) == ten
    assert rules.normal_tags([*ten, "T1"]) == ten
    with pytest.raises(InvalidRequest) as refused:
        rules.normal_tags([*ten, "t11"])
    assert refused.value.details["fields"] == {"tags": "at most 10 tags"}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        *((text, None) for text in ("a", " a ", "a\u0301", "9", "!", "\u20ac", "\u200da")),
        *(
            (text, "must contain visible text")
            for text in ("", " ", "\n", "\u200b", "\u0301", "\u3164", "\u2800 \u115f")
        ),
        ("http://a https://b HTTPS://c www.d Www.e", None),
        ("http://a https://b HTTPS://c www.d Www.e www.f", "at most 5 links"),
        ("ahttp://a " * 9 + "www,a " * 9, None),
    ],
)
def test_a_comment_shows_something_and_is_no_list_of_links(text: str, problem: str | None) -> None:
    if problem is None:
        rules.check_comment(text)
        return
    with pytest.raises(InvalidRequest) as refused:
        rules.check_comment(text)
    assert refused.value.details["fields"] == {"text": problem}


def test_the_limits() -> None:
    assert rules.MAX_COMMENTS == 10_000


@pytest.mark.parametrize(
    ("name", "shown"), [("Ann", "Ann"), (" An\u202en ", "Ann"), (None, "Anonymous"), ("\u200b", "Anonymous")]
)
def test_an_author_is_named_as_they_chose(name: str | None, shown: str) -> None:
    assert rules.author_name(msgspec.structs.replace(user_of(), display_name=name)) == shown
    assert rules.author_name(None) == "Anonymous"


SONG = MediaFile(
    path="users/u1/creations/c1/0.mp3",
    content_type="audio/mpeg",
    bytes=7,
    title=" Nocturne ",
    duration_seconds=9,
    tags=["sad"],
    image_path="users/u1/creations/c1/0.jpg",
)
COVER = MediaFile(path="users/u1/creations/c1/1.png", content_type="image/png", bytes=8)
MADE = made_creation(
    "c1", "u1", prompt="A fox", params={"style": "oil", "inputPaths": ["users/u1/x"]}, media=[SONG, COVER],
    sources=["c2"],
)  # fmt: skip


def _post(share: bool, creation: Any = MADE, user: Any = None, rating: Rating = "general") -> Post:
    given = rules.Publishing("Look", ["a"], share_params=share, rating="general")
    return rules.new_post(creation, user, given, rating=rating, remix_of="c0", now=NOW)


def test_a_post_shows_what_its_author_shares() -> None:
    ann = msgspec.structs.replace(user_of(name="Ann"), photo_url="https://a.example/ann.jpg")
    shared = Post(
        post_id="c1",
        uid="u1",
        author_name="Ann",
        author_photo_url="https://a.example/ann.jpg",
        type=MADE.type,
        model=MADE.model,
        caption="Look",
        tags=["a"],
        media=[
            MediaFile(
                path="posts/c1/0.mp3",
                content_type="audio/mpeg",
                bytes=7,
                title="Nocturne",
                duration_seconds=9,
                tags=["sad"],
                image_path="posts/c1/0.jpg",
            ),
            MediaFile(path="posts/c1/1.png", content_type="image/png", bytes=8),
        ],
        like_count=0,
        comment_count=0,
        remix_count=0,
        hidden=False,
        score=score(0, NOW),
        created_at=NOW,
        prompt="A fox",
        params={"style": "oil"},
        remix_of="c0",
        sources=["c2"],
    )
    assert _post(True, user=ann) == shared
    song = msgspec.structs.replace(shared.media[0], tags=None)
    private = {"prompt": None, "params": None, "sources": None, "media": [song, shared.media[1]]}
    assert _post(False, user=ann) == msgspec.structs.replace(shared, **private)
    assert (_post(True).author_name, _post(True).author_photo_url) == ("Anonymous", None)
    assert rules.files_of(MADE) == [SONG.path, COVER.path, SONG.image_path]


@pytest.mark.parametrize(
    ("title", "prompt", "private"),
    [
        ("a fox", "A Fox sings", True),
        (" A FOX ", "a fox", True),
        ("A fox sings", "a fox", True),
        ("A foxy", "a fox sings", False),
        ("", "a fox", True),
        ("a fox", "", True),
    ],
)
def test_a_title_that_repeats_an_unshared_prompt_is_private(title: str, prompt: str, private: bool) -> None:
    file = msgspec.structs.replace(SONG, title=title)
    creation = msgspec.structs.replace(MADE, prompt=prompt, media=[file])
    assert _post(False, creation).media[0].title == (None if private else title)
    assert _post(True, creation).media[0].title == title.strip()


def test_a_remix_starts_with_what_is_shared() -> None:
    shared = msgspec.structs.replace(_post(True), params={"style": "oil", "secret": 1})
    assert rules.remix_params(shared) == {"style": "oil", "prompt": "A fox"}
    for private in ("params", "prompt"):
        with pytest.raises(rules.RemixDisabled):
            rules.remix_params(msgspec.structs.replace(shared, **{private: None}))


def test_an_underscore_separates_a_post_from_its_user() -> None:
    assert rules.is_post_id("a-b") is True
    assert rules.is_post_id("a_b") is False


@pytest.mark.parametrize(
    ("likes", "seconds", "rank"),
    [(0, 0, 0.0), (-1, 0, 0.0), (1, 0, 0.30103), (2, 0, 0.4771213), (9, 0, 1.0), (99, 0, 2.0)]
    + [(0, 45_000, 1.0), (9, 90_000, 3.0), (0, 1, 0.0000222)],
)
def test_ten_times_the_likes_rank_as_half_a_day_later(likes: int, seconds: int, rank: float) -> None:
    assert score(likes, datetime.fromtimestamp(seconds, UTC)) == rank


@pytest.mark.parametrize(
    ("of_creation", "given", "expected"),
    [
        ("general", "general", ("general", False)),
        ("general", "mature", ("mature", "mature")),
        ("mature", "general", ("mature", "mature")),
    ],
)
def test_a_rating_can_only_be_raised(of_creation: Rating, given: Rating, expected: Any) -> None:
    post = _post(True, msgspec.structs.replace(MADE, rating=of_creation), rating=given)
    assert (post.rating, post.hidden) == expected


def test_all_that_becomes_public_is_checked() -> None:
    params = {"style": "oil", "seed": 7, "inputPaths": ["users/u1/x"]}
    made = msgspec.structs.replace(MADE, params=params)
    shared = rules.content_of(_post(True, made), made)
    assert list(shared.texts) == ["Look", "a", "A fox", "oil", "Nocturne", "sad"]
    assert list(shared.pictures) == ["users/u1/creations/c1/0.jpg", "users/u1/creations/c1/1.png"]
    assert list(rules.content_of(_post(False, made), made).texts) == ["Look", "a", "Nocturne"]
