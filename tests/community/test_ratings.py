"""Ratings: what is checked when publishing, who sees a mature post, and who decides that it is one."""

from __future__ import annotations

from typing import Any

import pytest

import main
from local.vendors.chat import ChatStandIn
from studiox.models.moderation import YEARS
from tests.community.community import Community
from tests.media.servers import png
from tests.support import http, plant

REJECTED, MATURE = "canary-caption moderation:rejected", "canary-caption moderation:mature"
SHARE: Any = main.sharePage


@pytest.fixture
def openai(chat: ChatStandIn, monkeypatch: pytest.MonkeyPatch) -> ChatStandIn:
    plant("canary-caption")
    monkeypatch.setenv("MODERATION", "openai")
    return chat


def asks(community: Community, *people: str) -> None:
    for uid in people:
        community.ok("updateProfile", uid, preferences={"matureContent": True})


@pytest.fixture
def mature(community: Community) -> str:
    """A mature post of Ann's; Bob has asked for such posts, and Eve has not."""
    asks(community, "bob")
    return community.published(rating="mature", tags=["fox"])


def seen_by(community: Community, uid: str | None, **asked: Any) -> bool:
    return bool(community.feed(uid, **asked))


@pytest.mark.parametrize("asked", [{}, {"sort": "top"}, {"tag": "fox"}, {"uid": "ann"}, {"uid": "ann", "tag": "fox"}])
def test_c25_a_mature_post_is_in_no_list_of_those_who_did_not_ask(
    community: Community, mature: str, asked: dict[str, Any]
) -> None:
    general = community.published(tags=["fox"])
    both = sorted([general, mature])
    assert community.feed(None, **asked) == community.feed("eve", **asked) == [general]
    assert sorted(community.feed("bob", **asked)) == both
    assert sorted(community.feed("ann", uid="ann")) == both, "one's own"
    community.ok("updateProfile", "bob", preferences={"matureContent": False})
    assert community.feed("bob", **asked) == [general]


def test_c25_nor_can_they_read_it(community: Community, mature: str) -> None:
    community.comment("bob", mature)
    for name in ("getPost", "getComments"):
        for uid in (None, "eve"):
            answer = community.call(name, uid, postId=mature)
            assert (answer.code, answer.reason) == ("failed-precondition", "MatureContent")
        for uid in ("ann", "bob"):
            assert community.call(name, uid, postId=mature).ok
        assert community.call(name, "root", admin=True, postId=mature).ok
    shown = community.ok("getPost", "bob", postId=mature)
    assert (shown["rating"], shown["hidden"]) == ("mature", False)
    assert community.post(mature)["hidden"] == "mature", "clients read `hidden == false` and nothing else"


def test_a_remix_has_at_least_the_rating(community: Community, mature: str) -> None:
    request: dict[str, Any] = {"postId": mature, "requestId": community.request_id()}
    assert community.call("remixPost", "eve", **request).reason == "MatureContent"
    session = community.ok("remixPost", "bob", **request)["sessionId"]
    assert community.database.need(f"sessions/{session}")["rating"] == "mature"
    given: dict[str, Any] = {"uid": "bob", "amount": 10, "reason": "a gift", "requestId": community.request_id()}
    community.ok("addTokens", "root", admin=True, **given)
    order: dict[str, Any] = {"type": "image", "model": "Model A", "prompt": "a fox"}
    order["requestId"] = community.request_id()
    job_id = community.ok("createStudioJob", "bob", **order, sessionId=session)["jobId"]
    assert community.database.need(f"jobs/{job_id}")["rating"] == "mature"
    assert community.ok("publishPost", "bob", creationId=job_id, rating="general")["postId"] == job_id
    assert community.post(job_id)["rating"] == "mature"


def get(path: str, **query: str) -> Any:
    return http(SHARE, "GET", path=path, query=query)


