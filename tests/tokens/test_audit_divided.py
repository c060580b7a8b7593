"""auditLedger where it is too much for one instance: in tasks, and after a run that died."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

import main
from studiox.fan_out import service as fan_out
from studiox.tokens import audit
from tests.conftest import Logged
from tests.support import Database, Rpcs, budgets, call, task
from tests.support.clock import Clock
from tests.support.queue import Queue
from tests.tokens.test_ledger_audit import (
    _jobs_stay_under_way,  # noqa: F401
    complete_with_refund,
    corrupt_balance,
    corrupt_seq,
    found,
    order,
    run,
    use,
    world,  # noqa: F401
)

WORK: Any = main.workShard


def test_an_idle_night_costs_no_more_than_before_runs_could_be_divided(clock: Clock, rpcs: Rpcs) -> None:
    run()
    clock.ahead += timedelta(days=1)
    rpcs.reset()
    run()
    assert rpcs.calls == budgets.calls("auditLedger", "idle")


def test_a_run_that_dies_is_continued(
    database: Database, monkeypatch: pytest.MonkeyPatch, clock: Clock, queue: Queue, logged: Logged
) -> None:
    """By the next night's run, where its tasks were: each of them does a page here."""
    monkeypatch.setattr(audit, "USERS_PER_PAGE", 3)
    monkeypatch.setattr(fan_out, "RUN_S", -1.0)
    for number in range(8):
        call(main.initializeUser, uid=f"user-{number}", email=f"user-{number}@canary.test")
        database.change(f"users/user-{number}", balance=0)
    started = clock.now().date()
    for seen in (3, 6, 8):
        run()
        [sent] = queue.tasks
        assert sent.data["run"] == f"auditLedger-{started}"
        queue.tasks.clear()
        queue.names.clear()
        if seen > 3:
            assert task(WORK, sent.data).status == 200
            queue.tasks.clear()  # the task that should have gone on is lost
            queue.names.clear()
        clock.ahead += timedelta(days=1)
        assert {uid for uid, _ in found(database)} == {f"user-{number}" for number in range(seen)}
    [line] = logged.lines("ledger_audit")
    assert line["violations"] == 8
    assert database.need("ledgerAudits/nightly")["finishedAt"]


def test_what_is_too_much_for_one_instance_is_audited_by_tasks(
    world: dict[str, str],  # noqa: F811
    database: Database,
    queue: Queue,
    logged: Logged,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Users and jobs are parts of one run. The next night's is of what was changed since it began."""
    for name, value in (("ALONE", 1), ("PER_SHARD", 2)):
        monkeypatch.setattr(fan_out, name, value)
    monkeypatch.setattr(audit, "USERS_PER_PAGE", 1)
    monkeypatch.setattr(audit, "JOBS_PER_PAGE", 1)
    for number in range(5):
        call(main.initializeUser, uid=f"user-{number}", email=f"user-{number}@canary.test")
        order(f"user-{number}", number)
    corrupt_balance(database, world)
    complete_with_refund(database, world)
    clock.ahead += timedelta(minutes=11)
    run()
    [name] = database.under("scheduleRuns")
    assert {each["kind"] for each in database.need(f"scheduleRuns/{name}")["shards"]} == {"users", "jobs"}
    assert "finishedAt" not in database.need("ledgerAudits/nightly")
    queue.run({"workShard": WORK})
    assert {kind for _, kind in found(database)} >= {"account_is_not_its_ledger", "refund_of_a_completed_job"}
    assert len(database.under("ledgerCheckpoints")) == 6, "all but u1's"
    assert len(logged.lines("ledger_audit")) == 1
    clock.ahead += timedelta(days=1)
    use("u2", 7)
    corrupt_seq(database, world)
    run()
    assert database.need("ledgerAudits/nightly")["full"] is False
    assert {uid for uid, _ in found(database)} == {"u1"}
    assert len(database.under("scheduleRuns")) == 1, "little had changed"
