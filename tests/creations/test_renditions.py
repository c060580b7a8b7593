"""makeRenditions: thumbnails and measures of a creation's media, once, for its owner, its job and its post."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

import main
from studiox.creations import media_sweep
from studiox.kit import documents, transaction
from studiox.media import objects
from studiox.models.media_files import MediaFile
from tests.community.community import Community
from tests.media import made
from tests.studio.studio import Studio
from tests.support import call, jobs, schedule, task

MAKE: Any = main.makeRenditions
SMALL = {"path", "contentType", "width", "height"}


def pictured(community: Community, *, data: bytes | None = None, files: int = 1) -> str:
    """A creation of ann's with pictures that can be decoded."""
    id_ = community.creation(files=files)
    body = data if data is not None else made.picture("PNG", size=(800, 600))
    media = [{**each, "bytes": len(body)} for each in community.database.need(f"creations/{id_}")["media"]]
    for each in media:
        community.gcs.put_object(each["path"], body, {"contentType": "image/png"})
    community.database.change(f"creations/{id_}", media=media)
    community.database.change(f"jobs/{id_}", media=media)
    return id_


def render(id_: str) -> int:
    return task(MAKE, {"creationId": id_}).status


def creation_of(community: Community, id_: str) -> dict[str, Any]:
    found: dict[str, Any] = community.ok("getCreation", "ann", creationId=id_)
    return found


def files(community: Community, prefix: str) -> list[str]:
    return sorted(path.rsplit("/", 1)[1] for path in community.gcs.objects if path.startswith(prefix))


@pytest.mark.parametrize(
    ("order", "seconds", "measures"),
    [
        ({}, 4, {"width", "height", "thumbnail"}),
        ({"type": "video", "model": "veo3.1-lite"}, 4, {"width", "height", "durationSeconds", "thumbnail"}),
        ({"type": "music", "model": "generate-music"}, 10, {"durationSeconds", "waveform", "thumbnail"}),
        ({"model": "Model A"}, 0, {"width", "height", "thumbnail"}),
    ],
)
def test_a_finished_job_gets_what_its_kind_has(
    studio: Studio, order: dict[str, Any], seconds: float, measures: set[str]
) -> None:
    job_id = studio.created(**order)
    studio.advance(seconds)
    assert studio.status(job_id).result["status"] == "completed"
    before = studio.job(job_id)["media"]
    (waiting,) = studio.queue.renditions
    assert (waiting.name, waiting.data) == (f"{job_id}-renditions", {"creationId": job_id})
    assert [reply.status for reply in studio.queue.render(MAKE)] == [200]
    job, creation = studio.job(job_id), studio.database.need(f"creations/{job_id}")
    assert job["media"] == creation["media"]
    assert creation["renditionsAt"] <= studio.clock.now()
    for old, new in zip(before, job["media"], strict=True):
        assert {**new, **old} == new  # nothing else has changed
        assert measures <= new.keys()
        assert new["thumbnail"].keys() == SMALL
        assert max(new["thumbnail"]["width"], new["thumbnail"]["height"]) <= 512
        thumbnail = studio.gcs.objects[new["thumbnail"]["path"]]
        assert thumbnail["resource"]["contentType"] == new["thumbnail"]["contentType"] == "image/webp"
        assert made.source_type(thumbnail["data"]) == "trainedAlgorithmicMedia"
    studio.check()
    (listed,) = call(main.getUserCreations, {}, uid="u1").result["creations"]
    asked = studio.status(job_id).result
    for answered in (listed, asked):
        assert [each.get("thumbnail") for each in answered["media"]] == [each["thumbnail"] for each in job["media"]]
        assert [each.get("waveform") for each in answered["media"]] == [each.get("waveform") for each in job["media"]]


def test_text_has_none(studio: Studio) -> None:
    assert studio.queue.renditions == []
    studio.database.put("creations/words", jobs.creation("words", "u1", media=[], text="la", type="lyrics"))
    studio.clock.ahead += timedelta(days=2)
    assert schedule(main.sweepMedia).status == 200
    assert studio.queue.renditions == []


def test_a_queue_that_is_away_stops_no_job(studio: Studio) -> None:
    job_id = studio.created()
    studio.advance(4)
    studio.queue.refused = 503
    assert studio.status(job_id).result["status"] == "completed"
    studio.check()


def test_it_is_made_once(community: Community) -> None:
    id_ = pictured(community)
    assert render(id_) == 200
    first = community.database.need(f"creations/{id_}")
    community.gcs.requests.clear()
    assert render(id_) == 200
    assert community.gcs.requests == []
    assert community.database.need(f"creations/{id_}") == first


