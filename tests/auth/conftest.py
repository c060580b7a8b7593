"""Fixtures for accounts: who exists in Auth."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.auth.identity import Accounts, auth_server


@pytest.fixture(name="auth")
def _auth(monkeypatch: pytest.MonkeyPatch) -> Iterator[Accounts]:
    with auth_server() as accounts:
        monkeypatch.setenv("FIREBASE_AUTH_EMULATOR_HOST", accounts.host)
        yield accounts


@pytest.fixture(autouse=True)
def _jobs_stay_under_way(monkeypatch: pytest.MonkeyPatch) -> None:
    """Orders are only a way to spend here: the mock provider does not finish them."""
    monkeypatch.setenv("MOCK_LATENCY_MS", "600000")
