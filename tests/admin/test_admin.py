"""The administrators' callables: each correction once, in its books, by administrators alone."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

import main
from tests.auth.identity import Accounts
from tests.support import Answer, Database, Rpcs, before_create, call, crowd

TRIGGER: Any = main.onUserCreated
WRITES: dict[str, dict[str, Any]] = {
    "addTokens": {"uid": "u1", "amount": 5, "reason": "sorry", "requestId": "request-0000000001"},
    "setJobStatus": {"jobId": "j1", "status": "failed", "reason": "stuck"},
    "setPlan": {"uid": "u1", "planId": "pro", "reason": "a friend"},
    "suspendUser": {"uid": "u1", "suspended": True, "reason": "spam"},
}
_numbers = itertools.count()


@pytest.fixture(autouse=True)
def _jobs_stay_under_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOCK_LATENCY_MS", "600000")


@pytest.fixture(autouse=True)
def _user(auth: Accounts) -> None:
    """u1, with the welcome bonus of 200 tokens."""
    assert before_create(TRIGGER, "u1").ok
    auth.users.add("u1")


def ask(function: str, *, admin: str = "boss", **fields: Any) -> Answer:
    return call(getattr(main, function), {**WRITES.get(function, {}), **fields}, uid=admin, admin=True)


def fresh() -> str:
    return f"request-{next(_numbers):012d}"


def audited(database: Database, action: str) -> list[dict[str, Any]]:
    return [entry for entry in database.under("auditLogs").values() if entry["action"] == action]


@pytest.mark.parametrize("function", [*WRITES, "getAuditLog", "searchUsers"])
@pytest.mark.usefixtures("unchanged")
def test_a12_only_administrators(function: str) -> None:
    request = WRITES.get(function, {})
    assert call(getattr(main, function), request, uid="u1").reason == "Forbidden"
    assert call(getattr(main, function), request).reason == "Unauthenticated"
    assert call(getattr(main, function), {**request, "admin": True}, uid="u1").reason == "Forbidden"


def test_r14_tokens_are_given_by_an_entry_with_its_reason(
    database: Database, invariants: Callable[[str], None]
) -> None:
    assert ask("addTokens", amount=50).result == {"balance": 250}
    user = database.need("users/u1")
    assert user["buckets"] == {"monthly": 0, "bonus": 250, "purchased": 0}
    entry = database.need("users/u1/ledger/adjustment:request-0000000001")
    assert (entry["type"], entry["amount"], entry["reason"]) == ("admin_adjustment", 50, "sorry")
    [audit] = audited(database, "addTokens")
    assert (audit["actor"], audit["target"]) == ("boss", "users/u1")
    assert audit["details"] == {"amount": 50, "reason": "sorry"}
    invariants("u1")


def test_taken_tokens_burn_like_a_debit(database: Database, invariants: Callable[[str], None]) -> None:
    database.change("users/u1", balance=210, buckets={"monthly": 4, "bonus": 200, "purchased": 6}, ledgerSeq=2)
    entry = {"seq": 2, "type": "purchase", "amount": 10, "buckets": {"monthly": 4, "bonus": 0, "purchased": 6}}
    entry |= {"balanceAfter": 210, "ref": {"kind": "checkout", "id": "x"}, "reason": "", "createdAt": datetime.now(UTC)}
    database.put("users/u1/ledger/x", {**entry, "id": "x"})
    assert ask("addTokens", amount=-205).result == {"balance": 5}
    assert database.need("users/u1")["buckets"] == {"monthly": 0, "bonus": 0, "purchased": 5}
    refused = ask("addTokens", amount=-6, requestId=fresh())
    assert (refused.reason, refused.details["balance"], refused.details["price"]) == ("InsufficientTokens", 5, 6)
    assert ask("addTokens", amount=-5, requestId=fresh()).result == {"balance": 0}
    invariants("u1")


def test_one_request_counts_once_and_another_one_is_refused(
    database: Database, invariants: Callable[[str], None]
) -> None:
    before_create(TRIGGER, "u2")
    answers: list[Any] = crowd(8, lambda _: ask("addTokens", amount=7))
    assert {answer.result["balance"] for answer in answers} == {207}
    ask("addTokens", amount=1, requestId=fresh())
    assert ask("addTokens", amount=7).result == {"balance": 207}, "the first answer again"
    changes: tuple[dict[str, Any], ...] = ({"amount": 8}, {"uid": "u2"}, {"reason": "another"})
    for change in changes:
        assert ask("addTokens", **{"amount": 7, **change}).reason == "RequestIdReused"
    assert ask("addTokens", admin="chief", amount=7).reason == "RequestIdReused", "the ledger has this entry"
    assert ask("addTokens", admin="chief", uid="u2", amount=7).result == {"balance": 207}, "another's request"
    assert len(audited(database, "addTokens")) == 3
    invariants("u1")
    invariants("u2")


def test_a_refusal_is_not_remembered() -> None:
    assert ask("addTokens", amount=-201).reason == "InsufficientTokens"
    assert ask("addTokens", amount=-200).result == {"balance": 0}


def test_an_answer_that_was_lost_is_given_again(
    rpcs: Rpcs, database: Database, invariants: Callable[[str], None]
) -> None:
    """J22: the commit was applied, and the caller's own retry finds it."""
    rpcs.fail_after_apply("Commit")
    assert ask("addTokens", amount=9).result == {"balance": 209}
    assert len(audited(database, "addTokens")) == 1
    invariants("u1")


