"""What a restore says to the author, settles and forgets."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from studiox.models.moderation import Subject
from tests.community.community import Community
from tests.conftest import forget_all
from tests.support import Rpcs


def moderate(community: Community, post_id: str, action: str, **more: Any) -> None:
    community.ok("moderatePost", "root", admin=True, postId=post_id, action=action, **more)
    community.clock.ahead += timedelta(minutes=1)


def notices(community: Community, type_: str) -> list[dict[str, Any]]:
    kept = community.database.under("users/ann/notifications").items()
    return [{**each, "path": path} for path, each in kept if each["type"] == type_]


def appeal(community: Community, post_id: str) -> None:
    community.ok("appealModeration", "ann", postId=post_id, text="It is a fox.", requestId=community.request_id())


@pytest.mark.parametrize(
    ("action", "comment", "says"),
    [
        ("hide", False, "Your post “A fox” is visible again."),
        ("remove", False, "was not against our rules: you can publish it again."),
        ("remove", True, "Your comment “So nice” is visible again."),
    ],
)
def test_it_says_whether_the_author_must_publish_again(
    community: Community, action: str, comment: bool, says: str
) -> None:
    community.user("ann")
    post = community.published("bob" if comment else "ann", caption="A fox")
    about = {"commentId": community.comment("ann", post, "So nice")} if comment else {}
    moderate(community, post, action, **about)
    moderate(community, post, "restore", **about)
    [told] = notices(community, "content_restored")
    assert told["text"].endswith(says)


def test_it_does_not_win_an_appeal_that_was_lost_before(community: Community) -> None:
    community.user("ann")
    post = community.published(caption="A fox")
    moderate(community, post, "hide", reason="hate")
    appeal(community, post)
    moderate(community, post, "hide", reason="hate")
    moderate(community, post, "restore")
    [settled] = community.database.under("appeals").values()
    assert settled["status"] == "upheld"
    assert community.database.need("moderationYears/2026")["counts"]["appeals"] == {"hate": {"made": 1, "upheld": 1}}
    [told] = notices(community, "content_restored")
    assert told["text"] == "A moderator has looked at it again. Your post “A fox” is visible again."


def test_a_post_whose_decision_was_not_recorded_is_restored(community: Community) -> None:
    """Posts were hidden before decisions were recorded. The reason is that of the reports."""
    community.user("ann")
    post = community.published(caption="A fox")
    community.ok("reportPost", "bob", postId=post, reason="spam")
    moderate(community, post, "hide", reason="hate")
    record = Subject(post).moderation_path
    community.database.put(str(record), {**community.database.need(str(record)), "decision": None})
    forget_all()
    moderate(community, post, "restore")
    [told] = notices(community, "content_restored")
    assert (told["reason"], told["text"].endswith("is visible again.")) == ("spam", True)


def test_reports_of_a_post_that_stays_visible_are_forgotten(
    community: Community, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REPORTS_TO_HIDE", "2")
    post = community.published()
    community.ok("reportPost", "bob", postId=post, reason="spam")
    moderate(community, post, "restore")
    for uid in ("carl", "dora", "eve"):
        community.ok("reportPost", uid, postId=post, reason="spam")
    assert community.feed() == [post], "it now takes twice as many"
    community.ok("reportPost", "fay", postId=post, reason="spam")
    assert community.feed() == []


def test_nobody_is_told_whose_account_is_deleted_meanwhile(community: Community, rpcs: Rpcs) -> None:
    community.user("ann")
    post = community.published("bob")
    comment = community.comment("ann", post)
    rpcs.plan("Commit", times=1, before=lambda *_: community.database.delete("users/ann"))
    moderate(community, post, "hide", commentId=comment)
    assert notices(community, "content_hidden") == []
