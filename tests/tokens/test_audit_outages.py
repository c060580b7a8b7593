"""auditLedger while users cannot be read: neither right nor wrong, tried again, and nobody is passed over."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

import main
from studiox.kit import batch
from studiox.tokens import audit
from tests.conftest import Logged
from tests.support import Database, Rpcs, call, schedule
from tests.support.clock import Clock
from tests.support.rpcs import Fault

AUDIT: Any = main.auditLedger
RUN = "ledgerAudits/nightly"
PEOPLE = ("ann", "bob", "cid")


@pytest.fixture(autouse=True)
def people(database: Database, monkeypatch: pytest.MonkeyPatch) -> Database:
    monkeypatch.setattr(batch, "PAUSES_S", (0.0, 0.0))
    monkeypatch.setattr(audit, "USERS_PER_PAGE", 2)
    for uid in PEOPLE:
        assert call(main.initializeUser, uid=uid, email=f"{uid}@canary.test").ok
    return database


def out_of_reach(rpcs: Rpcs, uid: str, *, times: int) -> None:
    """The next reads of this user's account take too long."""
    left = [times]

    def fail(_method: str, request: Any) -> None:
        if left[0] > 0 and any(name.endswith(f"/users/{uid}") for name in request["documents"]):
            left[0] -= 1
            raise Fault("DEADLINE_EXCEEDED", "too slow")

    rpcs.plan("BatchGetDocuments", times=10**6, before=fail)


def checked(database: Database) -> set[str]:
    return set(database.under("ledgerCheckpoints"))


def test_a_user_who_cannot_be_read_for_a_moment_is_read_again(database: Database, rpcs: Rpcs, logged: Logged) -> None:
    out_of_reach(rpcs, "bob", times=2)
    assert schedule(AUDIT).status == 200
    assert checked(database) == set(PEOPLE)
    assert "finishedAt" in database.need(RUN)
    assert not [line for line in logged.lines() if line["severity"] in ("ERROR", "ALERT")]


def test_one_who_cannot_be_read_all_along_is_no_violation_and_not_passed_over(
    database: Database, rpcs: Rpcs, logged: Logged, clock: Clock
) -> None:
    out_of_reach(rpcs, "bob", times=10**6)
    assert schedule(AUDIT).status == 200
    assert database.under("ledgerAlerts") == {}
    assert not logged.lines("ledger_violation")
    assert not logged.lines("bug")
    assert {line["id"] for line in logged.lines("postponed")} == {"bob"}
    assert [line["missing"] for line in logged.lines("ledger_audit_unfinished")] == [1]
    state = database.need(RUN)
    assert "finishedAt" not in state
    assert not logged.lines("ledger_audit")
    assert checked(database) == {"ann", "cid"}

    rpcs.heal()
    clock.ahead = timedelta(days=1)
    database.change("users/bob", balance=10_000)
    assert schedule(AUDIT).status == 200
    assert {alert["uid"] for alert in database.under("ledgerAlerts").values()} == {"bob"}
    assert "finishedAt" in database.need(RUN)


def test_of_those_touched_lately_none_is_passed_over_either(database: Database, rpcs: Rpcs, clock: Clock) -> None:
    assert schedule(AUDIT).status == 200
    clock.ahead = timedelta(days=1)
    for number, uid in enumerate(PEOPLE):
        request = {"feature": "hd_download", "requestId": f"request-1000000{number:02d}"}
        assert call(main.useTokens, request, uid=uid).ok
        database.change(f"users/{uid}", balance=10_000)
    out_of_reach(rpcs, "ann", times=10**6)
    assert schedule(AUDIT).status == 200
    rpcs.heal()
    clock.ahead = timedelta(days=2)
    assert schedule(AUDIT).status == 200
    assert {alert["uid"] for alert in database.under("ledgerAlerts").values()} == set(PEOPLE)
    assert database.need(RUN)["full"] is False
    assert "finishedAt" in database.need(RUN)


def test_a_violation_that_cannot_be_written_down_is_not_lost(database: Database, rpcs: Rpcs) -> None:
    database.change("users/cid", balance=10_000)

    def fail(_method: str, request: Any) -> None:
        if any("/ledgerAlerts/" in write["update"]["name"] for write in request["writes"]):
            raise Fault("RESOURCE_EXHAUSTED", "too much")

    rpcs.plan("Commit", times=3, before=lambda _method, _request: None)
    rpcs.plan("Commit", times=10**6, before=fail)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("studiox.kit.transaction.DEADLINE_S", 0.05)
        assert schedule(AUDIT).status == 503, "the last page has no other user"
    assert database.under("ledgerAlerts") == {}
    assert "finishedAt" not in database.need(RUN)
    rpcs.heal()
    assert schedule(AUDIT).status == 200
    assert {alert["uid"] for alert in database.under("ledgerAlerts").values()} == {"cid"}


@pytest.mark.parametrize("method", ["RunQuery", "RunAggregationQuery", "Commit", "BatchGetDocuments"])
def test_an_outage_of_any_kind_leaves_the_run_unfinished(
    database: Database, rpcs: Rpcs, logged: Logged, method: str, invariants: Callable[[str], None]
) -> None:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("studiox.kit.transaction.DEADLINE_S", 0.05)
        rpcs.fail_before(method, times=10**6, code="DEADLINE_EXCEEDED")
        assert schedule(AUDIT).status == 503
    assert not [line for line in logged.lines() if line["severity"] == "ERROR"]
    assert database.under("ledgerAlerts") == {}
    rpcs.heal()
    assert schedule(AUDIT).status == 200
    assert checked(database) == set(PEOPLE)
    for uid in PEOPLE:
        invariants(uid)


def test_a_checkpoint_that_a_dead_run_left_to_a_deleted_account_goes_with_the_weekly_run(
    database: Database, clock: Clock
) -> None:
    """The run died after it wrote the checkpoint: it could not see that the account was deleted meanwhile."""
    assert schedule(AUDIT).status == 200
    left = {uid: database.need(f"ledgerCheckpoints/{uid}") for uid in PEOPLE}
    for path in database.all():
        if path.startswith("users/ann"):
            database.delete(path)
    database.change("users/bob", balance=10_000)
    clock.ahead += timedelta(days=2)
    assert schedule(AUDIT).status == 200
    assert database.need("ledgerCheckpoints/ann") == left["ann"], "a nightly run reads only what has changed"
    clock.ahead += timedelta(days=7)
    assert schedule(AUDIT).status == 200
    assert checked(database) == {"bob", "cid"}
    assert database.need("ledgerCheckpoints/bob")["at"] == left["bob"]["at"], "a violation keeps the older sum"
    assert database.need("ledgerCheckpoints/cid")["at"] > left["cid"]["at"]
