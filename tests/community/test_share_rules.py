"""What a post's page and preview say, on both sides of each boundary."""

from __future__ import annotations

from typing import Any

import pytest

from studiox.community import share
from studiox.kit.documents import decode
from studiox.models.media_files import MediaFile, Thumbnail
from studiox.models.posts import Post
from tests.support import posts as stored

SITE = "https://studiox.test"
SMALL = Thumbnail(path="posts/p1/small.webp", content_type="image/webp", width=512, height=256)


def post(**fields: Any) -> Post:
    return decode(Post, stored.post("p1", **fields))


def media(**fields: Any) -> MediaFile:
    return MediaFile(**{"path": "posts/p1/0.png", "content_type": "image/png", "bytes": 7, **fields})


def test_the_title_is_the_caption_else_the_first_files_else_what_it_is() -> None:
    files = [media(title="First"), media(title="Second")]
    assert share.title_of(post(caption=" A\n fox ", media=files)) == "A fox"
    assert share.title_of(post(media=files)) == "First"
    assert share.title_of(post()) == "Picture by Author"
    assert share.title_of(post(author_name=" ", type="music", media=[media()])) == "Song by Anonymous"


@pytest.mark.parametrize(
    ("caption", "title"),
    [("x" * 70, "x" * 70), ("x" * 71, "x" * 69 + "…"), ("x" * 68 + " y" * 9, "x" * 68 + "…")],
)
def test_a_title_has_at_most_70_characters(caption: str, title: str) -> None:
    assert share.title_of(post(caption=caption)) == title


def test_a_description_has_at_most_200_characters_and_a_shared_prompt() -> None:
    made = "Made with AI by Author on StudioX."
    room = 200 - len(made) - 1
    assert share.description_of(post()) == made
    assert share.description_of(post(prompt="x" * room)) == f"{made} {'x' * room}"
    assert share.description_of(post(prompt="x" * (room + 1))) == f"{made} {'x' * (room - 1)}…"


def test_the_picture_is_the_first_that_previews_accept() -> None:
    whole = media(bytes=5_000_000, width=2, height=1)
    large = media(bytes=5_000_001, thumbnail=SMALL)
    film = media(content_type="video/mp4", thumbnail=SMALL)
    small = share.Picture(SMALL.path, "image/webp", 512, 256)
    assert share.picture_of(post(media=[whole])) == share.Picture(whole.path, "image/png", 2, 1)
    assert share.picture_of(post(media=[large])) == share.picture_of(post(media=[film, whole])) == small
    without = media(content_type="audio/mpeg")
    assert share.picture_of(post(media=[without, whole])) == share.picture_of(post(media=[whole]))
    assert share.picture_of(post(media=[without])) is None


@pytest.mark.parametrize(
    ("width", "height", "known"), [(2, 1, True), (2, None, False), (None, 1, False), (None, None, False)]
)
def test_a_size_is_told_if_all_of_it_is_known(width: int | None, height: int | None, known: bool) -> None:
    shown = post(media=[media(width=width, height=height)])
    embed, page = share.embed_of(SITE, shown), share.page_of(SITE, shown)
    assert embed["thumbnail_url"] == f"{SITE}/p/p1/picture"
    assert ("thumbnail_width" in embed) == ("thumbnail_height" in embed) == known
    assert ("og:image:width" in page) == ("og:image:height" in page) == known
    if known:
        assert (embed["thumbnail_width"], embed["thumbnail_height"]) == (2, 1)


def test_an_embed_is_kept_for_five_minutes() -> None:
    assert share.embed_of(SITE, post(caption="Foxes")) == {
        "version": "1.0",
        "type": "link",
        "title": "Foxes",
        "author_name": "Author",
        "provider_name": "StudioX",
        "provider_url": f"{SITE}/",
        "cache_age": 300,
    }


def test_a_page_with_a_picture_and_one_without() -> None:
    page = share.page_of(SITE, post(caption="Foxes & co", prompt="a fox", media=[media()]))
    for part in (
        "<!doctype html>",
        "<title>Foxes &amp; co · StudioX</title>",
        "<h1><bdi>Foxes &amp; co</bdi></h1>",
        '<meta property="og:title" content="Foxes &amp; co">',
        '<meta name="twitter:title" content="Foxes &amp; co">',
        '<meta name="twitter:card" content="summary_large_image">',
        f'<meta property="og:image" content="{SITE}/p/p1/picture">',
        '<img src="/p/p1/picture" alt="Foxes &amp; co">',
        "<p class=prompt><bdi>a fox</bdi></p>",
        f'<a class="open" href="{SITE}/post/p1">',
    ):
        assert page.count(part) == 1, part
    assert page.endswith("</html>\n")
    plain = share.page_of(SITE, post())
    assert "<h1><bdi>Picture by Author</bdi></h1>" in plain
    assert '<meta name="twitter:card" content="summary">' in plain
    assert [each for each in ("og:image", "twitter:image", "<img", "class=prompt") if each in plain] == []


def test_a_missing_page_says_so_and_is_not_indexed() -> None:
    page = share.missing_page(SITE)
    assert "<title>Not found · StudioX</title>" in page
    assert '<meta name="robots" content="noindex">' in page


@pytest.mark.parametrize(
    ("address", "found"),
    [
        (f"{SITE}/p/p1", "p1"),
        (f"{SITE}/post/p1", "p1"),
        (f"{SITE}/feed/p1", None),
        (f"{SITE}/p/p1/picture", None),
        ("http://studiox.test/p/p1", None),
        ("https://other.test/p/p1", None),
        ("http://[", None),
    ],
)
def test_only_this_sites_addresses_are_a_posts(address: str, found: str | None) -> None:
    assert share.post_id_of(SITE, address) == found
