"""Fixtures for media: a source on loopback, a stand-in of Cloud Storage, the official Storage emulator."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from studiox import storage
from tests.media.servers import Gcs, Site, gcs_server
from tests.media.servers import site as serve_site


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """A source that may be listed as `host:port`: the local stack is what such a source is for."""
    monkeypatch.setenv("FUNCTIONS_EMULATOR", "true")
    with serve_site() as source:
        yield source


@pytest.fixture
def gcs(monkeypatch: pytest.MonkeyPatch) -> Iterator[Gcs]:
    """Cloud Storage's stand-in, to which our requests go."""
    with gcs_server() as server:
        monkeypatch.setenv("FUNCTIONS_EMULATOR", "true")
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", f"http://127.0.0.1:{server.port}")
        monkeypatch.delenv("FIREBASE_CONFIG", raising=False)
        monkeypatch.setattr("studiox.storage.time.sleep", lambda _seconds: None)
        yield server
        storage._pool().clear()


@pytest.fixture
def emulator(storage_host: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The Storage emulator's `host:port`, with the environment that the functions emulator gives to a function."""
    monkeypatch.setenv("FUNCTIONS_EMULATOR", "true")
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", f"http://{storage_host}")
    monkeypatch.setenv("FIREBASE_STORAGE_EMULATOR_HOST", storage_host)
    monkeypatch.setenv("FIREBASE_CONFIG", '{"storageBucket": "demo-studiox.appspot.com"}')
    return storage_host
