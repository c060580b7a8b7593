"""Reported comments: hidden from every reader, decided by administrators, gone with their post or their author."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

import main
from tests.community.community import Community
from tests.support import Answer, Rpcs, call, crowd


@pytest.fixture(autouse=True)
def two_reports_hide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REPORTS_TO_HIDE", "2")


def report(uid: str, post_id: str, comment_id: str, reason: str = "hate") -> Answer:
    return call(main.reportComment, {"postId": post_id, "commentId": comment_id, "reason": reason}, uid=uid)


def moderate(community: Community, post_id: str, comment_id: str, action: str, **more: Any) -> Answer:
    about = {"postId": post_id, "commentId": comment_id, "action": action, **more}
    return community.call("moderatePost", "root", admin=True, **about)


def shown(community: Community, post_id: str) -> list[str]:
    return [each["commentId"] for each in community.ok("getComments", postId=post_id)["comments"]]


def queue(**request: Any) -> list[dict[str, Any]]:
    answer = call(main.getModerationQueue, {"kind": "comments", **request}, uid="root", admin=True)
    assert answer.ok, answer
    found: list[dict[str, Any]] = answer.result["items"]
    return found


def notices(community: Community, uid: str) -> list[dict[str, Any]]:
    return list(community.database.under(f"users/{uid}/notifications").values())


def test_c19_enough_reports_hide_a_comment_from_every_reader(community: Community) -> None:
    for uid in ("ann", "bob", "eve", "fox"):
        community.user(uid)
    post = community.published()
    bad, good = community.comment("bob", post, "you are all fools"), community.comment("eve", post)
    assert report("eve", post, bad).result == {"reported": True}
    assert report("eve", post, bad).ok  # counts once
    assert shown(community, post) == [good, bad]
    assert report("fox", post, bad).ok
    assert shown(community, post) == [good]
    assert community.post(post)["commentCount"] == 1
    # A client that queries the collection itself finds nothing either: the rules need no filter.
    assert set(community.database.under(f"posts/{post}/comments")) == {good}
    assert community.database.need(f"hiddenComments/{post}_{bad}")["text"] == "you are all fools"
    assert [each["commentId"] for each in notices(community, "ann")] == [good]  # not about the hidden one
    [told] = notices(community, "bob")
    assert (told["type"], told["postId"], told["commentId"], told["reason"]) == ("content_hidden", post, bad, "hate")
    assert "you are all fools" in told["text"]
    assert "appeal" in told["text"]
    for refused in (report("ann", post, bad), community.call("deleteComment", "bob", postId=post, commentId=bad)):
        assert refused.reason == "NotFound"
    community.check()


def test_c19_a_crowd_counts_each_once_and_hides_once(community: Community, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REPORTS_TO_HIDE", "16")
    post = community.published()
    comment = community.comment("bob", post)
    answers = crowd(32, lambda number: report(f"u{number % 16}", post, comment))
    assert all(answer.ok or answer.reason == "NotFound" for answer in answers), answers
    assert len(community.database.under("commentReports")) == 16
    assert community.database.need(f"commentModeration/{post}_{comment}")["reports"] == 16
    assert shown(community, post) == []
    assert community.post(post)["commentCount"] == 0


def test_the_queue_has_what_is_needed_to_decide(community: Community) -> None:
    for uid in ("bob", "eve", "fox"):
        community.user(uid)
    post, other = community.published(), community.published()
    first, second = community.comment("bob", post, "spam spam"), community.comment("bob", other)
    report("eve", post, first, "spam")
    community.clock.ahead += timedelta(seconds=1)
    report("eve", other, second)
    report("fox", post, first, "spam")
    found = queue()
    assert [(each["commentId"], each["hidden"], each["reportCount"]) for each in found] == [
        (first, True, 2),
        (second, False, 1),
    ]
    assert (found[0]["kind"], found[0]["uid"], found[0]["commentText"]) == ("comments", "bob", "spam spam")
    assert [each["reason"] for each in found[0]["reports"]] == ["spam", "spam"]
    assert (found[0]["decision"]["by"], found[0]["decision"]["reason"]) == ("reports", "spam")
    assert moderate(community, post, first, "hide").ok
    assert [each["commentId"] for each in queue()] == [second]
    # Its author deletes the other one: nothing is left to decide.
    community.ok("deleteComment", "bob", postId=other, commentId=second)
    assert queue() == []
    assert "openSince" not in community.database.need(f"commentModeration/{other}_{second}")


def test_a_restored_comment_is_whole_and_its_reports_are_overruled(community: Community) -> None:
    for uid in ("bob", "eve", "fox"):
        community.user(uid)
    post = community.published()
    comment = community.comment("bob", post, "a joke")
    before = community.database.under(f"posts/{post}/comments")
    report("eve", post, comment)
    report("fox", post, comment)
    assert moderate(community, post, comment, "restore", note="harmless").ok
    assert moderate(community, post, comment, "restore").ok
    assert community.database.under(f"posts/{post}/comments") == before
    assert community.post(post)["commentCount"] == 1
    assert community.database.under("hiddenComments") == {}
    assert community.database.need("users/eve")["reportsOverruled"] == 1
    record = community.database.need(f"commentModeration/{post}_{comment}")
    assert (record["restores"], record["points"]) == (1, 0)
    assert {each["type"] for each in notices(community, "bob")} == {"content_hidden", "content_restored"}
    [told] = notices(community, "eve")
    assert (told["type"], told["outcome"]) == ("report_decided", "overruled")
    community.check()


def test_a_report_that_nobody_follows_is_dismissed(community: Community) -> None:
    community.user("eve")
    post = community.published()
    comment = community.comment("bob", post)
    report("eve", post, comment)
    assert moderate(community, post, comment, "restore").ok
    assert queue() == []
    assert shown(community, post) == [comment]
    assert [each["outcome"] for each in notices(community, "eve")] == ["overruled"]
    assert [each for each in notices(community, "bob") if each["type"] != "post_commented"] == []


@pytest.mark.parametrize("how", ["moderatePost", "deleteComment"])
def test_what_an_administrator_removes_is_told_and_can_be_restored(community: Community, how: str) -> None:
    for uid in ("bob", "eve"):
        community.user(uid)
    post = community.published()
    comment = community.comment("bob", post)
    report("eve", post, comment, "spam")
    if how == "moderatePost":
        assert moderate(community, post, comment, "remove").ok
    else:
        community.ok("deleteComment", "root", admin=True, postId=post, commentId=comment)
    assert shown(community, post) == []
    [told] = notices(community, "bob")
    assert (told["type"], told["reason"]) == ("content_removed", "spam")
    assert [each["outcome"] for each in notices(community, "eve")] == ["upheld"]
    entries = [each for each in community.database.under("auditLogs").values() if each["action"] == how]
    assert [each["target"] for each in entries] == [f"posts/{post}/comments/{comment}"]
    assert moderate(community, post, comment, "restore").ok
    assert shown(community, post) == [comment]


def test_a_post_takes_what_is_known_of_its_comments_with_it(community: Community) -> None:
    for uid in ("bob", "eve", "fox"):
        community.user(uid)
    post = community.published()
    hidden, reported = community.comment("bob", post), community.comment("bob", post)
    for uid in ("eve", "fox"):
        report(uid, post, hidden)
    report("eve", post, reported)
    community.ok(
        "appealModeration", "bob", postId=post, commentId=hidden, text="a joke", requestId=community.request_id()
    )
    community.ok("deletePost", "ann", postId=post)
    community.wait(11)
    community.wait(11)
    assert community.left_of(post) == []
    for collection in ("hiddenComments", "commentReports", "commentModeration", "appeals"):
        assert community.database.under(collection) == {}


def test_a_report_of_a_comment_is_two_round_trips(community: Community, rpcs: Rpcs) -> None:
    post = community.published()
    comment = community.comment("bob", post)
    rpcs.reset()
    assert report("eve", post, comment).ok
    assert rpcs.count() <= 2


def test_a_removal_whose_answer_was_lost_is_answered_truthfully(community: Community, rpcs: Rpcs) -> None:
    community.user("bob")
    post = community.published()
    first, second = community.comment("bob", post), community.comment("bob", post)
    rpcs.fail_after_apply("Commit")
    assert moderate(community, post, first, "remove").ok
    rpcs.fail_after_apply("Commit")
    community.ok("deleteComment", "root", admin=True, postId=post, commentId=second)
    assert sorted(each["type"] for each in notices(community, "bob")) == ["content_removed"] * 2
    counts = community.database.need("moderationYears/2026")["counts"]
    assert counts["comments"] == {"other": {"removed": 2}}


@pytest.mark.parametrize("wrong", [{"reason": "dull"}, {"commentId": "a/b"}, {"text": "x" * 2001}, {"postId": None}])
def test_what_is_wrong_is_refused(community: Community, wrong: dict[str, Any]) -> None:
    post = community.published()
    request = {"postId": post, "commentId": community.comment("bob", post), "reason": "spam", **wrong}
    assert call(main.reportComment, request, uid="eve").reason == "InvalidRequest"
    assert community.database.under("commentReports") == {}


def test_there_must_be_such_a_comment_on_a_visible_post(community: Community) -> None:
    post = community.published()
    comment = community.comment("bob", post)
    assert report("eve", post, "absent").reason == "NotFound"
    assert report("eve", "absent", comment).reason == "NotFound"
    assert moderate(community, post, "absent", "hide").reason == "NotFound"
    community.ok("moderatePost", "root", admin=True, postId=post, action="hide")
    assert report("eve", post, comment).reason == "NotFound"
