"""`transact` when the network, the engine or another operation misbehaves: truthful answers, no one dragged along."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from studiox.kit import firestore, group_commit, rest, transaction
from studiox.kit.errors import Contention, Unavailable
from studiox.kit.group_commit import Operation
from studiox.kit.transaction import Docs, Reads
from tests.support import Database, Rpcs, crowd
from tests.support.debits import USER, Poor, assert_sound, debit, opened, together
from tests.support.things import Thing, thing_at

pytestmark = pytest.mark.malformed("documents of no struct in models/")

U2 = thing_at("users/u2")


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Deadlines that a test can wait for."""
    monkeypatch.setattr(transaction, "DEADLINE_S", 0.5)
    monkeypatch.setattr(firestore, "RPC_TIMEOUT_S", 0.2)


def test_j22_applied_but_the_answer_lost(database: Database, rpcs: Rpcs) -> None:
    opened(database, 50)
    rpcs.fail_after_apply("Commit")
    assert debit("one", 7) == 43
    assert assert_sound(database, 50) == 1
    rpcs.fail_after_apply("Commit", times=2, code="DEADLINE_EXCEEDED")
    assert debit("two", 43) == 0  # and not: refused as poor, because it took them itself
    assert assert_sound(database, 50) == 2


def test_j22_a_group_whose_answer_was_lost(database: Database, rpcs: Rpcs) -> None:
    opened(database, 50)
    rpcs.fail_after_apply("Commit", times=3)
    answers = crowd(40, lambda n: debit(f"c{n}"))
    assert sorted(answer for answer in answers if isinstance(answer, int)) == list(range(10, 50))
    assert assert_sound(database, 50) == 40


def test_j21_aborted_is_tried_again(database: Database, rpcs: Rpcs) -> None:
    opened(database, 50)
    rpcs.fail_before("Commit", times=5, code="ABORTED")
    assert debit("one") == 49
    assert rpcs.count("Commit") == 6


@pytest.mark.usefixtures("short")
def test_unreachable_until_the_deadline_is_unavailable(database: Database, rpcs: Rpcs) -> None:
    opened(database, 50)
    rpcs.fail_before("Commit", times=10_000)
    with pytest.raises(Unavailable):
        debit("one")
    rpcs.heal()
    rpcs.fail_after_apply("Commit", times=1)
    rpcs.fail_before("BatchGetDocuments", times=10_000)
    firestore.cached_documents().forget([USER])
    with pytest.raises(Unavailable):
        debit("one")
    rpcs.heal()
    assert debit("one") == 49
    assert assert_sound(database, 50) == 1


@pytest.mark.usefixtures("short")
def test_an_answer_lost_and_no_later_look_is_unavailable(database: Database, rpcs: Rpcs) -> None:
    """Contention would say that nothing happened; but it did."""
    opened(database, 50)
    debit("zero")
    rpcs.fail_after_apply("Commit")
    rpcs.fail_before("BatchGetDocuments", times=10_000)
    with pytest.raises(Unavailable):
        debit("one")
    rpcs.heal()
    assert debit("one") == 48
    assert assert_sound(database, 50) == 2


@pytest.mark.usefixtures("short")
def test_contention_until_the_deadline_changed_nothing(database: Database, rpcs: Rpcs) -> None:
    opened(database, 50)
    busy = iter(range(10**6))
    rpcs.before("Commit", lambda: database.change(USER, visits=next(busy)), times=10_000)
    with pytest.raises(Contention) as refused:
        debit("one")
    assert refused.value.details["retryAfterSeconds"] >= 1
    assert database.under(f"{USER}/ledger") == {}
    assert database.need(USER)["balance"] == 50
    rpcs.heal()
    assert debit("one") == 49


def test_a_group_is_one_commit(database: Database, rpcs: Rpcs) -> None:
    opened(database, 50)
    answers = together(rpcs, [lambda n=n: debit(f"c{n}") for n in range(20)])  # type: ignore[misc]
    assert sorted(answers) == list(range(29, 49))
    assert rpcs.count("Commit") == 2


def test_a_group_is_at_most_100_operations(database: Database, rpcs: Rpcs) -> None:
    opened(database, 500)
    together(rpcs, [lambda n=n: debit(f"c{n}") for n in range(120)])  # type: ignore[misc]
    assert rpcs.count("Commit") == 3
    assert max(len(request["writes"]) for method, request in rpcs.requests if method == "Commit") == 101
    assert assert_sound(database, 500) == 121


def test_a_group_of_large_decisions_keeps_under_firestores_500_writes(database: Database, rpcs: Rpcs) -> None:
    opened(database, 50)

    def wide(number: int) -> int:
        def decide(docs: Docs) -> int:
            docs.update(USER, ledger_seq=number)
            for i in range(90):
                docs.create(thing_at(f"{USER}/notes/n{number}-{i}"), Thing(n=i))
            return number

        return transaction.transact(USER, decide, Reads(fresh=[USER]))

    answers = together(rpcs, [lambda n=n: wide(n) for n in range(12)])  # type: ignore[misc]
    assert sorted(answers) == list(range(12))
    assert max(len(request["writes"]) for method, request in rpcs.requests if method == "Commit") <= 500
    assert len(database.under(f"{USER}/notes")) == 12 * 90


