"""The monthly reset: the rules over ten years (J23–J28), and the schedule as it is deployed."""

from __future__ import annotations

import calendar
import os
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

import main
from studiox.kit.clock import a_month_after
from studiox.models.ledger import Account, Buckets, next_entry
from studiox.models.users import User
from studiox.tokens import monthly
from tests.conftest import Logged
from tests.support import Database, Reply, Rpcs, call, crowd, schedule
from tests.support.clock import Clock
from tests.support.people import user_of
from tests.support.queue import Queue

RESET: Any = main.resetMonthlyTokens
MINUTE = timedelta(minutes=1)
START = datetime(2026, 1, 31, 9, 30, tzinfo=UTC)
MOMENTS = st.integers(0, 10 * 366 * 24 * 60).map(lambda minutes: datetime(2024, 1, 1, tzinfo=UTC) + minutes * MINUTE)


def user(due: datetime, **changes: Any) -> User:
    held = replace(user_of(), credit_reset_at=due, created_at=due - timedelta(days=31), buckets=Buckets(0, 200, 30))
    return replace(held, **changes)


# The rules.


@given(MOMENTS, st.integers(1, 31), MOMENTS)
def test_the_next_date_is_the_first_of_its_day_after_now(due: datetime, day: int, now: datetime) -> None:
    """J25, J26: missed months, leap days, months without that day."""
    due = due.replace(day=min(day, calendar.monthrange(due.year, due.month)[1]))
    found = monthly.next_date(due, day, now)
    assert found > max(due, now)
    assert found.time() == due.time()
    assert found.day == min(day, calendar.monthrange(found.year, found.month)[1])
    before = found.replace(day=1) - timedelta(days=1)
    last = before.replace(day=min(day, before.day))
    assert last <= max(due, now), "an earlier date was in the future already"


@pytest.mark.parametrize("left", [0, 1, 2])
@pytest.mark.parametrize("tokens", [0, 1, 2])
def test_a_reset_has_entries_for_what_changes_only(left: int, tokens: int) -> None:
    made = monthly.reset(user(START, buckets=Buckets(left, 200, 30)), tokens, START)
    amounts = [(cause.type, amounts.monthly) for cause, amounts in made.entries]
    assert amounts == [("plan_expiry", -left)] * (left > 0) + [("plan_grant", tokens)] * (tokens > 0)


@given(st.integers(1, 31), st.lists(st.integers(1, 200), max_size=120))
def test_ten_years_of_resets_whenever_they_run(day: int, pauses: list[int]) -> None:
    """One grant for each run that finds one due, whatever was missed; the anchor day is never lost."""
    created = datetime(2024, 1, day, 12, tzinfo=UTC)
    held = user(a_month_after(created), created_at=created)
    account, now, periods = Account(Buckets(0, 200, 30)), created, []
    for pause in pauses:
        now += timedelta(days=pause)
        if not monthly.is_due(held, now):
            continue
        reset = monthly.reset(held, 50, now)
        periods.append(reset.period)
        for cause, change in reset.entries:
            account, _ = next_entry(account, cause, change, now)
        assert account.buckets == Buckets(50, 200, 30)
        held = replace(held, **reset.fields, buckets=account.buckets)
        assert not monthly.is_due(held, now)
        due = held.credit_reset_at
        assert due.day == min(day, calendar.monthrange(due.year, due.month)[1])
        assert due - now <= timedelta(days=31)
    assert sorted(set(periods)) == periods


def test_a_subscriptions_end_sets_its_own_day() -> None:
    held = user(datetime(2026, 3, 12, tzinfo=UTC), credit_anchor_day=31)
    assert monthly.anchor_day(held) == 12


# The schedule.


@pytest.fixture(autouse=True)
def _start(clock: Clock) -> None:
    clock.stop(START)


def new_user(uid: str) -> str:
    assert call(main.initializeUser, uid=uid, email=f"{uid}@canary.test").ok
    return uid


def run(times: int = 1) -> None:
    for reply in crowd(times, lambda _: schedule(RESET)):
        assert isinstance(reply, Reply)
        assert reply.status == 200


def money(database: Database, uid: str) -> Any:
    """All that a reset moves, without when."""
    held = database.need(f"users/{uid}")
    entries = {
        name: (entry["seq"], entry["amount"], entry["balanceAfter"])
        for name, entry in database.under(f"users/{uid}/ledger").items()
    }
    return held["buckets"], held["balance"], held["creditResetAt"], held["ledgerSeq"], entries


def test_a_month_later_there_are_fifty_tokens(
    clock: Clock, database: Database, invariants: Callable[[str], None]
) -> None:
    new_user("u1")
    clock.stop(datetime(2026, 2, 28, 9, 29, tzinfo=UTC))
    run()
    assert database.need("users/u1")["balance"] == 200
    clock.stop(datetime(2026, 2, 28, 9, 30, tzinfo=UTC))
    run()
    held = database.need("users/u1")
    assert held["buckets"] == {"monthly": 50, "bonus": 200, "purchased": 0}
    assert held["creditResetAt"] == datetime(2026, 3, 31, 9, 30, tzinfo=UTC), "the 31st is kept"
    before = database.hash()
    run()
    assert database.hash() == before, "J23: a second run changes nothing"
    assert call(main.useTokens, {"feature": "hd_download", "requestId": "request-000000001"}, uid="u1").ok
    clock.stop(datetime(2026, 3, 31, 10, tzinfo=UTC))
    run()
    entries = database.under("users/u1/ledger")
    assert (entries["expiry:2026-03-31"]["amount"], entries["grant:2026-03-31"]["amount"]) == (-48, 50)
    invariants("u1")