def test_a_decision_whose_answer_was_lost_is_recorded_once(rpcs: Rpcs, database: Database) -> None:
    """J22: it is always recorded, even if it changes nothing, as its repetition does not."""
    for repeated in (1, 2):
        rpcs.fail_after_apply("Commit")
        assert ask("setPlan").ok
        entries = audited(database, "setPlan")
        assert len(entries) == repeated
        assert {(each["actor"], each["target"]) for each in entries} == {("boss", "users/u1")}


@pytest.mark.parametrize("amount", [0, 10**9 + 1, -(10**9) - 1, 1.5, "5", True])
@pytest.mark.usefixtures("unchanged")
def test_amounts_that_are_none(amount: Any) -> None:
    assert ask("addTokens", amount=amount).reason == "InvalidRequest"


def test_no_balance_beyond_all_bounds(database: Database) -> None:
    most = {"monthly": 0, "bonus": 10**12 - 1, "purchased": 0}
    database.change("users/u1", balance=10**12 - 1, buckets=most)
    assert ask("addTokens", amount=2).reason == "InvalidRequest"


@pytest.mark.parametrize("function", ["addTokens", "setPlan", "suspendUser"])
@pytest.mark.parametrize("uid", ["nobody", "a b@c", "ä"])
@pytest.mark.usefixtures("unchanged")
def test_nobody_is_not_found(function: str, uid: str) -> None:
    assert ask(function, uid=uid).reason == "NotFound"


@pytest.mark.parametrize("uid", ["a/b", "..", "__a__", "", "x" * 129])
@pytest.mark.usefixtures("unchanged")
def test_c18_uids_that_leave_their_place(uid: str) -> None:
    for function in ("addTokens", "setPlan", "suspendUser", "searchUsers"):
        assert ask(function, uid=uid).reason == "InvalidRequest", function


def job(uid: str = "u1") -> str:
    request = {"requestId": fresh(), "type": "image", "model": "Model A", "prompt": "x", "size": "1024x1024"}
    answer = call(main.createStudioJob, request, uid=uid)
    assert answer.ok, answer
    return str(answer.result["jobId"])


@pytest.mark.parametrize("status", ["failed", "cancelled"])
def test_a_job_is_ended_with_its_refund(database: Database, invariants: Callable[[str], None], status: str) -> None:
    job_id = job()
    price = database.need(f"jobs/{job_id}")["price"]
    answer = ask("setJobStatus", jobId=job_id, status=status)
    assert answer.result == {"jobId": job_id, "status": status, "refunded": price}
    assert database.need("users/u1")["balance"] == 200
    [audit] = audited(database, "setJobStatus")
    assert (audit["actor"], audit["target"]) == ("boss", f"jobs/{job_id}")
    assert audit["details"] == {"status": status, "reason": "stuck"}
    shown = call(main.getJobStatus, {"jobId": job_id}, uid="u1").result
    assert (shown["status"], shown["refunded"]) == (status, price)
    assert "stuck" not in str(shown)
    again = ask("setJobStatus", jobId=job_id, status=status)
    assert (again.reason, again.details["status"]) == ("NotCancellable", status)
    invariants("u1")


def test_j12_administrators_and_the_owner_end_a_job_once(database: Database, invariants: Callable[[str], None]) -> None:
    job_id = job()
    ends: list[Callable[[], Answer]] = [
        lambda: ask("setJobStatus", jobId=job_id, status="failed"),
        lambda: ask("setJobStatus", admin="chief", jobId=job_id, status="cancelled"),
        lambda: call(main.cancelStudioJob, {"jobId": job_id}, uid="u1"),
    ]
    answers: list[Any] = crowd(6, lambda n: ends[n % 3]())
    assert {answer.reason for answer in answers} <= {None, "NotCancellable"}
    assert any(answer.ok for answer in answers)
    assert database.need("users/u1")["balance"] == 200
    invariants("u1")


@pytest.mark.usefixtures("unchanged")
def test_a_job_that_is_none_cannot_be_ended() -> None:
    assert ask("setJobStatus", jobId="nothing").reason == "NotFound"
    assert ask("setJobStatus", jobId="nothing", status="completed").reason == "InvalidRequest"


