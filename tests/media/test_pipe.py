"""The pipe against Cloud Storage's stand-in: what it sends, and what it makes of every fault on the way."""

from __future__ import annotations

import threading
import warnings
from typing import Any

import pytest

from studiox.media import objects
from tests.media.servers import GRAIN, Gcs, Site, answer, chunked, crc_of, endless, png, raw

PATH = "users/u/creations/j/0"
SIZE = 5 * GRAIN + 777


def copy(site: Site, url: str, **options: Any) -> objects.Stored:
    settings: dict[str, Any] = {"allowed_hosts": [site.host], "max_bytes": 50_000_000, "deadline_s": 60} | options
    return objects.copy_from_url(url, PATH, **settings)


def test_a_copy_is_two_requests_and_the_same_bytes(site: Site, gcs: Gcs) -> None:
    body = png(SIZE)
    stored = copy(site, site.url("/a.jpg", answer(body, content_type="text/html")))
    assert stored == objects.Stored(f"{PATH}.png", "image/png", SIZE, crc_of(body))
    assert [line.split(" ")[0] for line in gcs.requests] == ["POST", "PUT"]
    made = gcs.objects[f"{PATH}.png"]
    assert made["data"] == body
    assert made["resource"]["contentType"] == "image/png"
    assert made["resource"]["cacheControl"] == "private, max-age=3600"
    assert made["resource"]["contentDisposition"] == "inline"
    assert gcs.headers[0]["authorization"] == "Bearer owner"
    assert gcs.headers[1]["content-length"] == str(SIZE)
    assert gcs.headers[1]["content-range"] == f"bytes 0-{SIZE - 1}/{SIZE}"


@pytest.mark.usefixtures("gcs")
def test_the_source_is_asked_for_plain_bytes_and_told_nothing(site: Site) -> None:
    copy(site, site.url("/a", answer(png(2000))))
    head = site.heads[0].lower()
    assert "accept-encoding: identity" in head
    assert "authorization" not in head
    assert "cookie" not in head


def test_unknown_length_goes_in_one_chunked_put(site: Site, gcs: Gcs) -> None:
    body = png(SIZE)
    assert copy(site, site.url("/a", chunked(body))).crc32c == crc_of(body)
    assert [line.split(" ")[0] for line in gcs.requests] == ["POST", "PUT"]
    assert gcs.headers[1]["transfer-encoding"] == "chunked"
    assert gcs.headers[1]["content-range"] == "bytes 0-*/*"
    assert gcs.objects[f"{PATH}.png"]["data"] == body


@pytest.mark.parametrize("size", [33, 1023, 1024, 1025, GRAIN - 1, GRAIN, GRAIN + 1, 2 * GRAIN])
@pytest.mark.parametrize("chunk", [0, 1000])
def test_sizes_at_the_edges(site: Site, gcs: Gcs, size: int, chunk: int) -> None:
    body = png(size)
    stored = copy(site, site.url("/a", chunked(body, chunk) if chunk else answer(body)))
    assert (stored.size_bytes, stored.crc32c) == (size, crc_of(body))
    assert gcs.objects[f"{PATH}.png"]["data"] == body


@pytest.mark.parametrize("serve", [answer, chunked])
@pytest.mark.parametrize(
    "faults",
    [
        ["cut 0"],
        ["cut 300000"],
        ["cut 600000", "cut 300000"],
        ["503"],
        ["503", "503"],
        ["lost"],
        ["cut 300000", "lost"],
    ],
)
def test_a_broken_put_is_continued(site: Site, gcs: Gcs, faults: list[str], serve: Any) -> None:
    body = png(SIZE)
    gcs.faults = list(faults)
    stored = copy(site, site.url("/a", serve(body) if serve is answer else _ranged(body)))
    assert stored == objects.Stored(f"{PATH}.png", "image/png", SIZE, crc_of(body))
    assert gcs.objects[f"{PATH}.png"]["data"] == body
    assert gcs.faults == []


def _ranged(body: bytes) -> Any:
    """Chunked when it is asked for whole, with a range when asked for one."""

    def behave(connection: Any, head: str) -> None:
        (answer if "range:" in head.lower() else chunked)(body)(connection, head)

    return behave


