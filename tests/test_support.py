"""The fixtures themselves: a guard that cannot fail guards nothing."""

from __future__ import annotations

import logging
import socket
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import flask
import pytest

from studiox.kit import firestore, log, rest
from tests.support import Database, Rpcs, call, canaries, crowd, id_token, invariants, order

pytestmark = pytest.mark.malformed("documents of no struct in models/")


def entry(seq: int, amount: int, after: int, kind: str = "welcome_bonus") -> dict[str, Any]:
    ref = {"kind": "user", "id": f"u1-{seq}"}
    return {"seq": seq, "type": kind, "amount": amount, "buckets": {"bonus": amount}, "balanceAfter": after, "ref": ref}


def user(balance: int, seq: int) -> dict[str, Any]:
    return {"balance": balance, "ledgerSeq": seq, "buckets": {"monthly": 0, "bonus": balance, "purchased": 0}}


def test_a_document_comes_back_as_it_was_written(database: Database) -> None:
    data: dict[str, Any] = {
        "none": None,
        "yes": True,
        "int": 2**62,
        "float": 0.5,
        "text": "ä😀",
        "bytes": b"\0\xff",
        "time": datetime(2026, 2, 28, 1, 2, 3, 456789, tzinfo=UTC),
        "list": [1, "a", {"b": []}],
        "map": {"c": {}},
    }
    database.put("users/u1", data)
    assert database.get("users/u1") == data
    found = firestore.read_documents(["users/u1", "users/u2"])
    assert {path: each.data for path, each in found.items()} == {"users/u1": data, "users/u2": None}
    assert list(database.all()) == ["users/u1"]
    database.delete("users/u1")
    assert database.get("users/u1") is None


def test_the_hash_tells_any_change(database: Database) -> None:
    empty = database.hash()
    database.put("users/u1/ledger/e1", {"seq": 1})
    one = database.hash()
    assert one != empty
    database.put("users/u1/ledger/e1", {"seq": 2})
    assert database.hash() != one
    assert database.hash("users") == empty


def test_round_trips_are_counted_and_broken(database: Database, rpcs: Rpcs) -> None:
    database.put("users/u1", {"n": 1})
    firestore.read_documents(["users/u1", "users/u2"])
    assert rpcs.calls == ["BatchGetDocuments"]
    assert rpcs.documents == 1
    rpcs.fail_after_apply("Commit")
    with pytest.raises(rest.Unreachable):
        firestore.commit({"users/u3": {"n": 3}}, {})
    assert database.get("users/u3") == {"n": 3}
    rpcs.fail_before("Commit")
    with pytest.raises(rest.Unreachable):
        firestore.commit({"users/u4": {"n": 4}}, {})
    assert database.get("users/u4") is None
    rpcs.before("Commit", lambda: database.put("users/u5", {"n": 0}))
    with pytest.raises(rest.Conflict):
        firestore.commit({"users/u5": {"n": 5}}, {})
    rpcs.reset()
    assert rpcs.count() == 0


@pytest.mark.parametrize(
    ("account", "entries"),
    [
        (user(201, 1), [entry(1, 200, 200)]),
        (user(200, 2), [entry(1, 200, 200)]),
        (user(200, 1), [entry(2, 200, 200)]),
        (user(300, 2), [entry(1, 200, 200), entry(2, 100, 100)]),
        (user(-10, 2), [entry(1, 20, 20), entry(2, -30, -10, "deduction")]),
        (user(200, 1) | {"balance": 200.0}, [entry(1, 200, 200)]),
    ],
)
def test_every_drift_is_found(
    database: Database, invariants: Callable[[str], None], account: dict[str, Any], entries: list[dict[str, Any]]
) -> None:
    database.put("users/u1", account)
    for number, each in enumerate(entries):
        database.put(f"users/u1/ledger/e{number}", each)
    with pytest.raises(AssertionError):
        invariants("u1")


@pytest.mark.parametrize("refunds", [[], [5], [3, 3], [7]])
def test_a_failed_job_needs_its_one_refund(database: Database, refunds: list[int]) -> None:
    ref = {"kind": "job", "id": "j1"}
    rows = [entry(1, 20, 20), entry(2, -6, 14, "deduction") | {"ref": ref}]
    for amount in refunds:
        rows.append(entry(len(rows) + 1, amount, rows[-1]["balanceAfter"] + amount, "refund") | {"ref": ref})
    database.put("users/u1", user(rows[-1]["balanceAfter"], len(rows)))
    for number, each in enumerate(rows):
        database.put(f"users/u1/ledger/e{number}", each)
    database.put("jobs/j1", {"uid": "u1", "price": 6, "status": "failed"})
    with pytest.raises(AssertionError):
        invariants.check("u1", database)


def test_a_sound_account_passes(database: Database, invariants: Callable[[str], None]) -> None:
    ref = {"kind": "job", "id": "j1"}
    database.put("users/u1", user(20, 3))
    database.put("users/u1/ledger/e1", entry(1, 20, 20))
    database.put("users/u1/ledger/e2", entry(2, -6, 14, "deduction") | {"ref": ref})
    database.put("users/u1/ledger/e3", entry(3, 6, 20, "refund") | {"ref": ref})
    database.put("jobs/j1", {"uid": "u1", "price": 6, "status": "failed"})
    invariants("u1")


def test_canaries_are_found_in_fields_and_tracebacks(logged: Any) -> None:
    secret = canaries.private_text()
    log.info("said", text=secret)
    try:
        raise ValueError(secret)
    except ValueError:
        log.bug("bug")
    logging.warning("from a library: %s", secret)
    assert len(canaries.leaks(logged.getvalue())) == 1
    assert len(logged.lines()) == 3
    logged.truncate(0)


def test_a_token_and_its_address_are_canaries() -> None:
    token = id_token("somebody")
    assert len(canaries.leaks(f"{token} somebody@canary.test")) == 2


def test_no_test_leaves_the_machine() -> None:
    with pytest.raises(PermissionError), socket.socket() as outside:
        outside.connect(("192.0.2.1", 80))


def test_what_a_function_raises_is_raised() -> None:
    def broken(_request: flask.Request) -> flask.Response:
        raise RuntimeError("bug")

    with pytest.raises(RuntimeError):
        call(broken)


def test_a_crowd_answers_in_order_and_raises_what_is_not_expected() -> None:
    answers = crowd(8, lambda number: 8 // (number - 3), expected=(ZeroDivisionError,))
    assert isinstance(answers[3], ZeroDivisionError)
    assert answers[4:] == [8, 4, 2, 2]
    with pytest.raises(ZeroDivisionError):
        crowd(8, lambda number: 8 // (number - 3))


def test_each_test_has_a_project_of_its_own(project: str, database: Database) -> None:
    assert firestore.database() == f"projects/{project}/databases/(default)"
    assert database.all() == {}


def test_each_process_begins_with_its_part_of_the_long_tests() -> None:
    long = {"c": 20.0, "g": 90.0, "h": 30.0, "i": 40.0}
    dealt = order.dealt("abcdefghij", long, 3)
    assert "".join(dealt) == "gabidehcfj"  # as worksteal divides ten: three, three and four
    assert order.dealt("abc", {}, 2) == ["a", "b", "c"]
