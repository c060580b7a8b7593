"""sweepMedia: media without a document, documents without media (faults M9), abandoned uploads, stray public copies."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

import main
from studiox.creations import media_sweep, sweep_rules
from studiox.fan_out import service as fan_out
from studiox.kit.clock import UTC, datetime
from studiox.models.media_files import MediaFile
from tests.conftest import Logged
from tests.media.servers import png
from tests.studio.studio import Studio, together
from tests.support import budgets, jobs, schedule
from tests.support.people import user_data
from tests.support.posts import post

SWEEP: Any = main.sweepMedia
PICTURE = png(300)


def put(studio: Studio, path: str, hours: float = 25) -> str:
    """An object that is as old as this."""
    made = studio.gcs.put_object(path, PICTURE, {"contentType": "image/png"})
    made["timeCreated"] = (studio.clock.now() - timedelta(hours=hours)).isoformat().replace("+00:00", "Z")
    return path


def creation(studio: Studio, creation_id: str, *names: str, hours: float = 25, **more: Any) -> list[str]:
    """A creation of u1 with these media, whose objects are the test's affair."""
    paths = [f"users/u1/creations/{creation_id}/{name}" for name in names]
    made = studio.clock.now() - timedelta(hours=hours)
    media = [MediaFile(path=path, content_type="image/png", bytes=1) for path in paths]
    data = jobs.creation(creation_id, "u1", media=media, created_at=made)
    studio.database.put(f"creations/{creation_id}", {**data, **more})
    return paths


def job(studio: Studio, job_id: str, status: str, **params: Any) -> None:
    studio.database.put(f"jobs/{job_id}", jobs.job(job_id, "u1", status=status, params=params))


def sweep(studio: Studio) -> set[str]:
    """One night's run; the objects that are left."""
    assert schedule(SWEEP).status == 200
    return set(studio.gcs.objects)


def test_m9_media_without_a_document_are_deleted(studio: Studio) -> None:
    kept = {
        *[put(studio, path) for path in creation(studio, "whole", "0.png")],
        put(studio, "users/u1/creations/young/0.png", hours=23),
        put(studio, "users/u1/creations/running/0.png"),
        put(studio, "users/u1/profile.png"),
        put(studio, "elsewhere/0.png"),
    }
    job(studio, "running", "processing")
    job(studio, "failed", "failed")
    put(studio, "users/u1/creations/gone/0.png")
    put(studio, "users/u1/creations/failed/0.png")
    put(studio, "users/u1/creations/whole/7.png")  # in its folder, but in no document
    put(studio, "users/u2/creations/whole/0.png")  # under another one's name
    assert sweep(studio) == kept


def test_a_cover_is_media_too(studio: Studio) -> None:
    song, cover = creation(studio, "song", "0.mp3", "2.png")
    [file] = [each for each in studio.database.need("creations/song")["media"] if each["path"] == song]
    studio.database.change("creations/song", media=[{**file, "imagePath": cover}])
    put(studio, song)
    put(studio, cover)
    assert sweep(studio) == {song, cover}


def test_a_job_of_today_is_untouched_and_a_result_that_was_orphaned_goes(studio: Studio) -> None:
    """The real thing: what a job brought in stays with its creation, and goes without it."""
    job_id = studio.created()
    studio.advance(10)
    assert studio.status(job_id).result["status"] == "completed"
    (path,) = studio.objects(job_id)
    assert sweep(studio) == {path}
    studio.database.delete(f"creations/{job_id}")
    assert sweep(studio) == set()


def test_m9_documents_without_media_are_reported_once(studio: Studio, logged: Logged) -> None:
    put(studio, creation(studio, "half", "0.png", "1.png")[0])
    creation(studio, "none", "0.png")
    creation(studio, "nothing")
    creation(studio, "words", text="la la")
    creation(studio, "young", "0.png", hours=23)
    for _ in range(2):
        sweep(studio)
        alerts = {line["creationId"]: line["missing"] for line in logged.lines("media_missing")}
        assert alerts == {"half": 1, "none": 1, "nothing": 1}
    assert len(logged.lines("media_missing")) == 3
    marks = studio.database.under("mediaAlerts")
    assert {name: mark["missing"] for name, mark in marks.items()} == {
        "half": ["1.png"],
        "none": ["0.png"],
        "nothing": ["media"],
    }
    assert "u1" not in str(marks)
    assert studio.database.get("creations/none") is not None


