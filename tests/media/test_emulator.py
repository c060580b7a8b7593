"""The same against the official Storage emulator: what it takes, what it hands out, what it refuses."""

from __future__ import annotations

import urllib.error
import urllib.request
import uuid
from typing import Any

import pytest

from studiox.media import objects
from tests.media.servers import GRAIN, Site, answer, chunked, crc_of, png, raw

SIZE = 9 * GRAIN + 5


@pytest.fixture
def home() -> str:
    """A folder of the bucket that is this test's alone."""
    return f"users/{uuid.uuid4().hex}/creations/j"


def copy(site: Site, url: str, path: str) -> objects.Stored:
    return objects.copy_from_url(url, path, allowed_hosts=[site.host], max_bytes=300_000_000, deadline_s=120)


def get(url: str, **headers: str) -> Any:
    return urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=60)


@pytest.mark.usefixtures("emulator")
@pytest.mark.parametrize("serve", [answer, chunked])
def test_a_copy_and_its_address(site: Site, home: str, serve: Any) -> None:
    body = png(SIZE)
    stored = copy(site, site.url("/a", serve(body)), f"{home}/0")
    assert stored == objects.Stored(f"{home}/0.png", "image/png", SIZE, crc_of(body))
    head = objects.read_head(stored.path)
    assert head is not None
    assert (head.size_bytes, head.content_type, head.crc32c) == (SIZE, "image/png", crc_of(body))
    with get(objects.signed_url(stored.path)) as found:
        assert found.read() == body
        assert found.headers["content-type"] == "image/png"
        assert found.headers["cache-control"] == "private, max-age=3600"
        assert found.headers["content-disposition"].startswith("inline")


def test_without_the_token_the_rules_decide(emulator: str, home: str) -> None:
    stored = objects.store_bytes(png(2000), f"{home}/0")
    url = objects.signed_url(stored.path)
    assert url.startswith(f"http://{emulator}/v0/b/demo-studiox.appspot.com/o/users%2F")
    assert objects.signed_url(stored.path) == url
    for wrong in (url.split("?")[0] + "?alt=media", url[:-1], objects.signed_url(f"{home}/nothing.png")):
        with pytest.raises(urllib.error.HTTPError) as error:
            get(wrong)
        assert error.value.code in (403, 404)
        error.value.close()


@pytest.mark.usefixtures("emulator")
def test_more_than_the_emulator_parses_at_once(site: Site, home: str) -> None:
    """Its body parser stops at 130 MB, but only for a PUT that names a content type: ours names none."""
    body = png(140_000_000)
    assert copy(site, site.url("/a", answer(body)), f"{home}/0").crc32c == crc_of(body)
    objects.delete(f"{home}/0.png")


@pytest.mark.usefixtures("emulator")
def test_a_source_that_breaks_off_leaves_nothing(site: Site, home: str) -> None:
    known = raw(b"HTTP/1.1 200 OK\r\ncontent-length: 9000000\r\n\r\n" + png(SIZE))
    unknown = raw(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n186a0\r\n" + png(100_000) + b"\r\n")
    for number, behaviour in enumerate((known, unknown)):
        with pytest.raises(objects.MediaUnavailable):
            copy(site, site.url("/a", behaviour), f"{home}/{number}")
    assert objects.list_prefix(f"{home}/").items == ()
    assert copy(site, site.url("/a", answer(png(SIZE))), f"{home}/0").size_bytes == SIZE


@pytest.mark.usefixtures("emulator")
def test_m8_a_second_copy_ends_the_same(site: Site, home: str) -> None:
    url = site.url("/a", answer(png(SIZE)))
    assert copy(site, url, f"{home}/0") == copy(site, url, f"{home}/0")
    assert len(objects.list_prefix(f"{home}/").items) == 1


@pytest.mark.usefixtures("emulator")
def test_list_copy_delete(home: str) -> None:
    for index in range(5):
        objects.store_bytes(png(100 + index), f"{home}/{index}")
    page = objects.list_prefix(f"{home}/", None, 3)
    rest = objects.list_prefix(f"{home}/", page.next_page_token, 3)
    assert [item.size_bytes for item in (*page.items, *rest.items)] == [100, 101, 102, 103, 104]
    assert rest.next_page_token is None
    post = f"posts/{uuid.uuid4().hex}/0.png"
    made = objects.copy(f"{home}/3.png", post)
    assert (made.path, made.content_type, made.size_bytes) == (post, "image/png", 103)
    assert objects.exists(post)
    with get(objects.signed_url(post)) as found:
        assert found.read() == png(103)
    with pytest.raises(objects.MediaGone):
        objects.copy(f"{home}/9.png", post)
    assert objects.delete_prefix(f"{home}/", 3) is False
    assert objects.delete_prefix(f"{home}/", 3) is True
    objects.delete(post)
    objects.delete(post)
    assert not objects.exists(post)


@pytest.mark.usefixtures("emulator")
def test_names_with_everything_in_them(home: str) -> None:
    """But a percent sign, which the emulator's token addresses decode twice."""
    stored = objects.store_bytes(png(2000), f"{home}/a ä 歌 +&=?#~'()")
    assert objects.exists(stored.path)
    with get(objects.signed_url(stored.path)) as found:
        assert found.read() == png(2000)
    objects.delete(stored.path)
    assert not objects.exists(stored.path)


@pytest.mark.usefixtures("emulator")
def test_ping() -> None:
    assert objects.ping()
