"""What a report weighs: throwaway accounts hide nothing, wrong reports weigh less, and no author erases reports."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

import main
from studiox.community import reports
from studiox.models.users import User
from tests.community.community import Community
from tests.rules.table import NOW
from tests.support import Answer, Rpcs, budgets, call
from tests.support.people import user_of


def report(uid: str, post_id: str, *, verified: bool = True) -> Answer:
    return call(main.reportPost, {"postId": post_id, "reason": "spam"}, uid=uid, verified=verified)


def people(community: Community, count: int, age: timedelta, *, name: str = "r", made: bool = False) -> list[str]:
    uids = [f"{name}{number}" for number in range(count)]
    for uid in uids:
        community.user(uid, createdAt=community.clock.now() - age)
        if made:
            community.creation(uid)
    return uids


@pytest.fixture
def strict(monkeypatch: pytest.MonkeyPatch) -> None:
    """As a deployment that confirms addresses."""
    monkeypatch.setenv("REQUIRE_VERIFIED_EMAIL", "true")


@pytest.mark.usefixtures("strict")
def test_throwaway_accounts_hide_nothing_and_are_kept_for_the_moderators(community: Community) -> None:
    post = community.published()
    young = people(community, 20, timedelta(hours=23), made=True)
    idle = people(community, 20, timedelta(days=6), name="idle")
    assert all(report(uid, post).ok for uid in young + idle)
    assert community.feed() == [post]
    assert len(community.database.under("reports")) == 40
    known = community.database.need(f"moderation/{post}")
    assert (known["reports"], known["points"]) == (40, 0)


@pytest.mark.usefixtures("strict")
@pytest.mark.parametrize(("age", "made"), [(timedelta(days=1), True), (timedelta(days=7), False)])
def test_five_ordinary_accounts_hide_a_post(community: Community, age: timedelta, made: bool) -> None:
    post = community.published()
    *first, last = people(community, 5, age, made=made)
    assert all(report(uid, post).ok for uid in [*people(community, 9, timedelta(0), name="new"), *first, *first])
    assert community.feed() == [post]
    assert report(last, post).ok
    assert community.feed() == []


@pytest.mark.usefixtures("strict")
@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("reportPost", {"reason": "spam"}),
        ("likePost", {}),
        ("commentPost", {"text": "a", "requestId": "request-000000001"}),
        ("remixPost", {"requestId": "request-000000001"}),
        ("useTokens", {"feature": "upscale", "requestId": "request-000000001"}),
        ("submitSocialTask", {"taskId": "follow", "proofUrl": "https://a.test", "requestId": "request-000000001"}),
        ("updateStreak", {}),
    ],
)
def test_what_touches_others_or_earns_wants_a_confirmed_address(
    community: Community, name: str, data: dict[str, str]
) -> None:
    post = community.published()
    before = community.database.hash("rateLimits")
    about = {"postId": post} if name.endswith("Post") else {}
    refused = call(getattr(main, name), {**about, **data}, uid="bob", verified=False)
    assert (refused.code, refused.reason) == ("failed-precondition", "EmailNotVerified")
    assert community.database.hash("rateLimits") == before


def test_every_restore_doubles_what_it_takes(community: Community, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REPORTS_TO_HIDE", "1")
    post = community.published()
    for restores in range(4):
        crowd = [f"crowd{restores}x{number}" for number in range(2**restores)]
        for uid in crowd:
            assert community.feed() == [post]
            assert report(uid, post).ok
        assert community.feed() == []
        assert community.ok("moderatePost", "root", admin=True, postId=post, action="restore")
        for uid in crowd:  # who was overruled has had their say about this post
            assert report(uid, post).ok
        assert community.feed() == [post]


def test_who_was_wrong_weighs_less_elsewhere_until_they_are_right(
    community: Community, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REPORTS_TO_HIDE", "1")
    first, second, third, fourth = (community.published() for _ in range(4))
    report("bob", first)
    community.ok("moderatePost", "root", admin=True, postId=first, action="restore")
    community.ok("moderatePost", "root", admin=True, postId=first, action="restore")
    assert community.database.need("users/bob")["reportsOverruled"] == 1
    report("bob", second)
    assert second in community.feed()
    community.ok("moderatePost", "root", admin=True, postId=second, action="remove")
    assert community.database.need("users/bob")["reportsOverruled"] == 0
    assert community.database.need(f"reports/{second}_bob")["state"] == "upheld"
    report("bob", third)
    assert third not in community.feed()
    community.ok("moderatePost", "root", admin=True, postId=third, action="hide")
    community.ok("moderatePost", "root", admin=True, postId=third, action="restore")
    report("bob", fourth)
    assert fourth not in community.feed()


def test_no_author_gets_rid_of_reports_by_publishing_anew(community: Community) -> None:
    post = community.published()
    uids = people(community, 5, timedelta(0))
    for uid in uids[:4]:
        report(uid, post)
    community.ok("deletePost", "ann", postId=post)
    community.wait(11)
    community.wait(11)
    community.ok("publishPost", "ann", creationId=post)
    assert community.database.need(f"posts/{post}/private/state")["reports"] == 4
    report(uids[0], post)
    assert community.feed() == [post]
    report(uids[4], post)
    assert community.feed() == []


def test_a_report_is_two_round_trips(community: Community, rpcs: Rpcs) -> None:
    post = community.published()
    rpcs.reset()
    assert report("bob", post).ok
    assert rpcs.count() <= budgets.most("reportPost", "cold")


ACCOUNTS = st.builds(
    lambda hours, overruled: replace(user_of(now=NOW - timedelta(hours=hours)), reports_overruled=overruled),
    st.integers(0, 30 * 24),
    st.none() | st.integers(0, 20),
)


@given(ACCOUNTS, st.booleans(), st.booleans())
def test_no_report_weighs_more_than_an_ordinary_one(account: User, strict: bool, has_made: bool) -> None:
    weight = reports.points(account, strict=strict, has_made=has_made, now=NOW)
    assert 0 <= weight <= reports.FULL
    assert weight <= reports.points(account, strict=False, has_made=has_made, now=NOW)
    worse = replace(account, reports_overruled=reports.overruled(account, upheld=False))
    assert reports.points(worse, strict=strict, has_made=has_made, now=NOW) <= weight
    assert reports.points(None, strict=True, has_made=True, now=NOW) == 0
