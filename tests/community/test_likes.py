"""Likes: one commit without a hot lock, and a count that is the likes there are."""

from __future__ import annotations

import random

import main
from tests.community.community import Community
from tests.support import Answer, Rpcs, budgets, call, crowd, jobs


def like(uid: str, post_id: str, liked: bool | None = None) -> Answer:
    data = {"postId": post_id} | ({} if liked is None else {"liked": liked})
    return call(main.likePost, data, uid=uid)


def test_a_like_is_toggled_or_set(community: Community) -> None:
    post = community.published()
    assert like("bob", post).result == {"liked": True, "likeCount": 1}
    assert like("eve", post, True).result == {"liked": True, "likeCount": 2}
    assert like("eve", post, True).result == {"liked": True, "likeCount": 2}
    assert like("bob", post).result == {"liked": False, "likeCount": 1}
    assert like("bob", post, False).result == {"liked": False, "likeCount": 1}
    assert set(community.database.under("likes")) == {f"{post}_eve"}
    actions = [entry["action"] for entry in community.database.under("auditLogs").values()]
    assert actions.count("likePost") == 3  # what changed nothing is no entry


def test_c6_c8_thirty_two_people_at_once(community: Community, rpcs: Rpcs) -> None:
    """All succeed, the count is the documents, and they share commits instead of queueing for a lock."""
    post = community.seeded()
    for number in range(32):
        community.user(f"fan{number}")
    rpcs.reset()
    answers = crowd(32, lambda number: like(f"fan{number}", post))
    assert all(answer.ok for answer in answers), answers
    likes = community.database.under("likes")
    assert set(likes) == {f"{post}_fan{number}" for number in range(32)}
    assert community.post(post)["likeCount"] == 32
    assert rpcs.count("Commit") < 32


def test_c8_several_instances_like_one_post(community: Community, rpcs: Rpcs) -> None:
    """Between this instance's read and its commit, another one's like comes in: decided anew, none is lost."""
    post = community.seeded()

    def elsewhere() -> None:
        community.database.put(f"likes/{post}_far", {"postId": post, "uid": "far", "createdAt": community.clock.now()})
        community.database.change(f"posts/{post}", likeCount=1)

    rpcs.before("Commit", elsewhere)
    assert like("bob", post).result == {"liked": True, "likeCount": 2}


def test_c6_one_user_toggles_from_many_devices(community: Community) -> None:
    post = community.seeded()
    dice = random.Random(3)
    wishes = [dice.choice([None, True, False]) for _ in range(40)]
    answers = crowd(40, lambda number: like("bob", post, wishes[number]))
    assert all(answer.ok for answer in answers), answers
    assert community.post(post)["likeCount"] == len(community.database.under("likes")) <= 1


def test_a_like_is_two_round_trips_at_most(community: Community, rpcs: Rpcs) -> None:
    post = community.published()
    for liked in (None, True, False, None):
        rpcs.reset()
        assert like("bob", post, liked).ok
        assert rpcs.calls == budgets.calls("likePost", "cold"), liked


def test_a_toggle_whose_answer_was_lost_is_not_toggled_back(community: Community, rpcs: Rpcs) -> None:
    post = community.published()
    rpcs.fail_after_apply("Commit")
    assert like("bob", post).result == {"liked": True, "likeCount": 1}
    assert set(community.database.under("likes")) == {f"{post}_bob"}


def test_c9_a_like_while_the_post_is_deleted(community: Community, rpcs: Rpcs) -> None:
    post = community.published()
    rpcs.before("Commit", lambda: community.elsewhere("deletePost", "ann", postId=post))
    assert like("bob", post).reason == "NotFound"
    community.wait()
    assert community.left_of(post) == []


def test_r6_a_minutes_likes_are_sixty(community: Community) -> None:
    post = community.seeded()
    answers = [like("bob", post) for _ in range(61)]
    assert [answer.ok for answer in answers] == [True] * 60 + [False]
    assert answers[-1].reason == "RateLimited"
    assert 0 < answers[-1].details["retryAfterSeconds"] <= 60


def test_uids_with_an_underscore(community: Community) -> None:
    """C7: custom accounts may have one; the post's id has none."""
    post = community.published()
    community.user("a_b")
    assert like("a_b", post).ok
    assert community.database.need(f"likes/{post}_a_b")["uid"] == "a_b"
    community.database.put("creations/under_score", jobs.creation("under_score", "ann"))
    assert community.call("publishPost", "ann", creationId="under_score").reason == "NotFound"
