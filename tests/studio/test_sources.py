"""Files of the caller's own creations as inputs: which are taken, what is remembered, and what a deletion does."""

from __future__ import annotations

from typing import Any

import pytest

import main
from studiox.models.media_files import MediaFile
from studiox.studio.input_files import NOT_A_PICTURE
from tests.media.servers import png
from tests.studio.studio import Studio
from tests.support import Answer, budgets, call, invariants
from tests.support.jobs import creation

ID = "one-and-the-same-id"
NOT_YOURS = {"inputPaths": "not an upload of yours, nor a file of your creations"}


@pytest.fixture
def picture(studio: Studio) -> str:
    """The id of a picture of u1's."""
    made = studio.created()
    studio.heal(made)
    return made


def file_of(studio: Studio, creation_id: str) -> str:
    return str(studio.database.need(f"creations/{creation_id}")["media"][0]["path"])


def edit(studio: Studio, *paths: str, **fields: Any) -> Answer:
    return studio.create(type="edit", model="nano-banana-edit", inputPaths=list(paths), **fields)


def check(studio: Studio, job_id: str) -> None:
    """As `studio.check`, where another job's creation was deleted."""
    invariants.check("u1", studio.database)
    studio.check_job(job_id, studio.job(job_id), studio.database.all())


def delete(creation_id: str) -> None:
    assert call(main.deleteCreation, {"creationId": creation_id}, uid="u1").ok


def test_a_picture_of_ones_own_is_an_input_and_is_remembered(studio: Studio, picture: str) -> None:
    path = file_of(studio, picture)
    upload = "users/u1/uploads/a.png"
    studio.gcs.put_object(upload, png(2000), {"contentType": "image/png"})
    job_id = edit(studio, path, upload, path).result["jobId"]
    job = studio.job(job_id)
    assert (job["sources"], job["params"]["inputPaths"]) == ([picture], [path, upload, path])
    urls = studio.poyo.orders()[-1]["input"]["image_urls"]
    assert [path.replace("/", "%2F") in url for url in urls] == [True, False, True]
    studio.heal(job_id)
    assert studio.database.need(f"creations/{job_id}")["sources"] == [picture]
    assert call(main.getCreation, {"creationId": job_id}, uid="u1").result["sources"] == [picture]
    assert studio.status(job_id).result["sources"] == [picture]
    assert "sources" not in studio.job(picture)
    assert "sources" not in studio.status(picture).result
    studio.check()


def test_a_film_begins_with_a_picture(studio: Studio, picture: str) -> None:
    path = file_of(studio, picture)
    answer = studio.create(type="video", model="veo3.1-lite", inputPaths=[path])
    assert studio.job(answer.result["jobId"])["sources"] == [picture]
    studio.check()


def test_round_trips(studio: Studio, picture: str) -> None:
    edit(studio, file_of(studio, picture))  # the model is known now
    studio.rpcs.reset()
    assert edit(studio, file_of(studio, picture)).ok
    assert studio.rpcs.calls == budgets.calls("createStudioJob", "with sources")
    [read] = [request for method, request in studio.rpcs.requests if method == "BatchGetDocuments"]
    assert any(name.endswith(f"/creations/{picture}") for name in read["documents"])


@pytest.fixture
def others(studio: Studio) -> None:
    studio.user("u2")
    media = {"content_type": "image/png", "bytes": 9}

    def put(creation_id: str, uid: str, **fields: Any) -> None:
        path = f"users/{fields.pop('folder', uid)}/creations/{creation_id}/0.png"
        file = MediaFile(path=path, **{**media, **fields})
        studio.database.put(f"creations/{creation_id}", creation(creation_id, uid, media=[file]))
        studio.gcs.put_object(path, png(2000), {"contentType": "image/png"})

    put("theirs", "u2")
    put("stray", "u2", folder="u1")
    put("film", "u1", content_type="video/mp4")
    put("song", "u1", content_type="audio/mpeg")
    studio.gcs.put_object("users/u1/creations/orphan/0.png", png(2000), {"contentType": "image/png"})


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("users/u2/creations/theirs/0.png", NOT_YOURS),
        ("users/u1/creations/theirs/0.png", NOT_YOURS),
        ("users/u1/creations/stray/0.png", NOT_YOURS),
        ("users/u1/creations/orphan/0.png", NOT_YOURS),
        ("users/u1/creations/film/1.png", NOT_YOURS),
        ("users/u1/creations/film/", NOT_YOURS),
        ("users/u1/creations/film/0.png/0.png", NOT_YOURS),
        ("users/u1/creations/../../u2/creations/theirs/0.png", NOT_YOURS),
        ("users/u1/creations/../0.png", NOT_YOURS),
        ("users/u1/creations/__all__/0.png", NOT_YOURS),
        ("users/u1/creations/a b/0.png", NOT_YOURS),
        ("posts/theirs/0.png", NOT_YOURS),
        ("https://example.com/users/u1/creations/film/0.png", NOT_YOURS),
        ("users/u1/creations/film/0.png", {"inputPaths": NOT_A_PICTURE}),
        ("users/u1/creations/song/0.png", {"inputPaths": NOT_A_PICTURE}),
    ],
)
@pytest.mark.usefixtures("studio", "others", "unchanged")
def test_m13_what_is_no_picture_of_ones_own_is_refused_before_the_debit(
    studio: Studio, path: str, fields: dict[str, str]
) -> None:
    request: dict[str, Any] = {"type": "edit", "model": "nano-banana-edit", "prompt": "winter", "inputPaths": [path]}
    for answer in (studio.create(**request), call(main.quoteStudioJob, request, uid="u1")):
        assert (answer.code, answer.reason) == ("invalid-argument", "InvalidRequest")
        assert answer.details["fields"] == fields
    assert studio.poyo.orders() == []


