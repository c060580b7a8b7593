"""What an administrator looks up about one person: the ledger, which is recorded, and the limits."""

from __future__ import annotations

from typing import Any

import pytest

import main
from tests.support import Answer, Database, before_create, call

TRIGGER: Any = main.onUserCreated


def ledger(**fields: Any) -> Answer:
    return call(main.getUserLedger, fields, uid="boss", admin=True)


@pytest.mark.parametrize("function", [main.getUserLedger, main.getRateLimits])
@pytest.mark.usefixtures("unchanged")
def test_a12_only_administrators(function: Any) -> None:
    assert call(function, {"uid": "u1"}, uid="u1").reason == "Forbidden"
    assert call(function, {"uid": "u1"}).reason == "Unauthenticated"


def test_a_ledger_is_shown_and_the_look_at_it_recorded(database: Database) -> None:
    before_create(TRIGGER, "u1")
    found = ledger(uid="u1").result
    assert (found["uid"], found["balance"], found["nextCursor"]) == ("u1", 200, None)
    assert found["buckets"] == {"monthly": 0, "bonus": 200, "purchased": 0}
    assert [(each["type"], each["amount"]) for each in found["transactions"]] == [("welcome_bonus", 200)]
    assert ledger(uid="u1", type="refund").result["transactions"] == []
    looked = [each for each in database.under("auditLogs").values() if each["action"] == "getUserLedger"]
    assert [(each["actor"], each["target"], each["details"]) for each in looked] == [("boss", "users/u1", {})] * 2


@pytest.mark.usefixtures("unchanged")
def test_nobody_has_no_ledger() -> None:
    assert ledger(uid="nobody").reason == "NotFound"


def limits(**fields: Any) -> dict[str, dict[str, Any]]:
    return {
        each["function"]: each for each in call(main.getRateLimits, fields, uid="boss", admin=True).result["limits"]
    }


def test_the_table_of_limits_shows_what_applies_and_what_is_declared(database: Database) -> None:
    database.put("settings/limits", {"createStudioJob": {"calls": 2, "per": 30}})
    found = limits()
    assert found["createStudioJob"] == {
        "function": "createStudioJob", "calls": 2, "per": 30, "declaredCalls": 30, "declaredPer": 60,
    }  # fmt: skip
    assert (found["getJobStatus"]["calls"], found["getJobStatus"]["declaredCalls"]) == (240, 240)


def test_a_full_window_shows_who_is_limited_now() -> None:
    before_create(TRIGGER, "u1")
    assert "used" not in limits(uid="u1")["toggleFavorite"]
    for _ in range(3):
        call(main.updateStreak, uid="u1")
    used = limits(uid="u1")
    assert used["updateStreak"]["used"] in (1, 3)
    assert used["updateStreak"]["resetsAt"].endswith("Z")
    assert "used" not in limits()["updateStreak"], "nobody was asked for"
