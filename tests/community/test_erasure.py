"""An account goes: its posts, likes and reports with it, and its comments lose their name (A9, A10)."""

from __future__ import annotations

import pytest

from studiox.community import erasure
from studiox.kit.errors import Unavailable
from tests.community.community import Community
from tests.support import Rpcs


class Killed(BaseException):
    """What no handler catches."""


def live(community: Community) -> tuple[str, str]:
    """`bob` publishes, likes, says and reports; `ann` does the same to him. Her post and his."""
    hers, his = community.published("ann"), community.published("bob")
    for uid, post in (("bob", hers), ("bob", his), ("ann", his), ("eve", hers)):
        community.ok("likePost", uid, postId=post)
        community.comment(uid, post, f"{uid} was here")
    community.ok("reportPost", "bob", postId=hers, reason="other")
    community.ok("reportPost", "eve", postId=his, reason="other")
    return hers, his


def finish(community: Community) -> None:
    for _ in range(20):
        if erasure.erase("bob"):
            break
    else:
        raise AssertionError("it does not end")
    for _ in range(2):  # what a killed run held is due again first
        community.wait(11)


def test_a9_what_a_person_leaves_behind(community: Community) -> None:
    hers, his = live(community)
    finish(community)
    assert community.feed() == [hers]
    assert community.left_of(his) == []
    assert [path for path in community.database.all() if path.startswith(("reports/", "moderation/"))] == [
        f"moderation/{hers}"
    ]
    assert community.public_files(his) == []
    shown = community.ok("getPost", postId=hers)
    assert (shown["likeCount"], shown["commentCount"]) == (1, 2)
    comments = community.ok("getComments", postId=hers)["comments"]
    assert [(item["uid"], item["authorName"]) for item in comments] == [("eve", "Eve"), (None, "Anonymous")]
    for path, data in community.database.all().items():
        if path.split("/")[0] in ("posts", "likes", "reports", "moderation", "commentRequests", "cleanups"):
            assert "bob" not in path, path
            assert data.get("uid") != "bob", path
    assert erasure.erase("bob") is True


def test_a10_killed_half_way_it_is_finished_by_the_next(community: Community, rpcs: Rpcs) -> None:
    hers, his = live(community)
    commits = iter(range(100))

    def die(*_: object) -> None:
        if next(commits) >= 3:
            raise Killed

    rpcs.plan("Commit", times=100, before=die)
    with pytest.raises(Killed):
        erasure.erase("bob")
    rpcs.heal()
    community.elsewhere("getFeed", "eve")
    finish(community)
    assert community.feed() == [hers]
    assert community.left_of(his) == []


def test_a_database_that_is_away_is_said(community: Community, rpcs: Rpcs) -> None:
    live(community)
    rpcs.fail_before("RunQuery", times=1, code="DEADLINE_EXCEEDED")
    with pytest.raises(Unavailable):
        erasure.erase("bob")
    finish(community)
