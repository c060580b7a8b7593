"""useTokens, checkGenerationAllowance and getUsageAnalytics, as clients call them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

import main
from studiox.kit.documents import encode
from studiox.models.ledger import LedgerEntry
from tests.support import Answer, Database, Rpcs, before_create, call, crowd, jobs
from tests.support.clock import Clock
from tests.support.samples import sample

TRIGGER: Any = main.onUserCreated


@pytest.fixture(autouse=True)
def _late_in_january(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    """u1's account is made then."""
    clock.stop(datetime(2026, 1, 31, 12, tzinfo=UTC))
    monkeypatch.setenv("MOCK_LATENCY_MS", "600000")
    before_create(TRIGGER, "u1", email="u1@canary.test")


# Features.


def use(feature: str = "hd_download", request: str = "request-000000001", uid: str = "u1") -> Answer:
    return call(main.useTokens, {"feature": feature, "requestId": request}, uid=uid)


def test_a_feature_costs_what_the_catalogue_says(database: Database, invariants: Callable[[str], None]) -> None:
    assert use().result == {"spent": 2, "balance": 198}
    before = database.hash("rateLimits")
    assert use().result == {"spent": 2, "balance": 198}
    assert use("stem_export").reason == "RequestIdReused"
    assert database.hash("rateLimits") == before
    assert use(request="request-000000002").result == {"spent": 2, "balance": 196}
    invariants("u1")
    entry = database.need("users/u1/ledger/feature:request-000000001")
    assert (entry["type"], entry["amount"], entry["ref"]) == ("deduction", -2, {"kind": "feature", "id": "hd_download"})


def test_an_override_sets_the_price_and_a_replay_answers_the_first_one(database: Database) -> None:
    database.put("features/hd_download", {"tokens": 7})
    assert use().result == {"spent": 7, "balance": 193}


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize(
    "request_", [{}, {"feature": "no-such"}, {"feature": "../x"}, {"feature": "hd_download", "price": 1}]
)
def test_what_is_no_feature_is_refused(request_: dict[str, Any]) -> None:
    answer = call(main.useTokens, {"requestId": "request-000000001", **request_}, uid="u1")
    assert answer.reason == "InvalidRequest"


def test_not_enough_tokens(database: Database, invariants: Callable[[str], None]) -> None:
    database.put("features/hd_download", {"tokens": 150})
    assert use().ok
    before = database.hash("rateLimits")
    answer = use(request="request-000000002")
    assert (answer.reason, answer.details["balance"], answer.details["price"]) == ("InsufficientTokens", 50, 150)
    assert database.hash("rateLimits") == before
    invariants("u1")


def test_thirty_two_uses_at_once(database: Database, invariants: Callable[[str], None]) -> None:
    """J1, J3: the same request once, and never below zero."""
    same = crowd(32, lambda _: use())
    assert {answer.result["balance"] for answer in same} == {198}
    database.put("features/commercial_license", {"tokens": 20})
    crowd(32, lambda n: use("commercial_license", f"request-1000000{n:02d}"))
    invariants("u1")
    assert database.need("users/u1")["balance"] == 18


def test_a_use_whose_answer_is_lost(database: Database, rpcs: Rpcs) -> None:
    """J22."""
    rpcs.fail_after_apply("Commit")
    assert use().result == {"spent": 2, "balance": 198}
    assert database.need("users/u1")["balance"] == 198


def test_who_may_use(database: Database, invariants: Callable[[str], None]) -> None:
    assert call(main.useTokens).reason == "Unauthenticated"
    assert use(uid="imported").result == {"spent": 2, "balance": 198}
    invariants("imported")
    database.change("users/u1", suspended=True)
    assert use().reason == "AccountSuspended"


# The songs of a month.


def allowance(uid: str = "u1", **request: Any) -> dict[str, Any]:
    answer = call(main.checkGenerationAllowance, request, uid=uid)
    assert answer.ok, answer
    found: dict[str, Any] = answer.result
    return found