def test_j25_missed_months_bring_one_grant(clock: Clock, database: Database) -> None:
    new_user("u1")
    clock.ahead += timedelta(days=150)
    run()
    grants = [name for name in database.under("users/u1/ledger") if name.startswith("grant")]
    assert grants == ["grant:2026-02-28"]
    assert database.need("users/u1")["creditResetAt"] == datetime(2026, 7, 31, 9, 30, tzinfo=UTC)


def test_a_paid_subscription_is_left_alone_and_so_is_what_was_bought(
    clock: Clock, database: Database, invariants: Callable[[str], None]
) -> None:
    new_user("paid")
    database.change("users/paid", plan="pro", isPremium=True, subscriptionId="sub_1")
    new_user("given")  # by an administrator: a plan without a subscription
    database.change("users/given", plan="pro", isPremium=True)
    before = money(database, "paid")
    clock.ahead += timedelta(days=40)
    run()
    assert money(database, "paid") == before
    assert database.need("users/given")["buckets"] == {"monthly": 1000, "bonus": 200, "purchased": 0}
    invariants("given")


def test_j24_a_reset_races_with_debits(clock: Clock, database: Database, invariants: Callable[[str], None]) -> None:
    new_user("u1")
    clock.ahead += timedelta(days=29)
    run()
    clock.ahead += timedelta(days=31)

    def act(number: int) -> object:
        if number % 4 == 0:
            return schedule(RESET)
        return call(main.useTokens, {"feature": "hd_download", "requestId": f"request-0000000{number:02d}"}, uid="u1")

    crowd(24, act)
    invariants("u1")
    held = database.need("users/u1")
    assert held["buckets"]["bonus"] == 200
    assert [name for name in database.under("users/u1/ledger") if name.startswith("grant")] == [
        "grant:2026-02-28",
        "grant:2026-03-31",
    ]


def test_j28_a_run_that_dies_is_finished_by_the_next(
    clock: Clock, database: Database, rpcs: Rpcs, queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("studiox.kit.query.PAGE", 4)
    monkeypatch.setattr("studiox.tokens.monthly_reset.CHUNK", 4)
    monkeypatch.setattr("studiox.fan_out.service.RUN_S", -1.0)
    uids = [new_user(f"user-{number:02d}") for number in range(11)]
    clock.ahead += timedelta(days=29)
    rpcs.reset()
    run()
    done = [uid for uid in uids if database.need(f"users/{uid}")["buckets"]["monthly"]]
    assert len(done) == 4
    assert rpcs.documents <= 4 * 3 + 4 + 2, "no more was read than was done, but for the run's own documents"
    queue.tasks.clear()
    clock.ahead += timedelta(days=1)
    run()
    queue.run({"workShard": main.workShard})
    assert all(database.need(f"users/{uid}")["ledgerSeq"] == 2 for uid in uids)


@pytest.mark.malformed("a reset that goes on without it")
def test_one_users_trouble_is_not_the_others(clock: Clock, database: Database, logged: Logged) -> None:
    """And their own account is left as it is: no tokens are made on top of a broken sum."""
    uids = [new_user(f"user-{number}") for number in range(3)]
    database.change("users/user-1", buckets="a marked bucket")
    clock.ahead += timedelta(days=29)
    run()
    assert [database.need(f"users/{uid}")["ledgerSeq"] for uid in uids] == [2, 1, 2]
    [told] = logged.lines("document_malformed")
    assert (told["severity"], told["path"], told["field"]) == ("ALERT", "users/user-1", "buckets")
    assert [(each["users"], each["broken"]) for each in logged.lines("monthly_reset")] == [(2, 1)]
    assert "marked" not in logged.getvalue()


@pytest.mark.long(8)
def test_j23_one_two_and_five_parallel_runs_over_years_are_equal(
    clock: Clock, database: Database, invariants: Callable[[str], None]
) -> None:
    """Each user lives in a world of its own: only their own schedule runs while they are there.

    Four years with a leap day (STUDIOX_EXHAUSTIVE: ten).
    """
    years = 10 if os.environ.get("STUDIOX_EXHAUSTIVE") else 4
    end = date(2026 + years, 2, 1)
    outcomes = []
    for times in (1, 2, 5):
        clock.stop(START)
        uid = new_user(f"user-{times}")
        while clock.now().date() < end:
            clock.ahead += timedelta(days=17 if clock.now().year % 2 else 29)
            run(times)
        invariants(uid)
        outcomes.append(money(database, uid))
        database.change(f"users/{uid}", creditResetAt=datetime(2999, 1, 1, tzinfo=UTC))
    assert outcomes[0][3] > 20 * years
    for buckets, balance, due, seq, entries in outcomes:
        first = outcomes[0]
        names = {name for name in entries if not name.startswith("welcome")}
        assert (buckets, balance, due, seq) == first[:4]
        assert names == {name for name in first[4] if not name.startswith("welcome")}
