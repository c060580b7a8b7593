"""What lists show of a file, made in a process of its own; files that are hostile."""

from __future__ import annotations

import io
import json
import struct
import subprocess
import sys
import time
import zlib
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from studiox.media import objects, renditions, storage
from studiox.media.renditions import Rendition
from tests.media import made
from tests.media.servers import Gcs

PATH = "users/u/creations/j/0"
KINDS = {"image/png": "PNG", "image/jpeg": "JPEG", "image/webp": "WEBP", "image/gif": "GIF"}
NOTHING = Rendition()


def render(gcs: Gcs, data: bytes, content_type: str, size: int | None = None) -> Rendition:
    gcs.put_object(PATH, data, {"contentType": content_type})
    return renditions.render(PATH, content_type, len(data) if size is None else size)


def opened(found: Rendition) -> Image.Image:
    assert found.thumbnail is not None
    small = Image.open(io.BytesIO(found.thumbnail))
    assert small.format == "WEBP"
    assert small.size == (found.thumbnail_width, found.thumbnail_height)
    return small


@pytest.mark.parametrize("content_type", KINDS)
@pytest.mark.parametrize(
    ("size", "small"), [((1400, 900), (512, 329)), ((60, 90), (60, 90)), ((700, 4), (512, 3)), ((4, 1100), (2, 512))]
)
def test_a_picture_has_a_size_and_a_thumbnail(
    gcs: Gcs, content_type: str, size: tuple[int, int], small: tuple[int, int]
) -> None:
    found = render(gcs, made.picture(KINDS[content_type], size=size), content_type)
    assert (found.width, found.height) == size
    assert opened(found).size == small
    assert found.thumbnail is not None
    assert made.source_type(found.thumbnail) == "trainedAlgorithmicMedia"
    assert (found.seconds, found.waveform) == (None, None)


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_sixty_thumbnails_are_a_megabyte_and_a_half_at_most(gcs: Gcs, mode: str) -> None:
    """Even of noise, which no encoder makes small."""
    noise, written = Image.effect_noise((1_024, 1_024), 90).convert(mode), io.BytesIO()
    if mode == "RGBA":
        noise.putalpha(Image.effect_noise((1_024, 1_024), 90))
    noise.save(written, "PNG")
    found = render(gcs, written.getvalue(), "image/png")
    assert opened(found).size == ((256, 256) if mode == "RGB" else (128, 128))
    assert found.thumbnail is not None
    assert 60 * len(found.thumbnail) <= 1_500_000


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P", "L", "1", "CMYK"])
def test_every_mode_of_a_picture_has_a_thumbnail(gcs: Gcs, mode: str) -> None:
    kind, content_type = ("JPEG", "image/jpeg") if mode == "CMYK" else ("PNG", "image/png")
    small = opened(render(gcs, made.picture(kind, mode), content_type))
    assert small.mode == ("RGBA" if mode.endswith("A") else "RGB")


