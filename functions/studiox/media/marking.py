"""How a file is changed while it is stored, so that it says that a model made it.

The XMP packet goes to the place that Adobe's XMP specification (part 3, storage in files) and WebP's container format
name. Only the file's head is read for this, and no byte of its pictures or sound is moved within the file: offsets
in an MP4 stay right. Pure.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Iterator
from typing import NamedTuple

from . import xmp
from .filetypes import GIF, JPEG, M4A, MOV, MP3, MP4, PNG, WAV, WEBP, FileType
from .xmp import Origin

HEAD_BYTES = 128 * 1024
"""How many of a file's first bytes are read: a JPEG's Exif and XMP have at most 64 KiB each."""

_PNG_KEYWORD = b"XML:com.adobe.xmp\0"
_JPEG_XMP = b"http://ns.adobe.com/xap/1.0/\0"
_JPEG_MORE_XMP = b"http://ns.adobe.com/xmp/extension/\0"
_MOST_IN_SEGMENT = 65_533
_XMP_UUID = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")
_ID3_XMP = b"XMP\0"
_GIF_XMP = b"\x21\xff\x0bXMP DataXMP"
_GIF_TRAILER = b"\1" + bytes(range(255, -1, -1)) + b"\0"
_MOST_PACKED = 1 << 20


class Edit(NamedTuple):
    """How the stored file differs from its source."""

    head: bytes = b""
    """Stored in place of the source's first `replaced` bytes."""
    replaced: int = 0
    tail: bytes = b""
    """Stored behind the source's last byte."""
    unmarked: str = ""
    """Why the file is not marked; empty if it is."""


class Mark(NamedTuple):
    """What a file is to say."""

    origin: Origin
    of_upload: bool = False
    """Whether it was made from a person's upload. A provider may have copied the upload's metadata, with the place and
    the camera, so that a PNG or JPEG loses its Exif, IPTC and XMP."""


def edit_for(kind: FileType, head: bytes, mark: Mark) -> Edit:
    """The edit of a file of this type that begins with `head` (HEAD_BYTES, or the whole file if it is shorter).

    A file with C2PA credentials that name a model stays as it is: any change would break their signature.
    """
    make = _EDITS.get(kind)
    if make is None:
        return Edit(unmarked="no place for XMP in this format")
    # The term begins with a capital letter in `compositeWithTrainedAlgorithmicMedia`.
    if b"jumb" in head and b"c2pa" in head and b"rainedAlgorithmicMedia" in head and not mark.of_upload:
        return Edit(unmarked="signed credentials say it")
    try:
        return make(head, mark)
    except (IndexError, ValueError, struct.error):
        return Edit(unmarked="malformed")


# ------------------------------------------------------------------------------------------------ pictures


def _png(head: bytes, mark: Mark) -> Edit:
    """An iTXt chunk after IHDR, or the one that is there."""
    first, at = head[:33], 33
    packet, kept, replaced = xmp.packet(mark.origin), b"", 33
    while at + 8 <= len(head):
        size, name = int.from_bytes(head[at : at + 4]), head[at + 4 : at + 8]
        end = at + 12 + size
        if name in (b"IDAT", b"IEND") or end > len(head):
            break
        data = head[at + 8 : end - 4]
        is_xmp = name == b"iTXt" and data.startswith(_PNG_KEYWORD)
        profile = name in (b"tEXt", b"zTXt", b"iTXt") and data.startswith(b"Raw profile type ")
        if is_xmp and not mark.of_upload:
            packet = xmp.merged(_png_text(data), mark.origin)
        if is_xmp or (mark.of_upload and (name == b"eXIf" or profile)):
            kept, replaced = kept + head[replaced:at], end
        at = end
    return Edit(first + _chunk(b"iTXt", _PNG_KEYWORD + b"\0\0\0\0" + packet) + kept, replaced)


def _png_text(data: bytes) -> bytes:
    """The text of an iTXt chunk: keyword, compression flag and method, language, translated keyword, text."""
    packed = data[len(_PNG_KEYWORD)] == 1
    text = data[len(_PNG_KEYWORD) + 2 :].split(b"\0", 2)[2]
    if not packed:
        return text
    try:
        return zlib.decompressobj().decompress(text, _MOST_PACKED)
    except zlib.error:
        return b""


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def _jpeg(head: bytes, mark: Mark) -> Edit:
    """An APP1 segment after SOI, JFIF and Exif, or the one that is there."""
    before, after, packet, replaced = head[:2], b"", None, 2
    leading = True
    for start, end, marker, data in _segments(head):
        is_exif = marker == 0xE1 and data.startswith(b"Exif\0\0")
        leading = leading and (marker == 0xE0 or is_exif)
        if leading:
            kept = _upright(data) if is_exif and mark.of_upload else head[start:end]
            before, replaced = before + kept, end
        elif marker == 0xE1 and data.startswith(_JPEG_XMP):
            packet = packet or (None if mark.of_upload else xmp.merged(data[len(_JPEG_XMP) :], mark.origin))
            after, replaced = after + head[replaced:start], end
        elif mark.of_upload and (is_exif or marker == 0xED or data.startswith(_JPEG_MORE_XMP)):
            after, replaced = after + head[replaced:start] + (_upright(data) if is_exif else b""), end
    packet = packet or xmp.packet(mark.origin)
    if len(_JPEG_XMP) + len(packet) > _MOST_IN_SEGMENT:
        return Edit(unmarked="the XMP that it has leaves no room")
    return Edit(before + _segment(0xE1, _JPEG_XMP + packet) + after, replaced)


