"""A provider in process, for S4's "Model A" and "Model B": real PNG bytes, no key, failures and latency by parameter.

It keeps nothing: a task id carries when it was made and what was asked for, and whether it fails follows from the
job's id. Without latency it answers at once, as S4's models do.
"""

from __future__ import annotations

import hashlib
import math
import struct
import zlib
from collections.abc import Mapping

from .. import clock, config
from . import File, Order, PollFailed, Task

LONG_SIDE = 384
# By S4's colours.
TONES = {
    "vibrant": ("ff5f6d", "ffc371", "3ec9a7", "2b59c3", "7b2ff7"),
    "monochrome": ("15171c", "5b6270", "eef0f4", "8d95a3"),
    "pastel": ("fbd3e0", "fdf1cf", "cfeee0", "cfe2fb", "e3d5f8"),
    "neon": ("0b0324", "ff2fa4", "2a0a5e", "12e6f0"),
    "vintage": ("3d2c29", "b5754a", "ecd3a0", "7d8b6a"),
}


class Mock:
    def submit(self, order: Order) -> str | Task:
        size, color = (str(order.inputs.get(name, "")) for name in ("size", "color"))
        if config.MOCK_LATENCY_MS.value <= 0:
            return _ended(order.job_id, order.model, size, color)
        return f"mock.{order.job_id}.{clock.to_millis(clock.now())}.{size}.{color}"

    def poll(self, task_id: str, order_type: str, model: str) -> Task:
        try:
            _, job_id, made_at, size, color = task_id.split(".", 4)
            age_ms = clock.to_millis(clock.now()) - int(made_at)
        except ValueError as error:
            raise PollFailed("not a task of ours", gone=True) from error
        latency_ms = config.MOCK_LATENCY_MS.value
        if age_ms < latency_ms:
            return Task(status="running", progress=max(0, age_ms * 100 // latency_ms), raw_status="running")
        return _ended(job_id, model, size, color)

    def verify(self, headers: Mapping[str, str], body: bytes) -> str | None:
        """It never calls back."""
        return None


def _ended(job_id: str, model: str, size: str, color: str) -> Task:
    if _draw(job_id) < float(config.MOCK_FAILURE_RATE.value or 0):
        return Task(status="failed", reason="GenerationFailed", raw_status="failed", raw_error="MOCK_FAILURE_RATE")
    files = (File(data=picture(job_id, model, size, color), kind="image"),)
    return Task(status="finished", progress=100, files=files, raw_status="finished", credits=0)


def _draw(job_id: str) -> float:
    """A number in [0, 1) that belongs to the job, so that a poll that is repeated answers the same."""
    return int.from_bytes(hashlib.sha256(job_id.encode()).digest()[:6]) / 2**48


def picture(job_id: str, model: str, size: str = "", color: str = "") -> bytes:
    """A PNG in the proportions of `size` and the colours of `color`: soft waves for Model A, rings for Model B.

    The job gives the rest, so that the same job is the same picture. A pixel's colour is the sum of its column's and
    its row's place in a circle of 256 colours, so a row is its columns' places, turned.
    """
    seed = hashlib.sha256(f"{model}/{job_id}".encode()).digest()
    width, height = _sides(size)
    if model.endswith("A"):
        columns, rows = _waves(width, seed[0:4]), _waves(height, seed[4:8])
    else:
        columns, rows = _arcs(width, seed[0]), _arcs(height, seed[1])
    places = bytes(range(256)) * 2
    drawn = b"".join(b"\0" + columns.translate(places[turn : turn + 256]) for turn in rows)
    header = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)  # 8 bits: a place in the palette
    chunks = (
        (b"IHDR", header),
        (b"PLTE", _palette(color, seed)),
        (b"IDAT", zlib.compress(drawn)),
        (b"IEND", b""),
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )


def _sides(size: str) -> tuple[int, int]:
    """Width and height, the longer one LONG_SIDE; a size that cannot be read is a square."""
    given = [int(side) for side in size.split("x") if side.isascii() and side.isdigit()]
    wide, high = given if len(given) == 2 and all(0 < side <= 10_000 for side in given) else (1, 1)
    longer = max(wide, high)
    return max(LONG_SIDE // 8, LONG_SIDE * wide // longer), max(LONG_SIDE // 8, LONG_SIDE * high // longer)


def _waves(length: int, seed: bytes) -> bytes:
    """A slow and a quick wave, laid over each other."""
    slow, quick = 0.6 + seed[0] / 400, 1.5 + seed[1] / 180
    return bytes(
        int(
            52 * math.sin(math.tau * (slow * at / LONG_SIDE + seed[2] / 256))
            + 20 * math.sin(math.tau * (quick * at / LONG_SIDE + seed[3] / 256))
        )
        % 256
        for at in range(length)
    )


def _arcs(length: int, seed: int) -> bytes:
    """Squares of the distance from a centre near the middle: squares of rows and columns add up to circles."""
    centre = length * (0.35 + 0.3 * seed / 255)
    return bytes(int(900 * ((at - centre) / LONG_SIDE) ** 2) % 256 for at in range(length))


def _palette(color: str, seed: bytes) -> bytes:
    """256 colours in a circle, from one tone to the next."""
    tones = TONES.get(color) or TONES[sorted(TONES)[seed[8] % len(TONES)]]
    turned = tones[seed[9] % len(tones) :] + tones[: seed[9] % len(tones)]
    colours = bytearray()
    for place in range(256):
        tone, share = divmod(place * len(turned) / 256, 1)
        eased = (1 - math.cos(math.pi * share)) / 2
        here, there = (bytes.fromhex(turned[(int(tone) + step) % len(turned)]) for step in (0, 1))
        colours.extend(round(a + (b - a) * eased) for a, b in zip(here, there, strict=True))
    return bytes(colours)
