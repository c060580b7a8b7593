"""The private library: titles, favourites, plays, each its owner's alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import main
from studiox.creations.service import one_more_play
from studiox.models.users import Plays
from tests.community.community import Community
from tests.support import Rpcs, call, crowd


def test_a_creation_gets_another_title(community: Community) -> None:
    id_ = community.creation()
    renamed = community.ok("updateCreation", "ann", creationId=id_, title="  Fu\u0308chse ")
    assert renamed["title"] == "Füchse"
    assert renamed == community.ok("getUserCreations", "ann")["creations"][0]
    assert "url" not in renamed["media"][0]
    [entry] = community.database.under("auditLogs").values()
    assert (entry["actor"], entry["action"], entry["target"]) == ("ann", "updateCreation", f"creations/{id_}")
    for wrong in ("", "   ", "x" * 101, "a\0b", 5):
        refused = community.call("updateCreation", "ann", creationId=id_, title=wrong)
        assert (refused.code, refused.reason) == ("invalid-argument", "InvalidRequest"), wrong


def test_a_favourite_is_toggled_or_set(community: Community) -> None:
    id_, other = community.creation(), community.creation()
    assert community.ok("toggleFavorite", "ann", creationId=id_) == {"isFavorite": True}
    assert community.ok("toggleFavorite", "ann", creationId=id_, favorite=True) == {"isFavorite": True}
    found = community.ok("getUserCreations", "ann", favorite=True)["creations"]
    assert [each["creationId"] for each in found] == [id_]
    assert community.ok("toggleFavorite", "ann", creationId=id_) == {"isFavorite": False}
    assert community.ok("toggleFavorite", "ann", creationId=other, favorite=False) == {"isFavorite": False}
    assert community.ok("getUserCreations", "ann", favorite=True)["creations"] == []
    assert len(community.database.under("auditLogs")) == 2  # what changed nothing is no entry


def test_a_toggle_whose_answer_was_lost_is_not_toggled_back(community: Community, rpcs: Rpcs) -> None:
    id_ = community.creation()
    rpcs.fail_after_apply("Commit")
    assert community.ok("toggleFavorite", "ann", creationId=id_) == {"isFavorite": True}
    assert community.database.need(f"creations/{id_}")["isFavorite"] is True


def test_plays_count_for_the_creation_and_for_the_month(community: Community) -> None:
    id_ = community.creation()
    now = community.clock.now()
    first = community.ok("incrementPlayCount", "ann", creationId=id_)
    assert first["monthlyPlays"] == 1
    resets = datetime.fromisoformat(first["resetsAt"])
    assert timedelta(days=28) <= resets - now <= timedelta(days=31, minutes=1)
    assert community.ok("incrementPlayCount", "ann") == {"monthlyPlays": 2, "resetsAt": first["resetsAt"]}
    answers = crowd(8, lambda _: call(main.incrementPlayCount, {"creationId": id_}, uid="ann"))
    assert all(answer.ok for answer in answers), answers
    user = community.database.need("users/ann")
    assert user["plays"] == {"count": 10, "resetAt": resets}
    assert user["lastSeenAt"] >= now
    assert user["streak"]["current"] == 0  # a play is no streak visit
    assert community.ok("getCreation", "ann", creationId=id_)["playCount"] == 9
    community.clock.ahead += timedelta(days=32)
    later = community.ok("incrementPlayCount", "ann")
    assert later["monthlyPlays"] == 1
    assert datetime.fromisoformat(later["resetsAt"]) > community.clock.now() + timedelta(days=27)


def test_a_play_whose_answer_was_lost_is_counted_once(community: Community, rpcs: Rpcs) -> None:
    """J22."""
    id_ = community.creation()
    assert community.ok("incrementPlayCount", "ann")["monthlyPlays"] == 1
    rpcs.fail_after_apply("Commit")
    assert community.ok("incrementPlayCount", "ann", creationId=id_)["monthlyPlays"] == 2
    assert community.database.need(f"creations/{id_}")["playCount"] == 1
    entries = [
        each for each in community.database.under("auditLogs").values() if each["action"] == "incrementPlayCount"
    ]
    assert sorted(each["target"] for each in entries) == [f"creations/{id_}", "users/ann"]


def test_a_play_of_somebody_the_sign_up_trigger_never_saw(community: Community) -> None:
    assert community.ok("incrementPlayCount", "imported")["monthlyPlays"] == 1
    assert community.database.need("users/imported")["balance"] == 200


MOMENTS = st.integers(1_600_000_000, 2_800_000_000).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))


@given(st.lists(MOMENTS, min_size=1, max_size=30))
def test_a_month_after_its_first_play_a_new_one_begins(moments: list[datetime]) -> None:
    plays = Plays(count=0, reset_at=None)
    begun, counted = moments[0], 0
    for now in sorted(moments):
        new = plays.reset_at is None or now >= plays.reset_at
        begun, counted = (now, 1) if new else (begun, counted + 1)
        count, resets_at = one_more_play(plays, now)
        plays = Plays(count=count, reset_at=resets_at)
        assert count == counted
        assert now < resets_at
        assert timedelta(days=28) <= resets_at - begun <= timedelta(days=31)


@pytest.mark.parametrize("name", ["updateCreation", "toggleFavorite", "incrementPlayCount", "deleteCreation"])
def test_c1_somebody_elses_creation_is_not_there(community: Community, name: str) -> None:
    id_ = community.creation()
    community.ok("incrementPlayCount", "bob")
    before = community.database.hash("rateLimits")
    more: dict[str, Any] = {"title": "mine"} if name == "updateCreation" else {}
    foreign = community.call(name, "bob", creationId=id_, **more)
    absent = community.call(name, "bob", creationId="absent", **more)
    assert (foreign.code, foreign.message, foreign.details) == (absent.code, absent.message, absent.details)
    assert foreign.code == "not-found"
    assert community.call(name, creationId=id_, **more).code == "unauthenticated"
    assert community.database.hash("rateLimits") == before


def test_r6_a_minutes_writes_are_sixty(community: Community) -> None:
    id_ = community.creation()
    answers = [community.call("toggleFavorite", "ann", creationId=id_) for _ in range(61)]
    assert [answer.reason for answer in answers] == [None] * 60 + ["RateLimited"]


def test_sessions_are_their_owners(community: Community) -> None:
    community.ok("initializeUser", "zoe")
    order: dict[str, Any] = {"type": "image", "model": "Model A", "prompt": "a fox"}
    jobs = [community.ok("createStudioJob", "zoe", requestId=community.request_id(), **order) for _ in range(3)]
    joined = {**order, "sessionId": jobs[0]["sessionId"]}
    job = community.ok("createStudioJob", "zoe", requestId=community.request_id(), **joined)
    first = community.ok("listSessions", "zoe", pageSize=2)
    rest = community.ok("listSessions", "zoe", pageSize=2, cursor=first["nextCursor"])
    found = first["sessions"] + rest["sessions"]
    assert [each["sessionId"] for each in found] == [each["sessionId"] for each in jobs[::-1]]
    assert rest["nextCursor"] is None
    session = community.ok("getSession", "zoe", sessionId=jobs[0]["sessionId"])
    assert session == found[2]
    assert session["jobs"] == [jobs[0]["jobId"], job["jobId"]]
    assert session["params"] == {"prompt": "a fox", "size": "1024x1024"}
    assert "sourcePostId" not in session
    foreign = community.call("getSession", "bob", sessionId=jobs[0]["sessionId"])
    absent = community.call("getSession", "bob", sessionId="absent")
    assert (foreign.code, foreign.details) == (absent.code, absent.details) == ("not-found", {"reason": "NotFound"})
