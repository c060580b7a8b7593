"""Comments: plain text, once per request, told to the author, gone when deleted."""

from __future__ import annotations

import unicodedata
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import main
from studiox.community import rules
from tests.community.community import Community
from tests.support import Answer, Rpcs, call, crowd


def say(community: Community, uid: str, post_id: str, text: str, request_id: str | None = None) -> Answer:
    data = {"postId": post_id, "text": text, "requestId": request_id or community.request_id()}
    return call(main.commentPost, data, uid=uid)


def test_a_comment_is_shown_and_told(community: Community) -> None:
    post = community.published()
    said = say(community, "bob", post, "  <b>Nice</b>\nfox  ").result["commentId"]
    own = community.comment("ann", post, "thanks")
    shown = community.ok("getComments", postId=post)["comments"]
    assert [item["commentId"] for item in shown] == [own, said]
    assert shown[1] == {
        "commentId": said,
        "uid": "bob",
        "authorName": "Bob",
        "text": "<b>Nice</b>\nfox",
        "createdAt": shown[1]["createdAt"],
    }
    assert community.post(post)["commentCount"] == 2
    [told] = community.database.under("users/ann/notifications").values()  # not of her own comment
    assert (told["type"], told["postId"], told["commentId"]) == ("post_commented", post, said)
    assert told["readAt"] is None
    assert "text" not in told


def test_the_same_request_is_one_comment(community: Community) -> None:
    post, other = community.published(), community.published()
    request = community.request_id()
    answers = crowd(8, lambda _: say(community, "bob", post, "hello", request))
    assert len({str(getattr(answer, "result", answer)) for answer in answers}) == 1
    assert community.post(post)["commentCount"] == 1
    for changed in (say(community, "bob", post, "goodbye", request), say(community, "bob", other, "hello", request)):
        assert (changed.code, changed.reason) == ("already-exists", "RequestIdReused")
    assert say(community, "eve", post, "hello", request).ok  # her own request
    comment = answers[0].result["commentId"]
    kept = community.database.need(f"commentRequests/{comment}")
    assert kept["expiresAt"] - kept["createdAt"] == timedelta(days=35)
    community.ok("deleteComment", "bob", postId=post, commentId=comment)
    assert say(community, "bob", post, "hello", request).result == {"commentId": comment}
    assert community.post(post)["commentCount"] == 1  # hers: a replay does not bring his back


def test_a_comment_whose_answer_was_lost_counts_once(community: Community, rpcs: Rpcs) -> None:
    post = community.published()
    rpcs.fail_after_apply("Commit")
    assert say(community, "bob", post, "hello").ok
    assert community.post(post)["commentCount"] == 1


def test_c8_many_at_once(community: Community) -> None:
    post = community.seeded()
    answers = crowd(16, lambda number: say(community, "bob", post, f"no. {number}"))
    assert all(answer.ok for answer in answers), answers
    assert community.post(post)["commentCount"] == 16


@pytest.mark.parametrize("text", ["", "  ", "a\0b", "\x1b[31m", "a\x85b", "x" * 2001, "\u200b", "www.a.b " * 6])
def test_c10_c11_what_is_no_comment(community: Community, text: str) -> None:
    post = community.published()
    before = community.database.hash("rateLimits")
    refused = say(community, "bob", post, text)
    assert (refused.code, refused.reason) == ("invalid-argument", "InvalidRequest")
    assert list(refused.details["fields"]) == ["text"]
    assert community.database.hash("rateLimits") == before


def test_c10_a_lone_surrogate_is_refused_before_anything(community: Community) -> None:
    post = community.published()
    body = b'{"data": {"postId": "%s", "text": "a\\ud800b", "requestId": "request-0123456789"}}' % post.encode()
    assert call(main.commentPost, uid="bob", raw_body=body).code == "invalid-argument"
    assert community.post(post)["commentCount"] == 0


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(st.characters(codec="utf-8"), min_size=1, max_size=200))
def test_c10_any_text_is_kept_as_plain_text_or_refused(community: Community, text: str) -> None:
    post = community.seeded()
    community.clock.ahead += timedelta(minutes=2)
    answer = say(community, "bob", post, text)
    if not answer.ok:
        assert answer.reason == "InvalidRequest"
        return
    [kept] = community.database.under(f"posts/{post}/comments").values()
    assert kept["text"] == unicodedata.normalize("NFC", text).strip()
    assert not any(unicodedata.category(char) == "Cc" and char not in "\n\t" for char in kept["text"])


def test_c10_the_longest_comment_is_two_thousand_code_points(community: Community) -> None:
    post = community.published()
    assert say(community, "bob", post, "🦊" * 2000).ok
    assert say(community, "bob", post, "e\u0301" * 2000).ok  # composed before it is measured


def test_c11_twenty_a_minute_and_a_posts_cap(community: Community) -> None:
    post = community.seeded()
    answers = [say(community, "bob", post, "again") for _ in range(21)]
    assert [answer.reason for answer in answers] == [None] * 20 + ["RateLimited"]
    full = community.seeded(comment_count=rules.MAX_COMMENTS)
    refused = say(community, "eve", full, "me too")
    assert (refused.code, refused.details["limit"]) == ("resource-exhausted", rules.MAX_COMMENTS)
    community.database.change(f"posts/{full}", commentCount=0)


def test_who_may_delete_a_comment(community: Community) -> None:
    post = community.published()
    for uid, admin in (("bob", False), ("ann", False), ("root", True)):
        said = community.comment("bob", post)
        refused = community.call("deleteComment", "eve", postId=post, commentId=said)
        assert (refused.code, refused.reason) == ("permission-denied", "Forbidden")
        assert community.ok("deleteComment", uid, admin=admin, postId=post, commentId=said) == {"deleted": True}
        assert community.call("deleteComment", uid, admin=admin, postId=post, commentId=said).code == "not-found"
    assert community.post(post)["commentCount"] == 0
    assert community.database.under("users/ann/notifications") == {}
    assert community.ok("getComments", postId=post)["comments"] == []


def test_c9_a_comment_while_the_post_is_deleted(community: Community, rpcs: Rpcs) -> None:
    post = community.published()
    rpcs.before("Commit", lambda: community.elsewhere("deletePost", "ann", postId=post))
    assert say(community, "bob", post, "hello").reason == "NotFound"
    community.wait()
    assert community.left_of(post) == []
    assert community.database.under("users/ann/notifications") == {}


def test_the_suspended_say_nothing(community: Community) -> None:
    post = community.published()
    community.database.change("users/bob", suspended=True)
    assert say(community, "bob", post, "hello").reason == "AccountSuspended"
    assert call(main.commentPost, {"postId": post}, uid=None).code == "unauthenticated"
