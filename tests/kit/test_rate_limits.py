"""Rate limits: exactly N pass, whoever runs and however many at once, at the fewest round trips (R6, R7)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from studiox.kit import firestore, rate_limits, transaction
from studiox.kit.errors import RateLimited, StudioxError, Unauthenticated, Unavailable
from studiox.kit.rate_limits import Limit, RateLimitCharge
from studiox.kit.transaction import Docs, Reads
from tests.conftest import Logged
from tests.support import Database, Rpcs, crowd
from tests.support.things import thing_at

pytestmark = pytest.mark.malformed("documents of no struct in models/")

START = datetime(2026, 1, 1, 12, tzinfo=UTC)
U1 = thing_at("users/u1")


def after(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def admitted(charge: RateLimitCharge, now: datetime = START) -> bool:
    try:
        rate_limits.admit(charge, now)
    except RateLimited:
        return False
    return True


def spend(charge: RateLimitCharge, now: datetime = START) -> bool:
    """A call that commits anyway, and counts itself in that commit."""

    def decide(docs: Docs) -> None:
        charge.count(docs, now)
        thing = docs.get(U1)
        assert thing is not None
        docs.update(U1, n=thing.n + 1)

    try:
        transaction.transact(U1, decide, Reads(cached=[U1, charge.path]))
    except RateLimited:
        return False
    return True


def another_instance() -> None:
    """Forget what this process holds: the next call is another instance's."""
    rate_limits._counters().shares.clear()
    firestore.cached_documents().clear()


@pytest.mark.parametrize("calls", [1, 3, 20, 30])
def test_r6_exactly_n_of_32_threads_pass(calls: int) -> None:
    charge = rate_limits.charge("f", "u1", Limit(calls, per=60))
    assert crowd(32, lambda _: admitted(charge)).count(True) == calls
    assert not admitted(charge)


@pytest.mark.parametrize("calls", [1, 20])
def test_r6_exactly_n_of_32_threads_pass_in_their_commit(database: Database, calls: int) -> None:
    database.put("users/u1", {"n": 0})
    charge = rate_limits.charge("f", "u1", Limit(calls, per=60, in_commit=True))
    assert crowd(32, lambda _: spend(charge)).count(True) == calls
    assert database.need("users/u1")["n"] == calls
    assert database.need(charge.path)["count"] == calls


@pytest.mark.parametrize(("limit", "each"), [(100, 7), (25, 8)])
def test_never_more_than_n_pass_on_several_instances(limit: int, each: int) -> None:
    charge = rate_limits.charge("f", "u1", Limit(limit, per=60))
    passed = 0
    for _ in range(40):
        passed += sum(admitted(charge) for _ in range(each))
        another_instance()
    # Each lost instance took at most the rest of its tenth with it. The last share is what is left.
    assert limit * 0.7 <= passed <= limit


def test_the_counter_of_a_deleted_account_refuses_every_call(database: Database) -> None:
    database.put("users/u1", {"n": 0})
    charge = rate_limits.charge("f", "u1", Limit(3, per=60, in_commit=True))
    transaction.transact(charge.path, lambda docs: rate_limits.close(docs, [charge], START), Reads(fresh=[charge.path]))
    with pytest.raises(Unauthenticated):
        spend(charge)
    assert database.need("users/u1")["n"] == 0


def test_the_window_opens_anew() -> None:
    charge = rate_limits.charge("f", "u1", Limit(3, per=60))
    assert [admitted(charge, after(n)) for n in range(5)] == [True] * 3 + [False] * 2
    assert not admitted(charge, after(59.9))
    assert [admitted(charge, after(60 + n)) for n in range(4)] == [True] * 3 + [False]
    another_instance()
    assert not admitted(charge, after(100))
    assert admitted(charge, after(121))


def test_a_share_ends_with_its_window() -> None:
    charge = rate_limits.charge("f", "u1", Limit(100, per=60))
    assert admitted(charge)
    assert sum(admitted(charge, after(60)) for _ in range(120)) == 100


@pytest.mark.parametrize(("seconds", "wait"), [(0, 60), (0.5, 60), (59.5, 1), (30, 30)])
def test_retry_after_is_when_the_window_closes(seconds: float, wait: int) -> None:
    charge = rate_limits.charge("f", "u1", Limit(1, per=60))
    rate_limits.admit(charge, START)
    for _ in range(2):
        with pytest.raises(RateLimited) as refused:
            rate_limits.admit(charge, after(seconds))
        assert refused.value.details == {"retryAfterSeconds": wait}
        another_instance()


def test_each_caller_and_function_has_a_window_of_its_own() -> None:
    limit = Limit(1, per=60)
    tolls = [rate_limits.charge(f, u, limit) for f, u in (("f", "u1"), ("f", "u2"), ("g", "u1"), ("fu", "1"))]
    assert [admitted(charge) for charge in tolls] == [True] * 4
    assert len({charge.path for charge in tolls}) == 4


def test_round_trips(rpcs: Rpcs) -> None:
    charge = rate_limits.charge("f", "u1", Limit(100, per=60))
    assert admitted(charge)
    assert rpcs.calls == ["BatchGetDocuments", "Commit"]
    rpcs.reset()
    assert all(admitted(charge) for _ in range(9))
    assert rpcs.count() == 0
    assert admitted(charge)
    assert rpcs.calls == ["Commit"]
    assert all(admitted(charge) for _ in range(89))
    rpcs.reset()
    # A flood that is refused costs one look, and then nothing until the window closes.
    assert not any(admitted(charge) for _ in range(50))
    assert rpcs.count() <= 1


