"""From the private library to the feed: once, whole, and nothing private with it."""

from __future__ import annotations

from typing import Any

import pytest

import main
from tests.community.community import Community
from tests.support import call, crowd, jobs


def test_a_post_is_what_its_author_shares(community: Community) -> None:
    id_ = community.creation(files=2)
    answer = community.ok(
        "publishPost", "ann", creationId=id_, caption=" A  fox\u0301 ", tags=["#Fox", "fox", "Wild Life"]
    )
    assert answer == {"postId": id_}
    post = community.ok("getPost", postId=id_)
    assert post["caption"] == "A  fox\u0301"
    assert post["tags"] == ["fox", "wild-life"]
    assert (post["uid"], post["authorName"], post["type"], post["model"]) == ("ann", "Ann", "image", "Model A")
    assert post["params"] == {"size": "512x512", "style": "anime"}
    assert post["prompt"].startswith("a fox")
    assert [item["path"] for item in post["media"]] == [f"posts/{id_}/0.png", f"posts/{id_}/1.png"]
    assert (post["likeCount"], post["commentCount"], post["remixCount"], post["hidden"]) == (0, 0, 0, False)
    assert "likedByMe" not in post
    assert "url" not in post["media"][0]
    assert community.public_files(id_) == [f"posts/{id_}/0.png", f"posts/{id_}/1.png"]
    assert community.ok("getCreation", "ann", creationId=id_)["postId"] == id_
    assert [entry["action"] for entry in community.database.under("auditLogs").values()] == ["publishPost"]


def test_unshared_parameters_stay_private(community: Community) -> None:
    id_ = community.published(secret=True, shareParams=False)
    post = community.ok("getPost", "bob", postId=id_)
    assert not {"prompt", "params"} & set(post)
    assert "title" not in post["media"][0]
    assert community.call("remixPost", "bob", postId=id_, requestId=community.request_id()).reason == "RemixDisabled"


def test_c2_twice_is_once(community: Community) -> None:
    id_ = community.creation()
    first = crowd(8, lambda _: call(main.publishPost, {"creationId": id_, "caption": "a"}, uid="ann"))
    assert [getattr(answer, "result", answer) for answer in first] == [{"postId": id_}] * 8
    assert community.ok("publishPost", "ann", creationId=id_, caption="b") == {"postId": id_}
    assert community.post(id_)["caption"] == "a"
    assert community.feed() == [id_]
    assert len([1 for each in community.database.under("auditLogs").values() if each["action"] == "publishPost"]) == 1
    assert community.database.under("cleanups") == {}


def test_c1_somebody_elses_creation_is_not_there(community: Community) -> None:
    id_ = community.creation()
    before = community.database.hash("rateLimits")
    foreign = community.call("publishPost", "bob", creationId=id_)
    absent = community.call("publishPost", "bob", creationId="nothing")
    assert (foreign.code, foreign.message, foreign.details) == (absent.code, absent.message, absent.details)
    assert foreign.code == "not-found"
    assert community.database.hash("rateLimits") == before
    assert community.public_files(id_) == []


@pytest.mark.parametrize("status", ["pending", "processing", "failed", "cancelled"])
def test_c3_what_is_not_finished_cannot_be_published(community: Community, status: str) -> None:
    community.database.put("jobs/j1", jobs.job("j1", "ann", status=status))
    refused = community.call("publishPost", "ann", creationId="j1")
    assert (refused.code, refused.details) == ("failed-precondition", {"reason": "NotPublishable", "status": status})
    assert community.call("publishPost", "bob", creationId="j1").code == "not-found"


def test_c3_a_creation_without_files_has_nothing_to_show(community: Community) -> None:
    id_ = community.creation(files=0)
    assert community.call("publishPost", "ann", creationId=id_).reason == "NotPublishable"
    assert community.feed() == []