def test_the_free_plan_has_three_songs_a_month(clock: Clock, database: Database) -> None:
    assert allowance() == {"allowed": True, "remaining": 3, "limit": 3, "resetsAt": "2026-02-28T12:00:00Z"}
    assert [allowance(consume=True)["remaining"] for _ in range(3)] == [2, 1, 0]
    refused = allowance(consume=True)
    assert refused == allowance()
    assert (refused["allowed"], refused["remaining"], refused["reason"]) == (False, 0, "AllowanceExceeded")
    assert database.need("users/u1")["generationCount"] == 3
    clock.stop(datetime(2026, 2, 28, 11, 59, tzinfo=UTC))
    assert not allowance()["allowed"]
    clock.stop(datetime(2026, 2, 28, 12, tzinfo=UTC))
    assert allowance()["remaining"] == 3
    assert allowance(consume=True)["remaining"] == 2
    assert database.need("users/u1")["generationCount"] == 1


def test_paid_plans_have_no_limit(database: Database) -> None:
    database.change("users/u1", plan="pro", isPremium=True)
    for _ in range(5):
        found = allowance(consume=True)
    assert (found["allowed"], found["remaining"], found["limit"]) == (True, None, None)


def test_the_limit_is_the_catalogues(database: Database) -> None:
    database.put("plans/free", {"allowances": {"songsPerMonth": 1}})
    assert allowance(consume=True)["remaining"] == 0
    assert not allowance(consume=True)["allowed"]


def test_thirty_two_songs_at_once_are_three(database: Database) -> None:
    answers = crowd(32, lambda _: allowance(consume=True))
    assert sum(answer["allowed"] for answer in answers if isinstance(answer, dict)) == 3
    assert database.need("users/u1")["generationCount"] == 3


def test_a_count_whose_answer_is_lost_counts_once(database: Database, rpcs: Rpcs) -> None:
    """J22."""
    allowance()
    rpcs.fail_after_apply("Commit")
    assert allowance(consume=True)["remaining"] == 2
    assert database.need("users/u1")["generationCount"] == 1


def test_who_may_ask() -> None:
    assert call(main.checkGenerationAllowance).reason == "Unauthenticated"
    assert allowance("imported", consume=True)["remaining"] == 2


# The figures.


def usage(**request: Any) -> dict[str, Any]:
    answer = call(main.getUsageAnalytics, request, uid="u1")
    assert answer.ok, answer
    found: dict[str, Any] = answer.result
    return found


def job(database: Database, number: int, at: datetime, uid: str = "u1", **fields: Any) -> None:
    database.put(f"jobs/j{number}", jobs.job(f"j{number}", uid, created_at=at, **fields))


def test_figures_by_day_and_in_total(database: Database) -> None:
    noon = datetime(2026, 1, 30, 12, tzinfo=UTC)
    job(database, 1, noon)
    job(database, 2, noon, type="music", model="m", status="failed")
    job(database, 3, noon + timedelta(days=1))
    job(database, 4, noon - timedelta(days=31))
    job(database, 5, noon, uid="u2")
    use()
    entry = sample(LedgerEntry, type="refund", amount=5, created_at=noon, seq=3)
    database.put("users/u1/ledger/refund:x", encode(entry))
    found = usage()
    assert (found["from"], found["to"], len(found["days"]), found["truncated"]) == (
        "2026-01-02", "2026-01-31", 30, False,
    )  # fmt: skip
    assert found["days"][-2] == {
        "date": "2026-01-30",
        "jobs": {
            "total": 2,
            "byType": {"image": 1, "music": 1},
            "byModel": {"Model A": 1, "m": 1},
            "byStatus": {"completed": 1, "failed": 1},
        },
        "tokens": {"spent": 0, "refunded": 5, "earned": 0},
    }
    assert found["days"][-1]["tokens"] == {"spent": 2, "refunded": 0, "earned": 200}
    assert found["total"]["jobs"]["total"] == 3
    assert found["total"]["tokens"] == {"spent": 2, "refunded": 5, "earned": 200}
    one = usage(**{"from": "2026-01-30", "to": "2026-01-30"})
    assert [day["date"] for day in one["days"]] == ["2026-01-30"]
    assert one["total"]["jobs"]["total"] == 2