@pytest.mark.parametrize("turn", range(1, 9))
def test_a_picture_is_shown_upright(gcs: Gcs, turn: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = turn
    data = made.picture("JPEG", size=(90, 60), exif=exif)
    found = render(gcs, data, "image/jpeg")
    with Image.open(io.BytesIO(data)) as read:
        from PIL import ImageOps

        shown = ImageOps.exif_transpose(read).convert("RGB")
    assert (found.width, found.height) == shown.size
    apart = [abs(a - b) for a, b in zip(opened(found).convert("RGB").tobytes(), shown.tobytes(), strict=True)]
    assert sum(apart) / len(apart) < 4


@pytest.mark.parametrize(
    ("kind", "content_type", "codec"),
    [("mp4", "video/mp4", "mpeg4"), ("mov", "video/quicktime", "mpeg4"), ("webm", "video/webm", "libvpx")],
)
@pytest.mark.parametrize("index", ["faststart", ""])
def test_a_film_has_a_size_a_length_and_a_poster(
    gcs: Gcs, kind: str, content_type: str, codec: str, index: str
) -> None:
    options = {"movflags": index} if index and kind != "webm" else {}
    found = render(gcs, made.film(kind, (640, 360), 36, codec, **options), content_type)
    assert (found.width, found.height) == (640, 360)
    assert found.seconds == pytest.approx(3.0, abs=0.1)
    assert opened(found).size == (512, 288)


@pytest.mark.parametrize(
    ("kind", "content_type", "codec"),
    [
        ("mp3", "audio/mpeg", "libmp3lame"),
        ("wav", "audio/wav", "pcm_s16le"),
        ("flac", "audio/flac", "flac"),
        ("ipod", "audio/mp4", "aac"),
        ("adts", "audio/aac", "aac"),
        ("ogg", "audio/ogg", "flac"),
    ],
)
def test_a_sound_has_a_length_and_a_waveform(gcs: Gcs, kind: str, content_type: str, codec: str) -> None:
    found = render(gcs, made.sound(kind, codec, seconds=2.0), content_type)
    assert found.seconds == pytest.approx(2.0, abs=0.15)
    assert found.waveform is not None
    assert len(found.waveform) == 64
    assert max(found.waveform) == 100
    assert found.waveform[5] < found.waveform[30] < found.waveform[55]  # the tone grows louder
    assert found.thumbnail is None


def test_a_long_film_is_not_read_whole(gcs: Gcs) -> None:
    """The index is at the end, behind 40 MB that nobody needs."""
    film = made.film("mp4", (320, 180), 30)
    at = film.index(b"moov") - 4
    gap = struct.pack(">I", 40_000_000) + b"free"
    data = film[:at] + gap.ljust(40_000_000, b"\0") + film[at:]
    found = render(gcs, data, "video/mp4")
    assert (found.width, opened(found).size) == (320, (320, 180))
    assert len(gcs.requests) < 12
    read = [list(map(int, each["range"].removeprefix("bytes=").split("-"))) for each in gcs.headers]
    assert sum(end - start + 1 for start, end in read) < 4_000_000


# ------------------------------------------------------------------------------------------------ hostile files


def bomb(wide: int, high: int) -> bytes:
    """A PNG of one bit for each pixel that are all the same: 30,000 × 30,000 of them take 110 kB."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    packed = zlib.compressobj()
    row = bytes(1 + (wide + 7) // 8)
    pixels = b"".join([*(packed.compress(row) for _ in range(high)), packed.flush()])
    header = struct.pack(">IIBBBBB", wide, high, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def test_m16_a_picture_of_900_million_pixels_is_measured_and_not_decoded(gcs: Gcs) -> None:
    data = bomb(30_000, 30_000)
    assert len(data) < 200_000
    found = render(gcs, data, "image/png")
    assert found == Rendition(width=30_000, height=30_000)


def test_the_largest_picture_that_is_decoded_fits_into_memory(gcs: Gcs) -> None:
    assert opened(render(gcs, bomb(8_000, 5_000), "image/png")).size == (512, 320)
    deep = io.BytesIO()
    Image.new("RGBA", (8_000, 5_000), (9, 9, 9, 100)).save(deep, "PNG", compress_level=1)
    assert opened(render(gcs, deep.getvalue(), "image/png")).size == (512, 320)


@pytest.mark.parametrize("content_type", renditions._READ_AS)
@pytest.mark.parametrize("data", [b"", b"\0" * 100, b"#EXTM3U\n/etc/passwd\n", b"\xff" * 5_000, bytes(range(256)) * 99])
def test_what_is_no_media_has_no_rendition(gcs: Gcs, content_type: str, data: bytes) -> None:
    found = render(gcs, data, content_type)
    assert (found.width, found.height, found.thumbnail) == (None, None, None)


WHOLE: dict[str, bytes] = {
    "image/png": made.picture("PNG", size=(300, 200)),
    "image/jpeg": made.picture("JPEG", size=(300, 200)),
    "image/webp": made.picture("WEBP", size=(300, 200)),
    "video/mp4": made.film(),
    "audio/mpeg": made.sound(),
}


@pytest.mark.parametrize("content_type", WHOLE)
@pytest.mark.parametrize("kept", [40, 90])
def test_a_file_that_is_cut_off_does_no_harm(gcs: Gcs, content_type: str, kept: int) -> None:
    data = WHOLE[content_type]
    found = render(gcs, data[: len(data) * kept // 100], content_type)
    assert found.width in (None, 300, 96)


@pytest.mark.parametrize("content_type", WHOLE)
@pytest.mark.parametrize("other", WHOLE)
def test_a_file_of_another_type_than_it_says(gcs: Gcs, content_type: str, other: str) -> None:
    found = render(gcs, WHOLE[other], content_type)
    assert (found != NOTHING) == (content_type == other)


def test_a_type_that_is_not_known_starts_no_process(gcs: Gcs) -> None:
    assert render(gcs, WHOLE["image/png"], "text/html") == NOTHING
    assert gcs.requests == []


def test_m16_a_file_of_a_gigabyte_costs_what_may_be_read(gcs: Gcs, monkeypatch: pytest.MonkeyPatch) -> None:
    """A picture must be read whole. This one would never end; Cloud Storage is asked for so many bytes and no more."""
    monkeypatch.setattr(renditions, "MOST_BYTES", 8 << 20)
    noise = made.picture("PNG", size=(2_000, 1_500))
    gcs.put_object(PATH, noise[:33], {"contentType": "image/png"})
    endless = struct.pack(">I", 1 << 30) + b"IDAT" + b"\x78\x01"

    def piece(_path: str, start: int, size: int) -> bytes:
        asked.append(size)
        return (noise[:33] + endless if start == 0 else b"").ljust(size, b"\0")

    asked: list[int] = []
    monkeypatch.setattr(storage, "read_range", piece)
    assert renditions.render(PATH, "image/png", 1 << 30) == Rendition(width=2_000, height=1_500)
    assert sum(asked) <= 8 << 20


CHILDREN = {
    "silent": "import time; time.sleep(60)",
    "dies": "import os; os._exit(9)",
    "talks": "while True: print('{}')",
    "no lines": "import sys\nwhile True: sys.stdout.write('x' * 65536)",
    "nonsense": "print('[1]')",
    "asks for too much": 'print(\'{"start": 0, "size": 1000000000}\')',
    "asks for what is not there": 'print(\'{"start": -5, "size": 10}\')',
    "no numbers": 'print(\'{"start": NaN, "size": Infinity}\')',
    "too wide": "print('{\"width\": 1e99}')",
    "no picture": 'print(\'{"width": 5, "thumbnail": "PGh0bWw+"}\')',
    "no base64": 'print(\'{"thumbnail": "?"}\')',
    "loud": "print('{\"waveform\": [1000]}')",
    "endless": "print('{\"seconds\": Infinity}')",
    "no length": "print('{\"seconds\": NaN}')",
}


@pytest.mark.parametrize("name", CHILDREN)
def test_m16_whatever_a_process_does_it_ends(
    gcs: Gcs, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str
) -> None:
    """As one that a file has taken over."""
    child = tmp_path / "child.py"
    child.write_text(f"import sys\nsys.stdin.readline()\n{CHILDREN[name]}")
    monkeypatch.setattr(renditions, "CHILD", child)
    monkeypatch.setattr(renditions, "CHILD_S", 1.0)
    found = render(gcs, WHOLE["image/png"], "image/png")
    assert found == (Rendition(width=5) if name == "no picture" else NOTHING)


def test_the_process_has_no_secrets_and_its_limits() -> None:
    probe = (
        "import os, resource, render_child, json; render_child.limit();"
        "print(json.dumps([resource.getrlimit(each)[0] for each in"
        " (resource.RLIMIT_AS, resource.RLIMIT_CPU, resource.RLIMIT_FSIZE)]))"
    )
    told = subprocess.check_output([sys.executable, "-c", probe], cwd=renditions.CHILD.parent, text=True)
    assert json.loads(told) == [800 << 20, 40, 0]


def test_the_environment_is_not_handed_on(gcs: Gcs, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    child, seen = tmp_path / "child.py", tmp_path / "seen"
    child.write_text(f"import os\nopen({str(seen)!r}, 'w').write(' '.join(os.environ))")
    monkeypatch.setattr(renditions, "CHILD", child)
    monkeypatch.setenv("POYO_API_KEY", "secret")
    render(gcs, WHOLE["image/png"], "image/png")
    assert set(seen.read_text().split()) <= {"PYTHONPATH", "PATH", "LC_CTYPE"}


def test_storage_that_is_away_is_no_verdict_on_a_file(gcs: Gcs) -> None:
    gcs.put_object(PATH, WHOLE["image/png"], {"contentType": "image/png"})
    gcs.statuses = [503] * 9
    with pytest.raises(objects.MediaUnavailable):
        renditions.render(PATH, "image/png", 1_000)
    gcs.statuses = []
    gcs.objects.clear()
    assert renditions.render(PATH, "image/png", 1_000) == NOTHING


def test_the_official_emulator_answers_ranges(emulator: str) -> None:
    assert emulator
    home = f"users/u/creations/{time.time_ns()}"
    stored = objects.store_bytes(made.picture("PNG", size=(900, 700)), f"{home}/0")
    found = renditions.render(stored.path, stored.content_type, stored.size_bytes)
    assert (found.width, found.height, opened(found).size) == (900, 700, (512, 398))
    assert renditions.render(f"{home}/1.png", "image/png", 10) == NOTHING


def test_bars_are_the_peaks_of_equal_parts() -> None:
    from studiox.media.render_child import bars

    assert bars([0, 0]) == [0] * 64
    assert bars([5]) == [100] * 64
    assert bars(list(range(1, 129)))[:2] == [1, 3]
    found: list[Any] = bars([1] * 63 + [2])
    assert found == [50] * 63 + [100]
