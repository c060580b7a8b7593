"""What clients see: the shapes of the contract, whose job it is, pages, addresses of media that can be fetched."""

from __future__ import annotations

import struct
import zlib
from typing import Any

import pytest
import urllib3

import main
from studiox.kit import process
from studiox.studio import lifecycle
from tests.studio.studio import Studio
from tests.support import Rpcs, budgets, call

JOB = {"jobId", "status", "progress", "type", "model", "price", "refunded", "sessionId", "media", "createdAt"}


def test_a_job_under_way(studio: Studio) -> None:
    answer = studio.status(studio.created())
    assert set(answer.result) == JOB | {"startedAt"}
    assert answer.result["media"] == []
    assert answer.result["createdAt"].endswith("Z")


def test_a_job_that_waits(studio: Studio) -> None:
    studio.poyo.plan("429")
    answer = studio.status(studio.created())
    assert set(answer.result) == JOB | {"wait"}
    assert (answer.result["status"], answer.result["progress"]) == ("pending", 0)
    assert answer.result["wait"] == {"reason": "provider_busy", "attempts": 1}


def test_a_completed_job(studio: Studio) -> None:
    job_id = studio.created()
    studio.advance(4)
    answer = studio.status(job_id)
    assert set(answer.result) == JOB | {"startedAt", "completedAt", "creationId"}
    assert (answer.result["status"], answer.result["progress"]) == ("completed", 100)
    (item,) = answer.result["media"]
    assert set(item) == {"path", "url", "contentType", "bytes"}
    assert item["path"] == f"users/u1/creations/{job_id}/0.png"
    assert answer.result["creationId"] == job_id
    assert answer.result["refunded"] == 0
    assert studio.status(job_id).result == answer.result  # it never changes


def test_a_failed_job(studio: Studio) -> None:
    studio.poyo.plan("fail-moderation")
    job_id = studio.created()
    studio.advance(4)
    answer = studio.status(job_id)
    assert set(answer.result) == JOB | {"startedAt", "completedAt", "error"}
    assert answer.result["error"] == {
        "reason": "ContentRejected",
        "message": lifecycle.MESSAGES["ContentRejected"],
    }
    assert (answer.result["status"], answer.result["refunded"], answer.result["media"]) == ("failed", 2, [])


def test_nothing_private_is_in_what_an_owner_may_read(studio: Studio) -> None:
    job_id = studio.created()
    studio.heal(job_id)
    task_id = studio.task_of(job_id)["id"]
    shown = str([studio.status(job_id).result, studio.job(job_id), studio.database.need(f"creations/{job_id}")])
    for private in (task_id, "taskId", "lease", "requestHash", "paidFrom", "rawError", studio.poyo.host):
        assert private not in shown, private


def test_a_foreign_job_and_an_absent_one_are_alike(studio: Studio) -> None:
    job_id = studio.created()
    studio.user("u2")
    before = studio.database.hash("rateLimits")
    for function in (main.getJobStatus, main.cancelStudioJob):
        foreign = call(function, {"jobId": job_id}, uid="u2")
        absent = call(function, {"jobId": "absent"}, uid="u2")
        assert (foreign.status, foreign.code, foreign.message) == (absent.status, absent.code, absent.message)
        assert foreign.details == absent.details == {"reason": "NotFound"}
    for hostile in ("", "a/b", "..", "x" * 129, "__a/b__", 5, None, ["x"]):
        for function in (main.getJobStatus, main.cancelStudioJob):
            assert call(function, {"jobId": hostile}, uid="u2").reason == "InvalidRequest"
    assert studio.database.hash("rateLimits") == before


def listed(caller: str = "u1", **fields: Any) -> Any:
    answer = call(main.listStudioJobs, fields, uid=caller)
    assert answer.ok, answer
    assert set(answer.result) == {"jobs", "nextCursor"}
    return answer.result


def test_lists_are_the_callers_own_newest_first_by_pages(studio: Studio) -> None:
    studio.user(plan="enterprise")
    studio.user("u2")
    studio.created(caller="u2")
    made = [studio.created() for _ in range(5)]
    first = listed(pageSize=2)
    second = listed(pageSize=2, cursor=first["nextCursor"])
    third = listed(pageSize=2, cursor=second["nextCursor"])
    seen = [job["jobId"] for page in (first, second, third) for job in page["jobs"]]
    assert seen == made[::-1]
    assert third["nextCursor"] is None
    assert len(listed(caller="u2")["jobs"]) == 1
    foreign = call(main.listStudioJobs, {"pageSize": 2, "cursor": first["nextCursor"]}, uid="u2")
    assert foreign.reason == "InvalidCursor"


def test_lists_are_filtered_and_give_media_by_path_only(studio: Studio) -> None:
    done, waits = studio.created(), studio.created(type="video", model="veo3.1-lite")
    studio.advance(4)
    studio.status(done)
    (job,) = listed(status="completed")["jobs"]
    assert (job["jobId"], set(job["media"][0])) == (done, {"path", "contentType", "bytes"})
    assert [job["jobId"] for job in listed(type="video")["jobs"]] == [waits]
    assert listed(type="video", status="completed")["jobs"] == []
    assert call(main.listStudioJobs, {"status": "unknown"}, uid="u1").reason == "InvalidRequest"


