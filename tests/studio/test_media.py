"""The results: had at the second try, too large, refused, expired, adopted, never named by others (M5–M10)."""

from __future__ import annotations

from typing import Any

import pytest

from studiox.integrations.providers import mock
from studiox.integrations.providers.poyo import Poyo
from studiox.integrations.providers.protocol import File, Task
from studiox.kit import transaction
from studiox.media import json_api
from studiox.studio import lifecycle, results
from tests.conftest import Logged
from tests.media import made
from tests.studio.studio import Studio
from tests.support import plant

UPLOAD = "users/u1/uploads/a.png"


@pytest.mark.parametrize(
    ("order", "said"),
    [
        ({}, "trainedAlgorithmicMedia"),
        ({"type": "edit", "model": "nano-banana-edit", "inputPaths": [UPLOAD]}, "compositeWithTrainedAlgorithmicMedia"),
        ({"type": "video", "model": "veo3.1-lite", "inputPaths": [UPLOAD]}, "trainedAlgorithmicMedia"),
        ({"type": "music", "model": "generate-music"}, "trainedAlgorithmicMedia"),
    ],
)
def test_m18_every_file_of_a_job_says_that_a_model_made_it(studio: Studio, order: dict[str, Any], said: str) -> None:
    studio.gcs.put_object(UPLOAD, made.picture("PNG"), {"contentType": "image/png"})
    job_id = studio.created(**order)
    studio.heal(job_id)
    (*media,) = studio.job(job_id)["media"]
    paths = [path for each in media for path in (each["path"], each.get("imagePath")) if path]
    assert sorted(paths) == sorted(studio.objects(job_id))
    for path in paths:
        assert made.source_type(studio.gcs.objects[path]["data"]) == said
    assert [each["bytes"] for each in media] == [len(studio.gcs.objects[each["path"]]["data"]) for each in media]
    studio.check()


@pytest.mark.parametrize("file", ["expired", "truncated"])
def test_m7_media_that_cannot_be_had_are_tried_again(studio: Studio, file: str) -> None:
    studio.poyo.plan(file=file, file_times=2)
    job_id = studio.created()
    studio.heal(job_id, step_s=15)
    assert studio.job(job_id)["status"] == "completed"
    assert studio.state(job_id)["mediaAttempts"] == 2
    studio.check()


@pytest.mark.parametrize("file", ["expired", "truncated"])
def test_m7_and_after_some_attempts_refunded(studio: Studio, file: str) -> None:
    studio.poyo.plan(file=file)
    job_id = studio.created()
    studio.heal(job_id, step_s=15)
    assert studio.status(job_id).result["error"]["reason"] == "MediaFailed"
    assert studio.balance() == 1000
    assert studio.objects(job_id) == []
    studio.check()


def test_m7_a_client_that_polls_does_not_use_the_attempts_up(studio: Studio) -> None:
    studio.poyo.plan(file="expired", file_times=2)
    job_id = studio.created()
    attempts = []
    for _ in range(18):
        studio.advance(3)
        studio.status(job_id)
        attempts.append(studio.state(job_id)["mediaAttempts"])
    assert attempts[:12] == [1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2]  # ten seconds, then twenty
    assert studio.job(job_id)["status"] == "completed"


@pytest.mark.parametrize("file", ["html", "svg", "redirect"])
def test_m6_media_that_are_refused_end_the_job_at_once(studio: Studio, file: str, logged: Logged) -> None:
    studio.poyo.plan(file=file)
    job_id = studio.created()
    studio.advance(4)
    assert studio.status(job_id).result["error"]["reason"] == "MediaFailed"
    assert logged.lines("media_refused")
    assert studio.balance() == 1000
    assert studio.objects(job_id) == []
    studio.check()


