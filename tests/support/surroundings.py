"""Fixtures of what surrounds the functions: a clock that can be moved, and Google's services by their stand-ins."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.auth.identity import Accounts, auth_server
from tests.media.servers import Gcs, gcs_server
from tests.support.clock import Clock
from tests.support.queue import Queue, queue_server


@pytest.fixture(name="clock")
def _clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The time that the code under test sees."""
    from studiox.kit import clock

    moved = Clock()
    monkeypatch.setattr(clock, "now", moved.now)
    return moved


@pytest.fixture(scope="session", name="_everybody")
def _auth_of_everybody() -> Iterator[Accounts]:
    """Firebase Auth for tests that are not about it: whoever is asked for has an account."""
    with auth_server(everybody=True) as accounts:
        yield accounts


@pytest.fixture(autouse=True)
def _auth_knows_everybody(_everybody: Accounts, monkeypatch: pytest.MonkeyPatch) -> None:
    _everybody.forget()
    monkeypatch.setenv("FIREBASE_AUTH_EMULATOR_HOST", _everybody.host)


@pytest.fixture(name="auth")
def _auth(monkeypatch: pytest.MonkeyPatch) -> Iterator[Accounts]:
    """Firebase Auth: who exists."""
    with auth_server() as accounts:
        monkeypatch.setenv("FIREBASE_AUTH_EMULATOR_HOST", accounts.host)
        yield accounts


@pytest.fixture(name="gcs")
def _gcs(monkeypatch: pytest.MonkeyPatch) -> Iterator[Gcs]:
    """Cloud Storage."""
    from studiox.media import json_api

    with gcs_server() as server:
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", f"http://127.0.0.1:{server.port}")
        yield server
        json_api.pool().clear()


@pytest.fixture(name="queue")
def _queue(monkeypatch: pytest.MonkeyPatch) -> Iterator[Queue]:
    """Cloud Tasks: tasks wait until the test runs them."""
    with queue_server() as server:
        monkeypatch.setenv("CLOUD_TASKS_EMULATOR_HOST", server.host)
        yield server
