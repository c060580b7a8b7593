"""getUserBalance and getTokenTransactions, as clients call them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

import main
from tests.support import Database, Rpcs, before_create, budgets, call

NEVER = datetime(2026, 5, 6, 7, 8, 9, 123000, tzinfo=UTC)
TRIGGER: Any = main.onUserCreated


def entry(seq: int, kind: str, amount: int, after: int, bucket: str = "bonus") -> dict[str, Any]:
    buckets = {"monthly": 0, "bonus": 0, "purchased": 0, bucket: amount}
    return {
        "id": f"{kind}:{seq}",
        "seq": seq,
        "type": kind,
        "amount": amount,
        "buckets": buckets,
        "balanceAfter": after,
        "ref": {"kind": "job", "id": f"j{seq}"},
        "reason": "because",
        "createdAt": NEVER,
    }


@pytest.fixture
def ledger(database: Database) -> list[dict[str, Any]]:
    """u1's ledger of 30 entries, newest first: each third is a reward."""
    before_create(TRIGGER, "u1")
    [welcome] = database.under("users/u1/ledger").values()
    entries = [{**welcome, "createdAt": NEVER}]
    for seq in range(2, 31):
        kind = "reward" if seq % 3 == 0 else "deduction"
        amount = 5 if kind == "reward" else -1
        entries.append(entry(seq, kind, amount, entries[-1]["balanceAfter"] + amount))
    for each in entries:
        database.put(f"users/u1/ledger/{each['id']}", each)
    database.change("users/u1", ledgerSeq=30, balance=entries[-1]["balanceAfter"])
    return [{**each, "createdAt": "2026-05-06T07:08:09.123000Z"} for each in reversed(entries)]


def transactions(uid: str = "u1", **request: Any) -> dict[str, Any]:
    answer = call(main.getTokenTransactions, request, uid=uid)
    assert answer.ok, answer
    found: dict[str, Any] = answer.result
    return found


def test_balance_of_a_new_user() -> None:
    before_create(TRIGGER, "u1")
    answer = call(main.getUserBalance, uid="u1")
    resets = answer.result.pop("creditResetAt")
    assert answer.result == {
        "balance": 200,
        "buckets": {"monthly": 0, "bonus": 200, "purchased": 0},
        "plan": "free",
        "isPremium": False,
    }
    assert resets.endswith("Z")
    assert datetime.fromisoformat(resets) > datetime.now(UTC)


def test_balance_of_somebody_whom_the_trigger_never_saw(invariants: Callable[[str], None]) -> None:
    assert call(main.getUserBalance, uid="imported").result["balance"] == 200
    invariants("imported")


def test_a_debt_is_shown(database: Database) -> None:
    before_create(TRIGGER, "u1")
    database.change("users/u1", balance=-30, buckets={"monthly": 0, "bonus": 20, "purchased": -50})
    assert call(main.getUserBalance, uid="u1").result["balance"] == -30


def test_balance_takes_one_round_trip(rpcs: Rpcs) -> None:
    """One round trip, and one more for each tenth of the limit."""
    before_create(TRIGGER, "u1")
    call(main.getUserBalance, uid="u1")
    rpcs.reset()
    for _ in range(11):
        call(main.getUserBalance, uid="u1")
    assert rpcs.calls == budgets.calls("getUserBalance", "warm") * 11
    rpcs.reset()
    call(main.getUserBalance, uid="u1")
    assert rpcs.count() <= budgets.most("getUserBalance", "next share")


@pytest.mark.usefixtures("unchanged")
def test_nobody_else_sees_it() -> None:
    assert call(main.getUserBalance).reason == "Unauthenticated"
    assert call(main.getUserBalance, {"uid": "u1"}, uid="u2").reason == "InvalidRequest"
    assert call(main.getTokenTransactions).reason == "Unauthenticated"
    assert call(main.getTokenTransactions, {"uid": "u1"}, uid="u2").reason == "InvalidRequest"