def test_a_plan_counts_at_once(database: Database) -> None:
    assert ask("setPlan").result == {"uid": "u1", "plan": "pro", "isPremium": True}
    jobs = [job() for _ in range(4)]
    assert len(jobs) == 4, "more than the free plan's three at once"
    assert ask("setPlan").ok
    details = [each["details"] for each in audited(database, "setPlan")]
    assert details == [{"plan": "pro", "reason": "a friend"}] * 2, "what an administrator did is written down"
    assert ask("setPlan", planId="free").result == {"uid": "u1", "plan": "free", "isPremium": False}
    assert ask("setPlan", planId="gold").reason == "InvalidRequest"


def test_a6_a_suspended_user_spends_nothing_and_is_signed_out(database: Database, auth: Accounts) -> None:
    assert ask("suspendUser").result == {"uid": "u1", "suspended": True}
    assert auth.revoked == ["u1"]
    request = {"requestId": fresh(), "type": "image", "model": "Model A", "prompt": "x"}
    assert call(main.createStudioJob, request, uid="u1").reason == "AccountSuspended"
    assert database.need("users/u1")["balance"] == 200
    assert ask("suspendUser", suspended=False).result == {"uid": "u1", "suspended": False}
    job()
    assert auth.revoked == ["u1"]
    assert [entry["details"]["suspended"] for entry in audited(database, "suspendUser")].count(True) == 1


def test_a_suspension_stands_while_auth_is_down_and_is_completed_by_asking_again(
    database: Database, auth: Accounts
) -> None:
    auth.read_only = True
    assert ask("suspendUser").reason == "Unavailable"
    assert database.need("users/u1")["suspended"] is True
    auth.read_only = False
    assert ask("suspendUser").ok
    assert auth.revoked == ["u1"]
    # The second one signed the user out: it has its entry, though the document said the same already.
    assert len(audited(database, "suspendUser")) == 2


def test_a_user_whom_auth_does_not_know_is_suspended_all_the_same(database: Database, auth: Accounts) -> None:
    auth.users.clear()
    assert ask("suspendUser").ok
    assert database.need("users/u1")["suspended"] is True


def test_the_audit_log_by_actor_action_and_target(database: Database) -> None:
    database.change("users/u1", balance=200)
    for path in list(database.under("auditLogs")):
        database.delete(f"auditLogs/{path}")
    start = datetime(2026, 1, 1, tzinfo=UTC)
    written: list[dict[str, Any]] = [
        {"actor": actor, "action": action, "target": target, "at": start + timedelta(minutes=n), "details": {"n": n}}
        for n, (actor, action, target) in enumerate(itertools.product("ab", ("setPlan", "addTokens"), ("t/1", "t/2")))
    ]
    for n, entry in enumerate(written):
        database.put(f"auditLogs/e{n}", entry)
    for chosen in itertools.product(("a", None), ("setPlan", None), ("t/2", None)):
        wanted: dict[str, Any] = dict(zip(("actor", "action", "target"), chosen, strict=True))
        expected = [e for e in written if all(v is None or e[k] == v for k, v in wanted.items())]
        found: list[dict[str, Any]] = []
        cursor = None
        while True:
            page = ask("getAuditLog", **wanted, pageSize=3, cursor=cursor).result
            found += page["entries"]
            cursor = page["nextCursor"]
            if cursor is None:
                break
        assert [entry["details"]["n"] for entry in found] == [entry["details"]["n"] for entry in reversed(expected)]
    assert found[0]["at"] == "2026-01-01T00:07:00Z"


def test_users_are_found_by_address_uid_and_plan() -> None:
    for n in range(5):
        before_create(TRIGGER, f"p{n}", email=f"p{n}@canary.test")
    ask("setPlan", uid="p3")
    [found] = ask("searchUsers", email=" P3@Canary.test ").result["users"]
    assert (found["uid"], found["email"], found["plan"], found["isPremium"]) == ("p3", "p3@canary.test", "pro", True)
    assert set(found) == {"uid", "email", "displayName", "plan", "isPremium", "balance", "suspended", "createdAt"}
    assert ask("searchUsers", uid="p3").result == {"users": [found], "nextCursor": None}
    assert ask("searchUsers", plan="pro").result == {"users": [found], "nextCursor": None}
    assert ask("searchUsers", uid="nobody").result == {"users": [], "nextCursor": None}
    first = ask("searchUsers", plan="free", pageSize=3).result
    rest = ask("searchUsers", plan="free", pageSize=3, cursor=first["nextCursor"]).result
    assert [each["uid"] for each in first["users"] + rest["users"]] == ["p4", "p2", "p1", "p0", "u1"]
    assert ask("searchUsers", plan="free", email="x@y.z").reason == "InvalidRequest"