def test_no_round_trip_where_a_commit_happens_anyway(database: Database, rpcs: Rpcs) -> None:
    database.put("users/u1", {"n": 0})
    charge = rate_limits.charge("f", "u1", Limit(5, per=60, in_commit=True))
    assert spend(charge)
    assert rpcs.calls == ["BatchGetDocuments", "Commit"]
    rpcs.reset()
    assert spend(charge)
    assert rpcs.calls == ["Commit"]


def test_what_is_refused_in_the_commit_is_not_counted(database: Database) -> None:
    database.put("users/u1", {"n": 0})
    charge = rate_limits.charge("f", "u1", Limit(2, per=60, in_commit=True))

    def refuse(docs: Docs) -> None:
        charge.count(docs, START)
        raise StudioxError

    for _ in range(5):
        with pytest.raises(StudioxError):
            transaction.transact("users/u1", refuse, Reads(fresh=["users/u1", charge.path]))
    assert database.get(charge.path) is None
    assert spend(charge)


@pytest.fixture
def down(rpcs: Rpcs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transaction, "DEADLINE_S", 0.3)
    monkeypatch.setattr(firestore, "RPC_TIMEOUT_S", 0.1)
    rpcs.fail_before("BatchGetDocuments", times=10**6)
    rpcs.fail_before("Commit", times=10**6)


@pytest.mark.usefixtures("down")
def test_r7_reads_pass_while_firestore_is_down(logged: Any, rpcs: Rpcs) -> None:
    charge = rate_limits.charge("f", "u1", Limit(1, per=60))
    assert crowd(32, lambda _: admitted(charge)) == [True] * 32
    assert logged.lines("rate_limit_open")
    # They do not wait for one another, each for its own deadline.
    assert len(logged.lines("transact_gave_up")) <= 2
    rpcs.heal()
    assert admitted(charge)
    assert not admitted(charge)


def test_r7_a_read_waits_for_its_counter_for_seconds_only(rpcs: Rpcs, logged: Logged) -> None:
    """Whether Firestore refuses or says nothing: no call waits longer, and the last one is not much later."""
    rpcs.fail_before("BatchGetDocuments", times=40)
    assert admitted(rate_limits.charge("f", "u1", Limit(1, per=60)))
    assert logged.lines("rate_limit_open"), "it outlasted forty refusals"
    rpcs.heal()
    assert admitted(rate_limits.charge("f", "u2", Limit(1, per=60)))
    assert rpcs.calls[-2:] == ["BatchGetDocuments", "Commit"]
    assert rpcs.timeouts
    assert all(timeout is not None and timeout <= rate_limits.TIMEOUT_S for timeout in rpcs.timeouts)


@pytest.mark.usefixtures("down")
def test_r7_spending_does_not() -> None:
    with pytest.raises(Unavailable):
        spend(rate_limits.charge("f", "u1", Limit(1, per=60, in_commit=True)))


def test_counters_expire_with_their_window(database: Database) -> None:
    charge = rate_limits.charge("f", "u1", Limit(5, per=60))
    rate_limits.admit(charge, START)
    counter = database.need(charge.path)
    assert counter == {"openedAt": START, "count": 1, "expiresAt": after(60)}


def test_remembered_callers_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rate_limits, "REMEMBERED_CALLERS", 3)
    for number in range(6):
        rate_limits.admit(rate_limits.charge("f", f"u{number}", Limit(100, per=60)), START)
    assert len(rate_limits._counters().shares) == 3


def test_the_settings_say_otherwise_without_a_round_trip(database: Database, rpcs: Rpcs) -> None:
    """Each endpoint's limit can be changed. The settings are read with other documents, once a minute."""
    database.put("settings/limits", {"f": {"calls": 2, "per": 30}, "off": {"calls": 0}})
    charge = rate_limits.charge("f", "u1", Limit(100, per=60))
    assert [admitted(charge) for _ in range(4)] == [True] * 2 + [False] * 2
    assert rpcs.calls[:3] == ["BatchGetDocuments", "Commit", "Commit"]
    with pytest.raises(RateLimited) as refused:
        rate_limits.admit(charge, START)
    assert refused.value.details == {"retryAfterSeconds": 30}
    assert not admitted(rate_limits.charge("off", "u1", Limit(100, per=60)))
    assert admitted(rate_limits.charge("g", "u1", Limit(1, per=60)))
    database.put("users/u1", {"n": 0})
    counted = rate_limits.charge("f", "u2", Limit(100, per=60, in_commit=True))
    assert [spend(counted) for _ in range(3)] == [True, True, False]


def test_changed_settings_count_within_a_minute_and_broken_ones_never(database: Database, logged: Logged) -> None:
    charge = rate_limits.charge("f", "u1", Limit(1, per=60))
    assert [admitted(charge) for _ in range(2)] == [True, False]
    database.put("settings/limits", {"f": {"calls": 3}, "g": {"calls": "many"}, "h": 7})
    another_instance()
    assert not admitted(charge), "they are remembered for a minute"
    data, _ = firestore._settings().held["settings/limits"]
    firestore._settings().held["settings/limits"] = (data, 0.0)  # the minute is over
    firestore.read_documents(["anything/else"])
    rate_limits._counters().shares.clear()
    assert [admitted(charge) for _ in range(3)] == [True, True, False]
    for function in "gh":
        broken = rate_limits.charge(function, "u1", Limit(1, per=60))
        assert [admitted(broken) for _ in range(2)] == [True, False]
    assert {line["function"] for line in logged.lines("limit_override_broken")} == {"g", "h"}
    assert len(logged.lines("limit_override_broken")) == 2