def test_as_many_days_as_are_allowed() -> None:
    assert len(usage(**{"from": "2025-11-01", "to": "2026-01-31"})["days"]) == 92


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize(
    "request_",
    [
        {"from": "2025-10-31", "to": "2026-01-31"},
        {"from": "2026-01-31", "to": "2026-01-30"},
        {"from": "2026-02-30"},
        {"to": "0001-01-01"},
        {"from": "yesterday"},
        {"from": "2026-01-01\n"},
        {"uid": "u2"},
    ],
)
def test_dates_that_are_none(request_: dict[str, Any]) -> None:
    assert call(main.getUsageAnalytics, request_, uid="u1").reason == "InvalidRequest"


def test_reading_is_bounded(database: Database, rpcs: Rpcs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("studiox.tokens.usage_days.MAX_DOCUMENTS", 5)
    for number in range(8):
        job(database, number, datetime(2026, 1, 31, 1, number, tzinfo=UTC))
    rpcs.reset()
    found = usage()
    assert (found["truncated"], found["total"]["jobs"]["total"]) == (True, 5), "a day with more than is read"
    assert rpcs.documents <= 2 * 5 + 2 * 1 + 2


def test_pages_of_many_jobs_are_all_counted(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("studiox.kit.query.PAGE", 7)
    for number in range(40):
        job(database, number, datetime(2026, 1, 31, 1, number // 3, tzinfo=UTC))
    assert usage()["total"]["jobs"]["total"] == 40


def _much(database: Database, days: int, each: int) -> dict[str, Any]:
    """So many days before today, each with as many jobs; the whole figures."""
    today = datetime(2026, 1, 31, 1, tzinfo=UTC)
    for number in range(days * each):
        job(database, number, today - timedelta(days=1 + number // each, minutes=number % each))
    return usage()


def test_figures_of_much_are_whole_after_some_calls_and_kept(
    database: Database, rpcs: Rpcs, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = _much(database, 12, 4)
    assert expected["total"]["jobs"]["total"] == 48
    assert database.under("users/u1/usage") == {}, "nothing is written for most users"
    monkeypatch.setattr("studiox.tokens.usage_days.MAX_DOCUMENTS", 5)
    monkeypatch.setattr("studiox.tokens.usage_days.MOST_READ", 20)
    seen = []
    for _ in range(4):
        rpcs.reset()
        found = usage()
        seen.append((found["truncated"], found["total"]["jobs"]["total"]))
        assert rpcs.documents <= 20 + 2 * 5 + 12
    assert seen[:2] == [(True, 20), (True, 40)]
    assert seen[2:] == [(False, 48), (False, 48)]
    assert found == expected
    assert len(database.need("users/u1/usage/2026-01")["days"]) >= 12
    rpcs.reset()
    assert usage() == expected
    assert rpcs.documents <= 1 + 4 + 2, "the kept month, and the days that may still change"
    assert "Commit" not in rpcs.calls


def test_a_day_whose_jobs_have_not_ended_is_read_again(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    _much(database, 3, 4)
    database.change("jobs/j5", status="processing")
    monkeypatch.setattr("studiox.tokens.usage_days.MAX_DOCUMENTS", 5)
    assert usage()["total"]["jobs"]["byStatus"]["processing"] == 1
    assert "2026-01-29" not in database.need("users/u1/usage/2026-01")["days"]
    database.change("jobs/j5", status="failed")
    found = usage()["total"]["jobs"]["byStatus"]
    assert (found["failed"], "processing" in found) == (1, False)
    assert "2026-01-29" in database.need("users/u1/usage/2026-01")["days"]


def test_nothing_is_kept_of_an_account_that_is_deleted_meanwhile(
    database: Database, rpcs: Rpcs, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = _much(database, 3, 4)
    monkeypatch.setattr("studiox.tokens.usage_days.MAX_DOCUMENTS", 5)
    rpcs.before("Commit", lambda: database.delete("users/u1"))
    assert usage() == expected
    assert database.under("users/u1/usage") == {}
