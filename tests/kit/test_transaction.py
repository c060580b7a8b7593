"""`transact` on a real engine: exact under contention, few round trips, truthful when the network is not."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime
from functools import partial

import pytest

from studiox.kit import firestore, transaction
from studiox.kit.documents import Data, Path
from studiox.kit.errors import NotFound
from studiox.kit.transaction import AlreadyDecided, Docs, Reads
from tests.support import Database, Rpcs, crowd
from tests.support.debits import USER, Holder, Poor, assert_sound, debit, entry_path, opened, post, together
from tests.support.things import Thing, thing_at

pytestmark = pytest.mark.malformed("documents of no struct in models/")

U2 = thing_at("users/u2")


def no_transactions(rpcs: Rpcs) -> bool:
    return {"BeginTransaction", "Rollback"}.isdisjoint(rpcs.calls)


@pytest.mark.parametrize("warm", [True, False])
def test_j21_32_threads_by_10_on_one_document_lose_nothing(database: Database, rpcs: Rpcs, warm: bool) -> None:
    opened(database, 1000)
    answers = crowd(32, lambda n: [debit(f"c{n}-{i}", warm=warm) for i in range(10)])
    balances = sorted(balance for answer in answers if isinstance(answer, list) for balance in answer)
    assert balances == list(range(680, 1000))
    assert assert_sound(database, 1000) == 320
    assert no_transactions(rpcs)
    # Group commit: operations that meet share their commits.
    assert rpcs.count("Commit") <= 160


def test_j3_a_burst_of_80_on_50_is_50_done_and_30_refused(database: Database) -> None:
    opened(database, 50)
    answers = crowd(80, lambda n: debit(f"c{n}"), expected=(Poor,))
    assert sorted(answer for answer in answers if isinstance(answer, int)) == list(range(50))
    assert [answer.details for answer in answers if isinstance(answer, Poor)] == [{"balance": 0}] * 30
    assert assert_sound(database, 50) == 50


def test_operations_that_wait_join_the_repetition_of_a_conflict(database: Database, rpcs: Rpcs) -> None:
    """A document that other instances change too is written with as few commits as possible."""
    opened(database, 50)
    debit("warm")
    rpcs.reset()
    answers = together(
        rpcs, [partial(debit, f"c{n}") for n in range(8)], meanwhile=lambda: database.change(USER, marked=True)
    )
    assert sorted(answers) == list(range(40, 48))
    assert rpcs.calls == ["Commit", "BatchGetDocuments", "Commit"]


def test_j1_one_cause_by_32_threads_counts_once_and_answers_alike(database: Database) -> None:
    opened(database, 50)
    assert crowd(32, lambda _: debit("same", 7)) == [43] * 32
    assert assert_sound(database, 50) == 1


def test_warm_is_one_round_trip_and_cold_two(database: Database, rpcs: Rpcs) -> None:
    opened(database, 50)
    debit("first")
    assert rpcs.calls == ["BatchGetDocuments", "Commit"]
    rpcs.reset()
    debit("second")
    assert rpcs.calls == ["Commit"]


def test_a_replay_and_a_refusal_take_at_most_two(database: Database, rpcs: Rpcs) -> None:
    opened(database, 3)
    debit("one")
    rpcs.reset()
    assert debit("one") == 2
    assert rpcs.count() <= 2
    rpcs.reset()
    with pytest.raises(Poor):
        debit("two", 5)
    assert rpcs.calls == ["BatchGetDocuments"]
    firestore.cached_documents().forget([USER])
    rpcs.reset()
    assert debit("one") == 2
    with pytest.raises(Poor):
        debit("three", 5)
    # The cold replay read all it needed; so did the cold refusal.
    assert rpcs.calls == ["BatchGetDocuments"] * 2


@pytest.mark.usefixtures("unchanged")
def test_a_refusal_commits_nothing() -> None:
    with pytest.raises(NotFound):
        debit("nobody")


def test_what_another_instance_changed_meanwhile_is_seen(database: Database, rpcs: Rpcs) -> None:
    opened(database, 50)
    debit("one")
    database.change(USER, balance=10)  # behind the cache's back
    assert debit("two") == 9
    database.change(USER, balance=0)
    with pytest.raises(Poor) as refused:
        debit("three")
    assert refused.value.details == {"balance": 0}
    database.change(USER, balance=5)
    # A cached document alone may not refuse: the real one is rich enough.
    assert debit("four", 5) == 0
    assert no_transactions(rpcs)


def test_what_changed_between_read_and_commit_is_not_deleted_as_it_was(database: Database, rpcs: Rpcs) -> None:
    opened(database, 50)

    def end(docs: Docs) -> int:
        user = docs.get(USER)
        assert user is not None
        docs.delete(USER)
        return user.balance

    rpcs.before("Commit", lambda: database.change(USER, balance=20))
    assert transaction.transact(USER, end, Reads(fresh=[USER])) == 20


def test_a_change_between_read_and_commit_is_seen(database: Database, rpcs: Rpcs) -> None:
    opened(database, 50)
    rpcs.before("Commit", lambda: database.change(USER, balance=20))
    assert debit("one") == 19
    assert database.need(USER)["balance"] == 19
    rpcs.before("Commit", lambda: database.delete(USER))
    with pytest.raises(NotFound):
        debit("two")


def test_documents_nobody_named_are_read_on_demand(database: Database, rpcs: Rpcs) -> None:
    first = thing_at(USER)
    database.put("users/u1", {"text": "users/u2"})
    database.put("users/u2", {"text": "users/u3"})

    def decide(docs: Docs) -> str:
        path = first
        while (found := docs.get(path)) is not None:
            path = thing_at(found.text)
        docs.create(path, Thing(text=""))
        return path

    assert transaction.transact(USER, decide, Reads(fresh=[USER])) == "users/u3"
    assert rpcs.calls == ["BatchGetDocuments"] * 3 + ["Commit"]
    assert database.get("users/u3") == {"text": ""}


def test_a_decision_that_asks_for_ever_more_ends() -> None:
    def decide(docs: Docs) -> None:
        number = 0
        while docs.get(thing_at(f"users/u{number}")) is None:
            number += 1

    with pytest.raises(RecursionError):
        transaction.transact(USER, decide)


def test_a_refusal_after_a_document_of_a_new_id_is_raised(rpcs: Rpcs) -> None:
    """An audit entry has another id in each decision: no read can show that it does not exist."""
    decisions = []

    def decide(docs: Docs) -> None:
        decisions.append(1)
        assert len(decisions) < 10, "it is decided for ever"
        docs.create(thing_at(f"auditLogs/{len(decisions)}"), Thing(at=1))
        raise NotFound

    with pytest.raises(NotFound):
        transaction.transact(USER, decide, Reads(fresh=[USER]))
    assert rpcs.count("Commit") == 0
    assert len(decisions) == 2


def test_an_answer_never_rests_on_the_cache_alone(database: Database) -> None:
    opened(database, 50)
    debit("one")
    database.change(USER, balance=7)

    def balance(docs: Docs) -> int:
        user = docs.get(USER)
        assert user is not None
        return user.balance

    assert transaction.transact("k", balance, Reads(cached=[USER])) == 7
    database.put(U2, {"n": 1})
    # Presumed absent, and only looked at: the answer must be what is there.
    assert transaction.transact("k", lambda docs: docs.get(U2), Reads(assumed_absent=[U2])) == Thing(n=1)

    def copy(docs: Docs) -> None:
        docs.put(thing_at("users/u3"), Thing(n=balance(docs)))

    database.change(USER, balance=3)
    transaction.transact("k", copy, Reads(cached=[USER], fresh=["users/u3"]))
    assert database.get("users/u3") == {"n": 3}


def test_create_of_what_exists_is_already_decided(database: Database) -> None:
    database.put("users/u2", {"n": 1})
    with pytest.raises(AlreadyDecided):
        transaction.transact(USER, lambda docs: docs.create(U2, Thing(n=2)), Reads(assumed_absent=[U2]))
    assert database.get("users/u2") == {"n": 1}


def test_update_put_delete_and_rewrite(database: Database) -> None:
    moment = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)
    odd, third, absent = thing_at(USER), thing_at("users/u3"), thing_at("users/none")
    stored = {"n": 1, "b": {"c": [1]}, "at": moment, "gone.dotted": 1, "ö `": 2}
    rewritten = {"b": {"d": 2}, "at": moment, "ö `": 3}
    database.put(odd, stored)
    database.put(U2, {"n": 1})

    def change(found: Data) -> Data:
        assert found == stored
        return rewritten

    def decide(docs: Docs) -> None:
        docs.rewrite(odd, change)
        docs.rewrite(absent, change)
        docs.delete(U2)
        docs.delete(absent)
        docs.put(third, Thing(at=moment))
        docs.put(third, Thing(at=moment, n=docs.get(U2)))
        assert docs.get(third) == Thing(at=moment, n=None)

    transaction.transact(USER, decide, Reads(fresh=[odd, U2, third, absent]))
    assert database.all() == {USER: rewritten, "users/u3": {"at": moment, "n": None}}
    assert firestore.read_documents([USER])[USER].data == rewritten
    with pytest.raises(KeyError):
        transaction.transact(USER, lambda docs: docs.update(absent, n=1))


def test_a_document_moves_with_the_fields_that_its_struct_does_not_know(database: Database) -> None:
    """Whatever it holds: the target of a malformed one is as malformed."""
    database.put(USER, {"balance": "ten", "newer": "kept"})
    target = Path("closedAccounts/c1", Holder)
    transaction.transact(USER, lambda docs: docs.rewrite(USER, lambda stored: {**stored, "n": 1}, to=target))
    assert database.all() == {target: {"balance": "ten", "newer": "kept", "n": 1}}


def test_a_struct_is_changed_by_its_own_names_and_keeps_what_it_does_not_know(database: Database) -> None:
    database.put(USER, {"balance": 1, "ledgerSeq": 1, "newer": "kept"})
    changed = transaction.transact(USER, lambda docs: docs.update(USER, ledger_seq=2), Reads(fresh=[USER]))
    assert changed == Holder(balance=1, ledger_seq=2)
    assert database.all() == {USER: {"balance": 1, "ledgerSeq": 2, "newer": "kept"}}


def test_a_decision_that_changes_nothing_commits_nothing(database: Database, rpcs: Rpcs) -> None:
    database.put(U2, {"n": 1})
    transaction.transact(USER, lambda docs: docs.put(U2, Thing(n=1)), Reads(fresh=[U2]))
    transaction.transact(USER, lambda docs: docs.update(U2, n=1), Reads(fresh=[U2]))
    transaction.transact(USER, lambda docs: docs.rewrite(U2, dict), Reads(fresh=[U2]))
    assert rpcs.count("Commit") == 0


def test_a_document_is_replaced_whole(database: Database) -> None:
    database.put(U2, {"n": 1, "text": "a"})
    transaction.transact(USER, lambda docs: docs.put(U2, Thing(text="b")), Reads(fresh=[U2]))
    assert database.get(U2) == {"text": "b"}


def test_no_queue_is_left_behind(database: Database) -> None:
    opened(database, 50)
    crowd(16, lambda n: debit(f"c{n}"))
    with pytest.raises(Poor):
        debit("poor", 99)
    assert not transaction.groups().queues


def test_other_users_do_not_wait(database: Database, rpcs: Rpcs) -> None:
    opened(database, 50)
    database.put("users/u2", {"n": 1})
    blocked = threading.Event()
    rpcs.before("Commit", lambda: blocked.wait(30))
    held = threading.Thread(target=lambda: debit("held"))
    held.start()
    while rpcs.count("Commit") == 0:
        time.sleep(0.001)
    transaction.transact(U2, lambda docs: docs.update(U2, n=2), Reads(fresh=[U2]))
    assert database.get("users/u2") == {"n": 2}
    blocked.set()
    held.join()


INSTANCE = """
import sys
sys.path[:0] = {path!r}
from tests.support import crowd
from tests.support.debits import Poor, debit
answers = crowd(40, lambda n: debit(f"{{sys.argv[1]}}-{{n}}"), expected=(Poor,))
print(sum(isinstance(a, int) for a in answers), sum(isinstance(a, Poor) for a in answers))
"""


def test_two_instances_share_a_balance_of_50(database: Database) -> None:
    """80 one-token debits from two processes, each with its own cache and its own groups: 50 done, 30 refused."""
    opened(database, 50)
    script = INSTANCE.format(path=[path for path in sys.path if path])
    running = [
        subprocess.Popen([sys.executable, "-c", script, name], stdout=subprocess.PIPE, env=dict(os.environ))
        for name in ("a", "b")
    ]
    counts = [[int(word) for word in process.communicate(timeout=120)[0].split()] for process in running]
    assert [sum(column) for column in zip(*counts, strict=True)] == [50, 30]
    assert assert_sound(database, 50) == 50


SUMS = thing_at("sums/2026-03-02")


def counted(cause: str, amount: int = 1) -> int:
    """A debit that is counted in a document which nobody reads."""
    entry = entry_path(cause)

    def decide(docs: Docs) -> int:
        before = docs.get(entry)
        if before is not None:
            return before.balance_after
        user = docs.get(USER)
        assert user is not None
        balance = post(docs, user, cause, -amount)
        docs.increment(SUMS, {("n",): 1, ("by", "Model A.1"): amount, ("none",): 0})
        return balance

    return transaction.transact(USER, decide, Reads(cached=[USER], assumed_absent=[entry]))


def test_increments_are_summed_without_a_read_or_a_conflict(database: Database, rpcs: Rpcs) -> None:
    opened(database, 1000)
    crowd(32, lambda n: [counted(f"c{n}-{i}", 2) for i in range(10)])
    assert database.need(SUMS) == {"n": 320, "by": {"Model A.1": 640}}
    assert assert_sound(database, 1000) == 320
    assert rpcs.count("Commit") <= 160
    rpcs.reset()
    counted("c0-0")
    counted("another")
    assert "Commit" in rpcs.calls
    assert database.need(SUMS) == {"n": 321, "by": {"Model A.1": 641}}


def test_an_increment_after_a_lost_answer_or_a_conflict_counts_once(database: Database, rpcs: Rpcs) -> None:
    opened(database, 100)
    rpcs.fail_after_apply("Commit")
    counted("applied")
    rpcs.fail_before("Commit")
    counted("not applied")
    rpcs.before("Commit", lambda: database.change(USER, marked=True))
    counted("conflict")
    assert database.need(SUMS) == {"n": 3, "by": {"Model A.1": 3}}
    assert assert_sound(database, 100) == 3


def test_an_increment_alone_is_refused(database: Database) -> None:
    with pytest.raises(ValueError, match="alone"):
        transaction.transact(USER, lambda docs: docs.increment(SUMS, {("n",): 1}))
    with pytest.raises(ValueError, match="alone"):
        firestore.commit({}, {}, {SUMS: {("n",): 1}})
    with pytest.raises(ValueError, match="other documents"):
        firestore.commit({SUMS: {"n": 1}}, {}, {SUMS: {("n",): 1}})
    assert database.get(SUMS) is None


def test_what_a_refused_decision_would_have_added_is_not(database: Database) -> None:
    opened(database, 100)

    def decide(docs: Docs) -> None:
        docs.update(USER, marked=True)
        docs.increment(SUMS, {("n",): 1})
        raise Poor

    with pytest.raises(Poor):
        transaction.transact(USER, decide, Reads(fresh=[USER]))
    assert database.get(SUMS) is None
