"""Small pictures, films and sounds of every kind, made by Pillow and FFmpeg's libraries, and what these read back."""

from __future__ import annotations

import io
import math
import re
import struct
import tempfile
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import av
from PIL import Image

IPTC = "http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
TERMS = "http://cv.iptc.org/newscodes/digitalsourcetype/"


def drawn(wide: int = 96, high: int = 64, mode: str = "RGB") -> Image.Image:
    """A picture of two slopes, with a transparent part where the mode has one."""
    made = Image.merge("RGB", [Image.linear_gradient("L").resize((wide, high)).rotate(90 * n) for n in range(3)])
    if mode.endswith("A"):
        made.putalpha(Image.linear_gradient("L").resize((wide, high)))
    return made.convert(mode)


def picture(kind: str, mode: str = "RGB", size: tuple[int, int] = (96, 64), **options: Any) -> bytes:
    """A picture as Pillow writes it: `kind` PNG, JPEG, WEBP or GIF."""
    written = io.BytesIO()
    drawn(*size, mode).save(written, kind, **options)
    return written.getvalue()


def film(
    kind: str = "mp4", size: tuple[int, int] = (96, 64), frames: int = 12, codec: str = "mpeg4", **options: str
) -> bytes:
    """A film of 12 frames a second. `options` are the container's, such as `movflags`."""
    with tempfile.NamedTemporaryFile() as written:  # the index goes first by reading the film again, by its name
        with av.open(written.name, "w", format=kind, options=options) as container:
            stream: Any = container.add_stream(codec, rate=12)
            stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
            for number in range(frames):
                frame: Any = av.VideoFrame
                frame = frame.from_image(drawn(*size).rotate(5 * number))
                container.mux(stream.encode(frame))
            container.mux(stream.encode(None))
        return Path(written.name).read_bytes()


def sound(kind: str = "mp3", codec: str = "libmp3lame", seconds: float = 1.5, **metadata: str) -> bytes:
    """A tone that grows louder. `metadata` becomes the container's, such as an ID3 tag."""
    written = io.BytesIO()
    with av.open(written, "w", format=kind) as container:
        container.metadata.update(metadata)
        stream: Any = container.add_stream(codec, rate=32_000, layout="mono")
        for at in range(0, int(32_000 * seconds), 1024):
            tones = [int(at / seconds * 0.9 * math.sin(n / 12)) for n in range(at, at + 1024)]
            frame = av.AudioFrame("s16", "mono", 1024)
            frame.planes[0].update(struct.pack("<1024h", *tones))
            frame.sample_rate, frame.pts = 32_000, at
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return written.getvalue()


def xmp_of(data: bytes) -> bytes | None:
    """The XMP that Pillow, or FFmpeg, finds in a file."""
    try:
        with Image.open(io.BytesIO(data)) as read:
            read.load()
            found = read.info.get("xmp") or read.info.get("XML:com.adobe.xmp")
            if (read.info.get("extension") or [None])[0] == b"XMP DataXMP":  # Pillow leaves its content to us
                found = data.split(b"XMP DataXMP")[1].split(b"\1\xff\xfe")[0]
    except OSError:
        with av.open(io.BytesIO(data), options={"export_xmp": "1"}) as container:
            found = container.metadata.get("xmp")
            if found is None and (private := container.metadata.get("id3v2_priv.XMP")) is not None:
                return re.sub(rb"\\x(..)", lambda escaped: bytes.fromhex(escaped[1].decode()), private.encode())
    return found.encode() if isinstance(found, str) else found


def source_type(data: bytes) -> str | None:
    """IPTC's `DigitalSourceType` of a file, without the vocabulary's address."""
    return source_type_of(xmp_of(data))


def source_type_of(packet: bytes | None) -> str | None:
    if packet is None:
        return None
    root = ET.fromstring(packet.decode().strip().strip("\ufeff\0"))
    (found,) = [each.text or "" for each in root.iter(f"{{{IPTC}}}DigitalSourceType")]
    assert found.startswith(TERMS)
    return found.removeprefix(TERMS)


def content(data: bytes) -> Any:
    """What a file shows or plays: a picture's pixels, a film's frames, a sound's samples."""
    try:
        with Image.open(io.BytesIO(data)) as read:
            return read.size, read.convert("RGBA").tobytes()
    except OSError:
        container: Any
        with av.open(io.BytesIO(data)) as container:
            return [bytes(plane) for frame in container.decode() for plane in frame.planes]