@pytest.mark.malformed("a sweep that keeps what they may refer to")
def test_what_is_malformed_stops_no_sweep_and_keeps_its_files(studio: Studio, logged: Logged) -> None:
    kept = {*[put(studio, path) for path in creation(studio, "broken", "0.png", media="none")]}
    missing = creation(studio, "half", "0.png")
    assert missing
    kept.add(put(studio, "users/u1/creations/ordered/0.png"))
    job(studio, "ordered", "completed")
    studio.database.change("jobs/ordered", price="2")
    kept.add(put(studio, "posts/p1/0.png"))
    studio.database.put("posts/p1", {**post("p1", "u1"), "likeCount": "2"})
    kept.add(put(studio, "users/u3/uploads/a.png", hours=24 * 8))
    running = jobs.job("used", "u3", status="processing", params={"inputPaths": ["users/u3/uploads/a.png"]})
    studio.database.put("jobs/used", {**running, "params": "none"})
    put(studio, "users/u1/uploads/a.png", hours=24 * 8)
    put(studio, "users/u1/creations/gone/0.png")
    assert sweep(studio) == kept
    assert {(each["path"], each["field"]) for each in logged.lines("document_malformed")} == {
        ("creations/broken", "media"),
        ("jobs/ordered", "price"),
        ("posts/p1", "likeCount"),
        ("jobs/used", "params"),
    }
    assert [each["creationId"] for each in logged.lines("media_missing")] == ["half"], (
        "it went on behind the broken one"
    )


def test_uploads_are_kept_for_a_week_and_while_a_job_needs_them(studio: Studio) -> None:
    week = 7 * 24
    kept = {
        put(studio, "users/u1/uploads/young.png", hours=week - 1),
        put(studio, "users/u1/uploads/waiting.png", hours=week + 1),
        put(studio, "users/u1/uploads/used.png", hours=week + 1),
    }
    put(studio, "users/u1/uploads/old.png", hours=week + 1)
    put(studio, "users/u1/uploads/done.png", hours=week + 1)
    put(studio, "users/u2/uploads/used.png", hours=week + 1)  # another one's of that name
    job(studio, "j1", "pending", inputPaths=["users/u1/uploads/waiting.png"])
    job(studio, "j2", "processing", inputPaths=["users/u1/uploads/used.png"])
    job(studio, "j3", "completed", inputPaths=["users/u1/uploads/done.png"])
    assert sweep(studio) == kept


def test_nobody_keeps_more_uploads_than_their_share(studio: Studio) -> None:
    """The rules bound each upload; only the sweep can count them. What a running job was given stays."""
    over = 5
    uploads = [
        put(studio, f"users/u1/uploads/{number:03d}.png", hours=100 - number / 10)
        for number in range(sweep_rules.MAX_UPLOADS + over)
    ]
    others = {put(studio, f"users/u2/uploads/{number}.png", hours=1) for number in range(30)}
    job(studio, "j1", "pending", inputPaths=[uploads[2]])
    assert sweep(studio) == {uploads[2], *uploads[over:], *others}
    assert sweep(studio) == {uploads[2], *uploads[over:], *others}


@pytest.mark.parametrize(
    ("sizes", "kept"),
    [
        ([1] * sweep_rules.MAX_UPLOADS, sweep_rules.MAX_UPLOADS),
        ([1] * (sweep_rules.MAX_UPLOADS + 1), sweep_rules.MAX_UPLOADS),
        ([20 << 20] * 51, 51),
        ([20 << 20] * 60, 51),
        ([], 0),
    ],
)
def test_the_newest_uploads_are_kept(sizes: list[int], kept: int) -> None:
    now = datetime(2026, 3, 1, tzinfo=UTC)
    uploads = [sweep_rules.Upload(f"{n}", size, now + timedelta(minutes=n)) for n, size in enumerate(sizes)]
    gone = sweep_rules.surplus(reversed(uploads))
    assert sorted(gone, key=int) == [f"{n}" for n in range(len(sizes) - kept)]
    assert sweep_rules.CROWD * 2 - 1 <= sweep_rules.MAX_UPLOAD_BYTES // (20 << 20), "two neighbouring pages"


def test_public_copies_need_a_visible_post(studio: Studio) -> None:
    now = studio.clock.now()
    for post_id, hidden in (("shown", False), ("hidden", True)):
        studio.database.put(f"posts/{post_id}", post(post_id, "u1", hidden=hidden))
    for post_id in ("shown", "hidden", "gone", "copying"):
        put(studio, f"posts/{post_id}/0.png")
    put(studio, "posts/young/0.png", hours=1)
    record = {"kind": "post", "id": "copying", "uid": "u1", "state": "copying", "token": "t", "dueAt": now}
    studio.database.put("cleanups/post-copying", {**record, "last": False, "failures": 0, "createdAt": now})
    assert sweep(studio) == {"posts/shown/0.png", "posts/copying/0.png", "posts/young/0.png"}
    assert studio.database.need("cleanups/post-gone")["state"] == "settling"


