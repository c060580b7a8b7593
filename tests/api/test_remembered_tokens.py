"""A verified ID token is remembered until it expires, and means no more than it did when it was verified."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from google.auth import _helpers
from google.oauth2 import id_token as google_id_token

import main
from studiox.api import id_tokens
from studiox.kit import clock, process
from tests.api.test_production_tokens import SOMEBODYS, claims, signed
from tests.support import Answer, Database, call, unsigned

__all__ = ["claims"]  # the fixture


@pytest.fixture
def verifications(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The tokens whose signatures are verified, in order."""
    verify: Any = google_id_token.verify_token
    seen: list[str] = []

    def counted(token: Any, *given: Any, **options: Any) -> Any:
        seen.append(bytes(token).decode())
        return verify(token, *given, **options)

    monkeypatch.setattr(google_id_token, "verify_token", counted)
    process.restart()
    return seen


def ask(token: str) -> Answer:
    return call(main.listStudioJobs, token=token)


def at(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    """The clocks of our code and of Google's library are this far from the real one."""
    now = time.time() + seconds
    naive = datetime.fromtimestamp(now, UTC).replace(tzinfo=None)
    monkeypatch.setattr(_helpers, "utcnow", lambda: naive)
    monkeypatch.setattr(id_tokens, "time", SimpleNamespace(time=lambda: now))


def test_a_signature_is_verified_once(claims: dict[str, Any], verifications: list[str]) -> None:
    token = signed(claims)
    assert [ask(token).status for _ in range(3)] == [200, 200, 200]
    assert verifications == [token]
    other = signed({**claims, "sub": "another"})
    assert ask(other).ok
    assert verifications == [token, other]


def test_the_next_process_verifies_it_again(claims: dict[str, Any], verifications: list[str]) -> None:
    token = signed(claims)
    assert ask(token).ok
    process.restart()
    assert ask(token).ok
    assert verifications == [token, token]


def test_what_is_refused_is_refused_each_time(claims: dict[str, Any], verifications: list[str]) -> None:
    """Also beside the good token that it was made of."""
    good = signed(claims)
    assert ask(good).ok
    head, payload, signature = good.split(".")
    _, admins, _ = signed({**claims, "sub": "somebody-else"}).split(".")
    forged = [
        f"{head}.{admins}.{signature}",
        f"{head}.{payload}.{signature[:-8]}AAAAAAAA",
        f"{head}.{payload}.",
        f"{good}.",
        good[:-1],
        signed(claims, SOMEBODYS),
        signed({**claims, "aud": "another-project"}),
        unsigned(claims),
        "x" * 5_000,
        "",
        "é",
    ]
    for token in (*forged, *forged):
        refused = ask(token)
        assert (refused.status, refused.reason) == (401, "Unauthenticated"), token
    before = len(verifications)
    assert ask(good).ok
    assert len(verifications) == before, "and the good one is still known"


@pytest.mark.parametrize("seconds", [3_601, 86_400, -11, -86_400])
def test_it_is_forgotten_when_it_is_not_valid_any_more_or_not_yet(
    claims: dict[str, Any], verifications: list[str], monkeypatch: pytest.MonkeyPatch, seconds: float
) -> None:
    """A clock may go backwards too: then the SDK refuses a token as used too early."""
    token = signed(claims)
    assert ask(token).ok
    with monkeypatch.context() as patched:
        at(patched, seconds)
        assert (ask(token).status, ask(token).reason) == (401, "Unauthenticated")
    assert ask(token).ok
    assert len(verifications) == 4, "it was verified at each of these times"


def test_it_is_valid_in_its_last_second(
    claims: dict[str, Any], verifications: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    token = signed(claims)
    assert ask(token).ok
    at(monkeypatch, claims["exp"] - time.time())
    assert ask(token).ok
    assert len(verifications) == 1


def test_as_many_are_remembered_as_fit(
    claims: dict[str, Any], verifications: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(id_tokens, "MOST", 2)
    process.restart()
    tokens = [signed({**claims, "sub": f"user-{number}"}) for number in range(5)]
    assert all(ask(token).ok for token in (*tokens, *tokens))
    assert len(id_tokens._remembered()) == 2
    assert len(verifications) == 10
    assert ask(tokens[-1]).ok
    assert len(verifications) == 10


def test_no_token_is_kept(claims: dict[str, Any], verifications: list[str]) -> None:
    token = signed(claims)
    assert ask(token).ok
    kept = repr(vars(id_tokens._remembered()))
    assert verifications
    assert not [part for part in (token, *token.split(".")) if part in kept]


def test_a_session_that_ended_is_refused_as_before(
    claims: dict[str, Any], verifications: list[str], database: Database
) -> None:
    """A remembered token is no reason not to look at the account."""
    token = signed({**claims, "sub": "ann", "email": "ann@canary.test", "admin": False})
    assert call(main.initializeUser, token=token).ok
    change = {"displayName": "Ann"}
    assert call(main.updateProfile, change, token=token).ok
    database.change("users/ann", sessionsRevokedAt=clock.now())
    assert call(main.updateProfile, change, token=token).reason == "Unauthenticated"
    database.change("users/ann", sessionsRevokedAt=None, suspended=True)
    assert call(main.updateProfile, change, token=token).reason == "AccountSuspended"
    assert len(verifications) == 1