def test_a_cancel(studio: Studio) -> None:
    job_id = studio.created()
    answer = studio.cancel(job_id)
    assert answer.result == {"jobId": job_id, "status": "cancelled", "refunded": 2}
    assert studio.cancel(job_id).result == answer.result
    shown = studio.status(job_id).result
    assert (shown["status"], shown["refunded"], shown["media"]) == ("cancelled", 2, [])
    assert "error" not in shown
    audits = [each for each in studio.database.under("auditLogs").values() if each["action"] == "cancelStudioJob"]
    assert [(each["actor"], each["target"]) for each in audits] == [("u1", f"jobs/{job_id}")]


def test_round_trips_of_a_cancel(studio: Studio, rpcs: Rpcs) -> None:
    job_id = studio.created()
    process.restart()
    rpcs.reset()
    assert studio.cancel(job_id).ok
    assert rpcs.calls == budgets.calls("cancelStudioJob", "cold")


def test_storage_that_gives_no_address_is_no_bug(studio: Studio) -> None:
    job_id = studio.created()
    studio.heal(job_id)
    studio.gcs.statuses = [503] * 10
    assert studio.status(job_id).code == "unavailable"


def decoded(png: bytes) -> tuple[int, int, bytes]:
    """Width, height and rows of an 8-bit PNG, RGB or with a palette, every checksum checked."""
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    at, data, size, samples = 8, b"", (0, 0), 3
    while at < len(png):
        (length,) = struct.unpack(">I", png[at : at + 4])
        kind, body = png[at + 4 : at + 8], png[at + 8 : at + 8 + length]
        assert struct.unpack(">I", png[at + 8 + length : at + 12 + length])[0] == zlib.crc32(kind + body)
        size = struct.unpack(">II", body[:8]) if kind == b"IHDR" else size
        data += body if kind == b"IDAT" else b""
        samples = 1 if kind == b"PLTE" else samples
        at += 12 + length
    rows = zlib.decompress(data)
    assert len(rows) == size[1] * (1 + size[0] * samples)
    return size[0], size[1], rows


@pytest.mark.parametrize("model", ["Model A", "Model B"])
@pytest.mark.parametrize("latency", ["0", "3000"])
def test_the_mock_models(studio: Studio, monkeypatch: pytest.MonkeyPatch, model: str, latency: str) -> None:
    monkeypatch.setenv("MOCK_LATENCY_MS", latency)
    first = studio.create(model=model, size="1024x1024")
    assert (first.result["price"], first.result["balance"]) == (3, 997)
    job_id = first.result["jobId"]
    if latency != "0":
        assert first.result["status"] == "processing"
        studio.advance(1.5)
        assert 0 < studio.status(job_id).result["progress"] < 100
        studio.advance(3)
    job = studio.status(job_id).result
    assert job["status"] == "completed"
    picture = studio.gcs.objects[job["media"][0]["path"]]["data"]
    assert decoded(picture)[:2] == (1024, 1024)
    assert len(set(decoded(picture)[2])) > 50
    studio.check()


@pytest.mark.parametrize("latency", ["0", "1000"])
def test_the_mock_keeps_to_the_size_and_the_colour(
    studio: Studio, monkeypatch: pytest.MonkeyPatch, latency: str
) -> None:
    """The other half of a task's id: what was asked for must not be lost while the picture is waited for."""
    monkeypatch.setenv("MOCK_LATENCY_MS", latency)
    palettes = []
    for color in ("neon", "pastel"):
        job_id = studio.create(model="Model B", size="1024x1792", color=color).result["jobId"]
        studio.advance(4)
        picture = studio.gcs.objects[studio.status(job_id).result["media"][0]["path"]]["data"]
        assert decoded(picture)[:2] == (1024, 1792)
        palettes.append(picture[picture.index(b"PLTE") + 4 :][:768])
    neon, pastel = (sum(palette) / 768 for palette in palettes)
    assert neon < 128 < 200 < pastel


@pytest.mark.parametrize("latency", ["0", "1000"])
def test_the_mock_fails_when_it_should(studio: Studio, monkeypatch: pytest.MonkeyPatch, latency: str) -> None:
    monkeypatch.setenv("MOCK_FAILURE_RATE", "1")
    monkeypatch.setenv("MOCK_LATENCY_MS", latency)
    job_id = studio.created(model="Model A")
    studio.advance(4)
    job = studio.status(job_id).result
    assert (job["status"], job["error"]["reason"]) == ("failed", "GenerationFailed")
    assert studio.balance() == 1000
    studio.check()


def test_a_result_given_at_once_that_cannot_be_kept_is_refunded_at_once(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("studiox.integrations.providers.mock.picture", lambda *_: b"<html>")
    job_id = studio.created(model="Model A")
    assert studio.status(job_id).result["error"]["reason"] == "MediaFailed"
    assert studio.balance() == 1000
    studio.check()


def test_mock_models_that_are_off_are_not_offered(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENABLE_MOCK_MODELS", "false")
    assert studio.create(model="Model A").reason == "InvalidRequest"


def test_an_address_of_the_official_storage_emulator_can_be_fetched(
    studio: Studio, storage_host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", f"http://{storage_host}")
    job_id = studio.created()
    studio.advance(4)
    (item,) = studio.status(job_id).result["media"]
    answer = urllib3.request("GET", item["url"], retries=False)
    assert (answer.status, answer.headers["content-type"]) == (200, "image/png")
    assert len(answer.data) == item["bytes"]
    decoded(answer.data)
