"""The feed and what hangs on it: order, filters, pages while things change, and who sees what."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Any

import pytest

import main
from studiox.models.posts import score
from tests.community.community import Community
from tests.support import Rpcs, call


def pages(community: Community, name: str, key: str, id_: str, **asked: Any) -> list[list[str]]:
    """All pages of a list, as lists of ids."""
    found, cursor = [], None
    while True:
        answer = community.ok(name, **asked, **({"cursor": cursor} if cursor else {}))
        found.append([item[id_] for item in answer[key]])
        cursor = answer["nextCursor"]
        if cursor is None:
            return found


def test_the_feed_is_new_or_top_by_tag_and_by_author(community: Community) -> None:
    now = community.clock.now()
    old = community.seeded("ann", tags=["fox"], created_at=now - timedelta(hours=5), score=score(0, now) + 9)
    middle = community.seeded("bob", tags=["fox", "sea"], created_at=now - timedelta(hours=4))
    new = community.seeded("ann", tags=["sea"], created_at=now - timedelta(hours=3))
    hidden = community.seeded("ann", tags=["sea"], hidden=True)
    assert community.feed() == [new, middle, old]
    assert community.feed(sort="top")[0] == old
    assert community.feed(tag="sea") == [new, middle]
    assert community.feed(tag="#SEA", sort="top", uid="bob") == [middle]
    assert community.feed(uid="ann") == [new, old]
    assert community.feed(uid="ann", tag="fox") == [old]
    assert community.feed(uid="nobody") == community.feed(tag="nothing") == []
    assert hidden not in community.feed("ann", uid="ann")
    community.database.change(f"posts/{old}", score=1.0, likeCount=0)


def test_top_is_by_likes_and_age_and_a_new_post_enters(community: Community) -> None:
    posts = [community.published() for _ in range(3)]
    for uid, liked in (("bob", posts[:2]), ("eve", posts[:1])):
        for post in liked:
            community.ok("likePost", uid, postId=post)
    assert community.feed(sort="top") == [posts[0], posts[1], posts[2]]
    community.clock.ahead += timedelta(hours=8)
    fresh = community.published()
    assert community.feed(sort="top") == [fresh, *posts]
    for post in (*posts, fresh):
        data = community.post(post)
        assert data["score"] == score(data["likeCount"], data["createdAt"])


def test_signed_in_each_post_says_whether_one_likes_it(community: Community) -> None:
    first, second = community.published(), community.published()
    community.ok("likePost", "bob", postId=first)
    mine = {post["postId"]: post["likedByMe"] for post in community.ok("getFeed", "bob")["posts"]}
    assert mine == {first: True, second: False}
    assert [post["likedByMe"] for post in community.ok("getFeed", "eve")["posts"]] == [False, False]
    assert ["likedByMe" in post for post in community.ok("getFeed")["posts"]] == [False, False]
    assert community.ok("getPost", "bob", postId=first)["likedByMe"] is True
    assert community.ok("getPost", "bob", postId=second)["likedByMe"] is False


@pytest.mark.parametrize("sort", ["new", "top"])
def test_c13_pages_while_posts_come_and_go(community: Community, sort: str) -> None:
    now = community.clock.now()
    stable = []
    for number in range(12):  # pairs of the same moment and score, so that the name decides
        at = now - timedelta(minutes=number // 2)
        stable.append(community.seeded(created_at=at, score=score(0, at)))
    dice = random.Random(5)
    seen: list[str] = []
    passing: list[str] = []
    cursor = None
    while True:
        answer = community.ok("getFeed", sort=sort, pageSize=3, **({"cursor": cursor} if cursor else {}))
        seen += [post["postId"] for post in answer["posts"]]
        cursor = answer["nextCursor"]
        if cursor is None:
            break
        if passing:
            community.database.delete(f"posts/{passing.pop()}")
        at = now - timedelta(minutes=dice.uniform(-2, 7))
        passing.append(community.seeded(created_at=at, score=score(0, at)))
    assert sorted(post for post in seen if post in stable) == sorted(stable)
    assert len(seen) == len(set(seen))


def test_c13_comments_too(community: Community) -> None:
    post = community.published()
    stable = [community.comment(("bob", "eve")[number % 2], post, f"no. {number}") for number in range(7)]
    first = community.ok("getComments", postId=post, pageSize=3)
    gone = community.comment("ann", post)
    rest = community.ok("getComments", postId=post, pageSize=100, cursor=first["nextCursor"])
    found = [item["commentId"] for item in first["comments"] + rest["comments"]]
    assert found == stable[::-1]
    community.ok("deleteComment", "ann", postId=post, commentId=gone)
    assert pages(community, "getComments", "comments", "commentId", postId=post, pageSize=2) == [
        stable[6:4:-1],
        stable[4:2:-1],
        stable[2:0:-1],
        stable[:1],
    ]


def test_c12_a_cursor_is_of_its_own_list(community: Community) -> None:
    for _ in range(3):
        community.seeded(tags=["fox"])
    cursor = community.ok("getFeed", pageSize=1)["nextCursor"]
    others: list[dict[str, Any]] = [{"sort": "top"}, {"tag": "fox"}, {"uid": "ann"}]
    for asked in others:
        refused = community.call("getFeed", pageSize=1, cursor=cursor, **asked)
        assert (refused.code, refused.reason) == ("invalid-argument", "InvalidCursor"), asked
    for cut in (cursor[:-1], "a" + cursor, "x.y"):
        assert community.call("getFeed", cursor=cut).reason == "InvalidCursor"
    for wrong in ({"pageSize": 101}, {"pageSize": 0}, {"pageSize": -1}, {"sort": "hot"}, {"tag": "a/b"}, {"uid": ""}):
        assert community.call("getFeed", **wrong).reason == "InvalidRequest", wrong


def test_what_a_page_costs_does_not_grow_with_the_feed(community: Community, rpcs: Rpcs) -> None:
    def cost(**asked: Any) -> tuple[int, int]:
        community.ok("getFeed", "bob", pageSize=5, **asked)  # counts the call in its share, once
        rpcs.reset()
        community.ok("getFeed", "bob", pageSize=5, **asked)
        return rpcs.count(), rpcs.documents

    for _ in range(8):
        community.seeded(tags=["fox"])
    wanted = [{}, {"sort": "top"}, {"tag": "fox"}, {"uid": "ann", "sort": "top"}]
    small = [cost(**asked) for asked in wanted]
    for _ in range(40):
        community.seeded(tags=["fox"])
    assert [cost(**asked) for asked in wanted] == small == [(3, 7)] * 4


HIDDEN_FROM = {"anon": None, "owner": "ann", "other": "bob"}


def test_c17_a_hidden_post_is_not_there_for_anybody(community: Community) -> None:
    post = community.published(tags=["fox"])
    said = community.comment("bob", post)
    community.ok("moderatePost", "root", admin=True, postId=post, action="hide")
    about: dict[str, Any] = {"postId": post}
    for uid in HIDDEN_FROM.values():
        assert community.feed(uid) == community.feed(uid, tag="fox", sort="top") == community.feed(uid, uid="ann") == []
        for name in ("getPost", "getComments"):
            assert community.call(name, uid, **about).reason == "NotFound", (name, uid)
    for uid in ("ann", "bob"):
        new: dict[str, Any] = {"requestId": community.request_id()}
        assert community.call("likePost", uid, **about).reason == "NotFound"
        assert community.call("commentPost", uid, **about, **new, text="x").reason == "NotFound"
        assert community.call("remixPost", uid, **about, **new).reason == "NotFound"
        assert community.call("reportPost", uid, **about, reason="spam").reason == "NotFound"
    assert community.call("deletePost", "bob", **about).reason == "NotFound"
    assert community.call("deleteComment", "eve", **about, commentId=said).reason == "NotFound"
    assert community.ok("getPost", "root", admin=True, **about)["hidden"] is True


FUNCTIONS: dict[str, dict[str, Any]] = {
    "publishPost": {"creationId": "CREATION"},
    "getFeed": {},
    "getPost": {"postId": "POST"},
    "getComments": {"postId": "POST"},
    "likePost": {"postId": "POST", "liked": True},
    "commentPost": {"postId": "POST", "text": "nice", "requestId": "REQUEST"},
    "deleteComment": {"postId": "POST", "commentId": "COMMENT"},
    "remixPost": {"postId": "POST", "requestId": "REQUEST"},
    "deletePost": {"postId": "POST"},
    "reportPost": {"postId": "POST", "reason": "spam"},
    "moderatePost": {"postId": "POST", "action": "hide"},
    "updateCreation": {"creationId": "CREATION", "title": "t"},
    "deleteCreation": {"creationId": "CREATION"},
    "toggleFavorite": {"creationId": "CREATION"},
    "incrementPlayCount": {"creationId": "CREATION"},
    "getCreation": {"creationId": "CREATION"},
    "getSession": {"sessionId": "SESSION"},
    "listSessions": {},
}
PUBLIC = {"getFeed", "getPost", "getComments"}
ANYBODYS = {"likePost", "commentPost", "remixPost", "reportPost", "listSessions"} | PUBLIC
# owner: of creation, post and session; other: the comment's author, so that deleting it is theirs.
ALLOWED = {
    "owner": set(FUNCTIONS) - {"moderatePost"},
    "other": ANYBODYS | {"deleteComment"},
    "stranger": ANYBODYS,
    "anon": PUBLIC,
    "suspended": PUBLIC | {"listSessions"},
    "admin": ANYBODYS | {"deleteComment", "deletePost", "moderatePost"},
    "unverified": ANYBODYS - {"commentPost", "likePost", "remixPost", "reportPost"},
}
CODES = {"anon": {"unauthenticated"}, "unverified": {"failed-precondition", "not-found", "permission-denied"}}


@pytest.mark.parametrize("identity", sorted(ALLOWED))
def test_c1_a12_who_may_call_what(community: Community, monkeypatch: pytest.MonkeyPatch, identity: str) -> None:
    """Callable × identity; a client's own claims are the token's, never the request's."""
    monkeypatch.setenv("REQUIRE_VERIFIED_EMAIL", "true")
    community.user("sue", suspended=True)
    uid = {"owner": "ann", "other": "bob", "stranger": "eve", "suspended": "sue", "unverified": "eve"}.get(identity)
    uid = "root" if identity == "admin" else uid
    for name, template in FUNCTIONS.items():
        data = filled(community, template)
        before = community.database.hash("rateLimits")
        function = getattr(main, name)
        answer = call(function, data, uid=uid, admin=identity == "admin", verified=identity != "unverified")
        assert answer.ok == (name in ALLOWED[identity]), (identity, name, answer)
        if not answer.ok:
            assert answer.code in CODES.get(identity, {"not-found", "permission-denied"}), (identity, name, answer)
            assert community.database.hash("rateLimits") == before, (identity, name)
        claimed = call(function, {**data, "admin": True}, uid=uid)
        assert claimed.code in ("invalid-argument", "unauthenticated", "permission-denied"), (name, claimed)
    community.ok("publishPost", "ann", creationId=community.creation())


