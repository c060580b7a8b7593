"""Reports and what administrators decide: files are hidden with their post, and come back with it."""

from __future__ import annotations

import pytest

import main
from tests.community.community import Community
from tests.support import Answer, call, crowd


def report(uid: str, post_id: str, reason: str = "spam") -> Answer:
    return call(main.reportPost, {"postId": post_id, "reason": reason}, uid=uid)


def moderate(community: Community, post_id: str, action: str) -> Answer:
    return community.call("moderatePost", "root", admin=True, postId=post_id, action=action, note="looked at it")


def test_c17_enough_reports_hide_the_post_and_its_files(community: Community) -> None:
    post = community.published(files=2)
    for number in range(5):
        uid = community.user(f"r{number}")
        assert community.feed() == [post]
        assert report(uid, post).result == {"reported": True}
        assert report(uid, post).result == {"reported": True}  # counts once
    assert community.feed() == []
    assert community.post(post)["hidden"] is True
    assert community.public_files(post) == []
    assert community.database.need(f"posts/{post}/private/state")["reports"] == 5
    assert len(community.database.under("reports")) == 5
    community.wait(11)
    assert community.database.under("cleanups") == {}
    assert community.post(post)["hidden"] is True


def test_the_number_is_a_parameter_and_a_crowd_counts_each_once(
    community: Community, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REPORTS_TO_HIDE", "17")
    post = community.published()
    answers = crowd(32, lambda number: report(f"u{number % 16}", post))
    assert all(answer.ok for answer in answers), answers
    assert community.database.need(f"posts/{post}/private/state")["reports"] == 16
    assert community.feed() == [post]
    assert report("last", post).ok
    assert community.feed() == []


def test_a_restored_post_is_whole_and_needs_twice_as_many_new_reports(
    community: Community, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REPORTS_TO_HIDE", "2")
    post = community.published(files=2)
    files = community.public_files(post)
    community.ok("likePost", "bob", postId=post)
    report("bob", post)
    report("eve", post)
    assert community.public_files(post) == []
    assert moderate(community, post, "restore").ok
    assert moderate(community, post, "restore").ok
    assert community.feed() == [post]
    assert community.database.need(f"moderation/{post}")["restores"] == 1
    assert community.public_files(post) == files
    community.wait(60)
    assert community.public_files(post) == files
    assert community.ok("getPost", postId=post)["likeCount"] == 1
    report("bob", post)
    report("eve", post)
    report("ann", post)
    report("new", post)
    report("fox", post)
    assert community.feed() == [post]
    report("owl", post)
    assert community.feed() == []


def test_a_restore_that_dies_leaves_the_post_hidden_and_nothing_public(community: Community) -> None:
    id_ = community.published(files=2)
    assert moderate(community, id_, "hide").ok
    del community.gcs.objects[f"users/ann/creations/{id_}/1.png"]
    assert not moderate(community, id_, "restore").ok
    assert community.public_files(id_) == [f"posts/{id_}/0.png"]
    assert community.feed() == []
    community.wait(11)
    community.wait(11)
    assert community.public_files(id_) == []


def test_a_restore_waits_for_the_files_to_be_gone(community: Community) -> None:
    """Otherwise a deletion under way could take the new copies."""
    post = community.published()
    community.gcs.statuses = [500] * 3
    assert moderate(community, post, "hide").ok
    refused = moderate(community, post, "restore")
    assert (refused.code, refused.reason) == ("aborted", "Contention")
    assert community.post(post)["hidden"] is True
    community.wait(1)
    assert community.public_files(post) == []
    assert moderate(community, post, "restore").ok
    assert community.feed() == [post]


def test_what_was_taken_down_is_not_published_again(community: Community) -> None:
    hidden, removed, free = (community.published() for _ in range(3))
    assert moderate(community, hidden, "hide").ok
    community.ok("deletePost", "ann", postId=hidden)
    assert moderate(community, removed, "remove").ok
    community.ok("deletePost", "ann", postId=free)
    for id_ in (hidden, removed):
        refused = community.call("publishPost", "ann", creationId=id_)
        assert (refused.code, refused.reason) == ("permission-denied", "Forbidden")
    assert community.ok("publishPost", "ann", creationId=free)
    assert community.call("moderatePost", "root", admin=True, postId="absent", action="hide").code == "not-found"


def test_every_decision_is_on_record(community: Community) -> None:
    post = community.published()
    for action in ("hide", "restore", "remove"):
        assert moderate(community, post, action).ok
    entries = [each for each in community.database.under("auditLogs").values() if each["action"] == "moderatePost"]
    assert sorted(each["details"]["decision"] for each in entries) == ["hide", "remove", "restore"]
    assert {(each["actor"], each["target"], each["details"]["note"]) for each in entries} == {
        ("root", f"posts/{post}", "looked at it")
    }