@pytest.mark.parametrize("characters", [0, 4, 7, 12, 40])
def test_m15_a_sessions_address_that_is_cut_off_is_not_used(site: Site, gcs: Gcs, characters: int) -> None:
    """The connection breaks within the answer's headers: the client library takes that for their end."""
    body = png(SIZE)
    gcs.session_cut = characters
    with pytest.raises(objects.MediaUnavailable), warnings.catch_warnings():
        warnings.simplefilter("error")  # urllib3's, about an address without a scheme
        copy(site, site.url("/a", answer(body)))
    assert gcs.objects == {}
    assert copy(site, site.url("/a", answer(body))).size_bytes == SIZE


def test_a_put_that_breaks_each_time_fails_cleanly(site: Site, gcs: Gcs) -> None:
    gcs.faults = ["cut 300000"] * 9
    with pytest.raises(objects.MediaUnavailable):
        copy(site, site.url("/a", answer(png(SIZE))))
    assert gcs.objects == {}
    assert sum(line.startswith("PUT") for line in gcs.requests) <= 6


def test_a_source_that_cannot_be_continued_fails_cleanly(site: Site, gcs: Gcs) -> None:
    gcs.faults = ["cut 300000"]
    with pytest.raises(objects.MediaUnavailable):
        copy(site, site.url("/a", chunked(png(SIZE))))  # answers 200 with all of it to a range
    assert gcs.objects == {}


@pytest.mark.parametrize("other", [png(SIZE + 5), png(SIZE - 5), png(SIZE)[::-1]])
def test_a_source_that_changed_in_between_is_noticed(site: Site, gcs: Gcs, other: bytes) -> None:
    body, calls = png(SIZE), []

    def behave(connection: Any, head: str) -> None:
        calls.append(head)
        answer(body if len(calls) == 1 else other)(connection, head)

    gcs.faults = ["cut 600000"]
    with pytest.raises(objects.MediaUnavailable):
        copy(site, site.url("/a", behave))
    assert gcs.objects == {}


@pytest.mark.parametrize("fault", ["corrupt", "truncate"])
def test_other_bytes_than_were_sent_are_deleted_again(site: Site, gcs: Gcs, fault: str) -> None:
    gcs.faults = [fault]
    with pytest.raises(objects.MediaUnavailable):
        copy(site, site.url("/a", answer(png(SIZE))))
    assert gcs.objects == {}
    assert copy(site, site.url("/a", answer(png(SIZE)))).size_bytes == SIZE


@pytest.mark.parametrize("check_at_start", [True, False])
def test_m8_what_a_crashed_copy_left_is_adopted(site: Site, gcs: Gcs, check_at_start: bool) -> None:
    gcs.check_at_start = check_at_start
    url = site.url("/a", answer(png(SIZE)))
    first = copy(site, url)
    generation = gcs.objects[first.path]["resource"]["generation"]
    assert copy(site, url) == first
    assert gcs.objects[first.path]["resource"]["generation"] == generation


def test_m8_and_when_the_address_has_expired_since(site: Site, gcs: Gcs) -> None:
    first = copy(site, site.url("/a", answer(png(SIZE))))
    assert copy(site, site.url("/a", answer(b"", "410 Gone"))) == first
    gcs.objects[f"{PATH}0.png"] = gcs.objects.pop(first.path)
    with pytest.raises(objects.MediaGone):
        copy(site, f"http://{site.host}/a")


@pytest.mark.parametrize("status", ["400 Bad Request", "401 No", "403 Forbidden", "404 Not Found", "410 Gone"])
@pytest.mark.usefixtures("gcs")
def test_m7_an_expired_address_is_gone(site: Site, status: str) -> None:
    with pytest.raises(objects.MediaGone):
        copy(site, site.url("/a", answer(b"<Error>ExpiredToken</Error>", status)))


@pytest.mark.parametrize("status", ["500 Oops", "502 Bad", "503 Busy", "429 Slow", "408 Late"])
def test_a_source_in_trouble_is_tried_again_later(site: Site, gcs: Gcs, status: str) -> None:
    with pytest.raises(objects.MediaUnavailable):
        copy(site, site.url("/a", answer(b"", status)))
    assert gcs.requests == []