def test_a_page_for_everybody_shows_nothing_of_it(community: Community) -> None:
    caption = "A sunny morning"
    post = community.published(caption=caption)
    site = "http://127.0.0.1:5000"
    assert caption in get(f"/p/{post}").text
    community.ok("moderatePost", "root", admin=True, postId=post, action="rate", rating="mature")
    page = get(f"/p/{post}")
    assert (page.status, caption in page.text, "og:" in page.text, "<img" in page.text) == (200, False, False, False)
    assert "rated mature" in page.text
    assert "noindex" in page.text
    assert get(f"/p/{post}/picture").status == 404
    assert get("/oembed", url=f"{site}/p/{post}").status == 404


def test_an_administrator_rates_up_and_down(community: Community) -> None:
    post = community.published()

    def rate(rating: str) -> None:
        community.ok("moderatePost", "root", admin=True, postId=post, action="rate", rating=rating, note="as seen")

    rate("mature")
    rate("mature")
    assert community.feed() == []
    assert community.database.need(f"creations/{post}")["rating"] == "mature"
    rate("general")
    assert community.feed() == [post]
    told = community.database.under("users/ann/notifications").values()
    assert sorted((each["type"], each["postId"], "everybody" in each["text"]) for each in told) == [
        ("content_rated", post, False),
        ("content_rated", post, True),
    ]
    assert "rating" not in community.post(post)
    entries = [each for each in community.database.under("auditLogs").values() if each["action"] == "moderatePost"]
    assert [each["details"]["rating"] for each in sorted(entries, key=lambda each: each["at"])] == ["mature", "general"]
    assert entries[0]["details"] | {"rating": ""} == {"decision": "rate", "rating": "", "note": "as seen"}


def test_a_rating_outlives_the_post(community: Community) -> None:
    post = community.published()
    community.ok("moderatePost", "root", admin=True, postId=post, action="rate", rating="mature")
    community.ok("deletePost", "ann", postId=post)
    community.run_queue()
    assert community.ok("publishPost", "ann", creationId=post)["postId"] == post
    assert community.post(post)["rating"] == "mature"


def test_moderation_hides_and_restores_a_mature_post(community: Community, mature: str) -> None:
    about: dict[str, Any] = {"postId": mature}
    community.ok("moderatePost", "root", admin=True, **about, action="hide")
    assert community.feed("bob") == []
    assert community.call("getPost", "bob", **about).reason == "NotFound"
    community.ok("moderatePost", "root", admin=True, **about, action="rate", rating="mature")
    assert community.feed("bob") == [], "a rating does not show what is hidden"
    community.run_queue()
    community.ok("moderatePost", "root", admin=True, **about, action="restore")
    assert (community.feed("bob"), community.feed()) == ([mature], [])
    community.ok("suspendUser", "root", admin=True, uid="ann", suspended=True, reason="spam")
    community.run_queue()
    assert community.feed("bob") == []
    community.ok("suspendUser", "root", admin=True, uid="ann", suspended=False, reason="spam")
    community.wait()
    assert (community.feed("bob"), community.feed()) == ([mature], [])


def test_its_author_deletes_a_mature_post_and_may_publish_it_again(community: Community, mature: str) -> None:
    community.ok("deletePost", "ann", postId=mature)
    community.run_queue()
    assert community.public_files(mature) == []
    assert community.ok("publishPost", "ann", creationId=mature)["postId"] == mature
    assert community.post(mature)["hidden"] is False, "its author had chosen the rating"


@pytest.mark.usefixtures("community", "unchanged")
@pytest.mark.parametrize(
    ("change", "field"),
    [({}, "rating"), ({"rating": "mature", "commentId": "c1"}, "commentId"), ({"rating": "adult"}, "rating")],
)
def test_a_rating_that_is_none_changes_nothing(community: Community, change: dict[str, Any], field: str) -> None:
    answer = community.call("moderatePost", "root", admin=True, postId="nothing", action="rate", **change)
    assert (answer.reason, list(answer.details["fields"])) == ("InvalidRequest", [field])
    rating: dict[str, Any] = {"postId": "nothing", "action": "rate", "rating": "mature"}
    assert community.call("moderatePost", "root", admin=True, **rating).reason == "NotFound"
    assert community.call("moderatePost", "eve", **rating).code == "permission-denied"


