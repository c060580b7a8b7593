"""The Poyo stand-in's media: real files that every player opens, and the faults of downloads."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from local.vendors import scenery
from local.vendors.poyo.plans import METADATA, Plan

MEDIA = Path(__file__).parents[1] / "media"
CHUNK = 64 * 1024
MAX_STREAM = 4 << 30

# Extension by kind. Pictures are drawn; the other kinds have a few committed files each (see media/README.md).
EXTENSIONS = {"image": "png", "video": "mp4", "music": "mp3", "speech": "mp3", "cover": "png"}
CONTENT_TYPES = {"png": "image/png", "mp4": "video/mp4", "mp3": "audio/mpeg"}
SOURCES = {
    "video": ("sea.mp4", "forest.mp4"),
    "music": ("song.mp3", "song-again.mp3"),
    "speech": ("speech.mp3",),
}
SECONDS = {"video": 4.0, "music": 16.056, "speech": 5.112}
SVG = b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><script>alert(document.domain)</script></svg>'
HTML = b"<!doctype html><html><body><script>alert(document.domain)</script></body></html>"


class Download(NamedTuple):
    """A response with a file. `length` is the announced length, None: chunked. `body` may have another length."""

    status: int
    headers: dict[str, str]
    length: int | None
    body: Iterator[bytes]
    pause_s: float = 0
    """The pause between two chunks, in seconds."""


def content(kind: str, words: str, number: int, ratio: float = 1.0) -> bytes:
    """The bytes of a task's file: a picture drawn from `words`, or a committed file, chosen by `number`."""
    if kind not in SOURCES:
        return picture(f"{words}/{number}", ratio)
    wooded = kind == "video" and "water" not in scenery.named(words)
    return _committed(SOURCES[kind][(wooded + number) % len(SOURCES[kind])])


@functools.cache
def _committed(name: str) -> bytes:
    return (MEDIA / name).read_bytes()


@functools.lru_cache(maxsize=256)
def picture(seed: str, ratio: float) -> bytes:
    """A PNG drawn from the seed's words. The same seed gives the same bytes."""
    return scenery.picture(seed, ratio)


def download(data: bytes, extension: str, plan: Plan, first_byte: int = 0) -> Download:
    """The response for a file according to its plan. `first_byte`: the start of a range request."""
    headers = {"Content-Type": CONTENT_TYPES[extension], "Accept-Ranges": "bytes"}
    match plan.file:
        case "expired":
            return Download(404, {"Content-Type": "application/xml"}, None, iter([b"<Error>NoSuchKey</Error>"]))
        case "redirect":
            return Download(302, {"Location": METADATA}, 0, iter(()))
        case "html" | "svg":
            body = HTML if plan.file == "html" else SVG
            return Download(200, headers, len(body), iter([body]))
        case "truncated":
            return Download(200, headers, len(data), iter([data[: len(data) // 2]]))
        case "lying":
            return Download(200, headers, len(data) // 2, iter([data]))
        case "unannounced":
            return Download(200, headers, None, iter([data]))
        case "endless":
            return Download(200, headers, None, _padded(data, MAX_STREAM))
        case "big":
            size = max(len(data), int(plan.file_mb * 1_000_000))
            return Download(200, headers, size, _padded(data, size))
        case "slow":
            pieces = (data[at : at + 2048] for at in range(0, len(data), 2048))
            return Download(200, headers, len(data), pieces, pause_s=0.2)
    if 0 < first_byte < len(data):
        headers["Content-Range"] = f"bytes {first_byte}-{len(data) - 1}/{len(data)}"
        return Download(206, headers, len(data) - first_byte, iter([data[first_byte:]]))
    return Download(200, headers, len(data), iter([data]))


def _padded(data: bytes, size: int) -> Iterator[bytes]:
    """`data`, padded with zeros up to `size`."""
    yield data
    zeros = bytes(CHUNK)
    for at in range(len(data), size, CHUNK):
        yield zeros[: min(CHUNK, size - at)]
