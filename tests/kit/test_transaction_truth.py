"""What `transact` tells its callers rests on what was committed, whatever becomes of the commits on the way."""

from __future__ import annotations

import contextlib
import random
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from studiox.kit import firestore, rest, transaction
from studiox.kit.errors import Contention, StudioxError, Unavailable
from studiox.kit.transaction import Docs, Reads
from tests.support import Database, Rpcs, crowd
from tests.support.debits import USER, Poor, assert_sound, debit, entry_path, opened, post, together
from tests.support.rpcs import Fault
from tests.support.things import thing_at

pytestmark = pytest.mark.malformed("documents of no struct in models/")

SWITCH = thing_at("breakers/all")


class Closed(StudioxError):
    """The provider is left alone."""

    code = "unavailable"


def claw(amount: int, *, timeout_s: float | None = None) -> int:
    """Takes what there is and more, as a refund of spent tokens does: the balance may fall below zero."""

    def decide(docs: Docs) -> int:
        user = docs.get(USER)
        assert user is not None
        return docs.update(USER, balance=user.balance - amount).balance

    return transaction.transact(USER, decide, Reads(cached=[USER]), timeout_s=timeout_s)


def order(cause: str) -> int:
    """A debit that is refused while the switch is set, which only other operations write."""
    entry = entry_path(cause)

    def decide(docs: Docs) -> int:
        before = docs.get(entry)
        if before is not None:
            return before.balance_after
        if docs.get(SWITCH) is not None:
            raise Closed
        user = docs.get(USER)
        assert user is not None
        return post(docs, user, cause, -1)

    return transaction.transact(USER, decide, Reads(fresh=[SWITCH], cached=[USER], assumed_absent=[entry]))


def held_back(rpcs: Rpcs, then: Callable[[], object] = lambda: None) -> Callable[[], None]:
    """The next commit's caller hears 503, while the commit is still on its way: what is returned lets it arrive."""
    kept: list[Any] = []

    def keep(_method: str, request: Any) -> None:
        kept.append(request)
        then()
        raise Fault("UNAVAILABLE", "lost on the way")

    rpcs.plan("Commit", before=keep)

    return lambda: send(kept.pop())


def send(request: Any) -> None:
    """A commit that arrives late."""
    firestore.connections().ask("commit", firestore.root(), request, 8.0)


def test_a_refusal_does_not_rest_on_what_another_one_failed_to_commit(database: Database, rpcs: Rpcs) -> None:
    opened(database, 68)
    answers = together(
        rpcs,
        [lambda: claw(500), lambda: debit("poor", 100, warm=False)],
        meanwhile=lambda: rpcs.before("Commit", lambda: database.change(USER, balance=1067)),
    )
    assert answers == [567, 467]
    assert database.need(USER)["balance"] == 467


def test_a_refusal_is_not_given_for_a_commit_that_never_came(database: Database, rpcs: Rpcs) -> None:
    """Seen: `InsufficientTokens {balance: -433}` while the balance was 67."""
    opened(database, 68)
    answers = together(
        rpcs,
        [lambda: claw(500, timeout_s=3.0), lambda: debit("poor", 100)],
        meanwhile=lambda: rpcs.fail_before("Commit", times=10_000),
    )
    assert [type(each) for each in answers] == [Unavailable, Unavailable]
    assert database.need(USER)["balance"] == 67
    rpcs.heal()
    with pytest.raises(Poor) as refused:
        debit("poor", 100)
    assert refused.value.details == {"balance": 67}


def test_a_refusal_in_a_group_comes_with_the_commit_it_rests_on(database: Database, rpcs: Rpcs) -> None:
    opened(database, 68)
    answers = together(rpcs, [lambda: claw(500), lambda: debit("poor", 10)])
    assert answers[0] == -433
    assert isinstance(answers[1], Poor)
    assert answers[1].details == {"balance": -433}
    assert database.need(USER)["balance"] == -433


@pytest.mark.parametrize("error", [KeyError, transaction.AlreadyDecided, ZeroDivisionError])
def test_nor_does_a_bug_rest_on_what_was_never_committed(
    database: Database, rpcs: Rpcs, error: type[Exception]
) -> None:
    opened(database, 68)

    def mark() -> None:
        transaction.transact(USER, lambda docs: docs.update(USER, balance=0, marked=True), Reads(fresh=[USER]))

    def stumble() -> str:
        def decide(docs: Docs) -> str:
            user = docs.get(USER)
            if user is not None and user.marked:
                raise error
            return "well"

        return transaction.transact(USER, decide, Reads(fresh=[USER]))

    def fail_the_mark(_method: str, request: Any) -> None:
        if any("marked" in write["update"]["fields"] for write in request["writes"]):
            raise Fault("INVALID_ARGUMENT", "cannot be stored")

    answers = together(rpcs, [mark, stumble], meanwhile=lambda: rpcs.plan("Commit", times=100, before=fail_the_mark))
    assert isinstance(answers[0], rest.FirestoreError)
    assert answers[0].status == "INVALID_ARGUMENT"
    assert answers[1] == "well"


def test_a_refusal_while_a_commit_may_still_arrive_is_unavailable(database: Database, rpcs: Rpcs) -> None:
    opened(database, 50)
    arrive = held_back(rpcs, then=lambda: database.put(SWITCH, {"n": 1}))
    with pytest.raises(Unavailable):
        order("one")
    arrive()
    assert database.need(USER)["balance"] == 49
    assert order("one") == 49, "the same cause again: it did happen"
    with pytest.raises(Closed):
        order("two")


