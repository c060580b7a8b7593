"""A schedule's run that is divided among tasks: the monthly reset of more users than one instance works at alone."""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

import main
from studiox.fan_out import service as fan_out
from studiox.kit import batch
from tests.conftest import Logged
from tests.studio.deaths import Deaths, Died
from tests.support import Database, Rpcs, budgets, call, crowd, schedule, task
from tests.support.clock import Clock
from tests.support.queue import Queue
from tests.support.rpcs import Fault

RESET: Any = main.resetMonthlyTokens
WORK: Any = main.workShard
TASKS: dict[str, Any] = {"workShard": WORK}
START = datetime(2026, 1, 15, 9, tzinfo=UTC)
DUE = datetime(2026, 2, 16, 2, tzinfo=UTC)
RUN = "scheduleRuns/resetMonthlyTokens-2026-02-16"
USERS = 12


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch, clock: Clock, queue: Queue) -> None:
    """A schedule that works at two users alone, and parts of at most three."""
    assert queue.port
    monkeypatch.setattr(batch, "PAUSES_S", ())
    monkeypatch.setattr(fan_out, "ALONE", 2)
    monkeypatch.setattr(fan_out, "PER_SHARD", 3)
    monkeypatch.setattr("studiox.tokens.monthly_reset.CHUNK", 2)
    clock.stop(START)


def new_users(clock: Clock, number: int = USERS, prefix: str = "user-") -> list[str]:
    """Users whose month ends a minute after one another."""
    uids = [f"{prefix}{each:02d}" for each in range(number)]
    for uid in uids:
        clock.ahead += timedelta(minutes=1)
        assert call(main.initializeUser, uid=uid, email=f"{uid}@canary.test").ok
    return uids


def run(times: int = 1) -> None:
    assert {reply.status for reply in crowd(times, lambda _: schedule(RESET))} == {200}


def deliver(deliveries: list[dict[str, Any]], times: int) -> None:
    """Run these tasks, so many at once. What fails is delivered again."""
    for _ in range(100):
        if not deliveries:
            return
        at_once, deliveries = deliveries[:times], deliveries[times:]
        replies = crowd(len(at_once), lambda number, at_once=at_once: task(WORK, at_once[number]))  # type: ignore[misc]
        deliveries += [data for data, reply in zip(at_once, replies, strict=True) if reply.status != 200]
    raise AssertionError("tasks fail without an end")


def entries(database: Database, uids: list[str]) -> set[int]:
    return {database.need(f"users/{uid}")["ledgerSeq"] for uid in uids}


def told(logged: Logged) -> list[int]:
    return [line["users"] for line in logged.lines("monthly_reset")]


def test_little_is_done_by_the_schedule_alone_without_a_document_or_a_count(
    clock: Clock, database: Database, rpcs: Rpcs, queue: Queue, logged: Logged
) -> None:
    new_users(clock, 1)
    rpcs.reset()
    run()
    assert rpcs.calls == budgets.calls("resetMonthlyTokens", "idle")
    clock.stop(DUE)
    rpcs.reset()
    run()
    assert "RunAggregationQuery" not in rpcs.calls
    assert database.under("scheduleRuns") == {}
    assert not queue.tasks
    assert told(logged) == [0, 1]


def test_much_is_divided_and_the_last_task_closes_the_run(
    clock: Clock, database: Database, queue: Queue, logged: Logged, invariants: Callable[[str], None]
) -> None:
    uids = new_users(clock)
    clock.stop(DUE)
    run()
    made = database.need(RUN)
    assert made["counts"] == {"broken": 0, "missing": 0, "users": 2}
    assert len(made["shards"]) >= 4
    assert [each.data["shard"] for each in queue.tasks] == made["open"] == list(range(len(made["shards"])))
    assert told(logged) == []
    queue.run(TASKS)
    assert entries(database, uids) == {2}
    closed = database.need(RUN)
    assert (closed["open"], closed["counts"]["users"]) == ([], USERS)
    assert closed["closedAt"] == DUE
    assert told(logged) == [USERS]
    assert database.under(f"{RUN}/shards") == {}, "a position may name a user"
    assert [each for each in closed["shards"] if "cursor" in each] == [], "so may the one where the schedule stopped"
    for uid in uids:
        invariants(uid)


