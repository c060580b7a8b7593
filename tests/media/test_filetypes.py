"""M6: the bytes decide. A corpus of what is kept and of what only looks like it."""

from __future__ import annotations

import struct
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studiox.media.filetypes import ALL, BY_EXTENSION, HEAD_BYTES, detect

PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + struct.pack(">IIBBBBB", 8, 8, 8, 6, 0, 0, 0) + b"\1\2\3\4\0\0\0\0IEND"
JPEG = b"\xff\xd8\xff\xe0\0\x10JFIF\0\1\1\0\0\1\0\1\0\0\xff\xdb\0\x43\0" + bytes(64)
EXIF = b"\xff\xd8\xff\xe1\x00\x40Exif\0\0" + bytes(64)
GIF = b"GIF89a\1\0\1\0\x80\0\0\0\0\0\xff\xff\xff!\xf9\4\1\0\0\0\0,\0\0\0\0\1\0\1\0\0\2\2D\1\0;"
GIF_NO_TABLE = b"GIF87a\1\0\1\0\0\0\0,\0\0\0\0\1\0\1\0\0"
WEBP = b"RIFF\x24\0\0\0WEBPVP8 \x18\0\0\0" + bytes(24)


def ftyp(brand: bytes, size: int = 24) -> bytes:
    return size.to_bytes(4) + b"ftyp" + brand + b"\0\0\2\0isomiso2"[: size - 12] + b"\0\0\0\x08free" + bytes(32)


WEBM = b"\x1a\x45\xdf\xa3\x9f\x42\x86\x81\1\x42\xf7\x81\1\x42\xf2\x81\4\x42\xf3\x81\x08\x42\x82\x84webm" + bytes(30)
MKV = WEBM.replace(b"\x42\x82\x84webm", b"\x42\x82\x88matroska")
MP3_ID3 = b"ID3\4\0\0\0\0\0\x23TSSE" + bytes(60)
MP3 = (b"\xff\xfb\x90\x00" + bytes(413)) * 3
MP3_MPEG2 = (b"\xff\xf3\x40\xc0" + bytes(100)) * 3
WAV = b"RIFF\x24\0\0\0WAVEfmt \x10\0\0\0\1\0\1\0" + bytes(24)
OGG = b"OggS\0\2" + bytes(22) + b"\1\x13OpusHead" + bytes(20)
FLAC = b"fLaC\0\0\0\x22" + bytes(34)
ADTS = (b"\xff\xf1\x50\x80\x04\x1f\xfc" + bytes(25)) * 4

KEPT = [
    ("png", PNG),
    ("jpg", JPEG),
    ("jpg", EXIF),
    ("gif", GIF),
    ("gif", GIF_NO_TABLE),
    ("webp", WEBP),
    ("webp", WEBP.replace(b"VP8 ", b"VP8X")),
    ("webp", WEBP.replace(b"VP8 ", b"VP8L")),
    ("mp4", ftyp(b"isom")),
    ("mp4", ftyp(b"mp42")),
    ("mp4", ftyp(b"avc1", 28)),
    ("mp4", ftyp(b"M4V ")),
    ("mov", ftyp(b"qt  ", 20)),
    ("m4a", ftyp(b"M4A ")),
    ("webm", WEBM),
    ("mp3", MP3_ID3),
    ("mp3", MP3),
    ("mp3", MP3_MPEG2),
    ("wav", WAV),
    ("ogg", OGG),
    ("flac", FLAC),
    ("aac", ADTS),
]

HTML = b"<!DOCTYPE html><html><body><script>alert(document.domain)</script></body></html>"
SVG = b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'

