"""One account, one bonus, one person: sign-up, initializeUser, and every way that they may meet."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

import main
from studiox.auth import welcome_bonus
from tests.auth.people import ADDRESS, TRIGGER, balance, ledger, order, sign_up
from tests.support import Answer, Database, Rpcs, before_create, budgets, call, crowd, plant, unsigned


def token_without_email(project: str, uid: str, provider: str) -> str:
    issued = int(time.time())
    token = unsigned(
        {
            "iss": f"https://securetoken.google.com/{project}",
            "aud": project,
            "auth_time": issued,
            "iat": issued,
            "exp": issued + 3600,
            "user_id": uid,
            "sub": uid,
            "firebase": {"identities": {}, "sign_in_provider": provider},
        }
    )
    plant(token)
    return token


# One account.


def test_a_sign_up_makes_the_account_before_the_first_call(
    database: Database, invariants: Callable[[str], None]
) -> None:
    sign_up("u1", display_name="Ada", photo_url="https://example.com/a.png")
    invariants("u1")
    user = database.need("users/u1")
    created, reset = user.pop("createdAt"), user.pop("creditResetAt")
    assert user.pop("updatedAt") == created
    assert abs((datetime.now(UTC) - created).total_seconds()) < 60
    assert 28 <= (reset - created).days <= 31
    assert user == {
        "email": ADDRESS,
        "displayName": "Ada",
        "photoUrl": "https://example.com/a.png",
        "plan": "free",
        "isPremium": False,
        "balance": 200,
        "buckets": {"monthly": 0, "bonus": 200, "purchased": 0},
        "ledgerSeq": 1,
        "streak": {"current": 0, "longest": 0, "lastActiveDate": None},
        "plays": {"count": 0, "resetAt": None},
        "generationCount": 0,
        "activeJobs": 0,
        "preferences": {},
        "suspended": False,
        "welcome": "granted",
    }
    [entry] = database.under("users/u1/ledger").values()
    assert entry.pop("createdAt") == created
    assert entry == {
        "id": "welcome:u1",
        "seq": 1,
        "type": "welcome_bonus",
        "amount": 200,
        "buckets": {"monthly": 0, "bonus": 200, "purchased": 0},
        "balanceAfter": 200,
        "ref": {"kind": "user", "id": "u1"},
        "reason": "Welcome bonus",
    }
    [audited] = database.under("auditLogs").values()
    assert (audited["actor"], audited["action"], audited["target"]) == ("u1", "onUserCreated", "users/u1")
    assert not any(ADDRESS.split("@")[0] in path for path in database.all()), "the address names no document"


@pytest.mark.parametrize("times", [1, 2, 5])
def test_a1_a_trigger_that_comes_again_changes_nothing(database: Database, times: int) -> None:
    sign_up("u1")
    before = database.hash()
    for _ in range(times):
        sign_up("u1")
    assert database.hash() == before


def test_a1_thirty_two_at_once_give_one_bonus(database: Database, invariants: Callable[[str], None]) -> None:
    answers = crowd(32, lambda _: sign_up("u1"))
    assert all(answer.ok for answer in answers), answers
    invariants("u1")
    assert ledger(database, "u1") == {"welcome:u1": 200}
    assert len(database.under("auditLogs")) == 1


def test_the_trigger_and_initialize_user_at_once_give_one_bonus(
    database: Database, invariants: Callable[[str], None]
) -> None:
    def act(number: int) -> Answer:
        return sign_up("u1") if number % 2 else call(main.initializeUser, uid="u1", email=ADDRESS)

    answers = crowd(24, act)
    assert [answer for answer in answers if not answer.ok] == []
    invariants("u1")
    assert ledger(database, "u1") == {"welcome:u1": 200}


@pytest.mark.parametrize("function", ["initializeUser", "getProfile", "getUserBalance"])
def test_an_imported_user_is_provisioned_by_the_first_call(
    database: Database, invariants: Callable[[str], None], function: str
) -> None:
    assert call(getattr(main, function), uid="u1").ok
    invariants("u1")
    before = database.hash("rateLimits")
    assert call(main.initializeUser, uid="u1").result["balance"] == 200
    assert database.hash("rateLimits") == before


def test_an_imported_user_may_order_at_once(database: Database, invariants: Callable[[str], None]) -> None:
    assert order("u1").ok
    invariants("u1")
    assert set(ledger(database, "u1").values()) == {200, -3}


def test_a_commit_whose_answer_is_lost_is_not_made_twice(
    database: Database, rpcs: Rpcs, invariants: Callable[[str], None]
) -> None:
    """J22."""
    rpcs.fail_after_apply("Commit")
    sign_up("u1")
    invariants("u1")
    assert ledger(database, "u1") == {"welcome:u1": 200}


def test_the_database_is_away_and_the_sign_up_says_so(rpcs: Rpcs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("studiox.kit.transaction.DEADLINE_S", 0.1)
    rpcs.fail_before("Commit", times=1000)
    answer = before_create(TRIGGER, "u1", email=ADDRESS)
    assert (answer.code, answer.reason) == ("unavailable", "Unavailable")


def test_profile() -> None:
    sign_up("u1", display_name="Ada", photo_url="https://example.com/a.png")
    answer = call(main.getProfile, uid="u1", email=ADDRESS)
    created = answer.result.pop("createdAt")
    assert created.endswith("Z")
    assert datetime.fromisoformat(created) <= datetime.now(UTC)
    assert answer.result == {
        "uid": "u1",
        "email": ADDRESS,
        "displayName": "Ada",
        "photoUrl": "https://example.com/a.png",
        "plan": "free",
        "balance": 200,
        "streak": {"current": 0, "longest": 0, "lastActiveDate": None},
        "preferences": {},
    }
    assert call(main.initializeUser, uid="u1", email=ADDRESS).result == {**answer.result, "createdAt": created}


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize("function", ["getProfile", "initializeUser"])
def test_a_profile_is_the_callers(function: str) -> None:
    assert call(getattr(main, function)).reason == "Unauthenticated"
    assert call(getattr(main, function), {"uid": "u2"}, uid="u1").reason == "InvalidRequest"


def test_a_hostile_name_and_picture_do_no_harm(database: Database) -> None:
    sign_up("u1", display_name="\ud800<script>\0" + "x" * 10_000, photo_url="javascript:alert(1)")
    user = database.need("users/u1")
    assert user["displayName"] == "<script>" + "x" * 92
    assert user["photoUrl"] is None


@pytest.mark.parametrize("tokens", [0, 1, 500])
def test_the_bonus_is_a_parameter(
    database: Database, invariants: Callable[[str], None], monkeypatch: pytest.MonkeyPatch, tokens: int
) -> None:
    monkeypatch.setenv("WELCOME_TOKENS", str(tokens))
    sign_up("u1")
    sign_up("u1")
    invariants("u1")
    assert balance("u1") == tokens
    assert ledger(database, "u1") == ({"welcome:u1": tokens} if tokens else {})


@pytest.mark.parametrize("email", ["a@mailinator.com", "a@mx.mailinator.com", "a@MAILINATOR.com", "a@mx.bad.test"])
def test_a_disposable_address_is_refused(
    database: Database, monkeypatch: pytest.MonkeyPatch, logged: Any, email: str
) -> None:
    """A4."""
    monkeypatch.setenv("BLOCKED_EMAIL_DOMAINS", "worse.test, bad.test")
    answer = before_create(TRIGGER, "u1", email=email)
    assert answer.code == "permission-denied"
    assert database.all() == {}
    assert logged.lines("refused")


def test_a_domain_may_be_taken_off_the_list(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALLOWED_EMAIL_DOMAINS", "mailinator.com")
    assert before_create(TRIGGER, "u1", email="a@mailinator.com").ok


# A3: no e-mail address.


@pytest.mark.parametrize("provider", ["anonymous", "custom", "phone"])
def test_a3_without_an_address_there_is_an_account_and_no_bonus(
    database: Database, project: str, provider: str
) -> None:
    token = token_without_email(project, "u1", provider)
    for function in (main.initializeUser, main.getProfile, main.getUserBalance):
        assert call(function, token=token).result["balance"] == 0
    assert order("u1", token=token).reason == "InsufficientTokens"
    assert database.under("users/u1/ledger") == {}
    assert database.need("users/u1")["email"] is None


def test_a3_the_trigger_without_an_address(database: Database) -> None:
    sign_up("u1", email=None)
    assert database.need("users/u1")["balance"] == 0


def test_a3_who_adds_an_address_later_gets_the_bonus(project: str, invariants: Callable[[str], None]) -> None:
    token = token_without_email(project, "u1", "anonymous")
    assert call(main.getUserBalance, token=token).result["balance"] == 0
    assert balance("u1") == 200
    assert balance("u1") == 200
    invariants("u1")


# REQUIRE_VERIFIED_EMAIL.


@pytest.fixture
def _verified_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REQUIRE_VERIFIED_EMAIL", "true")


@pytest.mark.usefixtures("_verified_only")
@pytest.mark.parametrize("function", ["initializeUser", "getProfile", "getUserBalance"])
def test_the_bonus_waits_for_the_verified_address(
    database: Database, invariants: Callable[[str], None], function: str
) -> None:
    sign_up("u1")
    assert database.need("users/u1")["balance"] == 0
    deployed = getattr(main, function)
    assert call(deployed, uid="u1", email=ADDRESS, verified=False).result["balance"] == 0
    assert call(deployed, uid="u1", email=ADDRESS, verified=True).result["balance"] == 200
    assert call(deployed, uid="u1", email=ADDRESS, verified=True).result["balance"] == 200
    invariants("u1")


@pytest.mark.usefixtures("_verified_only")
def test_an_order_waits_for_the_verified_address_and_brings_the_bonus(invariants: Callable[[str], None]) -> None:
    sign_up("u1")
    refused = order("u1", verified=False)
    assert (refused.code, refused.reason) == ("failed-precondition", "EmailNotVerified")
    answer = order("u1", verified=True)
    assert answer.ok, answer
    assert answer.result["balance"] == 197
    invariants("u1")


@pytest.mark.usefixtures("_verified_only")
def test_an_account_verified_at_sign_up_has_the_bonus_at_once(database: Database) -> None:
    sign_up("u1", email_verified=True)
    assert database.need("users/u1")["balance"] == 200


def test_without_the_parameter_nothing_waits(database: Database) -> None:
    sign_up("u1", email_verified=False)
    assert database.need("users/u1")["balance"] == 200
    assert order("u1", verified=False).ok


# Suspended.


@pytest.mark.parametrize("warm", [True, False])
def test_a6_a_suspended_account_orders_nothing(database: Database, rpcs: Rpcs, warm: bool) -> None:
    """Also where this instance remembers the account as it was."""
    sign_up("u1")
    if warm:
        assert order("u1").ok
    database.change("users/u1", suspended=True)
    before = database.hash("rateLimits")
    refused = order("u1")
    assert (refused.code, refused.reason, refused.details) == (
        "permission-denied",
        "AccountSuspended",
        {"reason": "AccountSuspended"},
    )
    assert database.hash("rateLimits") == before
    rpcs.reset()
    assert order("u1").reason == "AccountSuspended"
    assert rpcs.count() <= budgets.most("createStudioJob", "refusal")
    database.change("users/u1", suspended=False)
    assert order("u1").ok


def test_a_suspended_account_still_sees_what_is_its(database: Database) -> None:
    sign_up("u1")
    database.change("users/u1", suspended=True)
    assert balance("u1") == 200


# What a call costs.


def test_round_trips(rpcs: Rpcs) -> None:
    """One read of what is needed, one commit; a later call reads the one document."""
    sign_up("u1")
    assert rpcs.calls == budgets.calls("onUserCreated", "cold")
    rpcs.reset()
    sign_up("u1")
    assert rpcs.calls == budgets.calls("onUserCreated", "replay")
    call(main.getProfile, uid="u1", email=ADDRESS)
    rpcs.reset()
    call(main.getProfile, uid="u1", email=ADDRESS)
    assert rpcs.calls == budgets.calls("getProfile", "warm")


def test_the_address_is_kept_as_a_keyed_hash(database: Database) -> None:
    sign_up("u1")
    [name] = database.under("welcomes")
    assert welcome_bonus.welcome_path(ADDRESS) == f"welcomes/{name}"
    assert ADDRESS not in str(database.under("welcomes"))