@pytest.mark.parametrize("data", [b"no picture at all", b"\x89PNG\r\n\x1a\n" + bytes(2_000)])
def test_m16_what_cannot_be_decoded_stays_as_it_is_and_is_tried_once(community: Community, data: bytes) -> None:
    id_ = pictured(community, data=data)
    before = community.database.need(f"creations/{id_}")
    assert render(id_) == 200
    after = community.database.need(f"creations/{id_}")
    assert after.pop("renditionsAt") <= community.clock.now()
    assert after == before
    community.clock.ahead += timedelta(days=2)
    assert schedule(main.sweepMedia).status == 200
    assert community.queue.renditions == []
    assert community.ok("publishPost", "ann", creationId=id_)["postId"] == id_


def test_storage_that_is_away_is_asked_again(community: Community) -> None:
    id_ = pictured(community)
    community.gcs.statuses = [503] * 9
    assert render(id_) == 503
    assert "renditionsAt" not in community.database.need(f"creations/{id_}")
    community.gcs.statuses = []
    assert render(id_) == 200
    assert creation_of(community, id_)["media"][0]["width"] == 800


def test_a_death_between_the_thumbnail_and_the_commit_is_made_good(
    community: Community, monkeypatch: pytest.MonkeyPatch
) -> None:
    id_ = pictured(community)
    monkeypatch.setattr(transaction, "DEADLINE_S", 0.2)
    community.rpcs.fail_before("Commit", times=1_000)
    assert render(id_) == 503
    community.rpcs.heal()
    (kept,) = [path for path in community.gcs.objects if "thumbnail" in path]
    generation = community.gcs.objects[kept]["resource"]["generation"]
    assert render(id_) == 200
    assert community.gcs.objects[kept]["resource"]["generation"] == generation
    assert creation_of(community, id_)["media"][0]["thumbnail"]["path"] == kept


# ------------------------------------------------------------------------------------------------ posts


def test_m17_a_post_has_the_thumbnails_that_are_stored_as_it_is_published(community: Community) -> None:
    """They are stored after publishing has read the creation, and before it has announced the copies."""
    id_ = pictured(community)
    community.rpcs.before("Commit", lambda: render(id_))
    community.ok("publishPost", "ann", creationId=id_)
    (post,) = community.ok("getFeed")["posts"]
    assert post["media"][0]["thumbnail"]["path"] in community.gcs.objects


def test_m17_a_post_of_before_gets_public_copies(community: Community) -> None:
    id_ = pictured(community, files=2)
    community.ok("publishPost", "ann", creationId=id_)
    assert render(id_) == 200
    (post,) = community.ok("getFeed")["posts"]
    for number, each in enumerate(post["media"]):
        assert (each["width"], each["height"]) == (800, 600)
        assert each["thumbnail"]["path"] == f"posts/{id_}/thumbnail-{number}.webp"
    names = ["0.png", "1.png", "thumbnail-0.webp", "thumbnail-1.webp"]
    assert files(community, f"posts/{id_}/") == files(community, f"users/ann/creations/{id_}/") == names
    public = community.gcs.objects[f"posts/{id_}/thumbnail-0.webp"]["resource"]
    assert public["cacheControl"] == "public, max-age=300"
    community.ok("deletePost", "ann", postId=id_)
    assert files(community, f"posts/{id_}/") == []


def test_a_post_of_later_has_them_from_the_start(community: Community) -> None:
    id_ = pictured(community)
    render(id_)
    community.ok("publishPost", "ann", creationId=id_)
    (shown,) = community.post(id_)["media"]
    assert shown["thumbnail"]["path"] == f"posts/{id_}/thumbnail-0.webp"
    assert files(community, f"posts/{id_}/") == ["0.png", "thumbnail-0.webp"]