def test_an_idle_night_reads_nothing_but_the_lists(studio: Studio) -> None:
    studio.rpcs.reset()
    assert sweep(studio) == set()
    assert studio.rpcs.calls == budgets.calls("sweepMedia", "idle")


def test_what_is_too_much_for_one_instance_is_swept_by_tasks(
    studio: Studio, logged: Logged, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The objects' parts are ranges of their owners' ids, also of owners who are gone."""
    monkeypatch.setattr(media_sweep, "PAGE", 2)
    monkeypatch.setattr(fan_out, "ALONE", 2)
    monkeypatch.setattr(fan_out, "PER_SHARD", 1)
    kept = set()
    for number in range(6):
        uid = f"u{number}"
        studio.database.put(f"users/{uid}", user_data(None, studio.clock.now()))
        kept.add(put(studio, f"users/{uid}/creations/young/0.png", hours=1))
        put(studio, f"users/{uid}/creations/gone/0.png")
        put(studio, f"users/{uid}-left/creations/gone/0.png")
        put(studio, f"posts/gone{number}/0.png")
        creation(studio, f"none{number}", "0.png", hours=25 + number)
    left = sweep(studio)
    assert kept < left
    [run] = studio.database.under("scheduleRuns").values()
    assert len([each for each in run["shards"] if each["kind"] == "users"]) > 1
    assert len([each for each in run["shards"] if each["kind"] == "creations"]) > 1
    studio.queue.run({"workShard": main.workShard})
    assert set(studio.gcs.objects) == kept
    assert len(logged.lines("media_missing")) == 6
    [line] = logged.lines("media_sweep")
    assert (line["deleted"], line["postsCleared"], line["missing"], line["failedShards"]) == (12, 6, 6, 0)


def test_a_sweep_without_time_left_is_continued_by_tasks(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(media_sweep, "PAGE", 2)
    monkeypatch.setattr(fan_out, "RUN_S", -1.0)
    for number in range(7):
        put(studio, f"users/u1/creations/gone{number}/0.png")
    assert len(sweep(studio)) == 5
    studio.queue.run({"workShard": main.workShard})
    assert set(studio.gcs.objects) == set()


def test_two_at_once_do_no_harm(studio: Studio, logged: Logged) -> None:
    kept = {put(studio, path) for path in creation(studio, "whole", "0.png")}
    creation(studio, "none", "0.png")
    for number in range(20):
        put(studio, f"users/u1/creations/gone{number}/0.png")
        put(studio, f"posts/gone{number}/0.png")
    answers = together(*[lambda: schedule(SWEEP).status] * 3)
    assert answers == [200, 200, 200]
    assert set(studio.gcs.objects) == kept
    assert len(logged.lines("media_missing")) == 1


def test_storage_that_goes_away_ends_the_run_and_not_the_sweep(studio: Studio, logged: Logged) -> None:
    """What does not need it is swept, and Cloud Scheduler repeats the run."""
    put(studio, "users/u1/creations/gone/0.png")
    creation(studio, "none", hours=25)
    studio.gcs.statuses.extend([503] * 40)
    assert schedule(SWEEP).status == 503
    assert len(studio.gcs.objects) == 1
    assert logged.lines("sweep_stopped")
    assert len(logged.lines("media_missing")) == 1
    studio.gcs.statuses.clear()
    assert sweep(studio) == set()


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("users/u1/uploads/a.png", "upload"),
        ("users/u1/creations/j1/0.png", "creation"),
        ("posts/p1/0.png", "post"),
        ("users/u1/uploads/deeper/a.png", None),
        ("users/u1/creations/0.png", None),
        ("posts/p1", None),
        ("u1", None),
    ],
)
def test_what_an_object_is_by_its_path(path: str, kind: str | None) -> None:
    place = sweep_rules.place_of(path)
    assert (place and place.kind) == kind


def test_ages() -> None:
    now = datetime(2026, 3, 1, tzinfo=UTC)
    for path, days in (("users/u1/uploads/a", 7), ("users/u1/creations/j/0", 1), ("posts/p/0", 1)):
        place = sweep_rules.place_of(path)
        assert place is not None
        assert not sweep_rules.is_old(place, now - timedelta(days=days), now)
        assert sweep_rules.is_old(place, now - timedelta(days=days, seconds=1), now)
