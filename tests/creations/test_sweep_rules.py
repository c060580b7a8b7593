"""Which files the sweep deletes, on both sides of each limit."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from studiox.creations import sweep_rules
from studiox.creations.sweep_rules import Place, Upload, is_old, is_orphan, missing_media, place_of, surplus
from studiox.kit import documents
from studiox.models.jobs import Job
from studiox.models.media_files import MediaFile
from tests.support import jobs

NOW = datetime(2026, 3, 1, tzinfo=UTC)
DAY, TICK = timedelta(days=1), timedelta.resolution
GIB = 1024**3


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("users/u1/uploads/a.png", Place("upload", "u1", "")),
        ("users/u1/creations/c1/0.png", Place("creation", "u1", "c1")),
        ("posts/p1/0.png", Place("post", "", "p1")),
        *(
            (path, None)
            for path in (
                "", "users/u1/uploads", "users/u1/uploads/a/b", "users/u1/creations/c1", "users/u1/creations/c1/a/b",
                "users/u1/exports/a", "posts/p1", "posts/p1/a/b", "exports/u1/a", "/users/u1/uploads/a",
            )
        ),
    ],
)  # fmt: skip
def test_only_files_at_known_places_are_swept(path: str, place: Place | None) -> None:
    assert place_of(path) == place


@pytest.mark.parametrize(("path", "age"), [("users/u1/uploads/a", 7 * DAY), ("users/u1/creations/c1/a", DAY)])
def test_an_upload_is_kept_for_a_week_and_other_files_for_a_day(path: str, age: timedelta) -> None:
    place = place_of(path)
    assert place is not None
    assert is_old(place, NOW - age, NOW) is False
    assert is_old(place, NOW - age - TICK, NOW) is True
    assert is_old(Place("post", "", "p1"), NOW - DAY - TICK, NOW) is True
    assert is_old(Place("post", "", "p1"), NOW - DAY, NOW) is False


def _uploads(*sizes: int) -> list[Upload]:
    """The newest first."""
    return [Upload(f"f{number}", size, NOW - number * DAY) for number, size in enumerate(sizes)]


def test_two_hundred_uploads_are_kept() -> None:
    assert surplus(_uploads(*[1] * 200)) == []
    assert surplus(reversed(_uploads(*[1] * 202))) == ["f200", "f201"]
    same = [Upload(f"f{number:03}", 1, NOW) for number in range(201)]
    assert surplus(same) == ["f000"]


def test_a_gibibyte_of_uploads_is_kept() -> None:
    assert surplus(_uploads(GIB - 1, 1)) == []
    assert surplus(_uploads(GIB - 1, 2)) == ["f1"]
    assert surplus(_uploads(2, GIB, 5)) == ["f1", "f2"]
    assert surplus(_uploads(GIB + 1)) == ["f0"]


SONG = MediaFile(path="a.mp3", content_type="audio/mpeg", bytes=1, image_path="a.jpg")
FILM = MediaFile(path="b.mp4", content_type="video/mp4", bytes=1)
MADE = jobs.made_creation("c1", "u1", media=[SONG, FILM])


def _job(status: Any) -> Job:
    return documents.decode(Job, jobs.job("c1", "u1", status=status))


def test_a_file_that_no_document_names_is_an_orphan() -> None:
    assert is_orphan("a.mp3", "u1", MADE, None) is False
    assert is_orphan("a.jpg", "u1", MADE, None) is False
    assert is_orphan("b.mp4", "u1", MADE, _job("completed")) is False
    assert is_orphan("c.mp4", "u1", MADE, _job("failed")) is True
    assert is_orphan("a.mp3", "u2", MADE, None) is True
    assert is_orphan("a.mp3", "u1", None, None) is True
    assert is_orphan("a.mp3", "u1", None, _job("processing")) is False
    assert is_orphan("c.mp4", "u2", MADE, _job("pending")) is False


def test_media_that_do_not_exist_are_named() -> None:
    media = [FILM, SONG]
    assert missing_media(media, None, ["a.mp3", "a.jpg", "b.mp4", "other"]) == []
    assert missing_media(media, None, ["a.jpg"]) == ["a.mp3", "b.mp4"]
    assert missing_media([], "words", []) == []
    assert missing_media([], None, []) == ["media"]
    assert missing_media([], "", ["a"]) == ["media"]
    assert missing_media([replace(SONG, image_path=None)], None, []) == ["a.mp3"]


def test_a_crowd_is_twenty_five() -> None:
    """Two neighbouring pages of so many uploads of 20 MiB stay within a gibibyte."""
    assert sweep_rules.CROWD == 25
    assert 2 * sweep_rules.CROWD * 20 * 1024**2 < sweep_rules.MAX_UPLOAD_BYTES
