"""What a change of an account leaves as it is, and which accounts a query finds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from msgspec.structs import replace

from studiox.kit.documents import decode, encode
from studiox.models import users
from studiox.models.users import User, user_path
from tests.support import Database
from tests.support.documents import docs_with
from tests.support.people import NOW, user_data, user_of

LATER = NOW + timedelta(hours=1)
SECOND = timedelta(seconds=1)


def test_a_change_sets_its_fields_and_the_time() -> None:
    user = user_of()
    docs = docs_with({user_path("u1"): encode(user)})
    users.change_user(docs, "u1", LATER, plan="pro", is_premium=True)
    assert docs.get(user_path("u1")) == replace(user, plan="pro", is_premium=True, updated_at=LATER)


def test_an_account_that_is_gone_is_not_made_again() -> None:
    docs = docs_with({})
    users.change_user(docs, "u1", LATER, plan="pro")
    assert docs.changes == {}


def test_an_account_is_not_closing_until_its_deletion_begins() -> None:
    stored = user_data()
    assert "closing" not in stored
    assert decode(User, stored).closing is False


def test_an_older_account_has_no_collections() -> None:
    stored = {name: value for name, value in user_data().items() if name != "collectionCount"}
    assert decode(User, stored).collection_count == 0


def test_a_pseudonym_is_of_its_account_and_of_this_deployment(monkeypatch: pytest.MonkeyPatch) -> None:
    own = users.pseudonym("u1")
    assert users.closed_path("u1") == f"closedAccounts/{own}"
    assert users.pseudonym("u1") == own != users.pseudonym("u2")
    assert "u1" not in own
    monkeypatch.setenv("APP_SIGNING_KEY", "canary-another-deployments-key-0123456789")
    assert users.pseudonym("u1") != own


@pytest.fixture
def three(database: Database) -> None:
    """Three accounts, a second apart: `b`, `c`, `a`."""
    for number, uid in enumerate("bca"):
        at = NOW + number * SECOND
        data = user_data(f"{uid}@canary.test", at, plan="pro" if uid == "c" else "free", updatedAt=at + SECOND)
        database.put(f"users/{uid}", {**data, "creditResetAt": at})


@pytest.mark.usefixtures("three")
def test_accounts_are_searched_by_one_of_three_fields() -> None:
    def found(*, email: str | None = None, uid: str | None = None, plan: str | None = None) -> list[str]:
        page, cursor = users.search_users(email=email, uid=uid, plan=plan, size=5, cursor=None)
        assert cursor is None
        return [each.id for each in page]

    assert found() == ["a", "c", "b"]
    assert found(plan="free") == ["a", "b"]
    assert found(email=" C@Canary.test ") == ["c"]
    assert found(uid="b") == ["b"]
    assert found(uid="absent") == []
    first, cursor = users.search_users(email=None, uid=None, plan=None, size=2, cursor=None)
    rest, end = users.search_users(email=None, uid=None, plan=None, size=2, cursor=cursor)
    assert ([each.id for each in first], [each.id for each in rest], end) == (["a", "c"], ["b"], None)


@pytest.mark.usefixtures("three")
def test_new_users_are_counted_within_their_time() -> None:
    assert users.count_new_users(NOW, NOW + 2 * SECOND) == 2
    assert users.count_new_users(NOW + SECOND, NOW + 3 * SECOND) == 2
    assert users.count_new_users(NOW + 3 * SECOND, LATER) == 0


@pytest.mark.parametrize(
    ("moment", "monday"),
    [
        (datetime(2026, 3, 2, tzinfo=UTC), "2026-03-02"),
        (datetime(2026, 3, 8, 23, 59, 59, 999_999, UTC), "2026-03-02"),
        (datetime(2026, 3, 9, tzinfo=UTC), "2026-03-09"),
        (datetime(2026, 3, 9, 1, tzinfo=timezone(timedelta(hours=2))), "2026-03-02"),
        (datetime(2027, 1, 1, tzinfo=UTC), "2026-12-28"),
    ],
)
def test_a_week_is_named_by_its_monday(moment: datetime, monday: str) -> None:
    assert users.week_of(moment) == monday


def test_orders_are_counted_by_week_and_the_newest_weeks_are_kept() -> None:
    monday = datetime(2026, 12, 21, tzinfo=UTC)
    counts: dict[str, int] = {}
    for week, orders in enumerate((1, 2, 1, 3)):
        for _ in range(orders):
            before = dict(counts)
            counts = users.with_one_more_job(counts, monday + timedelta(days=7 * week))
            assert counts != before
    assert counts == {"2026-12-28": 2, "2027-01-04": 1, "2027-01-11": 3}


@pytest.mark.parametrize("now", [datetime(2026, 12, 21, tzinfo=UTC), datetime(2026, 12, 27, 23, 59, tzinfo=UTC)])
def test_all_users_still_have_their_counts_of_this_week_and_the_two_before(now: datetime) -> None:
    weeks = ("2026-12-28", "2026-12-21", "2026-12-14", "2026-12-07", "2026-11-30")
    assert [users.keeps(week, now) for week in weeks] == [True, True, True, True, False]


def test_a_weeks_jobs_are_summed_and_ranked(database: Database) -> None:
    week, other = "2026-12-21", "2026-12-14"
    counts = {"a": {week: 2}, "b": {week: 5, other: 1}, "c": {other: 9}, "d": {week: 1}}
    for uid, by_week in counts.items():
        database.put(f"users/{uid}", {**user_data(), "jobsByWeek": by_week})
    assert (users.jobs_of(week), users.jobs_of(other)) == (8, 10)
    assert [users.count_with_jobs(week, least) for least in (1, 2, 3, 6)] == [3, 2, 1, 0]
    assert users.busiest(week, 2) == [("b", 5), ("a", 2)]
