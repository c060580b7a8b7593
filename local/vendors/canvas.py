"""The canvas of the stand-ins' pictures. It works on whole rows and columns of bytes, which CPython handles in C."""

from __future__ import annotations

import functools
import math
import struct
import zlib
from collections.abc import Callable, Sequence

LONG_SIDE = 720
GLOW = 96
"""The number of brightness steps in a sun's glow."""

Colour = tuple[int, int, int]
Span = Callable[[float], tuple[float, float] | None]
"""Maps a row to the part of it that a shape covers, None if the shape does not reach the row."""


class Canvas:
    """Three planes of rows (red, green, blue). Rows are appended from top to bottom."""

    def __init__(self, width: int) -> None:
        self.width = width
        self.planes: list[list[bytearray]] = [[], [], []]

    def fill(self, top: float, bottom: float, colour: Colour, shape: Span, strength: float = 1.0) -> None:
        """Paint a shape between two rows. Pixels at its left and right ends are blended by the covered share."""
        for y in range(max(0, int(top)), min(len(self.planes[0]), math.ceil(bottom))):
            span = shape(y + 0.5)
            if span is None:
                continue
            left, right = max(0.0, span[0]), min(float(self.width), span[1])
            if right <= left:
                continue
            first, last = math.ceil(left), int(right)
            if last >= first:
                self.blend(y, first, last, colour, strength)
                for x, part in ((first - 1, first - left), (last, right - last)):
                    if part > 0:
                        for plane, value in zip(self.planes, colour, strict=True):
                            plane[y][x] += int((value - plane[y][x]) * strength * part)

    def blend(self, y: int, left: int, right: int, colour: Colour, strength: float = 1.0) -> None:
        left, right = max(0, left), min(self.width, right)
        if left >= right:
            return
        for plane, value in zip(self.planes, colour, strict=True):
            if strength >= 1:
                plane[y][left:right] = _PLAIN[value][: right - left]
            else:
                plane[y][left:right] = plane[y][left:right].translate(toward(value, 50, int(strength * 50)))

    def png(self) -> bytes:
        """All rows as a PNG (https://www.w3.org/TR/png/)."""
        height, stride = len(self.planes[0]), 3 * self.width + 1
        rows = bytearray(stride * height)  # each row begins with its filter type; 0 is none
        for channel, plane in enumerate(self.planes):
            for y, row in enumerate(plane):
                rows[y * stride + 1 + channel : (y + 1) * stride : 3] = row
        header = struct.pack(">IIBBBBB", self.width, height, 8, 2, 0, 0, 0)
        chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(bytes(rows), 5)), (b"IEND", b""))
        return b"\x89PNG\r\n\x1a\n" + b"".join(
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
            for kind, data in chunks
        )


_PLAIN = [bytes((value,)) * LONG_SIDE for value in range(256)]


def mixed(one: Colour, other: Colour, share: float) -> Colour:
    """A blend: `one` at share 0, `other` at 1. Shares outside 0 to 1 extrapolate, clamped to 0 to 255."""
    red, green, blue = (max(0, min(255, int(a + (b - a) * share))) for a, b in zip(one, other, strict=True))
    return red, green, blue


def column(behind: Sequence[bytes], heights: Sequence[float], bands: Sequence[bytes], bottom: int) -> bytes:
    """One column, three bytes per pixel: the background down to each ridge, whose own pixel is a blend of both."""
    pixels = bytearray(3 * bottom)
    for channel, plane in enumerate(behind):
        pixels[channel::3] = plane
    for top, band in zip(heights, bands, strict=True):
        whole = max(0, int(top))
        if whole < bottom:
            at, share = 3 * whole, 1 - (top - whole)
            pixels[at:] = [int(pixels[at + n] + (band[n] - pixels[at + n]) * share) for n in range(3)]
            pixels += band[3 : 3 * (bottom - whole)]
    return bytes(pixels)


@functools.lru_cache(maxsize=4096)
def toward(value: int, brightness: int, steps: int) -> bytes:
    """A byte table: scale by `brightness` fiftieths, then move `steps` fiftieths of the way to `value`."""
    return bytes((old * brightness * (50 - steps) + value * steps * 50) // 2500 for old in range(256))


@functools.lru_cache(maxsize=4096)
def lit(behind: int, light: int) -> bytes:
    """A table from a step of light to the lit value of the background colour."""
    return bytes(
        int(behind + (light - behind) * 0.62 * (step / GLOW) ** 2.6) for step in range(256) if step <= GLOW
    ).ljust(256)


@functools.lru_cache(maxsize=LONG_SIDE)
def glow(away: int) -> bytes:
    """The steps of light in a row `away` rows from the sun, from the middle outwards until the light ends."""
    reach = LONG_SIDE * 0.55
    wide = math.isqrt(max(0, int(reach * reach) - away * away)) if away < reach else 0
    return bytes(max(0, int(GLOW * (1 - math.hypot(x, away) / reach))) for x in range(wide + 1))


def ellipse(x: float, half: float, y: float, thick: float) -> Span:
    def span(row: float) -> tuple[float, float] | None:
        inside = 1 - ((row - y) / thick) ** 2
        return (x - half * math.sqrt(inside), x + half * math.sqrt(inside)) if inside > 0 else None

    return span


def taper(x: float, top: float, upper: float, bottom: float, lower: float) -> Span:
    """A trapezium, given by half its upper and lower width."""

    def span(row: float) -> tuple[float, float]:
        half = upper + (lower - upper) * (row - top) / (bottom - top)
        return x - half, x + half

    return span


def pine(x: float, top: float, high: float, half: float) -> Span:
    def span(row: float) -> tuple[float, float]:
        down = (row - top) / high
        branch = down * 6.5 % 1
        wide = half * max(0.04, down * (0.62 + 0.38 * branch))
        return x - wide, x + wide

    return span
