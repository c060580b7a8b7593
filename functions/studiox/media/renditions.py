"""What lists show of a media file: its size, its length, a small picture, the shape of its sound.

A file is hostile until it is decoded. render_child.py does that in a process of its own, without keys, within limits of
memory and CPU time. It is given ranges of the file, so that a film is never loaded whole. What it answers is checked.
"""

from __future__ import annotations

import contextlib
import json
import os
import struct
import subprocess
import sys
import threading
from pathlib import Path
from typing import IO, Annotated, Any

import msgspec
from msgspec import Meta

from studiox.kit import log, structs

from . import storage, xmp
from .download import MediaGone
from .filetypes import WEBP, detect

CHILD = Path(__file__).with_name("render_child.py")
CHILD_S = 60.0
MOST_BYTES = 64 << 20
"""How much of one file is read. Blocks that are read again count again."""
MOST_THUMBNAIL_BYTES = 256 * 1024
_LINE = 1 << 20

# How Pillow or FFmpeg names the format: nothing but the type that was detected at the download is tried, so that no
# file can be a playlist that names other files.
_READ_AS = {
    "image/png": ("picture", "PNG"),
    "image/jpeg": ("picture", "JPEG"),
    "image/webp": ("picture", "WEBP"),
    "image/gif": ("picture", "GIF"),
    "video/mp4": ("film", "mov"),
    "video/quicktime": ("film", "mov"),
    "video/webm": ("film", "matroska"),
    "audio/mpeg": ("sound", "mp3"),
    "audio/wav": ("sound", "wav"),
    "audio/ogg": ("sound", "ogg"),
    "audio/flac": ("sound", "flac"),
    "audio/mp4": ("sound", "mov"),
    "audio/aac": ("sound", "aac"),
}

Side = Annotated[int, Meta(ge=1, le=1 << 30)]


class Rendition(msgspec.Struct, frozen=True, rename="camel"):
    """What was found out about a file. Nothing of it, if it could not be decoded."""

    width: Side | None = None
    """In pixels, as it is shown. So is `height`."""
    height: Side | None = None
    seconds: Annotated[float, Meta(gt=0, le=1e7)] | None = None
    waveform: Annotated[list[Annotated[int, Meta(ge=0, le=100)]], Meta(max_length=64)] | None = None
    """The peaks of equal parts of a sound; the loudest is 100."""
    thumbnail: bytes | None = None
    """A WebP whose longest side has at most 512 pixels."""
    thumbnail_width: Annotated[int, Meta(ge=1, le=512)] = 1
    thumbnail_height: Annotated[int, Meta(ge=1, le=512)] = 1


def render(path: str, content_type: str, size_bytes: int) -> Rendition:
    """Decode the object at `path`, of this declared type and size. Takes at most a minute.

    A file that is broken, hostile or too large has no rendition, or a part of one. `MediaUnavailable` if Cloud Storage
    cannot be read.
    """
    read_as = _READ_AS.get(content_type)
    if read_as is None:
        return Rendition()
    mark = xmp.packet("trainedAlgorithmicMedia").decode()
    order = {"as": read_as[0], "kind": read_as[1], "size": size_bytes, "mark": mark}
    # The modules of this process and nothing else of its environment, which holds the secrets.
    environment = {"PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "PATH": os.environ.get("PATH", "")}
    found: dict[str, Any] = {}
    # What is left for a child that has died cannot be written when the pipe is closed.
    with (
        contextlib.suppress(BrokenPipeError),
        subprocess.Popen(
            [sys.executable, str(CHILD)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
            cwd="/",
        ) as child,
    ):
        watch = threading.Timer(CHILD_S, child.kill)
        watch.start()
        try:
            assert child.stdin is not None
            assert child.stdout is not None
            _converse(found, order, path, child.stdin, child.stdout)
        finally:
            watch.cancel()
            child.kill()
    return _checked(found)


def _converse(found: dict[str, Any], order: dict[str, Any], path: str, to: IO[bytes], by: IO[bytes]) -> None:
    """Hand the child the ranges that it asks for, until it ends, and collect what it says."""
    left = MOST_BYTES
    try:
        _send(to, json.dumps(order).encode() + b"\n")
        while (line := by.readline(_LINE)).endswith(b"\n"):
            said = json.loads(line)
            if "start" not in said:
                found |= said
                continue
            start, size = int(said["start"]), int(said["size"])
            if not (0 <= start < order["size"] and 0 < size <= _LINE):
                return
            left -= size
            if left < 0:
                _send(to, struct.pack(">i", -1))
                continue
            piece = storage.read_range(path, start, size)
            _send(to, struct.pack(">i", len(piece)) + piece)
    except (BrokenPipeError, ValueError, KeyError, TypeError, OverflowError):
        return  # it died, or says what it should not: what it said before is checked
    except MediaGone:
        return


def _send(to: IO[bytes], data: bytes) -> None:
    to.write(data)
    to.flush()


def _checked(found: dict[str, Any]) -> Rendition:
    try:
        made = structs.convert(found, Rendition)
    except msgspec.ValidationError:
        log.warning("rendition_refused")
        return Rendition()
    small = made.thumbnail
    if small is not None and (len(small) > MOST_THUMBNAIL_BYTES or detect(small) != WEBP):
        return msgspec.structs.replace(made, thumbnail=None)
    return made
