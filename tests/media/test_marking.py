"""Stored files say that a model made them, as Pillow and FFmpeg's libraries read them back."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable
from typing import Any

import av
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from studiox.integrations.providers import mock
from studiox.media import filetypes, marking, objects, xmp
from tests.conftest import Logged
from tests.media import made
from tests.media.servers import Gcs, Site, answer, chunked

MODEL: xmp.Origin = "trainedAlgorithmicMedia"
EDITED: xmp.Origin = "compositeWithTrainedAlgorithmicMedia"
MARK = marking.Mark(MODEL)
OF_UPLOAD = marking.Mark(EDITED, of_upload=True)
PLACE = {0x010F: "Camera", 0x0110: "X100", 0x8825: {1: "N", 2: (52.0, 31.0, 7.0)}}

FILES = {
    "png": made.picture("PNG"),
    "png with a palette": made.picture("PNG", "P"),
    "jpeg": made.picture("JPEG"),
    "progressive jpeg": made.picture("JPEG", progressive=True),
    "webp": made.picture("WEBP"),
    "lossless webp": made.picture("WEBP", lossless=True),
    "transparent webp": made.picture("WEBP", "RGBA"),
    "transparent lossless webp": made.picture("WEBP", "RGBA", lossless=True),
    "gif": made.picture("GIF"),
    "mp4": made.film(),
    "mp4 with the index first": made.film(movflags="faststart"),
    "mp4 in fragments": made.film(movflags="frag_keyframe+empty_moov"),
    "mov": made.film("mov"),
    "m4a": made.sound("ipod", "aac"),
    "mp3": made.sound(),
    "mp3 with a tag": made.sound(title="A song"),
    "mp3 without a tag": made.sound()[made.sound().index(b"\xff\xfb") :],
}


def marked(data: bytes, mark: marking.Mark = MARK) -> bytes:
    kind = filetypes.detect(data)
    assert kind is not None
    edit = marking.edit_for(kind, data[: marking.HEAD_BYTES], mark)
    assert edit.unmarked == ""
    return edit.head + data[edit.replaced :] + edit.tail


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("origin", [MODEL, EDITED])
def test_m18_every_kind_says_so_and_shows_the_same(name: str, origin: Any) -> None:
    data = FILES[name]
    assert made.xmp_of(data) is None
    after = marked(data, marking.Mark(origin))
    assert made.source_type(after) == origin
    assert made.content(after) == made.content(data)
    assert filetypes.detect(after) == filetypes.detect(data)
    assert marked(after) == after or b"XMP" in after[:2000]  # a second time says nothing new


def test_a_wave_file_says_so_in_a_chunk() -> None:
    """Neither reader knows the chunk, but both must still play the sound."""
    data = made.sound("wav", "pcm_s16le")
    after = marked(data)
    chunks, at = {}, 12
    while at < len(after):
        size = int.from_bytes(after[at + 4 : at + 8], "little")
        chunks[after[at : at + 4]] = after[at + 8 : at + 8 + size]
        at += 8 + size + size % 2
    assert at == len(after) == int.from_bytes(after[4:8], "little") + 8
    assert made.source_type_of(chunks[b"_PMX"]) == MODEL
    assert made.content(after) == made.content(data)
    streamed = data[:4] + b"\xff\xff\xff\xff" + data[8:]
    assert marked(streamed)[4:8] == b"\xff\xff\xff\xff"
    assert filetypes.detect(after) == filetypes.WAV


@pytest.mark.parametrize("kind", [filetypes.WEBM, filetypes.OGG, filetypes.FLAC, filetypes.AAC])
def test_formats_without_a_place_for_xmp_stay(kind: filetypes.FileType) -> None:
    assert marking.edit_for(kind, bytes(100), MARK) == marking.Edit(unmarked="no place for XMP in this format")


# ------------------------------------------------------------------------------------------------ what was there

THEIRS = (
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><r:RDF xmlns:r="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    '<r:Description r:about="uuid:1" xmlns:dc="http://purl.org/dc/elements/1.1/" dc:format="x/y">%s</r:Description>'
    "</r:RDF></x:xmpmeta>"
)
NAMED = f'<I:DigitalSourceType xmlns:I="{made.IPTC}">{made.TERMS}%s</I:DigitalSourceType>'


def with_xmp(kind: str, packet: str) -> bytes:
    return made.picture(kind, xmp=packet.encode())


def png_with_xmp(packet: bytes, *, packed: bool = False) -> bytes:
    text = zlib.compress(packet) if packed else packet
    data = b"iTXtXML:com.adobe.xmp\0" + (b"\1" if packed else b"\0") + b"\0\0\0" + text
    chunk = struct.pack(">I", len(data) - 4) + data + struct.pack(">I", zlib.crc32(data))
    return FILES["png"][:33] + chunk + FILES["png"][33:]


def mp3_with_xmp(packet: bytes, version: int) -> bytes:
    size = len(packet) + 4
    frames = (
        b"TIT2\0\0\0\x03\0\0\0Hi"
        + b"PRIV"
        + (bytes([size >> 7 & 127, size & 127]).rjust(4, b"\0") if version == 4 else struct.pack(">I", size))
    )
    frames += b"\0\0XMP\0" + packet + bytes(50)
    tag = b"ID3" + bytes([version, 0, 0, 0, 0, len(frames) >> 7, len(frames) & 127]) + frames
    return tag + FILES["mp3 without a tag"]


WITH_XMP: dict[str, Callable[[str], bytes]] = {
    "png": lambda packet: png_with_xmp(packet.encode()),
    "packed png": lambda packet: png_with_xmp(packet.encode(), packed=True),
    "jpeg": lambda packet: with_xmp("JPEG", packet),
    "mp4": lambda packet: (
        (film := FILES["mp4 with the index first"])[: (at := film.index(b"\0\0\0\x08free"))]  # FFmpeg reads it there
        + struct.pack(">I", 24 + len(packet.encode()))
        + b"uuid"
        + marking._XMP_UUID
        + packet.encode()
        + film[at:]
    ),
    "mp3": lambda packet: mp3_with_xmp(packet.encode(), 3),
    "mp3 of version 4": lambda packet: mp3_with_xmp(packet.encode(), 4),
}


@pytest.mark.parametrize("name", WITH_XMP)
def test_a_providers_packet_is_completed(name: str) -> None:
    data = WITH_XMP[name](THEIRS % "")
    packet = made.xmp_of(after := marked(data))
    assert made.source_type(after) == MODEL
    assert packet is not None
    assert b'dc:format="x/y"' in packet
    assert packet.count(b'about="uuid:1"') == 2  # all descriptions of a packet are about the same
    assert after.count(b"DigitalSourceType>") == 2  # there is one packet


@pytest.mark.parametrize("name", WITH_XMP)
@pytest.mark.parametrize("said", [MODEL, EDITED])
def test_a_provider_that_says_it_already_is_believed(name: str, said: str) -> None:
    packet = THEIRS % (NAMED % said)
    assert made.source_type(marked(WITH_XMP[name](packet))) == said


@pytest.mark.parametrize("name", WITH_XMP)
def test_another_origin_is_corrected(name: str) -> None:
    assert made.source_type(marked(WITH_XMP[name](THEIRS % (NAMED % "digitalCapture")))) == MODEL


@pytest.mark.parametrize(
    "packet",
    ["no xml", "<a>", "<a/>", "<RDF/>", THEIRS % "" + "<b/>"]
    + ["\xff" * 9, THEIRS % f'<I:DigitalSourceType xmlns:I="{made.IPTC}"/>', ""],
)
@pytest.mark.parametrize("name", WITH_XMP)
def test_a_packet_that_cannot_be_read_is_replaced(name: str, packet: str) -> None:
    assert made.source_type(marked(WITH_XMP[name](packet))) == MODEL


def test_a_packet_with_entities_is_not_read() -> None:
    bomb = '<!DOCTYPE a [<!ENTITY b "cc"><!ENTITY d "&b;&b;">]>' + THEIRS % "&d;"
    assert xmp.merged(bomb.encode(), MODEL) == xmp.packet(MODEL)
    noted = (THEIRS % "<!-- a note --><![CDATA[ ]]>").encode()
    assert b"a note" in xmp.merged(noted, MODEL)


def test_padding_goes_before_there_is_no_room() -> None:
    padded = f'<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?>{THEIRS % ""}{" " * 64_000}<?xpacket end="w"?>'
    assert made.source_type(marked(with_xmp("JPEG", padded))) == MODEL
    full = with_xmp("JPEG", THEIRS % f"<dc:title>{'x' * 65_050}</dc:title>")
    assert marking.edit_for(filetypes.JPEG, full, MARK).unmarked == "the XMP that it has leaves no room"


def test_a_webp_with_xmp_gets_ours_first() -> None:
    after = marked(with_xmp("WEBP", THEIRS % ""))
    assert made.source_type(after) == MODEL
    assert b'dc:format="x/y"' in after


def test_a_gif_with_xmp_keeps_it() -> None:
    head = marked(FILES["gif"])
    assert marking.edit_for(filetypes.GIF, head, MARK) == marking.Edit()
    other = head.replace(MODEL.encode(), b"digitalCapture")
    assert marking.edit_for(filetypes.GIF, other, MARK) == marking.Edit(unmarked="it has XMP")


def test_a_providers_own_metadata_stay() -> None:
    exif = Image.Exif()
    exif[0x0131] = "A model"
    for kind in ("JPEG", "WEBP", "PNG"):
        data = made.picture(kind, exif=exif, icc_profile=b"colours" * 30)
        with Image.open(io.BytesIO(marked(data))) as read:
            assert read.getexif()[0x0131] == "A model"
            assert read.info["icc_profile"] == b"colours" * 30
    song = marked(FILES["mp3 with a tag"])
    with av.open(io.BytesIO(song)) as container:
        assert container.metadata["title"] == "A song"


def test_signed_credentials_that_say_it_stay_whole() -> None:
    box = b"\0\0\0\x40jumb c2pa.actions http://cv.iptc.org/newscodes/digitalsourcetype/" + EDITED.encode()
    data = FILES["png"][:33] + struct.pack(">I", len(box)) + b"caBX" + box + bytes(4) + FILES["png"][33:]
    assert marking.edit_for(filetypes.PNG, data, MARK) == marking.Edit(unmarked="signed credentials say it")
    silent = data.replace(b"rainedAlgorithmicMedia", b"")
    assert marking.edit_for(filetypes.PNG, silent, MARK).unmarked == ""


# ------------------------------------------------------------------------------------------------ an upload's data


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_a_file_that_was_made_from_an_upload_loses_its_place_and_camera(kind: str) -> None:
    exif = Image.Exif()
    exif.update(PLACE)
    exif[0x0112] = 6
    packet = (THEIRS % "<dc:place>Home</dc:place>").encode()
    data = made.picture(kind, exif=exif, xmp=packet)
    if kind == "PNG":
        data = data[:33] + png_with_xmp(packet)[33 : -len(FILES["png"]) + 33] + data[33:]
        profile = b"zTXtRaw profile type exif\0\0" + zlib.compress(b"Camera")
        chunk = struct.pack(">I", len(profile) - 4) + profile + struct.pack(">I", zlib.crc32(profile))
        data = data[:33] + chunk + data[33:]
    else:
        data = data[:2] + b"\xff\xed\0\x14Photoshop 3.0\0Home" + data[2:]
    after = marked(data, OF_UPLOAD)
    assert made.source_type(after) == EDITED
    for secret in (b"Camera", b"X100", b"Home", b"Photoshop", b"Raw profile"):
        assert (secret in data) or secret in (b"Photoshop", b"Raw profile")
        assert secret not in after
    with Image.open(io.BytesIO(after)) as read:
        assert not read.getexif().get_ifd(0x8825)
        assert read.getexif().get(0x0112, 1) == (6 if kind == "JPEG" else 1)  # it is shown as before
    assert made.content(after) == made.content(data)


def test_without_an_upload_nothing_is_lost() -> None:
    exif = Image.Exif()
    exif.update(PLACE)
    with Image.open(io.BytesIO(marked(made.picture("JPEG", exif=exif)))) as read:
        assert read.getexif().get_ifd(0x8825)


# ------------------------------------------------------------------------------------------------ malformed files


@pytest.mark.parametrize("name", FILES)
@given(data=st.data())
def test_no_damage_is_worse_than_an_unmarked_file(name: str, data: st.DataObject) -> None:
    whole = bytearray(FILES[name])
    for at in data.draw(st.lists(st.integers(0, min(len(whole), 400) - 1), max_size=6)):
        whole[at] = data.draw(st.integers(0, 255))
    head = bytes(whole[: data.draw(st.integers(33, 600))])
    kind = filetypes.detect(FILES[name])
    assert kind is not None
    for mark in (MARK, OF_UPLOAD):
        edit = marking.edit_for(kind, head, mark)
        assert 0 <= edit.replaced <= len(head)
        assert not (edit.unmarked and (edit.head or edit.replaced or edit.tail))


@given(st.binary(max_size=300))
def test_no_packet_is_too_strange(packet: bytes) -> None:
    assert made.source_type_of(xmp.merged(packet, MODEL)) == MODEL


@pytest.mark.parametrize(
    ("kind", "head"),
    [
        (filetypes.WEBP, b"RIFF\x40\0\0\0WEBPVP8 \x20\0\0\0" + bytes(40)),
        (filetypes.WEBP, b"RIFF\x40\0\0\0WEBPVP8L\x20\0\0\0" + bytes(40)),
        (filetypes.WEBP, b"RIFF\x40\0\0\0WEBPVP8X\x0b\0\0\0" + bytes(40)),
        (filetypes.GIF, b"GIF89a\1\0\1\0\xf7\0\0" + bytes(20)),
        (filetypes.WAV, b"RIFF\x40\0\0\0WAVEdata" + bytes(40)),
        (filetypes.MP4, b"\0\0\0\x10ftypisom\0\0\0\0\0\0\0\4free" + bytes(40)),
        (filetypes.MP3, b"ID3\3\0\0\x7f\x7f\x7f\x7f" + bytes(40)),
    ],
)
def test_malformed_files_are_stored_as_they_are(kind: filetypes.FileType, head: bytes) -> None:
    assert marking.edit_for(kind, head, MARK) == marking.Edit(unmarked="malformed")


@pytest.mark.parametrize(
    ("kind", "head", "why"),
    [
        (filetypes.MP4, FILES["mp4"][:28] + b"\0\0\0\0mdat" + bytes(40), "its last box is open-ended"),
        (filetypes.MP3, b"ID3\2\0\0\0\0\0\x20" + bytes(40), "a tag of an old version or with an extended header"),
        (filetypes.MP3, b"ID3\3\0\x40\0\0\0\x20" + bytes(40), "a tag of an old version or with an extended header"),
    ],
)
def test_what_cannot_be_marked_has_a_reason(kind: filetypes.FileType, head: bytes, why: str) -> None:
    assert marking.edit_for(kind, head, MARK) == marking.Edit(unmarked=why)


def test_an_id3_size_never_holds_the_byte_that_unsynchronisation_escapes() -> None:
    for spaces in range(300):
        packet = xmp.packet(MODEL) + b" " * spaces
        assert b"\xff" not in marking._priv(packet, 3)
        assert b"\xff" not in marking._priv(packet, 4)


# ------------------------------------------------------------------------------------------------ on the way

LARGE = {
    "png": made.picture("PNG", size=(700, 700)) + bytes(300_000),
    "mp4": made.film(movflags="faststart") + struct.pack(">I", 1_000_000) + b"free" + bytes(999_992),
    "jpeg": made.picture("JPEG", size=(300, 300)) + bytes(700_000),
    "mp3": made.sound(title="A song") + bytes(700_000),
}
PATH = "users/u/creations/j/0"


@pytest.mark.parametrize("serve", [answer, chunked])
@pytest.mark.parametrize("name", LARGE)
@pytest.mark.parametrize("faults", [[], ["cut 300000"], ["cut 0", "503"], ["cut 600000", "lost"], ["lost"]])
def test_a_marked_copy_is_one_put_and_survives_its_faults(
    site: Site, gcs: Gcs, name: str, serve: Any, faults: list[str]
) -> None:
    data = LARGE[name]
    gcs.faults = list(faults)

    def behave(connection: Any, head: str) -> None:
        (answer if "range:" in head.lower() else serve)(data)(connection, head)

    stored = objects.copy_from_url(
        site.url("/a", behave), PATH, allowed_hosts=[site.host], max_bytes=len(data), deadline_s=60, mark=MARK
    )
    kept = gcs.objects[stored.path]["data"]
    assert kept == marked(data)
    assert made.source_type(kept) == MODEL
    assert stored.size_bytes == len(kept)
    if not faults:
        assert [line.split(" ")[0] for line in gcs.requests] == ["POST", "PUT"]
        assert gcs.headers[1].get("content-length") == (str(len(kept)) if serve is answer else None)


@pytest.mark.parametrize("at_end", [0, 1, 400])
def test_a_put_that_breaks_in_the_tail_is_continued(site: Site, gcs: Gcs, at_end: int) -> None:
    """Cloud Storage keeps whole pieces of 256 KiB, so the source is made to end near the end of one."""
    film = made.film(movflags="faststart")
    data = film + struct.pack(">I", 3 * 262_144 - at_end - len(film)) + b"free"
    data = data.ljust(3 * 262_144 - at_end, b"\0")
    gcs.faults = [f"cut {3 * 262_144}"]
    stored = objects.copy_from_url(
        site.url("/a", answer(data)), PATH, allowed_hosts=[site.host], max_bytes=len(data), deadline_s=60, mark=MARK
    )
    assert gcs.objects[stored.path]["data"] == marked(data)


def test_the_limit_is_the_sources(site: Site, gcs: Gcs) -> None:
    data = FILES["png"]
    options: dict[str, Any] = {"allowed_hosts": [site.host], "deadline_s": 60, "mark": MARK}
    with pytest.raises(objects.MediaTooLarge):
        objects.copy_from_url(site.url("/a", answer(data)), PATH, max_bytes=len(data) - 1, **options)
    assert gcs.requests == []
    assert objects.copy_from_url(site.url("/a", answer(data)), PATH, max_bytes=len(data), **options)


def test_the_mock_models_pictures_are_marked(gcs: Gcs) -> None:
    stored = objects.store_bytes(mock.picture("a-job", "Model A"), PATH, mark=MARK)
    assert made.source_type(gcs.objects[stored.path]["data"]) == MODEL


@pytest.mark.usefixtures("gcs")
def test_what_stays_unmarked_is_logged(logged: Logged) -> None:
    objects.store_bytes(made.film("webm", codec="libvpx"), PATH, mark=MARK)
    (line,) = logged.lines("media_unmarked")
    assert line["reason"] == "no place for XMP in this format"
