"""Detects the type of a media file from its first bytes. Headers, file names and providers' claims are ignored.

Pure.
"""

from __future__ import annotations

import re
from typing import NamedTuple

HEAD_BYTES = 1024
"""How many of a file's first bytes `detect` reads."""


class FileType(NamedTuple):
    """A type that is stored and served, with the content type and extension that it is given."""

    content_type: str
    extension: str


PNG = FileType("image/png", "png")
JPEG = FileType("image/jpeg", "jpg")
WEBP = FileType("image/webp", "webp")
GIF = FileType("image/gif", "gif")
MP4 = FileType("video/mp4", "mp4")
MOV = FileType("video/quicktime", "mov")
WEBM = FileType("video/webm", "webm")
MP3 = FileType("audio/mpeg", "mp3")
WAV = FileType("audio/wav", "wav")
OGG = FileType("audio/ogg", "ogg")
FLAC = FileType("audio/flac", "flac")
M4A = FileType("audio/mp4", "m4a")
AAC = FileType("audio/aac", "aac")

ALL = (PNG, JPEG, WEBP, GIF, MP4, MOV, WEBM, MP3, WAV, OGG, FLAC, M4A, AAC)
BY_EXTENSION = {kind.extension: kind for kind in ALL}

# Browsers that sniff content read the first 512 to 1445 bytes. A file with markup in them could be rendered as a page,
# so it is not stored even if it begins like a picture.
_MARKUP = re.compile(rb"<(?:!doctype|html|head|body|script|svg|iframe|object|embed|math|style|\?php)|%pdf-", re.I)

_MP4_BRANDS = frozenset(b"isom,iso2,iso3,iso4,iso5,iso6,mp41,mp42,mp71,avc1,dash,cmfc,MSNV,M4V ,M4VH,M4VP".split(b","))
_M4A_BRANDS = frozenset((b"M4A ", b"M4B "))

# kbit/s by index, for MPEG-1 and MPEG-2/2.5 layer III (ISO/IEC 11172-3 §2.4.2.3, 13818-3).
_MPEG1_RATES = (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
_MPEG2_RATES = (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)


def detect(head: bytes) -> FileType | None:
    """The type of a file that begins with `head` (HEAD_BYTES, or the whole file if it is shorter), or None.

    More than the magic number is checked, so text that begins with one is not accepted as media.
    """
    head = head[:HEAD_BYTES]
    if len(head) < 16 or _MARKUP.search(head):
        return None
    return _image(head) or _container(head) or _audio(head)


def _image(head: bytes) -> FileType | None:
    if head.startswith(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR") and len(head) >= 33:
        return PNG if all(0 < int.from_bytes(head[at : at + 4]) <= 1 << 24 for at in (16, 20)) else None
    if head.startswith(b"\xff\xd8\xff") and (0xC0 <= head[3] <= 0xCF or head[3] >= 0xDB) and head[3] != 0xFF:
        return JPEG if int.from_bytes(head[4:6]) >= 2 else None
    if head[:6] in (b"GIF87a", b"GIF89a"):
        return GIF if _is_gif(head) else None
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP" and head[12:16] in (b"VP8 ", b"VP8L", b"VP8X"):
        return WEBP
    return None


def _is_gif(head: bytes) -> bool:
    """Whether a size and, after the colour table, a block follow the magic number. A script has neither."""
    table = 3 << (head[10] & 7) + 1 if head[10] & 0x80 else 0
    first_block = 13 + table
    sized = head[6:8] != b"\0\0" and head[8:10] != b"\0\0"
    return sized and (first_block >= len(head) or head[first_block] in b"\x21\x2c")


def _container(head: bytes) -> FileType | None:
    if head[4:8] == b"ftyp":
        size = int.from_bytes(head[:4])
        if not 16 <= size <= 512 or size % 4:
            return None
        brand = head[8:12]
        if brand == b"qt  ":
            return MOV
        if brand in _M4A_BRANDS:
            return M4A
        return MP4 if brand in _MP4_BRANDS else None
    if head.startswith(b"\x1a\x45\xdf\xa3"):
        # EBML's DocType element (0x4282) must be webm: browsers do not play other Matroska files.
        return WEBM if b"\x42\x82\x84webm" in head[:64] else None
    return None


def _audio(head: bytes) -> FileType | None:
    if head.startswith(b"RIFF") and head[8:16] in (b"WAVEfmt ", b"WAVEJUNK", b"WAVELIST", b"WAVEbext"):
        return WAV
    if head.startswith(b"OggS\0") and head[5] <= 7:
        return OGG
    if head.startswith(b"fLaC") and head[4] & 0x7F == 0 and int.from_bytes(head[5:8]) == 34:
        return FLAC
    if head.startswith(b"ID3"):
        synchsafe = all(byte < 0x80 for byte in head[6:10])
        return MP3 if 2 <= head[3] <= 4 and head[4] != 0xFF and synchsafe else None
    if _is_adts(head):
        return AAC
    return MP3 if _is_mp3_frame(head) else None


def _is_adts(head: bytes) -> bool:
    """Whether it begins with an AAC frame: sync, layer 0, a valid sampling index and length, then the next frame."""
    if head[0] != 0xFF or head[1] & 0xF6 != 0xF0 or (head[2] >> 2) & 15 > 12:
        return False
    length = (head[3] & 3) << 11 | head[4] << 3 | head[5] >> 5
    return length >= 7 and _agrees(head, length)


def _is_mp3_frame(head: bytes) -> bool:
    """Whether it begins with an MPEG audio frame of layer III, without an ID3 tag, followed by the next frame."""
    version, layer, rate, sampling = (head[1] >> 3) & 3, (head[1] >> 1) & 3, head[2] >> 4, (head[2] >> 2) & 3
    if head[0] != 0xFF or head[1] & 0xE0 != 0xE0 or version == 1 or layer != 1 or sampling == 3 or not 1 <= rate <= 14:
        return False
    mpeg1 = version == 3
    rates = _MPEG1_RATES if mpeg1 else _MPEG2_RATES
    hertz = (44100, 48000, 32000)[sampling] >> (0 if mpeg1 else 1 if version == 2 else 2)
    length = (144000 if mpeg1 else 72000) * rates[rate - 1] // hertz + (head[2] >> 1 & 1)
    return _agrees(head, length)


def _agrees(head: bytes, length: int) -> bool:
    """Whether the second frame, if it is within `head`, begins like the first."""
    if length + 2 > len(head):
        return True
    return head[length] == 0xFF and head[length + 1] & 0xFE == head[1] & 0xFE
