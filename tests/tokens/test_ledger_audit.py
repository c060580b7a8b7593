"""auditLedger: every kind of corruption is found in one run, what is sound is not; and a balance is rebuilt (R15)."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

import main
from ops import rebuild as rebuild_tool
from studiox.kit import batch
from studiox.kit.errors import StudioxError
from studiox.tokens import audit
from tests.conftest import Logged
from tests.support import Database, Rpcs, call, schedule
from tests.support.clock import Clock

AUDIT: Any = main.auditLedger
LEDGER = "users/u1/ledger"


@pytest.fixture(autouse=True)
def _jobs_stay_under_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOCK_LATENCY_MS", "600000")


def order(uid: str, number: int) -> str:
    request = {"requestId": f"request-0000000{number:02d}", "type": "image", "model": "Model A", "prompt": "a fox"}
    answer = call(main.createStudioJob, {**request, "size": "1024x1024"}, uid=uid)
    assert answer.ok, answer
    return str(answer.result["jobId"])


def use(uid: str, number: int) -> None:
    assert call(main.useTokens, {"feature": "hd_download", "requestId": f"request-1000000{number:02d}"}, uid=uid).ok


@pytest.fixture
def world(database: Database) -> dict[str, str]:
    """u1 with a cancelled job, one under way and some uses, beside a sound u2: {name: job id}."""
    for uid in ("u1", "u2"):
        call(main.initializeUser, uid=uid, email=f"{uid}@canary.test")
        use(uid, 1)
    cancelled, running = order("u1", 1), order("u1", 2)
    assert call(main.cancelStudioJob, {"jobId": cancelled}, uid="u1").ok
    use("u1", 2)
    assert database.need("users/u1")["ledgerSeq"] == 6
    return {"cancelled": cancelled, "running": running}


def run() -> None:
    assert schedule(AUDIT).status == 200


def found(database: Database) -> set[tuple[str, str]]:
    return {(alert["uid"], alert["kind"]) for alert in database.under("ledgerAlerts").values()}


def test_what_is_sound_raises_no_alert(world: dict[str, str], database: Database, logged: Logged, clock: Clock) -> None:
    assert call(main.cancelStudioJob, {"jobId": world["running"]}, uid="u1").ok
    for _ in range(2):
        run()
        clock.ahead += timedelta(days=1)
        use("u1", 3 + clock.ahead.days)
    assert found(database) == set()
    assert not [line for line in logged.lines() if line["severity"] == "ALERT"]
    checkpoint = database.need("ledgerCheckpoints/u1")
    assert (checkpoint["seq"], checkpoint["sum"]) == (8, database.need("users/u1")["balance"] + 2)


def corrupt_balance(database: Database, _: dict[str, str]) -> None:
    database.change("users/u1", balance=10_000)


def corrupt_bucket(database: Database, _: dict[str, str]) -> None:
    held = database.need("users/u1")["buckets"]
    database.change("users/u1", buckets={**held, "bonus": held["bonus"] - 5, "purchased": held["purchased"] + 5})


def corrupt_seq(database: Database, _: dict[str, str]) -> None:
    database.change("users/u1", ledgerSeq=5)


def corrupt_type(database: Database, _: dict[str, str]) -> None:
    database.change("users/u1", balance=float(database.need("users/u1")["balance"]))


def lose_entry(database: Database, _: dict[str, str]) -> None:
    database.delete(f"{LEDGER}/feature:request-100000001")


def change_amount(database: Database, _: dict[str, str]) -> None:
    database.change(f"{LEDGER}/feature:request-100000001", amount=-1)


def change_buckets(database: Database, _: dict[str, str]) -> None:
    database.change(
        f"{LEDGER}/feature:request-100000001", amount=-1, buckets={"monthly": 0, "bonus": -1, "purchased": 0}
    )


def change_running_balance(database: Database, _: dict[str, str]) -> None:
    database.change(f"{LEDGER}/feature:request-100000001", balanceAfter=1)


def add_entry(database: Database, _: dict[str, str]) -> None:
    entry = database.need(f"{LEDGER}/feature:request-100000002")
    database.put(f"{LEDGER}/feature:extra", {**entry, "id": "feature:extra", "seq": 7})


def repeat_seq(database: Database, _: dict[str, str]) -> None:
    database.change(f"{LEDGER}/feature:request-100000002", seq=5)


def hide_entry(database: Database, _: dict[str, str]) -> None:
    entry = database.need(f"{LEDGER}/feature:request-100000001")
    database.put(f"{LEDGER}/feature:hidden", {**{k: v for k, v in entry.items() if k != "seq"}, "id": "feature:hidden"})


def refund_twice(database: Database, world: dict[str, str]) -> None:
    """A bad writer that keeps the account in step: only the cause tells."""
    refund = database.need(f"{LEDGER}/refund:{world['cancelled']}")
    held = database.need("users/u1")
    amount = refund["amount"]
    after = held["balance"] + amount
    database.put(f"{LEDGER}/random", {**refund, "id": "random", "seq": 7, "balanceAfter": after})
    buckets = {name: value + refund["buckets"][name] for name, value in held["buckets"].items()}
    database.change("users/u1", balance=after, ledgerSeq=7, buckets=buckets)


def lose_job(database: Database, world: dict[str, str]) -> None:
    database.delete(f"jobs/{world['running']}")


def change_price(database: Database, world: dict[str, str]) -> None:
    database.change(f"jobs/{world['running']}", price=1)


def fail_without_refund(database: Database, world: dict[str, str]) -> None:
    database.change(f"jobs/{world['running']}", status="failed")


def complete_with_refund(database: Database, world: dict[str, str]) -> None:
    database.change(f"jobs/{world['cancelled']}", status="completed")


def revive_with_refund(database: Database, world: dict[str, str]) -> None:
    database.change(f"jobs/{world['cancelled']}", status="processing")


def never_end(database: Database, world: dict[str, str]) -> None:
    database.change(f"jobs/{world['running']}", deadlineAt=datetime(2026, 1, 1, tzinfo=UTC))


CORRUPTIONS = {
    corrupt_balance: "account_is_not_its_ledger",
    corrupt_bucket: "account_is_not_its_ledger",
    corrupt_seq: "entry_beyond_the_account",
    corrupt_type: "account_is_not_its_ledger",
    lose_entry: "seq",
    change_amount: "amount_is_not_its_buckets",
    change_buckets: "running_balance",
    change_running_balance: "running_balance",
    add_entry: "entry_beyond_the_account",
    repeat_seq: "seq",
    hide_entry: "entries_counted",
    refund_twice: "not_its_causes_name",
    lose_job: "entry_without_job",
    change_price: "deduction_is_not_the_price",
    fail_without_refund: "refund_missing",
    complete_with_refund: "refund_of_a_completed_job",
    revive_with_refund: "refund_of_a_job_under_way",
    never_end: "job_past_its_deadline",
}


@pytest.mark.malformed("accounts and ledgers that the audit must find")
@pytest.mark.parametrize(("corrupt", "kind"), CORRUPTIONS.items(), ids=lambda each: getattr(each, "__name__", ""))
def test_g15_each_kind_of_corruption_is_found_in_one_run(
    world: dict[str, str],
    database: Database,
    logged: Logged,
    corrupt: Callable[[Database, dict[str, str]], None],
    kind: str,
) -> None:
    corrupt(database, world)
    run()
    assert ("u1", kind) in found(database)
    assert {uid for uid, _ in found(database)} == {"u1"}
    told = [line for line in logged.lines("ledger_violation") if line["kind"] == kind]
    assert told[0]["severity"] == "ALERT"
    alerts = len(database.under("ledgerAlerts"))
    run()
    assert len(database.under("ledgerAlerts")) <= alerts, "the same thing is one alert"


@pytest.mark.malformed("accounts that the audit must find")
def test_all_of_ten_users_each_broken_in_another_way_are_found_in_one_run(database: Database) -> None:
    breaks: list[dict[str, Any]] = [
        {"balance": 1}, {"ledgerSeq": 0}, {"ledgerSeq": 3}, {"buckets": {}}, {"balance": None}, {"ledgerSeq": "2"},
        {"buckets": {"monthly": -1, "bonus": 199, "purchased": 0}}, {"balance": 198.0}, {"buckets": None},
        {"balance": 10**13},
    ]  # fmt: skip
    for number, change in enumerate(breaks):
        call(main.initializeUser, uid=f"user-{number}", email=f"user-{number}@canary.test")
        use(f"user-{number}", 1)
        database.change(f"users/user-{number}", **change)
    run()
    assert {uid for uid, _ in found(database)} == {f"user-{number}" for number in range(10)}


@pytest.mark.malformed("an audit that finds them")
@pytest.mark.parametrize(
    "broken",
    [
        {"uid": 5},
        {"uid": "a/b"},
        {"uid": None},
        {"price": "3"},
        {"price": None},
        {"refunded": "0"},
        {"deadlineAt": "x"},
    ],
    ids=str,
)
def test_a_job_that_cannot_be_read_is_found_beside_all_others(
    world: dict[str, str], database: Database, broken: dict[str, Any]
) -> None:
    database.change(f"jobs/{world['running']}", **broken)
    database.change(f"jobs/{world['cancelled']}", status="completed")
    run()
    jobs = {(alert["kind"], alert["subject"]) for alert in database.under("ledgerAlerts").values()}
    assert {("not_readable", world["running"]), ("refund_of_a_completed_job", world["cancelled"])} <= jobs
    assert database.need("ledgerAudits/nightly")["finishedAt"], "it went on to the end"


@pytest.mark.malformed("an audit that finds them")
def test_entries_that_cannot_be_compared_with_their_job_are_found(world: dict[str, str], database: Database) -> None:
    database.change(f"{LEDGER}/deduction:{world['running']}", amount="-3")
    database.change(f"{LEDGER}/refund:{world['cancelled']}", buckets=None)
    run()
    subjects = {each["subject"] for each in database.under("ledgerAlerts").values() if each["kind"] == "not_readable"}
    assert {world["running"], world["cancelled"]} <= subjects
    assert database.need("ledgerAudits/nightly")["finishedAt"]


@pytest.mark.malformed("entries that the audit must find")
@pytest.mark.usefixtures("world")
@pytest.mark.parametrize(
    ("broken", "kind"),
    [
        ({"ref": "job"}, "not_its_causes_name"),
        ({"ref": {"kind": "job"}}, "entry_without_job"),
        ({"ref": {"kind": "job", "id": "a/b"}}, "entry_without_job"),
        ({"ref": {"kind": {}}, "type": []}, "running_balance"),
        ({"buckets": "text"}, "not_an_integer"),
    ],
    ids=str,
)
def test_a_malformed_entry_hides_no_other_violation(database: Database, broken: dict[str, Any], kind: str) -> None:
    path = f"{LEDGER}/feature:request-100000001"
    database.change(path, id="another", balanceAfter=database.need(path)["balanceAfter"] + 1, **broken)
    database.change("users/u1", balance=10_000)
    run()
    kinds = {each for _, each in found(database)}
    assert {kind, "account_is_not_its_ledger"} <= kinds
    assert "not_readable" not in kinds


def test_between_full_runs_only_what_was_touched_is_read(
    world: dict[str, str], database: Database, rpcs: Rpcs, clock: Clock
) -> None:
    assert world
    clock.ahead = timedelta(hours=1)
    run()
    clock.ahead = timedelta(days=1)
    use("u1", 9)
    for name in ("u1", "u2"):
        database.change(f"users/{name}", balance=0)
    rpcs.reset()
    run()
    assert {uid for uid, _ in found(database)} == {"u1"}, "u2 was not touched by any of our own writes"
    clock.ahead = timedelta(days=7, hours=1)
    run()
    assert {uid for uid, _ in found(database)} == {"u1", "u2"}


def test_who_spends_meanwhile_is_no_violation(world: dict[str, str], database: Database) -> None:
    assert world
    stop = threading.Event()

    def spend() -> None:
        number = 10
        while not stop.is_set() and number < 60:
            use("u1", number)
            number += 1

    thread = threading.Thread(target=spend)
    thread.start()
    for _ in range(3):
        audit.audit_ledger()
        database.delete("ledgerAudits/nightly")  # the next one is full again
    stop.set()
    thread.join()
    assert found(database) == set()


def test_memory_does_not_grow_with_the_ledger(
    database: Database, monkeypatch: pytest.MonkeyPatch, world: dict[str, str]
) -> None:
    """No page is larger than its bound, and all entries are seen through pages."""
    assert world
    for number in range(10, 60):
        use("u1", number)
    monkeypatch.setattr("studiox.kit.query.PAGE", 7)
    monkeypatch.setattr(audit, "PAGE", 5)
    run()
    assert found(database) == set()
    assert database.need("ledgerCheckpoints/u1")["seq"] == 56


@pytest.mark.parametrize("corrupt", [corrupt_balance, corrupt_bucket, corrupt_seq, corrupt_type])
def test_r15_a_corrupted_account_is_rebuilt_to_equality(
    world: dict[str, str],
    database: Database,
    invariants: Callable[[str], None],
    corrupt: Callable[[Database, dict[str, str]], None],
) -> None:
    before = database.need("users/u1")
    corrupt(database, world)
    assert rebuild_tool.main(["u1", "u2"]) == 0
    after = database.need("users/u1")
    assert {**after, "updatedAt": None} == {**before, "updatedAt": None}
    invariants("u1")
    actions = [(entry["actor"], entry["target"]) for entry in database.under("auditLogs").values()]
    assert actions.count(("operator", "users/u1")) == 1
    assert actions.count(("operator", "users/u2")) == 0


def test_nothing_is_rebuilt_from_a_ledger_that_does_not_add_up(world: dict[str, str], database: Database) -> None:
    lose_entry(database, world)
    before = database.hash()
    with pytest.raises(audit.LedgerBroken):
        audit.rebuild("u1", "operator")
    with pytest.raises(StudioxError):
        audit.rebuild("nobody", "operator")
    assert rebuild_tool.main(["u1", "nobody"]) == 1
    assert database.hash() == before


@pytest.mark.usefixtures("world")
@pytest.mark.parametrize("method", ["RunAggregationQuery", "Commit"])
def test_an_account_that_is_deleted_during_its_audit_keeps_no_checkpoint(
    database: Database, rpcs: Rpcs, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    """An instance that stood still for as long as the deletion took: before its last read, or before its commit."""
    monkeypatch.setattr(batch, "THREADS", 1)  # the deletion does not run beside u1's audit, but within it

    def leave(_method: str, request: Any) -> None:
        if method == "Commit" and not any("ledgerCheckpoints/u1" in str(each) for each in request["writes"]):
            return
        rpcs.heal()
        for path in database.all():
            if path.startswith(("users/u1", "ledgerCheckpoints/u1")):
                database.delete(path)

    rpcs.plan(method, times=1_000, before=leave)
    run()
    rpcs.heal()
    assert database.get("users/u1") is None
    assert database.get("ledgerCheckpoints/u1") is None
