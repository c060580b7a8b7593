"""getModerationQueue: what waits for a decision, the longest waiting first, with what is needed to decide."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

import main
from tests.community.community import Community
from tests.support import Answer, call


def queue(kind: str | None = None, *, admin: bool = True, **request: Any) -> Answer:
    return call(main.getModerationQueue, {"kind": kind, **request}, uid="root", admin=admin)


def items(kind: str | None = None, **request: Any) -> list[dict[str, Any]]:
    answer = queue(kind, **request)
    assert answer.ok, answer
    found: list[dict[str, Any]] = answer.result["items"]
    return found


def report(uid: str, post_id: str, **more: Any) -> None:
    assert call(main.reportPost, {"postId": post_id, "reason": "spam", **more}, uid=uid).ok


def claim(uid: str, number: int, proof: str = "https://x.com/studiox/1") -> None:
    request = {"taskId": "follow-x", "proofUrl": proof, "requestId": f"request-{number:012d}"}
    assert call(main.submitSocialTask, request, uid=uid).ok


@pytest.mark.parametrize("kind", ["posts", "comments", "appeals", "claims", None])
def test_nothing_waits(community: Community, kind: str | None) -> None:
    assert community.database.under("reports") == {}
    assert queue(kind).result == {"items": [], "nextCursor": None}


def test_it_is_the_administrators(community: Community) -> None:
    community.published()
    assert queue("posts", admin=False).reason == "Forbidden"
    assert list(queue("people").details["fields"]) == ["kind"]


def test_reported_posts_come_with_what_was_said(community: Community) -> None:
    first, second, quiet = community.published(), community.published(), community.published()
    report("bob", second, reason="hate", text="the caption")
    community.clock.ahead += timedelta(minutes=1)
    report("bob", first)
    report("eve", second)
    found = items()
    assert [each["postId"] for each in found] == [second, first]
    assert quiet not in repr(found)
    assert found[0]["uid"] == "ann"
    assert (found[0]["kind"], found[0]["hidden"], found[0]["reportCount"]) == ("posts", False, 2)
    assert {(each["reason"], each["text"]) for each in found[0]["reports"]} == {("hate", "the caption"), ("spam", None)}
    assert found[0]["media"][0]["url"]
    assert "proofUrl" not in found[0]


@pytest.mark.parametrize("action", ["hide", "restore", "remove"])
def test_what_is_decided_waits_no_more(
    community: Community,
    monkeypatch: pytest.MonkeyPatch,
    action: str,
) -> None:
    monkeypatch.setenv("REPORTS_TO_HIDE", "1")
    post = community.published()
    report("bob", post)
    [found] = items("posts")
    assert found["hidden"] is True
    assert found["media"][0]["url"], "its public files are gone, and one must see it to decide"
    request = {"postId": post, "action": action}
    assert call(main.moderatePost, request, uid="root", admin=True).ok
    assert items("posts") == []
    if action == "restore":
        report("eve", post)
        assert [each["postId"] for each in items("posts")] == [post]


def test_the_years_report_counts_reports_decisions_and_appeals(community: Community) -> None:
    def counted(year: int = 2026) -> Answer:
        return call(main.getModerationReport, {"year": year}, uid="root", admin=True)

    assert counted().result == {"year": 2026, "counts": []}
    post, other = community.published(), community.published()
    report("bob", post)
    report("eve", post, reason="hate")
    report("bob", other, reason="hate")
    assert call(main.moderatePost, {"postId": post, "action": "hide", "reason": "hate"}, uid="root", admin=True).ok
    plea = {"postId": post, "text": "It is a joke.", "requestId": "request-000000000001"}
    assert call(main.appealModeration, plea, uid="ann").ok
    assert call(main.moderatePost, {"postId": post, "action": "restore"}, uid="root", admin=True).ok
    found = [(each["kind"], each["reason"], each["outcome"], each["count"]) for each in counted().result["counts"]]
    assert found == [
        ("appeals", "hate", "made", 1),
        ("appeals", "hate", "overturned", 1),
        ("posts", "hate", "hidden", 1),
        ("posts", "hate", "restored", 1),
        ("reports", "hate", "made", 2),
        ("reports", "hate", "upheld", 1),
        ("reports", "spam", "made", 1),
        ("reports", "spam", "upheld", 1),
    ]
    assert counted(2025).result["counts"] == []
    assert counted(1999).reason == "InvalidRequest"
    assert call(main.getModerationReport, {"year": 2026}, uid="bob").reason == "Forbidden"


def test_claims_come_with_their_proofs_in_pages(community: Community) -> None:
    for number, uid in enumerate(("bob", "ann", "eve")):
        claim(uid, number, f"https://x.com/{uid}/1")
        community.clock.ahead += timedelta(minutes=1)
    page = queue("claims", pageSize=2).result
    assert [(each["uid"], each["proofUrl"]) for each in page["items"]] == [
        ("bob", "https://x.com/bob/1"),
        ("ann", "https://x.com/ann/1"),
    ]
    assert page["items"][0]["taskId"] == "follow-x"
    assert page["items"][0]["claimedAt"].endswith("Z")
    last = queue("claims", pageSize=2, cursor=page["nextCursor"]).result
    assert ([each["uid"] for each in last["items"]], last["nextCursor"]) == (["eve"], None)
    assert queue("posts", cursor=page["nextCursor"]).reason == "InvalidCursor"
    review = {"uid": "bob", "taskId": "follow-x", "approve": False, "note": "not yours"}
    assert call(main.reviewSocialTask, review, uid="root", admin=True).ok
    assert [each["uid"] for each in items("claims")] == ["ann", "eve"]
    claim("bob", 9)
    assert [each["uid"] for each in items("claims")] == ["ann", "eve", "bob"], "a new claim waits from the beginning"
