"""Deleting: gone from the feed at once, gone for good in bounded steps, whatever dies or comes late meanwhile."""

from __future__ import annotations

from typing import Any

import pytest

from studiox.deletions import service as cleanups
from studiox.models import moderation
from tests.community.community import Community
from tests.support import Database, Rpcs


def seed_likes(post_id: str, count: int) -> None:
    """Cheaply: 500 to a commit."""
    for start in range(0, count, 500):
        some = range(start, min(start + 500, count))
        Database().apply({f"likes/{post_id}_u{number}": {"postId": post_id, "uid": f"u{number}"} for number in some})


def test_c16_a_deleted_post_leaves_the_creation(community: Community) -> None:
    post, other = community.published(files=2), community.published()
    for uid in ("bob", "eve"):
        community.ok("likePost", uid, postId=post)
        community.comment(uid, post)
    community.ok("reportPost", "bob", postId=post, reason="other", text="hm")
    community.ok("likePost", "bob", postId=other)
    assert community.ok("deletePost", "ann", postId=post) == {"deleted": True}
    assert community.feed() == [other]
    assert community.call("getPost", postId=post).code == "not-found"
    assert community.public_files(post) == []
    assert community.left_of(post) == [f"cleanups/post-{post}"]
    creation = community.ok("getCreation", "ann", creationId=post)
    assert "postId" not in creation
    assert len([path for path in community.gcs.objects if path.startswith(f"users/ann/creations/{post}/")]) == 2
    community.wait(11)
    assert community.left_of(post) == []
    assert community.public_files(other) != []
    assert community.call("deletePost", "ann", postId=post).code == "not-found"
    # And it may be published again, as new.
    community.ok("publishPost", "ann", creationId=post)
    assert community.ok("getPost", "bob", postId=post)["likedByMe"] is False


def test_who_may_delete_a_post(community: Community) -> None:
    post = community.published()
    refused = community.call("deletePost", "bob", postId=post)
    assert (refused.code, refused.reason) == ("permission-denied", "Forbidden")
    assert community.ok("deletePost", "root", admin=True, postId=post)


def test_ten_thousand_likes_go_in_bounded_runs(community: Community, rpcs: Rpcs) -> None:
    """Gone from the feed in the call, which deletes three pages; then tasks of twenty, until nothing is left."""
    post = community.seeded(like_count=10_000)
    seed_likes(post, 10_000)
    rpcs.reset()
    community.ok("deletePost", "ann", postId=post)
    assert rpcs.documents <= (cleanups.FIRST_PAGES + 1) * moderation.PAGE + 10
    assert community.feed() == []
    assert community.public_files(post) == []
    runs = []
    while community.queue.tasks:
        rpcs.reset()
        enqueued = community.queue.tasks.pop(0)
        assert enqueued.function == "cleanUp"
        assert community.clean_up(kind=enqueued.data["kind"], id_=enqueued.data["id"]).status == 200
        runs.append(rpcs.documents)
    assert len(runs) == 2
    assert max(runs) <= cleanups.TASK_PAGES * moderation.PAGE + moderation.PAGE + 10
    assert community.left_of(post) == [f"cleanups/post-{post}"]
    community.wait(11)
    assert community.left_of(post) == []


def test_a_task_that_dies_is_resumed(community: Community, rpcs: Rpcs) -> None:
    post = community.seeded(like_count=1500)
    seed_likes(post, 1500)
    community.queue.refused = 403  # no task is enqueued
    community.ok("deletePost", "ann", postId=post)
    assert 0 < len(community.database.under("likes")) < 1500
    community.queue.refused = 0
    rpcs.fail_before("RunQuery", times=40, code="DEADLINE_EXCEEDED")
    community.clean_up("post", post)
    rpcs.heal()
    assert len(community.database.under("likes")) > 0
    community.wait(1)
    community.wait(11)
    assert community.left_of(post) == []


@pytest.mark.parametrize("kind", ["post", "creation"])
def test_c15_storage_that_fails_is_tried_again(community: Community, kind: str) -> None:
    id_ = community.published(files=3)
    community.gcs.statuses = [200, 500, 500, 500]  # the list is no JSON, or the first object does not go
    if kind == "post":
        community.ok("deletePost", "ann", postId=id_)
    else:
        community.ok("deleteCreation", "ann", creationId=id_)
        assert community.call("getCreation", "ann", creationId=id_).code == "not-found"
    assert community.feed() == []
    assert community.database.under("cleanups") != {}
    for _ in range(8):
        community.wait(11)
    assert community.public_files(id_) == []
    assert community.left_of(id_) == []
    if kind == "creation":
        assert [path for path in community.gcs.objects if id_ in path] == []