@pytest.mark.parametrize("status", [401, 403, 404, 400])
def test_a_bucket_that_refuses_us_is_unavailable(site: Site, gcs: Gcs, status: int) -> None:
    gcs.statuses = [status]
    with pytest.raises(objects.MediaUnavailable):
        copy(site, site.url("/a", answer(png(2000))))


def test_a_bucket_in_trouble_is_asked_three_times(site: Site, gcs: Gcs) -> None:
    gcs.statuses = [503, 429]
    assert copy(site, site.url("/a", answer(png(2000)))).size_bytes == 2000
    gcs.objects.clear()
    gcs.statuses = [503, 500, 503]
    with pytest.raises(objects.MediaUnavailable):
        copy(site, site.url("/a", answer(png(2000))))


def test_deferred_before_anything_is_stored(site: Site, gcs: Gcs) -> None:
    with pytest.raises(objects.MediaDeferred):
        copy(site, site.url("/a", answer(png(2001))), inline_bytes=2000)
    with pytest.raises(objects.MediaDeferred):
        copy(site, site.url("/a", chunked(png(2000))), inline_bytes=2000)
    assert gcs.requests == []
    assert copy(site, site.url("/a", answer(png(2000))), inline_bytes=2000).size_bytes == 2000


def test_m5_too_large_as_announced_asks_nothing_of_the_bucket(site: Site, gcs: Gcs) -> None:
    url = site.url("/a", raw(b"HTTP/1.1 200 OK\r\ncontent-length: 53687091200\r\n\r\n" + png(2000)))
    with pytest.raises(objects.MediaTooLarge):
        copy(site, url)
    assert gcs.requests == []


def test_m5_an_endless_body_ends_at_the_cap(site: Site, gcs: Gcs) -> None:
    done, piece = threading.Event(), b"10000\r\n" + b"x" * 65536 + b"\r\n"
    prefix = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n" + b"21\r\n" + png(33) + b"\r\n"
    with pytest.raises(objects.MediaTooLarge):
        copy(site, site.url("/a", endless(prefix, piece, done)), max_bytes=3_000_000)
    done.set()
    assert gcs.objects == {}
    (session,) = gcs.sessions.values()
    assert 0 < len(session["data"]) <= 3_000_000


@pytest.mark.usefixtures("gcs")
def test_m5_a_body_without_any_framing_ends_with_the_connection(site: Site) -> None:
    stored = copy(site, site.url("/a", raw(b"HTTP/1.0 200 OK\r\n\r\n" + png(3000))))
    assert stored.size_bytes == 3000