def test_m5_endless_media_are_too_large(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAX_MEDIA_BYTES", "3000000")
    studio.poyo.plan(file="endless")
    job_id = studio.created()
    studio.advance(4)
    assert studio.settle(job_id).status in (200, 204)
    assert studio.job(job_id)["error"]["reason"] == "MediaFailed"
    assert studio.objects(job_id) == []
    studio.check()


def test_finished_without_files_may_yet_get_them(studio: Studio) -> None:
    studio.poyo.plan("late-files")
    job_id = studio.created()
    studio.heal(job_id, step_s=15)
    assert studio.job(job_id)["status"] == "completed"
    studio.check()


def test_m8_a_death_between_the_upload_and_the_commit_is_adopted(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    job_id = studio.created()
    studio.advance(4)
    monkeypatch.setattr(transaction, "DEADLINE_S", 0.2)

    def away(*given: Any) -> Any:
        items = store(*given)
        studio.rpcs.fail_before("Commit", times=1000)
        return items

    store = results.store_all
    monkeypatch.setattr(results, "store_all", away)
    assert studio.status(job_id).code == "unavailable"
    monkeypatch.setattr(results, "store_all", store)
    studio.restart()
    (before,) = studio.objects(job_id)
    made = studio.gcs.objects[before]["resource"]["generation"]
    studio.heal(job_id)
    assert studio.job(job_id)["status"] == "completed"
    assert studio.gcs.objects[before]["resource"]["generation"] == made
    studio.check()


def test_storage_that_is_away_for_three_minutes_loses_nothing(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_api, "TRIES", 1)
    job_id = studio.created()
    for _ in range(6):
        studio.gcs.statuses = [503] * 10
        studio.advance(25)
        studio.dispatch()
        studio.run_queue()
    assert studio.job(job_id)["status"] == "processing"
    studio.gcs.statuses = []
    studio.heal(job_id)
    assert studio.job(job_id)["status"] == "completed"
    studio.check()


def test_large_media_are_left_to_the_task(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(studio.gcs, "keep_bytes", False)
    studio.poyo.plan(file="big", file_mb=26)
    job_id = studio.created()
    studio.advance(4)
    answer = studio.status(job_id)
    assert (answer.result["status"], answer.result["progress"]) == ("processing", 99)
    downloads = studio.task_of(job_id)["downloads"]
    studio.advance(4)
    assert studio.status(job_id).result["status"] == "processing"
    assert studio.task_of(job_id)["downloads"] == downloads  # a client's poll does not even begin it again
    studio.heal(job_id)
    assert studio.job(job_id)["status"] == "completed"
    assert studio.job(job_id)["media"][0]["bytes"] > 26_000_000  # and the mark
    studio.check()


def test_m10_names_are_ours_whatever_the_provider_says(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    """And its texts are bounded, and are text: a lone surrogate would let every commit of the job fail for ever."""
    private = "\ud800" + "../../evil" * 100
    plant("../../evil")
    picture = mock.picture("x", "Model A")
    file = File(
        data=picture, kind="../../x", title=private, tags=(private, "a"), duration_s=float("nan"), size_bytes=-1
    )
    finished = Task(status="finished", files=(file, file), text=private, credits=1.5)
    monkeypatch.setattr(Poyo, "poll", lambda *_: finished)
    job_id = studio.created()
    studio.advance(4)
    answer = studio.status(job_id)
    assert answer.result["status"] == "completed"
    folder = f"users/u1/creations/{job_id}"
    assert [item["path"] for item in answer.result["media"]] == [f"{folder}/0.png", f"{folder}/1.png"]
    assert "durationSeconds" not in answer.result["media"][0]
    assert len(answer.result["media"][0]["title"]) == 200
    studio.check()


@pytest.mark.parametrize("expired", [False, True])
def test_a_result_that_cannot_be_written_is_refunded_in_the_end(
    studio: Studio, monkeypatch: pytest.MonkeyPatch, expired: bool
) -> None:
    job_id = studio.created()
    monkeypatch.setattr(Poyo, "poll", lambda *_: Task(status="finished", text="x", credits=2**70))
    if expired:
        studio.advance(601)
    studio.heal(job_id, step_s=15)
    assert studio.job(job_id)["status"] == "failed"
    assert studio.job(job_id)["error"]["reason"] == "MediaFailed"
    assert studio.balance() == 1000
    studio.check()


def test_a_failure_in_the_vendors_own_words_stays_private(studio: Studio) -> None:
    plant("The reactor of cluster seven")
    studio.poyo.plan("fail", error_message="The reactor of cluster seven melted")
    job_id = studio.created()
    studio.advance(4)
    answer = studio.status(job_id)
    assert answer.result["error"]["reason"] == "GenerationFailed"
    assert "reactor" not in str(answer)
    assert "reactor" not in str(studio.job(job_id))
    assert "reactor" in studio.state(job_id)["rawError"]
    studio.check()


def test_the_attempts_have_a_number(studio: Studio) -> None:
    studio.poyo.plan(file="expired")
    job_id = studio.created()
    studio.heal(job_id, step_s=15)
    assert sum(studio.task_of(job_id)["downloads"].values()) == lifecycle.MAX_MEDIA_ATTEMPTS
