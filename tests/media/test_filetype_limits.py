"""Each condition of the formats, at its limits."""

from __future__ import annotations

from itertools import product

import pytest

from studiox.media.filetypes import AAC, FLAC, GIF, JPEG, M4A, MP3, MP4, OGG, PNG, WEBM, WEBP, FileType, detect

REST = bytes(48)


def check(kind: FileType, *, good: list[bytes], bad: list[bytes]) -> None:
    assert [each for each in good if detect(each) != kind] == []
    assert [each for each in bad if detect(each) is not None] == []


def test_the_first_1024_bytes_count_and_16_are_needed() -> None:
    webp = b"RIFF\x24\0\0\0WEBPVP8 "
    check(WEBP, good=[webp, webp + bytes(1004) + b"<html"], bad=[webp[:15], webp + bytes(1003) + b"<html"])
    check(OGG, good=[b"OggS\0\2" + bytes(10)], bad=[b"OggS\0\2" + bytes(9)])


def test_png_has_its_header_and_a_size() -> None:
    def png(width: int, height: int) -> bytes:
        return b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + width.to_bytes(4) + height.to_bytes(4) + bytes(9)

    largest = 1 << 24
    check(
        PNG,
        good=[png(1, 1), png(largest, 1), png(1, largest), png(255, 65_535)],
        bad=[png(0, 1), png(1, 0), png(largest + 1, 1), png(1, largest + 1), png(1, 1)[:32]],
    )


def test_jpeg_has_a_marker_and_its_length() -> None:
    def jpeg(marker: int, length: int = 16) -> bytes:
        return b"\xff\xd8\xff" + bytes([marker]) + length.to_bytes(2) + REST

    markers = [*range(0xC0, 0xD0), *range(0xDB, 0xFF)]
    check(
        JPEG,
        good=[*map(jpeg, markers), jpeg(0xE0, 2), jpeg(0xE0, 256)],
        bad=[*map(jpeg, set(range(256)) - set(markers)), jpeg(0xE0, 1), jpeg(0xE0, 0)],
    )


@pytest.mark.parametrize(
    ("flags", "table"), [(0x00, 0), (0x01, 0), (0x07, 0), (0x80, 6), (0x88, 6), (0x81, 12), (0x87, 768)]
)
def test_gif_has_a_size_and_a_block_behind_its_colour_table(flags: int, table: int) -> None:
    def gif(width: int = 1, height: int = 1) -> bytes:
        return b"GIF89a" + width.to_bytes(2, "little") + height.to_bytes(2, "little") + bytes([flags, 1, 2])

    colours = b"\3" * table
    check(
        GIF,
        good=[gif(width, height) + colours + b"!" + REST for width, height in ((1, 1), (256, 1), (1, 256))]
        + [gif() + colours + b"," + REST]
        + ([gif() + colours] if table else []),
        bad=[gif(0) + colours + b"!" + REST, gif(1, 0) + colours + b"!" + REST, gif() + colours + b"\3!" + REST],
    )


def test_the_first_box_has_a_size_of_whole_words() -> None:
    def ftyp(size: int, brand: bytes = b"isom") -> bytes:
        return size.to_bytes(4) + b"ftyp" + brand + REST

    check(
        MP4, good=[ftyp(16), ftyp(20), ftyp(512)], bad=[*map(ftyp, (0, 4, 12, 15, 17, 18, 19, 510, 514, 516, 1 << 24))]
    )
    check(M4A, good=[ftyp(16, b"M4A "), ftyp(512, b"M4B ")], bad=[ftyp(12, b"M4A "), ftyp(16, b"M4C ")])


def test_webm_names_itself_within_64_bytes() -> None:
    def webm(before: int) -> bytes:
        return b"\x1a\x45\xdf\xa3" + bytes(before) + b"\x42\x82\x84webm" + REST

    check(WEBM, good=[webm(0), webm(53)], bad=[webm(54), webm(60)])


def test_ogg_has_three_flags() -> None:
    check(
        OGG,
        good=[b"OggS\0" + bytes([flags, 255]) + REST for flags in range(8)],
        bad=[b"OggS\0" + bytes([flags, 0]) + REST for flags in range(8, 256)],
    )


def test_flac_begins_with_its_stream_info() -> None:
    def flac(block: int, size: int) -> bytes:
        return b"fLaC" + bytes([block]) + size.to_bytes(3) + REST

    check(
        FLAC,
        good=[flac(0, 34), flac(0x80, 34)],
        bad=[
            flac(1, 34),
            flac(0x81, 34),
            flac(2, 34),
            flac(0, 33),
            flac(0, 35),
            flac(0, 34 + (1 << 16)),
            flac(0, 34 << 8),
        ],
    )