@pytest.mark.parametrize(
    "drip", [b"HTTP/1.1 200 OK\r\nx: ", b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n" + png(2000), b""]
)
def test_m5_a_slow_loris_has_the_deadline_and_no_more(site: Site, gcs: Gcs, drip: bytes) -> None:
    done = threading.Event()
    with pytest.raises(objects.MediaUnavailable):
        copy(site, site.url("/a", endless(drip, b"x", done, 0.02)), deadline_s=0.6)
    done.set()
    assert gcs.objects == {}


def test_m5_silence_has_the_deadline_and_no_more(site: Site, gcs: Gcs) -> None:
    done = threading.Event()
    head = b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n" + png(2000)
    with pytest.raises(objects.MediaUnavailable):
        copy(site, site.url("/a", raw(head, wait=done)), deadline_s=0.6)
    done.set()
    assert gcs.objects == {}


def test_m5_a_length_that_lies(site: Site, gcs: Gcs) -> None:
    more = b"HTTP/1.1 200 OK\r\ncontent-length: 3000\r\n\r\n" + png(2000)
    with pytest.raises(objects.MediaUnavailable):
        copy(site, site.url("/a", raw(more)))
    two = b"HTTP/1.1 200 OK\r\ncontent-length: 2000\r\ncontent-length: 3000\r\n\r\n" + png(3000)
    with pytest.raises(objects.MediaRefused):
        copy(site, site.url("/b", raw(two)))
    for nonsense in (b"-1", b"1e3", b"0x7d0", "٣".encode(), b"9" * 40):
        with pytest.raises(objects.MediaRefused):
            copy(site, site.url("/c", raw(b"HTTP/1.1 200 OK\r\ncontent-length: " + nonsense + b"\r\n\r\n" + png(2000))))
    assert gcs.objects == {}
    less = b"HTTP/1.1 200 OK\r\ncontent-length: 2000\r\n\r\n" + png(9000)
    assert copy(site, site.url("/d", raw(less))).size_bytes == 2000  # what follows is no part of the answer


@pytest.mark.parametrize("encoding", ["gzip", "br", "deflate", "zstd", "identity, gzip"])
def test_m5_a_packed_answer_is_refused_unpacked(site: Site, gcs: Gcs, encoding: str) -> None:
    with pytest.raises(objects.MediaRefused):
        copy(site, site.url("/a", answer(png(3000), content_encoding=encoding)))
    assert gcs.requests == []


@pytest.mark.parametrize(
    "nonsense",
    [b"", b"\r\n\r\n", b"HTTP/9.9 abc\r\n\r\n", b"SSH-2.0-OpenSSH\r\n", b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 200]
    + [b"HTTP/1.1 200 OK\r\nx: " + b"y" * 70_000 + b"\r\n\r\n"]
    + [b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n", b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n"],
)
def test_an_answer_that_is_none(site: Site, gcs: Gcs, nonsense: bytes) -> None:
    with pytest.raises(objects.MediaError):
        copy(site, site.url("/a", raw(nonsense)))
    assert gcs.requests == []


@pytest.mark.parametrize(
    "body", [b"", b"<html><script>alert(1)</script>", b"<svg xmlns='http://www.w3.org/2000/svg'/>"]
)
def test_m6_what_is_no_media_is_refused_before_the_bucket(site: Site, gcs: Gcs, body: bytes) -> None:
    with pytest.raises(objects.MediaRefused):
        copy(site, site.url("/a.png", answer(body, content_type="image/png")))
    assert gcs.requests == []


@pytest.mark.usefixtures("gcs")
def test_places_are_given_back_and_waited_for(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(objects, "_slots", threading.BoundedSemaphore(1))
    for _ in range(3):
        with pytest.raises(objects.MediaRefused):
            copy(site, site.url("/a", answer(b"no media at all, just text")))
    with objects._slots, pytest.raises(objects.MediaUnavailable):
        copy(site, site.url("/a", answer(png(2000))), deadline_s=0.1)
    assert copy(site, site.url("/a", answer(png(2000)))).size_bytes == 2000


@pytest.mark.parametrize("path", ["", "/a", "a/", "a//b", "a/../b", "a/./b", "a\\b", "a\nb", "a\0b", "a" * 1001])
def test_m10_a_path_that_none_of_our_code_makes(path: str) -> None:
    with pytest.raises(ValueError):
        objects.store_bytes(png(2000), path)
    with pytest.raises(ValueError):
        objects.copy_from_url("https://a.example/x", path, allowed_hosts=["a.example"], max_bytes=1, deadline_s=1)


def test_bytes_made_here_follow_the_same_rules(gcs: Gcs) -> None:
    body = png(SIZE)
    gcs.faults = ["cut 300000"]
    stored = objects.store_bytes(body, PATH)
    assert stored == objects.Stored(f"{PATH}.png", "image/png", SIZE, crc_of(body))
    assert gcs.objects[stored.path]["data"] == body
    assert objects.store_bytes(body, PATH) == stored
    with pytest.raises(objects.MediaRefused):
        objects.store_bytes(b"<html>" + bytes(100), PATH)
    with pytest.raises(objects.MediaTooLarge):
        objects.store_bytes(body, PATH, max_bytes=SIZE - 1)


def test_no_error_tells_an_address_or_a_token(site: Site, gcs: Gcs) -> None:
    import traceback

    gcs.faults = ["cut 0"] * 9
    canary = "canary".upper()
    url = site.url(f"/{canary}", answer(png(SIZE)))
    with pytest.raises(objects.MediaUnavailable) as error:
        copy(site, url)
    text = "".join(traceback.format_exception(error.value))
    for word in (canary, "upload_id", "Bearer", f":{site.port}", f":{gcs.port}"):
        assert word not in text