def _segments(head: bytes) -> Iterator[tuple[int, int, int, bytes]]:
    """Start, end, marker and data of the segments before the picture, as far as they are in the head."""
    at = 2
    while at + 4 <= len(head) and head[at] == 0xFF:
        if head[at + 1] == 0xFF:  # padding
            at += 1
            continue
        marker, end = head[at + 1], at + 2 + int.from_bytes(head[at + 2 : at + 4])
        if not (0xE0 <= marker <= 0xEF or marker in (0xDB, 0xFE)) or end > len(head) or end < at + 4:
            return
        yield at, end, marker, head[at + 4 : end]
        at = end


def _segment(marker: int, data: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(data) + 2) + data


def _upright(exif: bytes) -> bytes:
    """An Exif segment with nothing but the orientation of this one; empty if the picture is stored upright."""
    tiff = exif[6:]
    order = "<" if tiff[:2] == b"II" else ">"
    (at,) = struct.unpack_from(f"{order}I", tiff, 4)
    (entries,) = struct.unpack_from(f"{order}H", tiff, at)
    for number in range(min(entries, 1000)):
        tag, kind, count, value = struct.unpack_from(f"{order}HHIH", tiff, at + 2 + 12 * number)
        if (tag, kind, count) == (0x0112, 3, 1) and 2 <= value <= 8:
            directory = struct.pack(">HHHIHHI", 1, 0x0112, 3, 1, value, 0, 0)
            return _segment(0xE1, b"Exif\0\0MM\0*\0\0\0\x08" + directory)
    return b""


def _gif(head: bytes, mark: Mark) -> Edit:
    """An application extension after the palette. Extensions need version 89a."""
    at = 13 + (3 << (head[10] & 7) + 1 if head[10] & 0x80 else 0)
    if at > len(head):
        raise ValueError
    if _GIF_XMP in head:
        return Edit(unmarked="" if b"rainedAlgorithmicMedia" in head else "it has XMP")
    return Edit(b"GIF89a" + head[6:at] + _GIF_XMP + xmp.packet(mark.origin) + _GIF_TRAILER, at)


def _webp(head: bytes, mark: Mark) -> Edit:
    """An `XMP ` chunk right after VP8X, which a simple file gets. If the file has one, readers take the first."""
    first, size = head[12:16], int.from_bytes(head[16:20], "little")
    if first == b"VP8X":
        extended, end = bytes([head[20] | 4]) + head[21:30], 20 + size
        if size != 10 or end > len(head):
            raise ValueError
        added = 0
    else:
        wide, high, alpha = _vp8l_size(head) if first == b"VP8L" else _vp8_size(head)
        flags = struct.pack("<I", 4 | (16 if alpha else 0))
        extended, end = flags + (wide - 1).to_bytes(3, "little") + (high - 1).to_bytes(3, "little"), 12
        added = 18
    chunk = _riff_chunk(b"XMP ", xmp.packet(mark.origin))
    total = int.from_bytes(head[4:8], "little") + added + len(chunk)
    return Edit(b"RIFF" + struct.pack("<I", total) + b"WEBP" + _riff_chunk(b"VP8X", extended) + chunk, end)


def _vp8_size(head: bytes) -> tuple[int, int, bool]:
    if head[23:26] != b"\x9d\x01\x2a":
        raise ValueError
    wide, high = struct.unpack_from("<HH", head, 26)
    return _in_range(wide & 0x3FFF, high & 0x3FFF, False)


def _vp8l_size(head: bytes) -> tuple[int, int, bool]:
    if head[20] != 0x2F:
        raise ValueError
    (bits,) = struct.unpack_from("<I", head, 21)
    return _in_range((bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1, bool(bits >> 28 & 1))


def _in_range(wide: int, high: int, alpha: bool) -> tuple[int, int, bool]:
    if not (wide and high):
        raise ValueError
    return wide, high, alpha


def _riff_chunk(name: bytes, data: bytes) -> bytes:
    return name + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)


