"""Whoever is hidden or removed is told why and may appeal once; the next decision settles it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

import main
from tests.community.community import Community
from tests.conftest import forget_all
from tests.support import Answer, Rpcs, call, crowd


@pytest.fixture(autouse=True)
def one_report_hides(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REPORTS_TO_HIDE", "1")


def hidden_post(community: Community, *, by: str = "reports", reason: str = "violence") -> str:
    for uid in ("ann", "bob"):
        community.user(uid)
    post = community.published(caption="A fox at night")
    if by == "reports":
        community.ok("reportPost", "bob", postId=post, reason=reason)
    else:
        moderate(community, post, "hide", reason=reason)
    return post


def moderate(community: Community, post_id: str, action: str, **more: Any) -> None:
    community.ok("moderatePost", "root", admin=True, postId=post_id, action=action, **more)
    community.clock.ahead += timedelta(minutes=1)


def appeal(uid: str, post_id: str, text: str = "It is a fox.", request: str = "request-000000000001") -> Answer:
    return call(main.appealModeration, {"postId": post_id, "text": text, "requestId": request}, uid=uid)


def queue(kind: str = "appeals") -> list[dict[str, Any]]:
    answer = call(main.getModerationQueue, {"kind": kind}, uid="root", admin=True)
    assert answer.ok, answer
    found: list[dict[str, Any]] = answer.result["items"]
    return found


def told(community: Community, uid: str = "ann") -> list[str]:
    notices = community.database.under(f"users/{uid}/notifications").values()
    return [each["type"] for each in sorted(notices, key=lambda each: each["createdAt"])]


@pytest.mark.parametrize("by", ["reports", "admin"])
def test_the_author_is_told_which_post_why_by_which_rule_and_how_to_appeal(community: Community, by: str) -> None:
    community.user("ann", preferences={"emailModeration": True})
    community.user("bob")
    post = community.published(caption="A fox at night")
    if by == "reports":
        community.ok("reportPost", "bob", postId=post, reason="violence")
    else:
        moderate(community, post, "hide", reason="violence", note="only for the audit log")
    [notice] = community.database.under("users/ann/notifications").values()
    assert (notice["type"], notice["postId"], notice["reason"]) == ("content_hidden", post, "violence")
    for part in ("A fox at night", "violence", "praises violence", "appeal once"):
        assert part in notice["text"]
    assert "audit log" not in notice["text"]
    [mail] = community.database.under("mail").values()
    assert mail["to"] == ["ann@canary.test"]
    assert notice["text"] in mail["message"]["text"]
    if by == "admin":
        [entry] = [each for each in community.database.under("auditLogs").values() if each["action"] == "moderatePost"]
        assert entry["details"] == {"decision": "hide", "note": "only for the audit log", "reason": "violence"}


def test_an_appeal_waits_in_the_queue_and_is_overturned(community: Community) -> None:
    post = hidden_post(community)
    assert appeal("ann", post).result == {"status": "open"}
    assert appeal("ann", post).result == {"status": "open"}  # the same request
    [item] = queue()
    assert (item["kind"], item["uid"], item["postId"]) == ("appeals", "ann", post)
    assert (item["appealText"], item["caption"], item["hidden"]) == ("It is a fox.", "A fox at night", True)
    assert (item["decision"]["by"], item["decision"]["reason"]) == ("reports", "violence")
    assert [each["reason"] for each in item["reports"]] == ["violence"]
    assert item["media"][0]["url"]
    moderate(community, post, "restore")
    assert queue() == queue("posts") == []
    assert community.feed() == [post]
    assert appeal("ann", post).result == {"status": "overturned"}
    assert told(community) == ["content_hidden", "content_restored"]
    notice = next(
        each
        for each in community.database.under("users/ann/notifications").values()
        if each["type"] == "content_restored"
    )
    assert notice["text"].startswith("We have accepted your appeal. Your post “A fox at night” is visible again.")
    assert told(community, "bob") == ["report_decided"]


@pytest.mark.parametrize("by", ["reports", "admin"])
def test_a_decision_is_appealed_once(community: Community, by: str) -> None:
    post = hidden_post(community, by=by)
    assert appeal("ann", post).ok
    again = appeal("ann", post, "Please!", "request-000000000002")
    assert (again.code, again.reason) == ("already-exists", "AlreadyAppealed")
    moderate(community, post, "hide")
    assert queue() == []
    assert appeal("ann", post).result == {"status": "upheld"}
    assert told(community) == ["content_hidden", "appeal_upheld"]
    assert appeal("ann", post, "Please!", "request-000000000003").reason == "AlreadyAppealed"
    moderate(community, post, "hide")  # says nothing new
    assert told(community) == ["content_hidden", "appeal_upheld"]
    # A later decision is another one.
    moderate(community, post, "restore")
    assert appeal("ann", post, "Why?", "request-000000000004").reason == "NothingToAppeal"
    moderate(community, post, "hide")
    assert appeal("ann", post, "Again?", "request-000000000005").ok


def test_who_confirms_what_reports_have_hidden_decides_anew(community: Community) -> None:
    post = hidden_post(community)
    moderate(community, post, "hide", reason="hate")
    assert told(community) == ["content_hidden", "content_hidden"]
    assert appeal("ann", post).ok
    assert queue()[0]["decision"]["reason"] == "hate"


def test_a_removed_post_may_be_published_again_after_an_appeal(community: Community) -> None:
    post = hidden_post(community)
    assert appeal("ann", post).ok
    moderate(community, post, "remove", reason="copyright")
    assert sorted(told(community)) == ["appeal_upheld", "content_hidden", "content_removed"]
    assert community.call("publishPost", "ann", creationId=post).reason == "Forbidden"
    assert appeal("ann", post, "I drew it", "request-000000000002").ok  # the removal is another decision
    [item] = queue()
    assert (item["hidden"], item["type"], item["decision"]["action"]) == (True, "image", "removed")
    moderate(community, post, "restore")
    community.ok("moderatePost", "root", admin=True, postId=post, action="restore")  # once more changes nothing
    assert queue() == []
    community.wait(11)
    community.wait(11)
    assert community.ok("publishPost", "ann", creationId=post)
    assert community.feed() == [post]
    assert told(community).count("content_restored") == 1


def test_an_administrators_deletion_is_a_decision_too(community: Community) -> None:
    for uid in ("ann", "bob"):
        community.user(uid)
    mine = community.published()
    community.ok("deletePost", "root", admin=True, postId=mine)
    assert told(community) == ["content_removed"]
    assert appeal("ann", mine).ok
    own = community.published()
    community.ok("deletePost", "ann", postId=own)
    assert told(community) == ["content_removed"]
    assert appeal("ann", own, request="request-000000000002").reason == "NotFound"


def test_only_its_author_appeals_against_what_was_decided(community: Community) -> None:
    post = hidden_post(community)
    assert appeal("bob", post).reason == "NotFound"
    assert appeal("ann", "absent").reason == "NotFound"
    visible = community.published()
    assert appeal("ann", visible).reason == "NothingToAppeal"
    assert appeal("bob", visible).reason == "NotFound"
    assert appeal("ann", post).ok
    reused = appeal("ann", visible)
    assert (reused.code, reused.reason) == ("already-exists", "RequestIdReused")
    assert appeal("ann", post, "Something else").reason == "RequestIdReused"


def test_c20_a_crowd_of_appeals_is_one(community: Community) -> None:
    post = hidden_post(community)
    answers = crowd(16, lambda number: appeal("ann", post, request=f"request-{number:012d}"))
    assert sorted(answer.reason or "ok" for answer in answers) == ["AlreadyAppealed"] * 15 + ["ok"]
    assert len(community.database.under("appeals")) == 1


def test_c20_a_decision_that_races_with_an_appeal_leaves_none_unanswered(community: Community, rpcs: Rpcs) -> None:
    """The appeal was read as possible, and an administrator restores before it is committed."""
    post = hidden_post(community)
    commits = iter(range(1, 100))

    def elsewhere(*_: object) -> None:
        if next(commits) == 1:
            forget_all()
            moderate(community, post, "restore")
            forget_all()

    rpcs.plan("Commit", times=1, before=elsewhere)
    assert appeal("ann", post).reason == "NothingToAppeal"
    assert community.database.under("appeals") == {}
    assert queue() == []


def test_c20_whoever_reported_is_told_once(community: Community, rpcs: Rpcs) -> None:
    post = hidden_post(community)
    rpcs.fail_after_apply("Commit")
    moderate(community, post, "restore")
    moderate(community, post, "hide")
    moderate(community, post, "remove")
    assert told(community, "bob") == ["report_decided"]
    counts = community.database.need("moderationYears/2026")["counts"]
    assert counts["reports"] == {"violence": {"made": 1, "overruled": 1}}
    assert counts["posts"] == {
        "violence": {"hiddenByReports": 1, "restored": 1},
        "other": {"hidden": 1, "removed": 1},
    }


def test_many_reports_are_settled_in_pages(community: Community, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REPORTS_TO_HIDE", "1000")
    monkeypatch.setattr("studiox.community.moderation.PAGE", 3)
    post = community.published()
    uids = [community.user(f"r{number}", preferences={"emailNotifications": True}) for number in range(8)]
    for uid in uids:
        community.ok("reportPost", uid, postId=post, reason="spam")
    moderate(community, post, "hide")
    assert [told(community, uid) for uid in uids] == [["report_decided"]] * 8
    assert len(community.database.under("mail")) == 8
    assert queue("posts") == []


def test_nobody_is_told_whose_account_is_gone(community: Community) -> None:
    post = hidden_post(community)
    community.database.put("users/bob", {**community.database.need("users/bob"), "closing": True})
    community.database.delete("users/ann")
    forget_all()
    moderate(community, post, "restore")
    assert told(community, "bob") == []
    assert [path for path in community.database.all() if path.startswith("users/ann/")] != []  # told when it was hidden
    assert told(community).count("content_restored") == 0


@pytest.mark.parametrize("wrong", [{"text": ""}, {"text": "x" * 2001}, {"requestId": "short"}, {"postId": "a/b"}])
def test_what_is_wrong_is_refused(community: Community, wrong: dict[str, str]) -> None:
    post = hidden_post(community)
    request = {"postId": post, "text": "It is a fox.", "requestId": "request-000000000001", **wrong}
    assert call(main.appealModeration, request, uid="ann").reason == "InvalidRequest"
    assert community.database.under("appeals") == {}
