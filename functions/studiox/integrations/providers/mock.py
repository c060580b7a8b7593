"""A provider in this process, for "Model A" and "Model B": real PNG files, no key, failures and latency by parameter.

It is stateless: a task id holds its time and inputs, and the job's id decides whether it fails. Without latency it
answers at once.
"""

from __future__ import annotations

import hashlib
import itertools
import math
import struct
import urllib.parse
import zlib
from collections.abc import Mapping

from studiox.kit import clock, config

from .protocol import File, Order, PollFailed, Task

MOST_SIDE = 2048
"""The longest side in pixels. A larger size is drawn smaller, with its proportions."""
SHADES = {"realistic": 256, "watercolor": 64, "oil painting": 32, "cyberpunk": 16, "anime": 12, "sketch": 6}
"""How many shades a picture has, by style."""
# The tones of a picture, by color.
TONES = {
    "vibrant": ("ff5f6d", "ffc371", "3ec9a7", "2b59c3", "7b2ff7"),
    "monochrome": ("15171c", "5b6270", "eef0f4", "8d95a3"),
    "pastel": ("fbd3e0", "fdf1cf", "cfeee0", "cfe2fb", "e3d5f8"),
    "neon": ("0b0324", "ff2fa4", "2a0a5e", "12e6f0"),
    "vintage": ("3d2c29", "b5754a", "ecd3a0", "7d8b6a"),
}


class Mock:
    def submit(self, order: Order) -> str | Task:
        look = [str(order.inputs.get(name, "")) for name in ("size", "color", "style")]
        if config.MOCK_LATENCY_MS.value <= 0:
            return _ended(order.job_id, order.model, *look)
        written = (urllib.parse.quote(each, safe="").replace(".", "%2E") for each in look)
        return ".".join(["mock", order.job_id, str(clock.to_millis(clock.now())), *written])

    def poll(self, task_id: str, order_type: str, model: str) -> Task:
        try:
            _, job_id, made_at, *look = map(urllib.parse.unquote, task_id.split("."))
            age_ms = clock.to_millis(clock.now()) - int(made_at)
        except ValueError as error:
            raise PollFailed("not a task of ours", gone=True) from error
        latency_ms = config.MOCK_LATENCY_MS.value
        if age_ms < latency_ms:
            return Task(status="running", progress=max(0, age_ms * 100 // latency_ms), raw_status="running")
        return _ended(job_id, model, *look[:3])

    def verify(self, headers: Mapping[str, str], body: bytes) -> str | None:
        """Always None: there are no callbacks."""
        return None


def _ended(job_id: str, model: str, size: str = "", color: str = "", style: str = "") -> Task:
    if _draw(job_id) < float(config.MOCK_FAILURE_RATE.value or 0):
        return Task(status="failed", reason="GenerationFailed", raw_status="failed", raw_error="MOCK_FAILURE_RATE")
    files = (File(data=picture(job_id, model, size, color, style), kind="image"),)
    return Task(status="finished", progress=100, files=files, raw_status="finished", credits=0)


def _draw(job_id: str) -> float:
    """A number in [0, 1) that depends on the job only, so that each poll gives the same answer."""
    return int.from_bytes(hashlib.sha256(job_id.encode()).digest()[:6]) / 2**48


def picture(job_id: str, model: str, size: str = "", color: str = "", style: str = "") -> bytes:
    """A PNG of `size`, in the colours of `color` and the shades of `style`: soft waves for Model A, rings for Model B.

    The job's id decides the rest, so a job always has the same picture. A pixel's colour is the sum of its column's and
    its row's index in a palette of 256 colours. So each row differs from the one above by a constant, which PNG's
    second filter (Up) encodes: a picture of any size takes a few kilobytes of disk and memory.
    """
    seed = hashlib.sha256(f"{model}/{job_id}/{style}".encode()).digest()
    width, height = _sides(size)
    draw, parts = (_waves, (seed[0:4], seed[4:8])) if model.endswith("A") else (_arcs, (seed[0:1], seed[1:2]))
    columns, rows = (
        draw(length, max(width, height), part) for length, part in zip((width, height), parts, strict=True)
    )
    packed = zlib.compressobj()
    drawn = [packed.compress(b"\0" + columns.translate(_turned(rows[0])))]
    drawn += [packed.compress(b"\2" + bytes([(row - above) % 256]) * width) for above, row in itertools.pairwise(rows)]
    header = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)  # 8 bits: a place in the palette
    chunks = (
        (b"IHDR", header),
        (b"PLTE", _palette(color, style, seed)),
        (b"IDAT", b"".join([*drawn, packed.flush()])),
        (b"IEND", b""),
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )


def _turned(by: int) -> bytes:
    """A translation table that rotates the palette."""
    return bytes((place + by) % 256 for place in range(256))


def _sides(size: str) -> tuple[int, int]:
    """Width and height of a size, at most MOST_SIDE; a square of 512 if the size is malformed."""
    given = [int(side) for side in size.split("x") if side.isascii() and side.isdigit()]
    wide, high = given if len(given) == 2 and all(0 < side <= 100_000 for side in given) else (512, 512)
    longer = max(wide, high, MOST_SIDE)
    return max(1, MOST_SIDE * wide // longer), max(1, MOST_SIDE * high // longer)


def _waves(length: int, whole: int, seed: bytes) -> bytes:
    """The sum of a slow and a fast wave. `whole` is the picture's longer side."""
    slow, quick = 0.6 + seed[0] / 400, 1.5 + seed[1] / 180
    return bytes(
        int(
            52 * math.sin(math.tau * (slow * at / whole + seed[2] / 256))
            + 20 * math.sin(math.tau * (quick * at / whole + seed[3] / 256))
        )
        % 256
        for at in range(length)
    )


def _arcs(length: int, whole: int, seed: bytes) -> bytes:
    """Squared distances from a centre near the middle. The sums of rows and columns form circles."""
    centre = length * (0.35 + 0.3 * seed[0] / 255)
    return bytes(int(900 * ((at - centre) / whole) ** 2) % 256 for at in range(length))


def _palette(color: str, style: str, seed: bytes) -> bytes:
    """A cyclic palette of 256 colours, from tone to tone, in as many shades as the style has."""
    tones = TONES.get(color) or TONES[sorted(TONES)[seed[8] % len(TONES)]]
    turned = tones[seed[9] % len(tones) :] + tones[: seed[9] % len(tones)]
    shades = SHADES.get(style, 256)
    colours = bytearray()
    for place in range(256):
        shade = place * shades // 256 / shades
        tone, share = divmod(shade * len(turned), 1)
        eased = (1 - math.cos(math.pi * share)) / 2
        here, there = (bytes.fromhex(turned[(int(tone) + step) % len(turned)]) for step in (0, 1))
        colours.extend(round(a + (b - a) * eased) for a, b in zip(here, there, strict=True))
    return bytes(colours)