def test_c2_a_call_that_dies_while_copying_leaves_nothing_public(community: Community) -> None:
    id_ = community.creation(files=2)
    del community.gcs.objects[f"users/ann/creations/{id_}/1.png"]
    assert community.call("publishPost", "ann", creationId=id_).reason == "NotPublishable"
    assert community.public_files(id_) == [f"posts/{id_}/0.png"]
    community.wait(5)
    assert community.public_files(id_) == [f"posts/{id_}/0.png"]  # another call may be at it
    community.wait(6)
    assert community.public_files(id_) == []
    community.wait(11)
    assert community.database.under("cleanups") == {}
    assert community.feed() == []


def test_storage_that_is_away_is_no_post_and_the_next_try_makes_it(community: Community) -> None:
    id_ = community.creation()
    community.gcs.statuses = [503] * 3
    refused = community.call("publishPost", "ann", creationId=id_)
    assert (refused.code, refused.reason) == ("unavailable", "Unavailable")
    assert community.feed() == []
    assert community.ok("publishPost", "ann", creationId=id_) == {"postId": id_}
    assert community.feed() == [id_]


def test_c2_publish_while_deleting(community: Community) -> None:
    """The creation goes between the copies and the commit: no post, and the copies go too."""
    id_ = community.creation()

    def delete() -> None:
        community.ok("deleteCreation", "ann", creationId=id_)

    # Just before the second commit: the first announced the copies.
    community.rpcs.before("Commit", lambda: community.rpcs.before("Commit", delete))
    refused = community.call("publishPost", "ann", creationId=id_)
    assert refused.code == "not-found"
    assert community.feed() == []
    community.wait(11)
    assert community.public_files(id_) == []
    assert [path for path in community.gcs.objects if id_ in path] == []


def test_who_may_publish(community: Community, monkeypatch: pytest.MonkeyPatch) -> None:
    id_ = community.creation()
    assert community.call("publishPost", creationId=id_).code == "unauthenticated"
    monkeypatch.setenv("REQUIRE_VERIFIED_EMAIL", "true")
    refused = call(main.publishPost, {"creationId": id_}, uid="ann", verified=False)
    assert (refused.code, refused.reason) == ("failed-precondition", "EmailNotVerified")
    community.database.change("users/ann", suspended=True)
    refused = community.call("publishPost", "ann", creationId=id_)
    assert (refused.code, refused.reason) == ("permission-denied", "AccountSuspended")
    community.database.change("users/ann", suspended=False)
    assert community.ok("publishPost", "ann", creationId=id_)


def test_a_remix_remembers_what_it_came_from(community: Community) -> None:
    source = community.published()
    session = community.ok("remixPost", "bob", postId=source, requestId=community.request_id())["sessionId"]
    id_ = community.creation("bob")
    community.database.change(f"jobs/{id_}", sessionId=session)
    community.ok("publishPost", "bob", creationId=id_)
    assert community.ok("getPost", postId=id_)["remixOf"] == source


@pytest.mark.parametrize(
    "wrong",
    [
        {"caption": "x" * 2001},
        {"caption": "a\0b"},
        {"tags": ["ok", "not/ok"]},
        {"tags": [f"t{number}" for number in range(11)]},
        {"tags": "fox"},
        {"shareParams": "yes"},
        {"uid": "bob"},
        {"creationId": "__x__"},
        {"creationId": "a/b"},
        {"creationId": ".."},
    ],
)
def test_a12_c18_what_is_refused_before_anything_happens(community: Community, wrong: dict[str, Any]) -> None:
    id_ = community.creation()
    before = community.database.hash("rateLimits")
    refused = community.call("publishPost", "ann", **{"creationId": id_, **wrong})
    assert (refused.code, refused.reason) == ("invalid-argument", "InvalidRequest")
    assert community.database.hash("rateLimits") == before


def test_an_authors_name_is_never_their_address(community: Community) -> None:
    community.database.change("users/ann", displayName=None)
    assert community.post(community.published())["authorName"] == "Anonymous"
