"""A process that decodes one file: `python render_child.py`, started by renditions.py, which feeds it.

Files come from providers and may be anything. This process has no keys and no files, and limits of its own. It asks
for ranges of the file by lines of JSON on its output, and says what it finds, each thing as soon as it is known. It
imports nothing of StudioX.
"""

from __future__ import annotations

import array
import base64
import contextlib
import io
import json
import resource
import struct
import sys
from collections import OrderedDict
from typing import TYPE_CHECKING, Any, BinaryIO

if TYPE_CHECKING:
    from PIL.Image import Image

MEMORY_BYTES = 800 << 20
CPU_S = 40
BLOCK_BYTES = 512 * 1024
BLOCKS = 8
MOST_PIXELS = 40_000_000
"""An 8K film's frame has 33 million. Larger pictures have their size read, and no thumbnail."""
THUMBNAIL = 512
MOST_BYTES = 25_000
"""Of a thumbnail: a page of sixty is then 1.5 MB. Most have less; a noisy one is encoded again, coarser and smaller."""
TRIES = ((THUMBNAIL, 78), (THUMBNAIL, 55), (THUMBNAIL, 30), (256, 30), (128, 10))
"""Longest side and quality."""
MOST_FRAMES = 60
"""How many frames of a film are decoded to find its poster."""
MOST_SAMPLES = 8_000 * 3_600
BARS = 64


class File(io.RawIOBase):
    """The file, read by ranges in blocks, of which the last few are kept."""

    def __init__(self, size: int, answers: BinaryIO, ask: Any) -> None:
        self._size, self._answers, self._ask = size, answers, ask
        self._at = 0
        self._blocks: OrderedDict[int, bytes] = OrderedDict()

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._at = max(0, offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence])
        return self._at

    def readinto(self, buffer: Any) -> int:
        if self._at >= self._size:
            return 0
        number = self._at // BLOCK_BYTES
        if number not in self._blocks:
            self._blocks[number] = self._range(number * BLOCK_BYTES)
            if len(self._blocks) > BLOCKS:
                self._blocks.popitem(last=False)
        self._blocks.move_to_end(number)
        start = self._at - number * BLOCK_BYTES
        piece = self._blocks[number][start : start + len(buffer)]
        buffer[: len(piece)] = piece
        self._at += len(piece)
        return len(piece)

    def _range(self, start: int) -> bytes:
        self._ask({"start": start, "size": min(BLOCK_BYTES, self._size - start)})
        (size,) = struct.unpack(">i", self._answers.read(4))
        if size < 0:
            raise OSError("no more may be read")
        return self._answers.read(size)


def picture(file: File, kind: str, mark: bytes, say: Any) -> None:
    """Its size as it is shown, and a thumbnail."""
    from PIL import Image

    Image.MAX_IMAGE_PIXELS = None  # the limit below is ours
    with Image.open(io.BufferedReader(file, BLOCK_BYTES), formats=[kind]) as opened:
        wide, high = opened.size
        say({"width": wide, "height": high})
        if wide * high > MOST_PIXELS:
            return
        opened.draft("RGB", (2 * THUMBNAIL, 2 * THUMBNAIL))  # a JPEG is decoded smaller
        turn = opened.getexif().get(0x0112, 1)  # decodes a PNG
        if turn >= 5:
            say({"width": high, "height": wide})
        thumbnail(_turned(_small(opened), turn), mark, say)


def _small(image: Image) -> Image:
    seen_through = image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info
    made = image.convert("RGBA" if seen_through else "RGB")
    made.thumbnail((THUMBNAIL, THUMBNAIL), reducing_gap=3.0)
    return made


def _turned(image: Image, turn: int) -> Image:
    """As an Exif orientation says that a picture is shown."""
    from PIL.Image import Transpose

    turns = [Transpose.FLIP_LEFT_RIGHT, Transpose.ROTATE_180, Transpose.FLIP_TOP_BOTTOM, Transpose.TRANSPOSE]
    turns += [Transpose.ROTATE_270, Transpose.TRANSVERSE, Transpose.ROTATE_90]
    return image.transpose(turns[turn - 2]) if 2 <= turn <= 8 else image