def test_an_answer_without_a_commit_neither(database: Database, rpcs: Rpcs) -> None:
    opened(database, 50)

    def settle() -> str:
        def decide(docs: Docs) -> str:
            if docs.get(SWITCH) is not None:
                return "left alone"
            docs.update(USER, balance=0)
            return "emptied"

        return transaction.transact(USER, decide, Reads(fresh=[SWITCH, USER]))

    arrive = held_back(rpcs, then=lambda: database.put(SWITCH, {"n": 1}))
    with pytest.raises(Unavailable):
        settle()
    arrive()
    assert database.need(USER)["balance"] == 0


def test_a_refusal_is_given_once_the_commit_can_never_arrive(database: Database, rpcs: Rpcs) -> None:
    opened(database, 50)

    def meanwhile() -> None:
        database.put(SWITCH, {"n": 1})
        database.change(USER, visits=1)

    arrive = held_back(rpcs, then=meanwhile)
    with pytest.raises(Closed):
        order("one")
    with pytest.raises(rest.Conflict, match="FAILED_PRECONDITION"):
        arrive()
    assert database.need(USER)["balance"] == 50


def test_a_refusal_after_a_commit_that_did_arrive_is_its_answer(database: Database, rpcs: Rpcs) -> None:
    opened(database, 50)
    rpcs.fail_after_apply("Commit")
    rpcs.before("BatchGetDocuments", lambda: None)  # the first read; the switch is set before the second
    rpcs.before("BatchGetDocuments", lambda: database.put(SWITCH, {"n": 1}))
    assert order("one") == 49
    assert assert_sound(database, 50) == 1


def test_what_is_decided_anew_rules_the_first_commit_out(database: Database, rpcs: Rpcs) -> None:
    opened(database, 50)
    arrive = held_back(rpcs)
    assert order("one") == 49
    with pytest.raises(rest.Conflict):
        arrive()
    assert assert_sound(database, 50) == 1


def test_contention_is_not_said_of_a_commit_that_may_have_arrived(
    database: Database, rpcs: Rpcs, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last attempt meets the first one's own change, and there is no time left to look."""
    monkeypatch.setattr(transaction, "DEADLINE_S", 0.5)
    opened(database, 50)
    arrive = held_back(rpcs)

    def too_late() -> None:
        arrive()
        time.sleep(0.6)

    rpcs.before("Commit", too_late)
    with pytest.raises(Unavailable):
        order("one")
    assert assert_sound(database, 50) == 1


@pytest.mark.parametrize("code", ["CANCELLED", "INTERNAL", "UNKNOWN"])
def test_a_commit_cut_off_in_any_way_is_an_unknown_outcome(database: Database, rpcs: Rpcs, code: str) -> None:
    opened(database, 50)
    rpcs.fail_after_apply("Commit", code=code)
    assert debit("one") == 49
    assert assert_sound(database, 50) == 1


@pytest.mark.parametrize("seed", range(4))
def test_every_answer_agrees_with_what_was_committed(database: Database, rpcs: Rpcs, seed: int) -> None:
    """Twelve callers, and commits that are lost before, behind and on the way, refused, or late."""
    opening = 12
    opened(database, opening)
    late: list[Any] = []
    dice, lock = random.Random(seed), threading.Lock()

    def let_one_arrive() -> None:
        with lock:
            request = late.pop(0) if late else None
        if request is not None:
            with contextlib.suppress(rest.FirestoreError):  # ruled out meanwhile, or lost once more
                send(request)

    def before(_method: str, request: Any) -> None:
        with lock:
            fate, one_arrives = dice.random(), dice.random() < 0.3
            if fate < 0.1:
                late.append(request)
        if one_arrives:
            let_one_arrive()
        if fate < 0.2:
            raise Fault("UNAVAILABLE", "not applied, or not yet")
        if fate < 0.3:
            raise Fault("ABORTED", "not applied")

    def after(_method: str, _request: Any) -> None:
        with lock:
            fate = dice.random()
        if fate < 0.15:
            raise Fault("DEADLINE_EXCEEDED", "applied")

    amounts = {f"c{n}-{i}": dice.choice([-3, 1, 2, 5, 20]) for n in range(12) for i in range(3)}
    told: dict[str, Any] = {}

    def caller(number: int) -> None:
        for i in range(3):
            cause = f"c{number}-{i}"
            try:
                told[cause] = debit(cause, amounts[cause], warm=number % 2 == 0)
            except (Poor, Contention, Unavailable) as refusal:
                told[cause] = refusal

    rpcs.plan("Commit", times=10**6, before=before, after=after)
    crowd(12, caller)
    rpcs.heal()
    while late:
        let_one_arrive()
    assert_sound(database, opening)
    entries = database.under(f"{USER}/ledger")
    balances = {opening, *(entry["balanceAfter"] for entry in entries.values())}
    assert set(told) == set(amounts)
    for cause, answer in told.items():
        match answer:
            case int():
                assert entries[cause]["balanceAfter"] == answer
            case Poor():
                assert cause not in entries
                assert answer.details["balance"] in balances
            case Contention():
                assert cause not in entries
