"""The Poyo stand-in's media: real bytes that every player opens, and the ways in which a download goes wrong."""

from __future__ import annotations

import functools
import hashlib
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from local.poyo_plans import METADATA, Plan

MEDIA = Path(__file__).parent / "media"
CHUNK = 64 * 1024
MAX_STREAM = 4 << 30
LONG_SIDE = 192

# Extension by kind; the bytes of all but pictures are committed (made with ffmpeg: see media/README.md).
EXTENSIONS = {"image": "png", "video": "mp4", "music": "mp3", "speech": "mp3"}
CONTENT_TYPES = {"png": "image/png", "mp4": "video/mp4", "mp3": "audio/mpeg", "jpg": "image/jpeg"}
SOURCES = {"video": "clip.mp4", "music": "song.mp3", "speech": "speech.mp3", "cover": "cover.jpg"}
SECONDS = {"video": 2.0, "music": 6.048, "speech": 3.048}
SVG = b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><script>alert(document.domain)</script></svg>'
HTML = b"<!doctype html><html><body><script>alert(document.domain)</script></body></html>"


class Download(NamedTuple):
    """An answer to a request for a file. `length` is what is announced, None: chunked; `body` may have other ideas."""

    status: int
    headers: dict[str, str]
    length: int | None
    body: Iterator[bytes]
    pause_s: float = 0
    """Between two chunks."""


def content(kind: str, task_id: str, number: int, ratio: float = 1.0) -> bytes:
    """The bytes of a file: a picture has its task's colours, the others are the committed ones."""
    return picture(f"{task_id}/{number}", ratio) if kind == "image" else _committed(SOURCES[kind])


@functools.cache
def _committed(name: str) -> bytes:
    return (MEDIA / name).read_bytes()


@functools.lru_cache(maxsize=64)
def picture(seed: str, ratio: float) -> bytes:
    """A PNG (https://www.w3.org/TR/png/) of waves in the seed's colours; the same seed gives the same bytes."""
    digest = hashlib.sha256(seed.encode()).digest()
    ratio = min(4.0, max(0.25, ratio))
    width, height = (LONG_SIDE, round(LONG_SIDE / ratio)) if ratio >= 1 else (round(LONG_SIDE * ratio), LONG_SIDE)
    rows = bytearray()
    for y in range(height):
        rows.append(0)  # the row's filter: none
        for x in range(width):
            wave = abs((x * (1 + digest[6] % 3) + y * (1 + digest[7] % 4)) % 128 - 64) * 2
            rows.extend((digest[channel] * (128 - wave) + digest[channel + 3] * wave) >> 7 for channel in range(3))
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(bytes(rows))), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )


def download(data: bytes, extension: str, plan: Plan, first_byte: int = 0) -> Download:
    """The answer for a file as its plan says; `first_byte` of a range request, as Cloud Storage's CDN answers them."""
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
    """`data`, then zeros up to `size`."""
    yield data
    zeros = bytes(CHUNK)
    for at in range(len(data), size, CHUNK):
        yield zeros[: min(CHUNK, size - at)]