def test_a_model_that_takes_no_files_takes_none_of_ones_own(studio: Studio, picture: str) -> None:
    answer = studio.create(inputPaths=[file_of(studio, picture)])
    assert answer.details["fields"] == {"inputPaths": "not an input of this model"}


def test_a_quote_looks_at_the_same_inputs(studio: Studio, picture: str) -> None:
    request = {"type": "edit", "model": "nano-banana-edit", "prompt": "x", "inputPaths": [file_of(studio, picture)]}
    assert "refusal" not in call(main.quoteStudioJob, request, uid="u1").result
    delete(picture)
    assert call(main.quoteStudioJob, request, uid="u1").details["fields"] == NOT_YOURS


def test_what_was_made_of_it_outlives_it(studio: Studio, picture: str) -> None:
    job_id = edit(studio, file_of(studio, picture), requestId=ID).result["jobId"]
    path = file_of(studio, picture)
    studio.heal(job_id)
    delete(picture)
    assert path not in studio.gcs.objects
    found = call(main.getCreation, {"creationId": job_id}, uid="u1").result
    assert found["sources"] == [picture]
    assert found["media"][0]["path"] in studio.gcs.objects
    assert edit(studio, path, requestId=ID).result["jobId"] == job_id, "a replay does not need it any more"
    check(studio, job_id)


def test_c14_an_order_that_waits_while_its_input_is_deleted_is_refunded(studio: Studio, picture: str) -> None:
    path, balance, sent = file_of(studio, picture), studio.balance(), len(studio.poyo.orders())
    studio.poyo.plan("429")
    job_id = edit(studio, path).result["jobId"]
    assert (studio.job(job_id)["status"], studio.balance() < balance) == ("pending", True)
    delete(picture)
    studio.advance(60)
    studio.dispatch()
    job = studio.status(job_id).result
    assert (job["status"], job["refunded"], studio.balance()) == ("failed", job["price"], balance)
    assert job["error"] == {
        "reason": "InputMissing",
        "message": "A file that it needs was deleted before it was sent; your tokens were refunded.",
    }
    assert len(studio.poyo.orders()) == sent + 1, "the one that was not accepted"
    check(studio, job_id)


def test_c14_an_upload_that_is_deleted_while_its_order_waits_is_refunded(studio: Studio) -> None:
    path = "users/u1/uploads/a.png"
    studio.gcs.put_object(path, png(2000), {"contentType": "image/png"})
    studio.poyo.plan("429")
    job_id = edit(studio, path).result["jobId"]
    del studio.gcs.objects[path]
    studio.advance(60)
    studio.dispatch()
    assert (studio.job(job_id)["error"]["reason"], studio.balance()) == ("InputMissing", 1000)
    studio.check()


def test_c14_an_input_that_is_deleted_within_the_order_is_refunded(studio: Studio, picture: str) -> None:
    path, balance = file_of(studio, picture), studio.balance()
    studio.rpcs.before("Commit", lambda: studio.gcs.objects.pop(path))
    first = edit(studio, path, requestId=ID)
    assert (first.result["status"], first.result["balance"]) == ("failed", balance)
    assert studio.job(first.result["jobId"])["error"]["reason"] == "InputMissing"
    assert edit(studio, path, requestId=ID).result == first.result
    assert studio.balance() == balance
    check(studio, first.result["jobId"])


def test_an_order_waits_while_storage_cannot_tell(studio: Studio, picture: str) -> None:
    studio.gcs.statuses = [503] * 3
    job_id = edit(studio, file_of(studio, picture)).result["jobId"]
    assert studio.job(job_id)["status"] == "pending"
    studio.heal(job_id)
    assert studio.job(job_id)["status"] == "completed"
    studio.check()


@pytest.mark.parametrize("shown", [True, False])
def test_c5_a_post_shows_what_it_was_made_from_if_its_author_shows_how(
    studio: Studio, picture: str, shown: bool
) -> None:
    job_id = edit(studio, file_of(studio, picture)).result["jobId"]
    studio.heal(job_id)
    for creation_id in (picture, job_id):
        request = {"creationId": creation_id, "shareParams": shown}
        assert call(main.publishPost, request, uid="u1").ok
    post = call(main.getPost, {"postId": job_id}).result
    assert post.get("sources") == ([picture] if shown else None)
    assert "uploads" not in str(post)
    assert "users/" not in str(post)
    assert "sources" not in call(main.getPost, {"postId": picture}).result
    delete(picture)
    assert call(main.getPost, {"postId": job_id}).ok