@pytest.mark.parametrize("times", [2, 5])
def test_schedules_at_once_and_tasks_twice_in_any_order_equal_one(
    clock: Clock, database: Database, queue: Queue, logged: Logged, times: int, invariants: Callable[[str], None]
) -> None:
    uids = new_users(clock)
    clock.stop(DUE)
    run(times)
    sent = [each.data for each in queue.tasks]
    assert len(sent) == len(database.need(RUN)["shards"]), "a task's name tells that it was enqueued"
    deliveries = sent * 2
    random.Random(times).shuffle(deliveries)
    deliver(deliveries, times)
    assert entries(database, uids) == {2}
    assert database.need(RUN)["open"] == []
    assert 1 <= len(told(logged)) <= times, "tasks that end at the same moment may each log the run's end"
    for uid in uids:
        invariants(uid)


def test_a_task_after_the_run_was_closed_changes_nothing(clock: Clock, database: Database, queue: Queue) -> None:
    new_users(clock)
    clock.stop(DUE)
    run()
    sent = [each.data for each in queue.tasks]
    queue.run(TASKS)
    before = database.hash()
    for data in (*sent, {"run": "resetMonthlyTokens-2026-01-01", "shard": 0}, {"run": "a/b", "shard": 0}, None, {}):
        assert task(WORK, data).status == 200
    run()
    assert database.hash() == before


def test_a_task_without_time_left_hands_over_to_another(
    clock: Clock, database: Database, queue: Queue, monkeypatch: pytest.MonkeyPatch, logged: Logged
) -> None:
    """And so does the schedule, however little is left."""
    uids = new_users(clock)
    clock.stop(DUE)
    monkeypatch.setattr(fan_out, "RUN_S", -1.0)
    monkeypatch.setattr(fan_out, "PER_SHARD", 100)
    run()
    assert [each.data["shard"] for each in queue.tasks] == [0]
    queue.run(TASKS)
    assert len(queue.names) == 5 + 1, "two users for the schedule and for each task, and one that finds no more"
    assert entries(database, uids) == {2}
    assert told(logged) == [USERS]