def test_a_post_from_before_there_were_ratings_is_general(community: Community) -> None:
    post = community.seeded()
    assert "rating" not in community.post(post)
    assert community.feed() == [post]
    assert community.ok("getPost", postId=post)["rating"] == "general"


@pytest.mark.malformed("a preference that is none")
def test_somebody_whose_document_cannot_be_read_has_not_asked(community: Community, mature: str) -> None:
    general = community.published()
    community.database.change("users/bob", preferences={"matureContent": "yes"})
    assert community.feed("bob") == [general]
    assert community.call("getPost", "bob", postId=mature).reason == "MatureContent"


def publish(community: Community, id_: str, **given: Any) -> Any:
    return community.call("publishPost", "ann", creationId=id_, **given)


def test_c23_what_is_rejected_is_not_published(community: Community, openai: ChatStandIn) -> None:
    id_ = community.creation()
    before = community.database.hash("rateLimits")
    for given in ({"caption": REJECTED}, {"tags": ["a", "x"], "caption": f"{REJECTED} too"}):
        answer = publish(community, id_, **given)
        assert (answer.code, answer.details) == ("failed-precondition", {"reason": "ContentRejected"})
    [year] = community.database.under(YEARS)
    counts = community.database.need(f"{YEARS}/{year}")["counts"]
    assert counts == {"posts": {"other": {"refused": 2}}}
    community.database.delete(f"{YEARS}/{year}")
    assert community.database.hash("rateLimits") == before
    assert community.public_files(id_) == []
    assert publish(community, id_, caption="fine").ok
    judged = len(openai.orders())
    assert publish(community, id_, caption=REJECTED).ok, "it is published already, and nothing is"
    assert len(openai.orders()) == judged


@pytest.mark.parametrize(("shared", "refused"), [(True, True), (False, False)])
@pytest.mark.usefixtures("openai")
def test_a_prompt_is_checked_if_it_is_shared(community: Community, shared: bool, refused: bool) -> None:
    id_ = community.creation(prompt="moderation:rejected", title="a fox")
    assert publish(community, id_, shareParams=shared).reason == ("ContentRejected" if refused else None)


@pytest.mark.parametrize(
    ("name", "reason", "rating"),
    [
        ("0.png", None, "general"),
        ("moderation-mature.png", None, "mature"),
        ("moderation-rejected.png", "ContentRejected", ""),
    ],
)
@pytest.mark.usefixtures("openai")
def test_pictures_are_checked(community: Community, name: str, reason: str | None, rating: str) -> None:
    id_ = community.creation()
    path = f"users/ann/creations/{id_}/{name}"
    community.gcs.put_object(path, png(500), {"contentType": "image/png"})
    item = {"path": path, "contentType": "image/png", "bytes": 500}
    creation = community.database.need(f"creations/{id_}")
    community.database.put(f"creations/{id_}", {**creation, "media": [item]})
    assert publish(community, id_).reason == reason
    if reason is None:
        assert community.post(id_).get("rating", "general") == rating


@pytest.mark.usefixtures("openai")
def test_a_check_can_only_raise_the_rating(community: Community) -> None:
    ids = [community.creation() for _ in range(3)]
    assert publish(community, ids[0], caption=MATURE).ok
    assert publish(community, ids[1], caption="fine", rating="mature").ok
    assert publish(community, ids[2], caption="fine").ok
    assert community.feed() == [ids[2]]


@pytest.mark.parametrize(("when_away", "reason"), [("refuse", "Unavailable"), ("allow", None)])
@pytest.mark.usefixtures("openai")
def test_c24_without_a_verdict_the_parameter_decides(
    community: Community, monkeypatch: pytest.MonkeyPatch, when_away: str, reason: str | None
) -> None:
    monkeypatch.setenv("MODERATION_WHEN_AWAY", when_away)
    id_ = community.creation()
    assert publish(community, id_, caption="moderation:500").reason == reason
    assert (community.database.get(f"posts/{id_}") is None) == (reason is not None)
