"""sharePage: what previews of links and people see of a post, gone with it, and harmless whatever somebody wrote."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

import main
from studiox.community import share
from studiox.kit.documents import decode
from studiox.models.media_files import MediaFile, Thumbnail
from studiox.models.posts import Post
from tests.community.community import Community
from tests.support import Reply, Rpcs, http
from tests.support import posts as stored

PAGE: Any = main.sharePage
SITE = "http://127.0.0.1:5000"  # functions/.env


class Page(HTMLParser):
    """The elements of a page as a browser reads them, and its text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        if not self.elements or self.elements[-1][0] != "style":
            self.text += data

    @property
    def tags(self) -> dict[str, str]:
        """The meta tags' contents."""
        found = [each for tag, each in self.elements if tag == "meta"]
        return {str(each.get("property") or each.get("name")): str(each.get("content")) for each in found}

    def link(self, rel: str) -> str:
        [found] = [each["href"] for tag, each in self.elements if tag == "link" and each.get("rel") == rel]
        return str(found)

    def of(self, tag: str) -> list[dict[str, str | None]]:
        return [each for name, each in self.elements if name == tag]


def get(path: str, **query: str) -> Reply:
    return http(PAGE, "GET", path, query=query)


def page(post_id: str) -> Page:
    reply = get(f"/p/{post_id}")
    assert (reply.status, reply.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    return Page(reply.body.decode())


def test_a_preview_finds_title_picture_and_address(community: Community, rpcs: Rpcs) -> None:
    post = community.published(caption="Füchse im Schnee", tags=["fox"], shareParams=True)
    rpcs.reset()
    found = page(post)
    assert rpcs.calls == ["BatchGetDocuments"]
    address = f"{SITE}/p/{post}"
    assert found.link("canonical") == address
    tags = found.tags
    assert {name: tags[name] for name in ("og:title", "og:url", "og:image", "og:type", "og:site_name")} == {
        "og:title": "Füchse im Schnee",
        "og:url": address,
        "og:image": f"{address}/picture",
        "og:type": "article",
        "og:site_name": "StudioX",
    }
    assert (tags["twitter:card"], tags["twitter:image"]) == ("summary_large_image", f"{address}/picture")
    assert tags["og:image:type"] == "image/png"
    assert tags["description"] == tags["og:description"] == f"Made with AI by Ann on StudioX. a fox, number {post}"
    assert "Made with AI" in found.text
    assert f"a fox, number {post}" in found.text
    [image] = found.of("img")
    assert image == {"src": f"/p/{post}/picture", "alt": "Füchse im Schnee"}
    [link] = found.of("a")
    assert link["href"] == f"{SITE}/post/{post}"  # the app opens there
    assert not found.of("script")


def test_the_embed_is_found_from_the_page(community: Community) -> None:
    post = community.published(caption="Foxes")
    embed = page(post).link("alternate")
    assert embed.startswith(f"{SITE}/oembed?url=")
    reply = get("/oembed", url=f"{SITE}/p/{post}", format="json")
    assert (reply.status, reply.headers["Content-Type"]) == (200, "application/json")
    assert json.loads(reply.body) == {
        "version": "1.0",
        "type": "link",
        "title": "Foxes",
        "author_name": "Ann",
        "provider_name": "StudioX",
        "provider_url": f"{SITE}/",
        "cache_age": 300,
        "thumbnail_url": f"{SITE}/p/{post}/picture",
    }
    assert get("/oembed", url=f"{SITE}/post/{post}").body == reply.body
    elsewhere = [f"https://evil.example/p/{post}", f"{SITE}@evil.example/p/{post}", f"//evil.example/p/{post}", ""]
    for other in (*elsewhere, f"{SITE}/p/absent", f"{SITE}/library/{post}", f"{SITE}/p/{post}/picture", "http://["):
        assert get("/oembed", url=other).status == 404, other
    assert get("/oembed", url=f"{SITE}/p/{post}", format="xml").status == 501


def test_the_picture_is_where_the_page_says(community: Community) -> None:
    post = community.published()
    reply = get(f"/p/{post}/picture")
    assert reply.status == 302
    assert f"posts%2F{post}%2F0.png" in reply.headers["Location"]


def test_only_what_the_post_shows_is_shown(community: Community) -> None:
    """C4, C5: the prompt is private unless it is shared, also in the file's title."""
    post = community.published(secret=True, shareParams=False)
    found = page(post)
    [prompt] = [community.database.need(f"creations/{post}")["prompt"]]
    assert prompt not in found.text + str(found.tags)
    assert found.tags["og:title"] == "Picture by Ann"
    for secret in community.secrets:
        assert secret not in found.text + str(found.elements)


@pytest.mark.parametrize("how", ["deleted", "creation", "hidden", "removed"])
def test_it_is_gone_with_the_post_at_once(community: Community, how: str) -> None:
    post = community.published()
    assert get(f"/p/{post}").status == 200
    match how:
        case "deleted":
            community.ok("deletePost", "ann", postId=post)
        case "creation":
            community.ok("deleteCreation", "ann", creationId=post)
        case "hidden" | "removed":
            action = "hide" if how == "hidden" else "remove"
            community.ok("moderatePost", "root", admin=True, postId=post, action=action)
    for path in (f"/p/{post}", f"/p/{post}/picture"):
        assert get(path).status == 404
    assert get("/oembed", url=f"{SITE}/p/{post}").status == 404


def test_what_may_be_kept_and_for_how_long(community: Community, rpcs: Rpcs) -> None:
    """A browser and a cache before it together keep an answer for five minutes at most."""
    post = community.published()
    for path, query in ((f"/p/{post}", {}), (f"/p/{post}/picture", {}), ("/oembed", {"url": f"{SITE}/p/{post}"})):
        told = get(path, **query).headers["Cache-Control"]
        ages = dict(each.split("=") for each in told.removeprefix("public, ").split(", "))
        assert sum(map(int, ages.values())) == 300
    assert get("/p/absent").headers["Cache-Control"] == "public, max-age=0, s-maxage=60"
    rpcs.fail_before("BatchGetDocuments", code="DEADLINE_EXCEEDED")
    down = get(f"/p/{post}")
    assert (down.status, down.headers["Cache-Control"], down.headers["Retry-After"]) == (503, "no-store", "5")


@pytest.mark.parametrize(
    "path",
    ["/", "/p", "/p/", "/p/a_b", "/p/..", "/p/a/b", "/p/__x__", "/p/a%2Fb", "/p/" + "x" * 200, "/post/x", "/oembed/x"],
)
def test_what_is_no_address_of_a_post_reads_nothing(path: str, rpcs: Rpcs) -> None:
    rpcs.reset()
    reply = get(path)
    assert (reply.status, rpcs.count()) == (404, 0)
    assert b"This is not here" in reply.body


def test_headers_of_every_answer(community: Community) -> None:
    post = community.published()
    for path in (f"/p/{post}", "/p/absent", "/oembed", f"/p/{post}/picture"):
        headers = get(path).headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["X-Frame-Options"] == "DENY"
        assert headers["Referrer-Policy"] == "same-origin"
        assert "default-src 'none'" in headers["Content-Security-Policy"]
        assert "script" not in headers["Content-Security-Policy"]
    head = http(PAGE, "HEAD", f"/p/{post}")
    assert (head.status, head.headers["Content-Type"]) == (200, "text/html; charset=utf-8")


HOSTILE = (
    '"><script>alert(1)</script>',
    "</title><script>alert(1)</script>",
    "</style><img src=x onerror=alert(1)>",
    "' onmouseover='alert(1)",
    '" onload="alert(1)',
    "&quot;&gt;<svg/onload=alert(1)>",
    "<!-- --!><script>",
    "\u202etxet thgir\u202c \u2066isolate",
    "javascript:alert(1)",
    "{{7*7}} ${7*7} <%= 7 %>",
    "\u2028\u2029]]>",
)


@pytest.mark.parametrize("hostile", HOSTILE)
def test_c10_what_people_write_stays_text(community: Community, hostile: str) -> None:
    community.user("eve", name=hostile[:60])
    post = community.published("eve", caption=hostile, shareParams=True)
    plain = page(community.published())
    found = page(post)
    # The same elements with the same attributes as a harmless page has, but for the values.
    assert [(tag, list(each)) for tag, each in found.elements] == [(tag, list(each)) for tag, each in plain.elements]
    assert hostile.strip() in found.text
    assert not {"\u202e", "\u202c", "\u2066"} & set("".join(found.tags.values()))


def _post(**fields: Any) -> Post:
    return decode(Post, stored.post("p1", "u1", **fields))


TEXT = st.text(max_size=300)


@given(caption=TEXT, author=TEXT, prompt=st.none() | TEXT, title=st.none() | TEXT)
def test_any_text_leaves_the_pages_elements_as_they_are(
    caption: str, author: str, prompt: str | None, title: str | None
) -> None:
    media = [MediaFile(path="posts/p1/0.png", content_type="image/png", bytes=7, title=title)]
    page_text = share.page_of(SITE, _post(caption=caption, author_name=author, prompt=prompt, media=media))
    found, harmless = Page(page_text), Page(share.page_of(SITE, _post(prompt="x" if prompt else None, media=media)))
    assert [(tag, sorted(each)) for tag, each in found.elements] == [
        (tag, sorted(each)) for tag, each in harmless.elements
    ]
    assert len(found.tags["og:title"]) <= share.MAX_TITLE
    assert len(found.tags["og:description"]) <= share.MAX_DESCRIPTION
    assert "\n" not in found.tags["og:title"] + found.tags["og:description"]


def test_the_size_of_a_measured_picture_is_told() -> None:
    small = Thumbnail(path="posts/p1/thumbnail-0.webp", content_type="image/webp", width=512, height=256)
    about: dict[str, Any] = {"path": "posts/p1/0.png", "width": 2048, "height": 1024, "thumbnail": small}
    file = MediaFile(content_type="image/png", bytes=7, **about)
    film = MediaFile(content_type="video/mp4", bytes=7, **about)
    large = MediaFile(content_type="image/png", bytes=share.MOST_BYTES + 1, **about)
    for each, path, size in (
        (file, file.path, (2048, 1024)),
        (film, small.path, (512, 256)),
        (large, small.path, (512, 256)),
    ):
        post = _post(media=[each])
        found = share.picture_of(post)
        assert found is not None
        assert (found.path, found.width, found.height) == (path, *size)
        tags = Page(share.page_of(SITE, post)).tags
        assert (tags["og:image:width"], tags["og:image:height"]) == tuple(map(str, size))
        embed = share.embed_of(SITE, post)
        assert (embed["thumbnail_width"], embed["thumbnail_height"]) == size
    assert "og:image:width" not in Page(share.page_of(SITE, _post(media=[replace(file, width=None)]))).tags


@pytest.mark.parametrize(
    ("type_", "content_type", "size", "card"),
    [
        ("image", "image/png", 7, "summary_large_image"),
        ("image", "image/png", share.MOST_BYTES + 1, "summary"),
        ("video", "video/mp4", 7, "summary"),
        ("music", "audio/mpeg", 7, "summary"),
    ],
)
def test_a_post_without_a_small_picture_has_a_page_without(type_: str, content_type: str, size: int, card: str) -> None:
    media = [MediaFile(path="posts/p1/0.bin", content_type=content_type, bytes=size)]
    post = _post(type=type_, media=media, caption="")
    found = Page(share.page_of(SITE, post))
    assert found.tags["twitter:card"] == card
    assert bool(found.of("img")) == ("og:image" in found.tags) == (card != "summary")
    assert ("thumbnail_url" in share.embed_of(SITE, post)) == (card != "summary")
    assert found.tags["og:title"] == f"{share.KINDS[type_]} by {post.author_name}"