@pytest.mark.long(25)
def test_a_death_anywhere_loses_and_repeats_nothing(
    clock: Clock, database: Database, rpcs: Rpcs, queue: Queue, monkeypatch: pytest.MonkeyPatch, logged: Logged,
    invariants: Callable[[str], None],
) -> None:  # fmt: skip
    """Cloud Scheduler and Cloud Tasks send again what had no answer. Every third point (STUDIOX_EXHAUSTIVE: every)."""
    monkeypatch.setattr(batch, "THREADS", 1)
    monkeypatch.setattr(fan_out, "ALONE", 1)
    monkeypatch.setattr(fan_out, "PER_SHARD", 2)
    monkeypatch.setattr("studiox.tokens.monthly_reset.CHUNK", 1)
    deaths = Deaths(rpcs, monkeypatch)
    uids = new_users(clock, 5)
    step = 1 if os.environ.get("STUDIOX_EXHAUSTIVE") else 3
    points = at = 0
    while at <= points:
        clock.ahead += timedelta(days=31)
        queue.names.clear()
        before = len(told(logged))
        deaths.arm(at)
        for reply in repeated(lambda: schedule(RESET)):
            assert reply.status == 200
        while queue.tasks:
            sent = queue.tasks.pop(0)
            for reply in repeated(lambda sent=sent: task(WORK, sent.data)):  # type: ignore[misc]
                assert reply.status == 200
        points = max(points, len(deaths.passed) if at == 0 else 0)
        deaths.disarm()
        assert entries(database, uids) == {2 + 2 * at // step}
        assert [each["open"] for each in database.under("scheduleRuns").values()] == [[]] * (at // step + 1)
        assert 1 <= len(told(logged)) - before <= 2
        at += step
    assert points > 40
    for uid in uids:
        invariants(uid)


def repeated(send: Callable[[], Any]) -> list[Any]:
    """The answer, of the second attempt if the first one died."""
    try:
        return [send()]
    except Died:
        return [send()]


def test_a_part_that_fails_for_good_is_reported_and_the_others_are_done(
    clock: Clock, database: Database, rpcs: Rpcs, queue: Queue, logged: Logged, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("studiox.tokens.monthly_reset.CHUNK", 1)
    uids = new_users(clock)
    clock.stop(DUE)
    run()

    def fail(_method: str, request: Any) -> None:
        if any(name.endswith("/users/user-07") for name in request["documents"]):
            raise Fault("DEADLINE_EXCEEDED", "too slow")

    monkeypatch.setattr("studiox.kit.transaction.DEADLINE_S", 0.05)
    rpcs.plan("BatchGetDocuments", times=10**6, before=fail)
    sent = [each.data for each in queue.tasks]
    attempts = 0
    while sent:
        data = sent.pop(0)
        if task(WORK, data).status != 200:
            attempts += 1
            sent.append(data)
    assert attempts == 6
    [alert] = logged.lines("shard_failed")
    assert (alert["severity"], alert["schedule"], alert["run"]) == ("ALERT", "resetMonthlyTokens", RUN.split("/")[1])
    assert database.need(RUN)["failed"] == [alert["shard"]]
    [line] = logged.lines("monthly_reset")
    assert line["failedShards"] == 1
    left = [uid for uid in uids if database.need(f"users/{uid}")["ledgerSeq"] == 1]
    assert "user-07" in left
    assert len(left) <= 3, "those behind it in its part"
    rpcs.heal()
    clock.ahead += timedelta(days=1)
    run()
    queue.run(TASKS)
    assert entries(database, uids) == {2}, "they were first in the next run"


def test_users_who_come_and_go_while_it_runs(
    clock: Clock, database: Database, queue: Queue, invariants: Callable[[str], None]
) -> None:
    uids = new_users(clock)
    clock.stop(DUE)
    run()
    for path in database.all():
        if path.startswith("users/user-09"):
            database.delete(path)
    assert call(main.initializeUser, uid="late", email="late@canary.test").ok
    queue.run(TASKS)
    assert entries(database, [uid for uid in uids if uid != "user-09"]) == {2}
    assert entries(database, ["late"]) == {1}
    assert "users/user-09" not in database.all()
    assert database.need(RUN)["open"] == []
    invariants("late")


def test_equal_times_are_not_divided(clock: Clock, database: Database, queue: Queue, logged: Logged) -> None:
    for uid in ("ann", "bob", "cid", "dan", "eva", "fox"):
        assert call(main.initializeUser, uid=uid, email=f"{uid}@canary.test").ok
    clock.stop(DUE)
    run()
    assert not queue.tasks
    assert told(logged) == [6]
    assert entries(database, ["ann", "bob", "cid", "dan", "eva", "fox"]) == {2}


@pytest.mark.long(30)
def test_j23_one_two_and_five_divided_runs_over_years_are_equal(
    clock: Clock, database: Database, queue: Queue, monkeypatch: pytest.MonkeyPatch, invariants: Callable[[str], None]
) -> None:
    """Each group of users lives in a world of its own: only their own schedules run while they are there, once, twice
    or five times at once, and so do their tasks. One year (STUDIOX_EXHAUSTIVE: ten)."""
    monkeypatch.setattr(fan_out, "ALONE", 1)
    monkeypatch.setattr(fan_out, "PER_SHARD", 1)
    monkeypatch.setattr("studiox.tokens.monthly_reset.CHUNK", 1)
    end = START.replace(year=START.year + (10 if os.environ.get("STUDIOX_EXHAUSTIVE") else 1))
    outcomes = []
    for times in (1, 2, 5):
        clock.stop(START)
        uids = new_users(clock, 3, f"user-{times}-")
        while clock.now() < end:
            clock.ahead += timedelta(days=31 if clock.now().year % 2 else 45)
            run(times)
            assert len(queue.tasks) == 2 or times > 1, "schedules at once do some of it before they divide the rest"
            deliver([each.data for each in queue.tasks for _ in range(times)], times)
            queue.tasks.clear()
        assert len(queue.names) > 5
        queue.names.clear()
        for uid in uids:
            invariants(uid)
        outcomes.append([money(database, uid) for uid in uids])
        for uid in uids:
            database.change(f"users/{uid}", creditResetAt=datetime(2999, 1, 1, tzinfo=UTC))
        for path in database.under("scheduleRuns"):
            database.delete(f"scheduleRuns/{path}")
    assert outcomes[0] == outcomes[1] == outcomes[2]
    assert outcomes[0][0][0] >= 16


def money(database: Database, uid: str) -> Any:
    """All that a reset moves, without when it did."""
    held = database.need(f"users/{uid}")
    entries = {
        name: (entry["seq"], entry["amount"], entry["balanceAfter"])
        for name, entry in database.under(f"users/{uid}/ledger").items()
        if not name.startswith("welcome")
    }
    return held["ledgerSeq"], held["buckets"], held["balance"], held["creditResetAt"], entries
