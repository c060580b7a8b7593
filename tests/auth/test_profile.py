"""updateProfile and revokeSessions, as clients call them."""

from __future__ import annotations

import time
from typing import Any

import pytest

import main
from tests.auth.identity import Accounts
from tests.support import Answer, Database, before_create, call, id_token, jobs

TRIGGER: Any = main.onUserCreated


@pytest.fixture(autouse=True)
def _user() -> None:
    before_create(TRIGGER, "u1", email="u1@canary.test", display_name="Ada")


def update(**request: Any) -> Answer:
    return call(main.updateProfile, request, uid="u1", email="u1@canary.test")


def test_name_picture_and_preferences_change_one_by_one(database: Database) -> None:
    assert update(displayName="  Grace ").result["displayName"] == "Grace"
    assert update(photoUrl="https://example.com/a.png").result["photoUrl"] == "https://example.com/a.png"
    assert update(preferences={"emailJobs": True}).result["preferences"] == {"emailJobs": True}
    found = update(preferences={"emailNotifications": False}).result
    assert found["preferences"] == {"emailJobs": True, "emailNotifications": False}
    assert found["displayName"] == "Grace"
    limits = update(preferences={"dailySpendLimit": 50, "lowBalanceAt": 0}).result["preferences"]
    assert limits == {"emailJobs": True, "emailNotifications": False, "dailySpendLimit": 50, "lowBalanceAt": 0}
    found = update(preferences={"dailySpendLimit": None, "lowBalanceAt": None, "emailJobs": None}).result
    assert found["preferences"] == {"emailJobs": True, "emailNotifications": False}
    assert update(preferences={"language": "ar"}).result["preferences"]["language"] == "ar"
    assert "language" not in update(preferences={"language": None}).result["preferences"]
    cleared = update(displayName="", photoUrl="").result
    assert (cleared["displayName"], cleared["photoUrl"]) == (None, None)
    profile = call(main.getProfile, uid="u1", email="u1@canary.test")
    assert profile.result == cleared
    actions = [entry["action"] for entry in database.under("auditLogs").values()]
    assert actions.count("updateProfile") == 9


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize(
    "request_",
    [
        {"displayName": "x" * 101},
        {"displayName": "a\0b"},
        {"photoUrl": "http://example.com/a.png"},
        {"photoUrl": "javascript:alert(1)"},
        {"photoUrl": "https://example.com/a b"},
        {"photoUrl": "https://example.com/a\n"},
        {"preferences": {"admin": True}},
        {"preferences": {"emailJobs": "yes"}},
        {"preferences": {"dailySpendLimit": 0}},
        {"preferences": {"dailySpendLimit": 2.5}},
        {"preferences": {"dailySpendLimit": True}},
        {"preferences": {"dailySpendLimit": 10**12 + 1}},
        {"preferences": {"lowBalanceAt": -1}},
        {"preferences": {"lowBalanceAt": "20"}},
        *[{"preferences": {"language": tag}} for tag in ("", "e", "EN", "en-GB", "deutsch", "en\n", 1)],
        {"plan": "pro"},
        {"balance": 10_000},
        {"isPremium": True},
        {"admin": True},
    ],
)
def test_a12_nothing_else_can_be_changed(request_: dict[str, Any]) -> None:
    assert update(**request_).reason == "InvalidRequest"


def test_an_imported_user_may_change_their_profile() -> None:
    answer = call(main.updateProfile, {"displayName": "New"}, uid="imported")
    assert (answer.result["displayName"], answer.result["balance"]) == ("New", 200)
    assert call(main.updateProfile).reason == "Unauthenticated"


def test_a11_another_address_is_the_same_account() -> None:
    """The uid is the only key: a changed e-mail address or a linked provider brings no second bonus."""
    assert call(main.initializeUser, uid="u1", email="other@canary.test").result["balance"] == 200
    assert call(main.getUserBalance, uid="u1", email="third@canary.test").result["balance"] == 200


def test_a6_a_revoked_session_spends_and_publishes_no_more(auth: Accounts, database: Database) -> None:
    auth.users.add("u1")
    old = id_token("u1", email="u1@canary.test", auth_time=int(time.time()) - 60)
    answer = call(main.revokeSessions, token=old)
    assert answer.ok, answer
    assert answer.result["revokedAt"].endswith("Z")
    assert auth.revoked == ["u1"]
    use = {"feature": "hd_download", "requestId": "request-000000001"}
    assert call(main.useTokens, use, token=old).reason == "Unauthenticated"
    job = {"requestId": "request-000000001", "type": "image", "model": "Model A", "prompt": "x", "size": "512x512"}
    assert call(main.createStudioJob, job, token=old).reason == "Unauthenticated"
    assert call(main.updateStreak, token=old).reason == "Unauthenticated"
    database.put("creations/c0123456789", jobs.creation("c0123456789", "u1"))
    assert call(main.publishPost, {"creationId": "c0123456789"}, token=old).reason == "Unauthenticated"
    assert call(main.getProfile, token=old).ok, "reading lasts as long as the token"
    new = id_token("u1", email="u1@canary.test", auth_time=int(time.time()) + 1)
    assert call(main.useTokens, use, token=new).ok
    assert database.need("users/u1")["balance"] == 198


def test_auth_is_away(auth: Accounts) -> None:
    auth.users.add("u1")
    auth.down = True
    assert call(main.revokeSessions, uid="u1").reason == "Unavailable"