REFUSED = {
    "empty": b"",
    "one byte": b"\xff",
    "text": b"just some text that is long enough to be looked at",
    "html": HTML,
    "html after blanks": b" \r\n\t" * 10 + HTML,
    "svg": SVG,
    "svg with a mark": b"\xef\xbb\xbf" + SVG,
    "svg, utf-16": SVG.decode().encode("utf-16"),
    "svgz": b"\x1f\x8b\x08" + zlib.compress(SVG),
    "xml": b'<?xml version="1.0"?><rss></rss>' + bytes(30),
    "pdf": b"%PDF-1.7\n" + bytes(100),
    "zip": b"PK\3\4" + bytes(100),
    "elf": b"\x7fELF" + bytes(100),
    "exe": b"MZ" + bytes(100),
    "swf": b"FWS\x09" + bytes(100),
    "wasm": b"\0asm\1\0\0\0" + bytes(100),
    "script": b"#!/bin/sh\nrm -rf /\n" + bytes(100),
    "json": b'{"error": {"code": 404, "message": "not found"}}',
    "bmp": b"BM" + bytes(100),
    "tiff": b"II*\0" + bytes(100),
    "psd": b"8BPS" + bytes(100),
    "ico": b"\0\0\1\0" + bytes(100),
    "heic": ftyp(b"heic"),
    "avif": ftyp(b"avif"),
    "jpeg 2000": b"\0\0\0\x0cjP  \r\n\x87\n" + bytes(50),
    "3gp": ftyp(b"3gp5"),
    "matroska": MKV,
    "avi": b"RIFF\0\0\0\0AVI LIST" + bytes(50),
    "midi": b"MThd\0\0\0\6" + bytes(50),
    "mpeg-ts": b"\x47\x40\0\x10" + bytes(400),
    "m3u8": b"#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nhttp://169.254.169.254/\n",
    "png magic only": b"\x89PNG\r\n\x1a\n" + bytes(40),
    "png and page": b"\x89PNG\r\n\x1a\n" + HTML,
    "png without size": PNG[:16] + bytes(8) + PNG[24:],
    "whole png, page in a chunk": PNG[:33] + b"\0\0\0\x60tEXt" + HTML,
    "jpeg, page in a comment": b"\xff\xd8\xff\xfe\x00\x60" + HTML,
    "jpeg magic and text": b"\xff\xd8\xff" + b"hello, this is not a picture",
    "gif and script": b"GIF89a/*" + b"<script>alert(1)</script>*/=1;",
    "gif as javascript": b"GIF89a=1;alert(document.domain)//" + bytes(20),
    "gif as javascript with a comment": b"GIF89a/*\0\0\0*/=1;alert(1);//" + bytes(20),
    "webp and page": WEBP + HTML,
    "mp4 and page": ftyp(b"isom") + b"\0\0\0\x60udta" + HTML,
    "mp4 with an absurd box": ftyp(b"isom", 24).replace(b"\0\0\0\x18", b"\xff\xff\xff\xff", 1),
    "mp3 tag and page": MP3_ID3 + HTML,
    "mp3 tag and svg": MP3_ID3 + SVG,
    "id3 as text": b"ID3 is how this text begins, and it is long",
    "wav and page": WAV + HTML.upper(),
    "ogg and page": OGG + HTML,
    "flac and script": FLAC + b"<ScRiPt src=//evil.example>",
    "riff of something": b"RIFF\x24\0\0\0CDXA" + bytes(50),
    "sync bits without a second frame": b"\xff\xfb\x90\x00" + bytes(1000),
    "adts without a second frame": b"\xff\xf1\x50\x80\x04\x1f\xfc" + bytes(1000),
    "utf-16 text": "ÿþ text".encode("utf-16") + bytes(40),
    "all ones": b"\xff" * 1000,
    "pdf behind a png": PNG + b"%PDF-1.4",
}


@pytest.mark.parametrize(("extension", "data"), KEPT, ids=[f"{index}-{kind}" for index, (kind, _) in enumerate(KEPT)])
def test_what_is_kept(extension: str, data: bytes) -> None:
    kind = detect(data)
    assert kind is not None
    assert kind == BY_EXTENSION[extension]
    assert detect(data + bytes(5000)) == kind
    assert detect(data[:HEAD_BYTES]) == kind


@pytest.mark.parametrize("data", REFUSED.values(), ids=REFUSED)
def test_m6_what_is_refused(data: bytes) -> None:
    assert detect(data) is None


def test_every_type_is_in_the_corpus_and_none_can_run() -> None:
    assert {kind for kind, _ in KEPT} == set(BY_EXTENSION)
    assert len(BY_EXTENSION) == len(ALL)
    assert all(kind.content_type.split("/")[0] in ("image", "video", "audio") for kind in ALL)
    assert not any("svg" in kind.content_type or "xml" in kind.content_type for kind in ALL)


@given(st.binary(max_size=1200))
def test_any_bytes_have_an_answer(data: bytes) -> None:
    assert detect(data) in (None, *ALL)


@given(st.sampled_from(KEPT), st.integers(min_value=0, max_value=64))
def test_cut_short_it_is_the_same_type_or_none(kept: tuple[str, bytes], length: int) -> None:
    assert detect(kept[1][:length]) in (None, BY_EXTENSION[kept[0]])