@pytest.mark.parametrize("poison", ["value", "size", "path", "read", "lookup", "raise"])
def test_one_poisoned_operation_fails_alone(database: Database, rpcs: Rpcs, poison: str) -> None:
    opened(database, 50)

    def poisoned() -> None:
        def decide(docs: Docs) -> None:
            docs.update(USER, ledger_seq=99)
            match poison:
                case "value":
                    docs.create(thing_at(f"{USER}/notes/n1"), Thing(text="\ud800"))
                case "size":
                    docs.create(thing_at(f"{USER}/notes/n1"), Thing(text="x" * 1_200_000))
                case "path":
                    docs.create(thing_at(f"{USER}/notes/__n1__"), Thing(text=""))
                case "lookup":
                    docs.get(thing_at("users/u2/odd"))
                case "raise":
                    raise ZeroDivisionError

        transaction.transact(USER, decide, Reads(fresh=[USER, "users/__u__"] if poison == "read" else [USER]))

    operations: list[Callable[[], Any]] = [lambda n=n: debit(f"c{n}") for n in range(6)]  # type: ignore[misc]
    answers = together(rpcs, [*operations[:3], poisoned, *operations[3:]])
    assert isinstance(answers.pop(3), rest.FirestoreError | ValueError | ZeroDivisionError)
    assert sorted(answers) == list(range(43, 49))
    assert assert_sound(database, 50) == 7


def test_a_refusal_in_a_group_is_its_own(database: Database, rpcs: Rpcs) -> None:
    opened(database, 10)
    answers = together(rpcs, [lambda: debit("rich", 9), lambda: debit("poor", 9), lambda: debit("leader")])
    assert sum(isinstance(answer, Poor) for answer in answers) == 1
    assert 0 in answers
    assert 9 in answers  # the replay of the leader's own
    assert assert_sound(database, 10) == 2


def test_created_and_deleted_at_once_is_still_proven_absent(database: Database) -> None:
    """Such a document is not part of the commit: only a read can tell that the presumption held."""
    database.put("users/u2", {"n": 1})

    def decide(docs: Docs) -> str:
        if docs.get(U2) is not None:
            return "taken"
        docs.create(U2, Thing(n=2))
        docs.delete("users/u2")
        return "free"

    assert transaction.transact(USER, decide, Reads(assumed_absent=["users/u2"])) == "taken"
    assert transaction.transact(USER, decide, Reads(assumed_absent=["users/u3"], fresh=["users/u2"])) == "taken"
    database.delete("users/u2")
    assert transaction.transact(USER, decide, Reads(assumed_absent=["users/u2"])) == "free"


def test_a_waiter_leaves_at_its_deadline(database: Database, rpcs: Rpcs, monkeypatch: pytest.MonkeyPatch) -> None:
    opened(database, 50)
    blocked = threading.Event()
    rpcs.before("Commit", lambda: blocked.wait(30))
    leader = threading.Thread(target=lambda: debit("leader"))
    leader.start()
    while rpcs.count("Commit") == 0:
        time.sleep(0.001)
    monkeypatch.setattr(transaction, "DEADLINE_S", 0.05)
    with pytest.raises(Contention):
        debit("waiter")
    monkeypatch.undo()
    blocked.set()
    leader.join()
    assert assert_sound(database, 50) == 1
    assert debit("next") == 48


def test_a_waiter_whose_operation_was_taken_stays_past_its_deadline() -> None:
    entered, go, taken, over = (threading.Event() for _ in range(4))

    class Expires(threading.Event):
        """The caller's deadline passes just after a leader has taken the operation."""

        def wait(self, timeout: float | None = None) -> bool:
            if timeout is not None:
                taken.wait(30)
                return self.is_set()
            over.set()
            return super().wait()

    def carry_out(batch: list[Operation[str]], *_: object) -> None:
        begun, ends = (entered, go) if len(batch) == 1 else (taken, over)
        begun.set()
        ends.wait(30)
        for each in batch:
            each.finish("done")

    commits = group_commit.GroupCommit(carry_out)
    operations: list[Operation[str]] = [Operation() for _ in range(3)]
    operations[2].woken = Expires()

    def submit(number: int) -> str:
        try:
            commits.submit("key", operations[number], time.monotonic() + 60)
            return operations[number].result()
        finally:
            if number == 2:
                over.set()

    with ThreadPoolExecutor(3) as pool:
        answers = [pool.submit(submit, 0)]
        entered.wait(30)
        for number in (1, 2):
            answers.append(pool.submit(submit, number))
            while len(commits.queues["key"].waiting) < number:
                time.sleep(0.001)
        go.set()
        assert [each.result() for each in answers] == ["done"] * 3


def test_a_leader_that_crashes_leaves_no_one_waiting(
    database: Database, rpcs: Rpcs, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened(database, 50)
    commit = firestore.commit
    crashes = iter([False, True])

    def crashing(*arguments: Any, **options: Any) -> None:
        if next(crashes, False):
            raise SystemExit("the worker is being ended")
        commit(*arguments, **options)

    monkeypatch.setattr(firestore, "commit", crashing)
    answers = together(rpcs, [lambda n=n: debit(f"c{n}") for n in range(8)])  # type: ignore[misc]
    assert sum(isinstance(answer, SystemExit) for answer in answers) == 1
    # The others do not die of it: what became of theirs is unknown, and the next call tells.
    assert sum(isinstance(answer, Unavailable) for answer in answers) == 7
    assert debit("c0") == 48
    assert not transaction.groups().queues


def test_a_commit_that_is_not_permitted_is_a_bug_not_a_retry(rpcs: Rpcs) -> None:
    rpcs.fail_before("Commit", times=10_000, code="PERMISSION_DENIED")
    with pytest.raises(rest.FirestoreError, match="PERMISSION_DENIED"):
        transaction.transact(U2, lambda docs: docs.create(U2, Thing(n=1)), Reads(assumed_absent=[U2]))
    assert rpcs.count() == 1