def test_c14_c16_a_deleted_creation_takes_its_post_and_every_file(community: Community) -> None:
    id_, other = community.published(files=3), community.published()
    community.ok("likePost", "bob", postId=id_)
    community.ok("reportPost", "bob", postId=id_, reason="spam")
    assert community.ok("deleteCreation", "ann", creationId=id_) == {"deleted": True}
    assert community.feed() == [other]
    assert [path for path in community.gcs.objects if id_ in path] == []
    assert community.call("getCreation", "ann", creationId=id_).code == "not-found"
    assert id_ not in {each["creationId"] for each in community.ok("getUserCreations", "ann")["creations"]}
    job = community.database.need(f"jobs/{id_}")
    assert (job["status"], job["price"], job["media"]) == ("completed", 3, [])
    assert "creationId" not in job
    # C14: a copy that began before comes late, and goes too.
    community.gcs.put_object(f"users/ann/creations/{id_}/1.png", b"late", {})
    community.gcs.put_object(f"posts/{id_}/1.png", b"late", {})
    community.wait(40)
    assert [path for path in community.gcs.objects if id_ in path] == []
    assert community.left_of(id_) == []
    assert community.database.under("cleanups") == {}
    assert community.call("deleteCreation", "ann", creationId=id_).code == "not-found"
    assert community.call("publishPost", "ann", creationId=id_).code == "not-found"


def test_c1_nobody_deletes_what_is_not_theirs(community: Community) -> None:
    id_ = community.creation()
    before = community.database.hash("rateLimits")
    foreign = community.call("deleteCreation", "bob", creationId=id_)
    absent = community.call("deleteCreation", "bob", creationId="absent")
    admins = community.call("deleteCreation", "root", admin=True, creationId=id_)
    assert (foreign.code, foreign.message, foreign.details) == (absent.code, absent.message, absent.details)
    assert foreign.code == admins.code == "not-found"
    assert community.database.hash("rateLimits") == before


@pytest.mark.parametrize(("name", "field"), [("deletePost", "postId"), ("deleteCreation", "creationId")])
def test_a_deletion_whose_answer_was_lost_is_answered_truthfully(
    community: Community, rpcs: Rpcs, name: str, field: str
) -> None:
    id_ = community.published()
    rpcs.fail_after_apply("Commit")
    asked: dict[str, Any] = {field: id_}
    assert community.ok(name, "ann", **asked) == {"deleted": True}
    deletions = [each for each in community.database.under("auditLogs").values() if each["action"] == name]
    assert len(deletions) == 1


def test_two_runs_at_once_do_the_work_of_one(community: Community, rpcs: Rpcs) -> None:
    post = community.seeded()
    community.queue.refused = 403
    seed_likes(post, 1500)
    community.database.change(f"posts/{post}", likeCount=1500)
    community.ok("deletePost", "ann", postId=post)
    rpcs.before("RunQuery", lambda: community.clean_up("post", post))
    assert community.clean_up("post", post).status == 200
    assert community.left_of(post) == [f"cleanups/post-{post}"]


@pytest.mark.parametrize(
    "data", [None, {}, {"kind": "post"}, {"kind": "user", "id": "a"}, {"kind": "post", "id": "a/b"}]
)
def test_malformed_tasks_are_dropped(community: Community, data: object, rpcs: Rpcs) -> None:
    from tests.community.community import CLEAN_UP
    from tests.support import task

    rpcs.reset()
    assert task(CLEAN_UP, data).status == 200
    assert rpcs.count() == 0
    assert community.clean_up("post", "nothing-to-do").status == 200


def test_a_post_in_the_feed_is_never_cleared(community: Community) -> None:
    """The guard of what cannot be undone: even a record that should not be there deletes nothing of a visible post."""
    post = community.published()
    community.ok("likePost", "bob", postId=post)
    now = community.clock.now()
    record = {"kind": "post", "id": post, "uid": "ann", "state": "clearing", "token": "t", "dueAt": now, "last": False}
    community.database.put(f"cleanups/post-{post}", {**record, "failures": 0, "createdAt": now})
    assert community.clean_up("post", post).status == 200
    assert community.feed() == [post]
    assert community.public_files(post) == [f"posts/{post}/0.png"]
    assert len(community.database.under("likes")) == 1


def test_hidden_files_leave_the_caches_soon(community: Community) -> None:
    post = community.published()
    resource = community.gcs.objects[f"posts/{post}/0.png"]["resource"]
    assert resource["cacheControl"] == "public, max-age=300"
    assert resource["contentType"] == "image/png"
    assert "firebaseStorageDownloadTokens" not in str(resource)