def thumbnail(image: Image, mark: bytes, say: Any) -> None:
    data = b""
    for side, quality in TRIES:
        image.thumbnail((side, side))
        written = io.BytesIO()
        image.save(written, "WEBP", quality=quality, alpha_quality=quality, method=4, xmp=mark)
        data = written.getvalue()
        if len(data) <= MOST_BYTES:
            break
    wide, high = image.size
    say({"thumbnail": base64.b64encode(data).decode(), "thumbnailWidth": wide, "thumbnailHeight": high})


def film(file: File, kind: str, mark: bytes, say: Any) -> None:
    """Its size and length, and a poster from its first second."""
    import av

    container: Any
    with av.open(io.BufferedReader(file, BLOCK_BYTES), format=kind, metadata_errors="ignore") as container:
        stream = container.streams.video[0]
        stream.codec_context.thread_count = 1
        seconds = (container.duration or 0) / 1_000_000
        wide, high = stream.codec_context.width, stream.codec_context.height
        say({"width": wide, "height": high, **({"seconds": seconds} if seconds > 0 else {})})
        if not 0 < wide * high <= MOST_PIXELS:
            return
        poster_s, frame = min(1.0, seconds / 3), None
        for number, frame in enumerate(container.decode(stream), 1):
            if number >= MOST_FRAMES or frame.time is None or frame.time >= poster_s:
                break
        if frame is not None and frame.width * frame.height <= MOST_PIXELS:
            share = min(1.0, THUMBNAIL / max(frame.width, frame.height))
            size = {"width": max(1, round(frame.width * share)), "height": max(1, round(frame.height * share))}
            thumbnail(frame.to_image(**size), mark, say)


def sound(file: File, kind: str, _mark: bytes, say: Any) -> None:
    """Its length, and how loud it is: the peaks of 64 equal parts, of which the loudest is 100."""
    import av

    container: Any
    with av.open(io.BufferedReader(file, BLOCK_BYTES), format=kind, metadata_errors="ignore") as container:
        stream = container.streams.audio[0]
        if container.duration and container.duration > 0:
            say({"seconds": container.duration / 1_000_000})
        resampler, peaks, samples = av.AudioResampler("s16", "mono", 8_000), [], 0
        with contextlib.suppress(av.error.InvalidDataError):  # what comes before the damage is heard
            for frame in container.decode(stream):
                for small in resampler.resample(frame):
                    heard = array.array("h", bytes(small.planes[0])[: 2 * small.samples])
                    peaks.append(max(max(heard), -min(heard)) if heard else 0)
                    samples += small.samples
                if samples > MOST_SAMPLES:
                    return
        if peaks:
            say({"seconds": samples / 8_000, "waveform": bars(peaks)})


def bars(peaks: list[int]) -> list[int]:
    count, loudest = len(peaks), max(max(peaks), 1)
    parts = [peaks[at * count // BARS : max(at * count // BARS + 1, (at + 1) * count // BARS)] for at in range(BARS)]
    return [100 * max(part) // loudest for part in parts]


def limit() -> None:
    """What this process may use. A system that does not know a limit is a developer's."""
    for what, most in (
        (resource.RLIMIT_AS, MEMORY_BYTES),
        (resource.RLIMIT_CPU, CPU_S),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(what, (most, most))


def main() -> None:
    limit()
    answers, asking = sys.stdin.buffer, sys.stdout.buffer

    def say(line: dict[str, Any]) -> None:
        asking.write(json.dumps(line).encode() + b"\n")
        asking.flush()

    order = json.loads(answers.readline())
    file = File(order["size"], answers, say)
    {"picture": picture, "film": film, "sound": sound}[order["as"]](file, order["kind"], order["mark"].encode(), say)


if __name__ == "__main__":
    main()