def filled(community: Community, template: dict[str, Any]) -> dict[str, Any]:
    """The request, with ids of new things of ann's: only of those that it names."""
    post = community.published()

    def made(value: Any) -> Any:
        match value:
            case "POST":
                return post
            case "COMMENT":
                return community.comment("bob", post)
            case "SESSION":
                remixed = community.ok("remixPost", "ann", postId=post, requestId=community.request_id())
                return str(remixed["sessionId"])
            case "CREATION":
                return community.creation()
            case "REQUEST":
                return community.request_id()
        return value

    return {field: made(value) for field, value in template.items()}


BAD_IDS = ["__x__", "..", ".", "a/b", "a\n", "x" * 1600, "", "posts/a", "é", 5, None, ["a"], {"a": 1}]


@pytest.mark.parametrize("name", [name for name, data in FUNCTIONS.items() if {"postId", "creationId"} & set(data)])
def test_c18_ids_that_leave_their_place(community: Community, name: str) -> None:
    before = community.database.hash("rateLimits")
    field = "postId" if "postId" in FUNCTIONS[name] else "creationId"
    for bad in BAD_IDS:
        if bad is None and name == "incrementPlayCount":
            continue  # a null field is an absent one, and this one may be absent
        data = {**FUNCTIONS[name], "requestId": community.request_id(), field: bad}
        data = {key: value for key, value in data.items() if key in FUNCTIONS[name]}
        refused = community.call(name, "ann", admin=True, **data)
        assert (refused.code, refused.reason) == ("invalid-argument", "InvalidRequest"), (name, bad)
    assert community.database.hash("rateLimits") == before


def test_reads_are_limited(community: Community) -> None:
    answers = [community.call("getPost", "bob", postId="absent") for _ in range(121)]
    assert [answer.reason for answer in answers] == ["NotFound"] * 120 + ["RateLimited"]