# ------------------------------------------------------------------------------------------------ films and sound


def _mp4(head: bytes, mark: Mark) -> Edit:
    """A `uuid` box behind the last one. XMP that is found in the head moves there, and its box becomes free space."""
    packet, replaced, at = xmp.packet(mark.origin), 0, 0
    while at + 24 <= len(head):
        size, name = int.from_bytes(head[at : at + 4]), head[at + 4 : at + 8]
        if size == 0:
            return Edit(unmarked="its last box is open-ended")
        if size == 1:
            size = int.from_bytes(head[at + 8 : at + 16])
        if size < 8:
            raise ValueError
        if name == b"uuid" and head[at + 8 : at + 24] == _XMP_UUID and at + size <= len(head):
            existing = head[at + 24 : at + size]
            packet, replaced = xmp.merged(existing, mark.origin), at + 8
            if packet == existing:
                return Edit()
            break
        at += size
    box = struct.pack(">I", 24 + len(packet)) + b"uuid" + _XMP_UUID + packet
    return Edit(head[: replaced - 4] + b"free" if replaced else b"", replaced, box)


def _mp3(head: bytes, mark: Mark) -> Edit:
    """A PRIV frame in the ID3v2 tag, which a file without one gets."""
    if not head.startswith(b"ID3"):
        frame = _priv(xmp.packet(mark.origin), 3)
        return Edit(b"ID3\3\0\0" + _synchsafe(len(frame)) + frame)
    version, flags = head[3], head[5]
    if version < 3 or flags & 0x40:
        return Edit(unmarked="a tag of an old version or with an extended header")
    size, packet, kept, replaced = _unsafe(head[6:10]), xmp.packet(mark.origin), b"", 10
    for start, end, frame in _frames(head, 10 + size, version):
        if frame[:4] == b"PRIV" and frame[10:].startswith(_ID3_XMP):
            packet = xmp.merged(frame[10 + len(_ID3_XMP) :], mark.origin)
            kept, replaced, size = head[10:start], end, size - len(frame)
            break
    frame = _priv(packet, version)
    return Edit(head[:6] + _synchsafe(size + len(frame)) + frame + kept, replaced)


def _frames(head: bytes, until: int, version: int) -> Iterator[tuple[int, int, bytes]]:
    """Start, end and bytes of the tag's frames, as far as they are in the head."""
    at = 10
    while at + 10 <= min(until, len(head)) and head[at] != 0:
        size = _unsafe(head[at + 4 : at + 8]) if version == 4 else int.from_bytes(head[at + 4 : at + 8])
        end = at + 10 + size
        if end > min(until, len(head)):
            return
        yield at, end, head[at:end]
        at = end


def _priv(packet: bytes, version: int) -> bytes:
    # A size with a byte 0xFF would be misread in a tag with the unsynchronisation flag.
    packet += b"\n" if (len(_ID3_XMP) + len(packet)) & 0xFF == 0xFF else b""
    size = len(_ID3_XMP) + len(packet)
    return b"PRIV" + (_synchsafe(size) if version == 4 else struct.pack(">I", size)) + b"\0\0" + _ID3_XMP + packet


def _synchsafe(size: int) -> bytes:
    if size >= 1 << 28:
        raise ValueError
    return bytes(size >> shift & 0x7F for shift in (21, 14, 7, 0))


def _unsafe(size: bytes) -> int:
    return size[0] << 21 | size[1] << 14 | size[2] << 7 | size[3]


def _wav(head: bytes, mark: Mark) -> Edit:
    """A `_PMX` chunk after the format. A size of 0 or 0xFFFFFFFF means a stream of unknown length, and stays."""
    at = 12
    while head[at : at + 4] != b"fmt ":
        size = int.from_bytes(head[at + 4 : at + 8], "little")
        if head[at : at + 4] == b"data" or at + 8 > len(head):
            raise ValueError
        at += 8 + size + size % 2
    end = at + 8 + int.from_bytes(head[at + 4 : at + 8], "little")
    if end > len(head):
        raise ValueError
    chunk = _riff_chunk(b"_PMX", xmp.packet(mark.origin))
    total = int.from_bytes(head[4:8], "little")
    total = total if total in (0, 0xFFFFFFFF) else total + len(chunk)
    return Edit(b"RIFF" + struct.pack("<I", total) + head[8:end] + chunk, end)


_EDITS: dict[FileType, Callable[[bytes, Mark], Edit]] = {
    PNG: _png,
    JPEG: _jpeg,
    GIF: _gif,
    WEBP: _webp,
    MP4: _mp4,
    MOV: _mp4,
    M4A: _mp4,
    MP3: _mp3,
    WAV: _wav,
}
