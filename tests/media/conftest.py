"""Fixtures for media: a source on loopback, a stand-in of Cloud Storage, the official Storage emulator."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.media.servers import Gcs, Site
from tests.media.servers import site as serve_site


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """A source that may be listed as `host:port`: the local stack is what such a source is for."""
    monkeypatch.setenv("FUNCTIONS_EMULATOR", "true")
    with serve_site() as source:
        yield source


@pytest.fixture(name="gcs")
def _gcs(gcs: Gcs, monkeypatch: pytest.MonkeyPatch) -> Gcs:
    """Cloud Storage's stand-in, to which our requests go, again without a pause."""
    monkeypatch.setenv("FUNCTIONS_EMULATOR", "true")
    monkeypatch.delenv("FIREBASE_CONFIG", raising=False)
    monkeypatch.setattr("studiox.media.storage.time.sleep", lambda _seconds: None)
    return gcs


@pytest.fixture
def emulator(storage_host: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The Storage emulator's `host:port`, with the environment that the functions emulator gives to a function."""
    monkeypatch.setenv("FUNCTIONS_EMULATOR", "true")
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", f"http://{storage_host}")
    monkeypatch.setenv("FIREBASE_STORAGE_EMULATOR_HOST", storage_host)
    monkeypatch.setenv("FIREBASE_CONFIG", '{"storageBucket": "demo-studiox.appspot.com"}')
    return storage_host