def test_an_id3_tag_has_a_version_and_a_synchsafe_size() -> None:
    def tag(version: int = 3, revision: int = 0, flags: int = 0, size: tuple[int, ...] = (0, 0, 0, 35)) -> bytes:
        return b"ID3" + bytes([version, revision, flags, *size]) + b"\xff" + REST

    broken = [tuple(0x80 if place == other else 0 for other in range(4)) for place in range(4)]
    check(
        MP3,
        good=[tag(2), tag(3), tag(4), tag(revision=254), tag(flags=255), tag(size=(0x7F,) * 4)],
        bad=[tag(0), tag(1), tag(5), tag(255), tag(revision=255), *(tag(size=size) for size in broken)],
    )


# ISO/IEC 11172-3, 13818-3 and the extension to MPEG-2.5: version bits, samples of a frame, kbit/s and Hz by index.
MPEG1 = (3, 1152, (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320), (44_100, 48_000, 32_000))
MPEG2_RATES = (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
MPEG2 = (2, 576, MPEG2_RATES, (22_050, 24_000, 16_000))
MPEG25 = (0, 576, MPEG2_RATES, (11_025, 12_000, 8_000))


def mp3(version: int, rate: int, sampling: int, padding: int = 0) -> bytes:
    return bytes([0xFF, 0xE3 | version << 3, rate << 4 | sampling << 2 | padding << 1, 0xC4])


@pytest.mark.parametrize(("version", "samples", "rates", "hertz"), [MPEG1, MPEG2, MPEG25])
def test_the_next_mp3_frame_is_where_the_first_one_ends(
    version: int, samples: int, rates: tuple[int, ...], hertz: tuple[int, ...]
) -> None:
    good, bad = [], []
    for (index, rate), (sampling, frequency), padding in product(enumerate(rates, 1), enumerate(hertz), (0, 1)):
        first = mp3(version, index, sampling, padding)
        length = samples // 8 * rate * 1000 // frequency + padding
        good.append(first.ljust(length, b"\0") + first + REST)
        if length + 3 <= 1024:
            bad += [first.ljust(length + off, b"\0") + first + REST for off in (-1, 1)]
    check(MP3, good=good, bad=bad)


def test_reserved_values_are_no_mp3_frame() -> None:
    reserved = [mp3(1, 9, 0), mp3(3, 0, 0), mp3(3, 15, 0), mp3(3, 9, 3), mp3(2, 15, 0), mp3(0, 0, 0)]
    check(MP3, good=[mp3(3, 9, 0) + bytes(12)], bad=[each + bytes(12) for each in reserved])


def test_the_second_byte_of_an_mp3_frame_ends_its_sync() -> None:
    rest = mp3(3, 9, 0)[2:].ljust(16, b"\0")
    good = bytes([0xFF, 0xFB])
    check(MP3, good=[good + rest], bad=[bytes([0xFF, 0xFB & ~(1 << bit)]) + rest for bit in (5, 6, 7)])


def adts(length: int, sampling: int = 4) -> bytes:
    """The first six bytes of a frame; its header has seven."""
    return bytes([0xFF, 0xF1, 0x40 | sampling << 2, 0x80 | length >> 11, length >> 3 & 0xFF, (length & 7) << 5 | 0x1F])


def test_the_next_aac_frame_is_where_the_first_one_ends() -> None:
    lengths = (7, 8, 9, 15, 31, 32, 100, 255, 256, 371, 511, 1000, 1022)
    frames = [(length, adts(length) + b"\xfc") for length in lengths]
    check(
        AAC,
        good=[first.ljust(length, b"\0") + first + REST for length, first in frames]
        + [adts(2048 * times + 32) + bytes(1100) for times in (1, 2, 3)],  # beyond what is looked at
        bad=[adts(6) + adts(6) + REST, adts(0) + REST, adts(5) + REST]
        + [first.ljust(length + 1, b"\0") + first + REST for length, first in frames[:-1]],
    )


def test_a_sampling_rate_of_aac_is_one_of_thirteen() -> None:
    check(
        AAC,
        good=[adts(32, each).ljust(32, b"\0") + adts(32, each) for each in range(13)],
        bad=[adts(32, each).ljust(32, b"\0") + adts(32, each) for each in (13, 14, 15)],
    )


def test_a_second_frame_is_only_asked_for_where_it_can_be_seen() -> None:
    first = adts(32).ljust(32, b"\0")
    check(
        AAC,
        good=[first, first + b"\0", first + b"\xff\xf1", first + b"\xff\xf0"],
        bad=[first + b"\0\0", first + b"\xff\0", first + b"\0\xf1", first + b"\xff\xf3"],
    )