def test_all_pages_are_the_ledger_newest_first(ledger: list[dict[str, Any]], rpcs: Rpcs) -> None:
    for size in (1, 7, 29, 30, 31):
        found: list[dict[str, Any]] = []
        cursor = None
        while True:
            rpcs.reset()
            page = transactions(pageSize=size, **({"cursor": cursor} if cursor else {}))
            assert rpcs.documents <= size + 2, "as many reads as the page is long, and a counter"
            found += page["transactions"]
            cursor = page["nextCursor"]
            if cursor is None:
                break
            assert len(page["transactions"]) == size
        assert found == ledger


def test_without_a_size_twenty(ledger: list[dict[str, Any]]) -> None:
    page = transactions()
    assert page["transactions"] == ledger[:20]
    assert transactions(cursor=page["nextCursor"])["transactions"] == ledger[20:]


def test_by_type(ledger: list[dict[str, Any]]) -> None:
    rewards = [each for each in ledger if each["type"] == "reward"]
    page = transactions(type="reward", pageSize=6)
    assert page["transactions"] == rewards[:6]
    rest = transactions(type="reward", pageSize=6, cursor=page["nextCursor"])
    assert rest == {"transactions": rewards[6:], "nextCursor": None}
    assert transactions(type="clawback") == {"transactions": [], "nextCursor": None}


def test_an_entry_that_comes_between_is_neither_repeated_nor_skipped(
    ledger: list[dict[str, Any]], database: Database
) -> None:
    """C13."""
    page = transactions(pageSize=10)
    database.put("users/u1/ledger/reward:31", entry(31, "reward", 5, 500))
    assert transactions(pageSize=100, cursor=page["nextCursor"])["transactions"] == ledger[10:]


def test_a_cursor_is_of_one_list(ledger: list[dict[str, Any]]) -> None:
    """C12: another user's, another filter's, an altered one, one of another function."""
    assert ledger
    cursor = transactions(pageSize=5)["nextCursor"]
    of_rewards = transactions(pageSize=5, type="reward")["nextCursor"]
    body, seal = cursor.split(".")
    for uid, request in [
        ("u2", {"cursor": cursor}),
        ("u1", {"cursor": cursor, "type": "reward"}),
        ("u1", {"cursor": of_rewards}),
        ("u1", {"cursor": of_rewards, "type": "deduction"}),
        ("u1", {"cursor": f"{body}A.{seal}"}),
        ("u1", {"cursor": f"{body}.{seal[:-1]}"}),
        ("u1", {"cursor": f"{body}."}),
        ("u1", {"cursor": body}),
        ("u1", {"cursor": "a"}),
        ("u1", {"cursor": "é.ü"}),
    ]:
        answer = call(main.getTokenTransactions, request, uid=uid)
        assert (answer.code, answer.reason) == ("invalid-argument", "InvalidCursor"), request
    assert call(main.getUserCreations, {"cursor": cursor}, uid="u1").reason == "InvalidCursor"
    assert call(main.listStudioJobs, {"cursor": cursor}, uid="u1").reason == "InvalidCursor"


@pytest.mark.parametrize(
    ("request_", "field"),
    [
        ({"pageSize": 0}, "pageSize"),
        ({"pageSize": 101}, "pageSize"),
        ({"pageSize": -1}, "pageSize"),
        ({"pageSize": 1.5}, "pageSize"),
        ({"pageSize": "5"}, "pageSize"),
        ({"pageSize": True}, "pageSize"),
        ({"pageSize": 10**30}, "pageSize"),
        ({"type": "theft"}, "type"),
        ({"type": 1}, "type"),
        ({"cursor": ""}, "cursor"),
        ({"cursor": "a" * 1025}, "cursor"),
        ({"userId": "u2"}, "userId"),
    ],
)
def test_what_is_wrong_is_named(request_: dict[str, Any], field: str) -> None:
    answer = call(main.getTokenTransactions, request_, uid="u1")
    assert (answer.reason, list(answer.details["fields"])) == ("InvalidRequest", [field])