def test_m17_while_it_is_being_published_the_task_waits(community: Community, monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise the post would name a thumbnail that nobody has copied."""
    id_ = pictured(community)
    copy, met = objects.copy, []

    def meanwhile(*given: Any, **options: Any) -> Any:
        met.append(render(id_))
        return copy(*given, **options)

    with monkeypatch.context() as patch:
        patch.setattr(objects, "copy", meanwhile)
        community.ok("publishPost", "ann", creationId=id_)
    assert met == [503]
    assert "thumbnail" not in community.post(id_)["media"][0]
    assert render(id_) == 200
    assert community.post(id_)["media"][0]["thumbnail"]["path"] in community.public_files(id_)


def test_a_hidden_post_has_no_public_copies_until_it_is_restored(community: Community) -> None:
    id_ = pictured(community)
    community.ok("publishPost", "ann", creationId=id_)
    community.ok("moderatePost", "root", admin=True, postId=id_, action="hide")
    render(id_)
    assert community.public_files(id_) == []
    community.ok("moderatePost", "root", admin=True, postId=id_, action="restore")
    (shown,) = community.post(id_)["media"]
    assert sorted((shown["path"], shown["thumbnail"]["path"])) == community.public_files(id_)


@pytest.mark.parametrize("act", ["hide", "delete the post", "delete"])
def test_what_is_hidden_or_deleted_meanwhile_leaves_nothing(
    community: Community, monkeypatch: pytest.MonkeyPatch, act: str
) -> None:
    id_ = pictured(community)
    community.ok("publishPost", "ann", creationId=id_)
    copy = objects.copy

    def meanwhile(*given: Any, **options: Any) -> Any:
        if act == "hide":
            community.ok("moderatePost", "root", admin=True, postId=id_, action="hide")
        elif act == "delete":
            community.ok("deleteCreation", "ann", creationId=id_)
        else:
            community.ok("deletePost", "ann", postId=id_)
        return copy(*given, **options)

    with monkeypatch.context() as patch:
        patch.setattr(objects, "copy", meanwhile)
        assert render(id_) == (503 if act == "delete" else 200)  # there is nothing to copy any more
    assert render(id_) == 200
    assert community.public_files(id_) == []
    left = [] if act == "delete" else ["0.png", "thumbnail-0.webp"]
    assert files(community, f"users/ann/creations/{id_}/") == left


# ------------------------------------------------------------------------------------------------ their life


def test_they_are_deleted_with_the_creation(community: Community) -> None:
    id_ = pictured(community)
    render(id_)
    community.ok("deleteCreation", "ann", creationId=id_)
    assert files(community, "users/ann/creations/") == []


def test_the_sweep_keeps_them_and_misses_them(community: Community) -> None:
    id_ = pictured(community)
    render(id_)
    community.clock.ahead += timedelta(days=2)
    assert schedule(main.sweepMedia).status == 200
    assert files(community, f"users/ann/creations/{id_}/") == ["0.png", "thumbnail-0.webp"]
    assert community.database.get(f"mediaAlerts/{id_}") is None
    del community.gcs.objects[f"users/ann/creations/{id_}/thumbnail-0.webp"]
    assert schedule(main.sweepMedia).status == 200
    assert community.database.need(f"mediaAlerts/{id_}")["missing"] == ["thumbnail-0.webp"]


def test_the_sweep_has_them_made_of_what_is_old(community: Community, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(media_sweep, "RENDERED", 2)
    old = [pictured(community) for _ in range(5)]
    community.clock.ahead += timedelta(days=2)
    done: set[str] = set()
    for _ in range(3):
        assert schedule(main.sweepMedia).status == 200
        enqueued = {each.data["creationId"] for each in community.queue.renditions}
        assert len(enqueued) <= 2
        assert not enqueued & done
        done |= enqueued
        community.queue.render(MAKE)
        community.clock.ahead += timedelta(days=1)
    assert done == set(old)
    assert all("thumbnail" in creation_of(community, id_)["media"][0] for id_ in old)


def test_a_collections_cover_is_small(community: Community) -> None:
    id_ = pictured(community)
    made_now = community.ok("saveCollection", "ann", name="Best", requestId=community.request_id())
    community.ok("changeCollection", "ann", collectionId=made_now["collectionId"], add=[id_])
    render(id_)
    (found,) = community.ok("listCollections", "ann")["collections"]
    assert found["coverPath"] == f"users/ann/creations/{id_}/thumbnail-0.webp"


def test_an_export_lists_them(community: Community) -> None:
    id_ = pictured(community)
    render(id_)
    url = community.ok("exportAccount", "ann")["url"]
    (exported,) = [each["data"] for name, each in community.gcs.objects.items() if name.split("/")[-1] in url]
    assert f"users/ann/creations/{id_}/thumbnail-0.webp".encode() in exported


@pytest.mark.parametrize("data", [None, {}, {"creationId": 5}, {"creationId": "a/b"}, {"creationId": ""}, []])
def test_a_malformed_task_is_dropped(data: Any) -> None:
    assert task(MAKE, data).status == 200


def test_a_creation_that_is_gone_needs_none(community: Community) -> None:
    assert community.gcs.objects == {}
    assert render("gone") == 200


def test_files_beyond_the_eighth_stay_without(community: Community) -> None:
    id_ = pictured(community, files=9)
    render(id_)
    media = creation_of(community, id_)["media"]
    assert ["thumbnail" in each for each in media] == [True] * 8 + [False]


def test_a_post_with_more_files_than_its_creation_keeps_them(community: Community) -> None:
    id_ = pictured(community)
    community.ok("publishPost", "ann", creationId=id_)
    more = MediaFile(path=f"posts/{id_}/9.png", content_type="image/png", bytes=5)
    community.gcs.put_object(more.path, b"12345", {"contentType": "image/png"})
    shown = community.post(id_)["media"]
    community.database.change(f"posts/{id_}", media=[*shown, documents.encode(more)])
    render(id_)
    assert [each["path"] for each in community.post(id_)["media"]] == [f"posts/{id_}/0.png", f"posts/{id_}/9.png"]
