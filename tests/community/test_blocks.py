"""Blocking: comments on my posts are refused, and neither sees the other's posts in the feed."""

from __future__ import annotations

from typing import Any

import pytest

import main
from tests.community.community import Community
from tests.conftest import forget_all
from tests.support import Answer, Rpcs, call, crowd


def block(uid: str, other: str, blocked: bool = True) -> Answer:
    return call(main.blockUser, {"uid": other, "blocked": blocked}, uid=uid)


def comment(community: Community, uid: str, post_id: str, request: str = "") -> Answer:
    about = {"postId": post_id, "text": "hello", "requestId": request or community.request_id()}
    return call(main.commentPost, about, uid=uid)


@pytest.fixture
def people(community: Community) -> Community:
    for uid in ("ann", "bob", "eve"):
        community.user(uid)
    return community


def test_c21_neither_sees_the_others_posts_and_comments_are_refused(people: Community) -> None:
    anns, bobs, eves = people.published("ann"), people.published("bob"), people.published("eve")
    said = comment(people, "bob", anns, "request-000000000999")
    assert block("ann", "bob").result == {"blocked": True}
    refused = comment(people, "bob", anns)
    assert (refused.code, refused.reason, refused.details) == (
        "permission-denied",
        "Forbidden",
        {"reason": "Forbidden"},
    )
    assert comment(people, "bob", anns, "request-000000000999").result == said.result  # made before
    assert comment(people, "eve", anns).ok
    assert comment(people, "ann", bobs).ok, "only who blocks is protected"
    assert set(people.feed("ann")) == {anns, eves}
    assert set(people.feed("bob")) == {bobs, eves}
    assert set(people.feed("eve")) == set(people.feed()) == {anns, bobs, eves}
    assert people.ok("getFeed", "bob", uid="ann") == {"posts": [], "nextCursor": None}
    assert people.ok("getPost", "bob", postId=anns)["postId"] == anns, "by its address it is as public as before"
    assert block("ann", "bob", blocked=False).result == {"blocked": False}
    assert comment(people, "bob", anns).ok
    assert set(people.feed("bob")) == set(people.feed("ann")) == {anns, bobs, eves}


def test_who_is_blocked_is_told_nothing(people: Community) -> None:
    before = people.database.need("users/bob")
    assert block("ann", "bob").ok
    after = people.database.need("users/bob")
    assert {**after, "updatedAt": before["updatedAt"]} == before
    assert people.database.under("users/bob/notifications") == {}
    assert people.ok("getBlockedUsers", "bob") == {"users": []}


def test_the_list_is_the_callers(people: Community) -> None:
    assert people.ok("getBlockedUsers", "ann") == {"users": []}
    for other in ("bob", "eve", "bob"):
        assert block("ann", other).ok
    found = people.ok("getBlockedUsers", "ann")["users"]
    assert found == [
        {"uid": "eve", "displayName": "Eve", "photoUrl": None},
        {"uid": "bob", "displayName": "Bob", "photoUrl": None},
    ]
    entries = [each for each in people.database.under("auditLogs").values() if each["action"] == "blockUser"]
    assert sorted((each["target"], each["details"]["blocked"]) for each in entries) == [
        ("users/bob", True),
        ("users/eve", True),
    ]


def test_a_page_may_be_short_but_the_list_goes_on(people: Community, rpcs: Rpcs) -> None:
    shown = [people.seeded("eve" if number % 5 == 0 else "bob") for number in range(20)][::5]
    assert block("ann", "bob").ok
    found, cursor, pages = [], None, 0
    while pages == 0 or cursor:
        rpcs.reset()
        page = people.ok("getFeed", "ann", pageSize=5, **({"cursor": cursor} if cursor else {}))
        assert rpcs.documents <= 5 + 1 + 5 + 3 + 2
        assert rpcs.count("RunQuery") == 1
        found += [post["postId"] for post in page["posts"]]
        cursor, pages = page["nextCursor"], pages + 1
    assert (sorted(found), pages) == (sorted(shown), 4)


def test_so_many_and_no_more(people: Community, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("studiox.community.blocks.MAX_BLOCKED", 3)
    others = [people.user(f"r{number}") for number in range(6)]
    answers = crowd(6, lambda number: block("ann", others[number]))
    refused = [each for each in answers if not each.ok]
    assert {(each.code, each.reason, each.details["limit"]) for each in refused} == {
        ("resource-exhausted", "TooManyBlocked", 3)
    }
    assert len(refused) == 3
    assert len(people.database.need("blocks/ann")["blocked"]) == 3


@pytest.mark.parametrize(
    ("request_", "reason"),
    [
        ({"uid": "ann", "blocked": True}, "InvalidRequest"),
        ({"uid": "absent", "blocked": True}, "NotFound"),
        ({"uid": "a/b", "blocked": True}, "InvalidRequest"),
        ({"uid": "bob", "blocked": "yes"}, "InvalidRequest"),
        ({"uid": "bob"}, "InvalidRequest"),
    ],
)
def test_what_is_wrong_is_refused(people: Community, request_: dict[str, Any], reason: str) -> None:
    assert call(main.blockUser, request_, uid="ann").reason == reason
    assert people.database.under("blocks") == {}


@pytest.mark.malformed("a list of blocked people that is a text")
def test_a_list_that_is_broken_ends_nobodys_feed(people: Community) -> None:
    post = people.published("bob")
    people.database.put("blocks/bob", {"uid": "bob", "blocked": "ann"})
    assert people.feed("ann") == [post]


def test_c21_who_deletes_their_account_leaves_every_list(people: Community, rpcs: Rpcs) -> None:
    from studiox.community import erasure

    for uid in ("ann", "eve"):
        assert block(uid, "bob").ok
    assert block("eve", "ann").ok
    while not erasure.erase("bob"):
        pass
    assert people.database.need("blocks/ann")["blocked"] == []
    assert people.database.need("blocks/eve")["blocked"] == ["ann"]

    def closed(*_: object) -> None:
        """Bob's deletion begins after the call has read his account."""
        people.database.put("users/bob", {**people.database.need("users/bob"), "closing": True})

    forget_all()
    rpcs.plan("Commit", times=1, before=closed)
    assert block("ann", "bob").reason == "NotFound"
    assert people.database.need("blocks/ann")["blocked"] == []
