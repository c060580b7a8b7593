"""A suspended user's posts are hidden while the suspension lasts, and come back after it, whole and no others."""

from __future__ import annotations

from typing import Any

import pytest

import main
from studiox.community import suspension
from studiox.models.users import pseudonym
from tests.community.community import Community
from tests.conftest import forget_all
from tests.support import Rpcs, task


def suspend(community: Community, uid: str = "ann", suspended: bool = True, reason: str = "spam, again") -> None:
    community.ok("suspendUser", "root", admin=True, uid=uid, suspended=suspended, reason=reason)


def moderate(community: Community, post_id: str, action: str) -> None:
    community.ok("moderatePost", "root", admin=True, postId=post_id, action=action)


def told(community: Community, uid: str = "ann") -> list[dict[str, Any]]:
    return list(community.database.under(f"users/{uid}/notifications").values())


@pytest.fixture
def ann(community: Community, monkeypatch: pytest.MonkeyPatch) -> Community:
    monkeypatch.setattr("studiox.admin.service.end_sessions", lambda *_: True)
    community.user("ann", preferences={"emailNotifications": True})
    community.user("bob")
    return community


def settle(community: Community, times: int = 4) -> None:
    for _ in range(times):
        community.wait(11)


def test_c22_posts_are_hidden_while_it_lasts_and_come_back(ann: Community) -> None:
    mine, other = [ann.published(files=2) for _ in range(3)], ann.published("bob")
    ann.ok("likePost", "bob", postId=mine[0])
    ann.ok("reportPost", "bob", postId=mine[0], reason="spam")
    before = {post: (ann.post(post), ann.public_files(post)) for post in mine}
    suspend(ann)
    assert ann.feed() == [other]
    assert [ann.public_files(post) for post in mine] == [[]] * 3
    assert ann.call("likePost", "bob", postId=mine[0]).reason == "NotFound"
    settle(ann)
    assert ann.feed() == [other]
    suspend(ann, suspended=False)
    assert {post: (ann.post(post), ann.public_files(post)) for post in mine} == before
    assert ann.database.need(f"posts/{mine[0]}/private/state")["reports"] == 1, "no decision about the post"
    assert [each for each in ann.database.under("moderation").values() if "suspended" in each] == []
    settle(ann)
    assert {post: (ann.post(post), ann.public_files(post)) for post in mine} == before
    assert ann.database.under("cleanups") == {}
    ann.check()


def test_the_user_is_told_the_reason_once(ann: Community) -> None:
    suspend(ann)
    suspend(ann)
    [notice] = told(ann)
    assert notice["type"] == "account_suspended"
    assert "Reason: spam, again\n" in notice["text"]
    assert "contact support" in notice["text"]
    [mail] = ann.database.under("mail").values()
    assert notice["text"] in mail["message"]["text"]
    suspend(ann, suspended=False)
    assert sorted(each["type"] for each in told(ann)) == ["account_reinstated", "account_suspended"]
    counts = ann.database.need("moderationYears/2026")["counts"]
    assert counts["accounts"] == {"other": {"suspended": 1, "reinstated": 1}}
    entries = [each for each in ann.database.under("auditLogs").values() if each["action"] == "suspendUser"]
    assert len(entries) == 3
    assert {each["details"]["reason"] for each in entries} == {"spam, again"}


def test_c22_what_is_hidden_for_another_reason_stays_hidden(ann: Community) -> None:
    before, during, removed, free = (ann.published() for _ in range(4))
    moderate(ann, before, "hide")
    suspend(ann)
    moderate(ann, during, "hide")
    moderate(ann, removed, "remove")
    suspend(ann, suspended=False)
    assert ann.feed() == [free]
    for post in (before, during):
        assert ann.database.need(f"posts/{post}/private/state")["hiddenBy"] == "admin"
        assert ann.public_files(post) == []
    settle(ann)
    assert ann.feed() == [free]
    moderate(ann, during, "restore")
    assert set(ann.feed()) == {during, free}
    assert ann.database.under("cleanups") == {}


def test_what_is_restored_meanwhile_comes_back_with_the_others(ann: Community) -> None:
    post = ann.published()
    moderate(ann, post, "hide")
    suspend(ann)
    moderate(ann, post, "restore")
    assert ann.feed() == []
    assert ann.public_files(post) == []
    [notice] = [each for each in told(ann) if each["type"] == "content_restored"]
    assert "when your suspension ends" in notice["text"]
    suspend(ann, suspended=False)
    assert ann.feed() == [post]
    assert len(ann.public_files(post)) == 1


def test_c22_many_posts_are_hidden_and_shown_in_runs(ann: Community, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(suspension, "HIDDEN_TOGETHER", 2)
    monkeypatch.setattr(suspension, "STEPS", 2)
    mine = [ann.published() for _ in range(9)]
    suspend(ann)
    assert len(ann.feed()) == 5
    assert [each.data["kind"] for each in ann.queue.tasks] == ["suspension"]
    ann.run_queue()
    assert ann.feed() == []
    suspend(ann, suspended=False)
    assert len(ann.feed()) == 4
    settle(ann)
    assert sorted(ann.feed()) == sorted(mine)
    assert ann.database.under("cleanups") == {}
    ann.check()


def test_c22_a_run_that_dies_is_continued(ann: Community, rpcs: Rpcs) -> None:
    mine = [ann.published() for _ in range(3)]
    ann.gcs.statuses = [500] * 9
    suspend(ann)
    assert ann.feed() == []
    suspend(ann, suspended=False)  # at once: the files are still being deleted
    settle(ann, 6)
    assert sorted(ann.feed()) == sorted(mine)
    assert [len(ann.public_files(post)) for post in mine] == [1] * 3

    def lose(*_: object) -> None:
        raise KeyboardInterrupt

    commits = iter(range(1, 1_000))
    rpcs.plan("Commit", times=1_000, before=lambda *_: lose() if next(commits) == 3 else None)
    with pytest.raises(KeyboardInterrupt):
        suspend(ann)
    rpcs.heal()
    forget_all()
    settle(ann)
    assert ann.feed() == []
    assert ann.database.under("cleanups") == {}


def test_c22_the_last_order_counts_whatever_a_run_has_read(ann: Community, rpcs: Rpcs) -> None:
    """The suspension is lifted elsewhere between the read and the commit of the run that hides."""
    post = ann.published()
    commits = iter(range(1, 1_000))

    def elsewhere(*_: object) -> None:
        if next(commits) == 3:  # the suspension, the claim of its clean-up, the posts
            forget_all()
            suspend(ann, suspended=False)
            forget_all()

    rpcs.plan("Commit", times=1_000, before=elsewhere)
    suspend(ann)
    rpcs.heal()
    settle(ann)
    assert ann.feed() == [post]
    assert len(ann.public_files(post)) == 1
    assert ann.database.under("cleanups") == {}


def test_a_post_whose_file_is_gone_stays_hidden_and_the_others_come_back(ann: Community) -> None:
    broken, whole = ann.published(files=2), ann.published()
    suspend(ann)
    del ann.gcs.objects[f"users/ann/creations/{broken}/1.png"]
    suspend(ann, suspended=False)
    settle(ann)
    assert ann.feed() == [whole]
    assert ann.public_files(broken) == []
    assert ann.database.under("cleanups") == {}


def test_a_task_of_an_account_that_is_gone_ends(ann: Community) -> None:
    ann.published()
    suspend(ann)
    ann.database.delete("users/ann")
    forget_all()
    assert task(main.cleanUp, {"kind": "suspension", "id": pseudonym("ann")}).status == 200
