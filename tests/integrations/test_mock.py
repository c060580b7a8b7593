"""The mock's pictures: of the size that was paid for, in the colours and the style that were asked for, and small."""

from __future__ import annotations

import struct
import tracemalloc
import zlib

import pytest

from studiox.catalog.defaults import COLORS, SIZES, STYLES
from studiox.integrations.providers import mock
from studiox.integrations.providers.protocol import Order, Task
from studiox.kit import clock


def sides(picture: bytes) -> tuple[int, int]:
    width, height = struct.unpack(">II", picture[16:24])
    return width, height


def pixels(picture: bytes) -> list[bytes]:
    """The rows of places in the palette, decoded as a viewer does."""
    width, height = sides(picture)
    found, at = b"", 8
    while at < len(picture):
        length, kind = struct.unpack(">I4s", picture[at : at + 8])
        content = picture[at + 8 : at + 8 + length]
        assert struct.unpack(">I", picture[at + 8 + length : at + 12 + length])[0] == zlib.crc32(kind + content)
        found += content if kind == b"IDAT" else b""
        at += 12 + length
    data, rows = zlib.decompress(found), [bytes(width)]
    assert len(data) == height * (width + 1)
    for start in range(0, len(data), width + 1):
        above = rows[-1] if data[start] == 2 else bytes(width)
        line = data[start + 1 : start + width + 1]
        rows.append(bytes((one + other) % 256 for one, other in zip(line, above, strict=True)))
    return rows[1:]


@pytest.mark.parametrize("model", ["Model A", "Model B"])
@pytest.mark.parametrize("size", list(SIZES))
def test_a_picture_has_the_size_that_was_paid_for(model: str, size: str) -> None:
    made = mock.picture("job", model, size, "neon", "anime")
    assert f"{sides(made)[0]}x{sides(made)[1]}" == size
    assert len({bytes(row) for row in pixels(made)[:50]}) > 1
    assert len(made) < 50_000


@pytest.mark.parametrize(
    ("size", "expected"),
    [("4096x2048", (2048, 1024)), ("99999x1", (2048, 1)), ("", (512, 512)), ("0x5", (512, 512)), ("x", (512, 512))],
)
def test_a_size_of_the_operators_own_is_bounded(size: str, expected: tuple[int, int]) -> None:
    assert sides(mock.picture("job", "Model A", size)) == expected


def test_each_style_and_each_color_is_another_picture() -> None:
    made = {mock.picture("job", "Model A", "512x512", color, style) for style in STYLES for color in COLORS}
    assert len(made) == len(STYLES) * len(COLORS)
    assert set(mock.SHADES) == set(STYLES)
    assert mock.picture("job", "Model A", "512x512") == mock.picture("job", "Model A", "512x512")


def test_the_largest_takes_little_memory() -> None:
    tracemalloc.start()
    mock.picture("job", "Model B", "2048x2048", "neon", "sketch")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1_000_000


@pytest.mark.parametrize("style", ["oil painting", "v1.2/x", ""])
def test_a_task_that_takes_its_time_remembers_the_look(monkeypatch: pytest.MonkeyPatch, style: str) -> None:
    inputs = {"size": "512x512", "color": "a.b", "style": style}
    order = Order(job_id="job", type="image", model="Model A", inputs=inputs)
    monkeypatch.setenv("MOCK_LATENCY_MS", "10")
    task_id = mock.Mock().submit(order)
    assert isinstance(task_id, str)
    monkeypatch.setattr(clock, "now", lambda now=clock.now(): now + clock.timedelta(seconds=1))
    late = mock.Mock().poll(task_id, "image", "Model A")
    monkeypatch.setenv("MOCK_LATENCY_MS", "0")
    at_once = mock.Mock().submit(order)
    assert isinstance(at_once, Task)
    assert late.files == at_once.files
