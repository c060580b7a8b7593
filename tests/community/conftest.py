"""The community's surroundings: Cloud Storage and Cloud Tasks by their stand-ins, and a clock that can be moved."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from studiox import clock as studiox_clock
from studiox import storage
from tests.community.community import Clock, Community
from tests.media.servers import Gcs, gcs_server
from tests.support import Database, Rpcs
from tests.support.queue import Queue, queue_server


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    moved = Clock()
    monkeypatch.setattr(studiox_clock, "now", moved.now)
    return moved


@pytest.fixture
def gcs(monkeypatch: pytest.MonkeyPatch) -> Iterator[Gcs]:
    with gcs_server() as server:
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", f"http://127.0.0.1:{server.port}")
        monkeypatch.setattr("studiox.storage.time.sleep", lambda _seconds: None)
        yield server
        storage._pool().clear()


@pytest.fixture
def queue(monkeypatch: pytest.MonkeyPatch) -> Iterator[Queue]:
    with queue_server() as server:
        monkeypatch.setenv("CLOUD_TASKS_EMULATOR_HOST", server.host)
        yield server


@pytest.fixture
def community(database: Database, rpcs: Rpcs, clock: Clock, gcs: Gcs, queue: Queue) -> Iterator[Community]:
    """People, of whom `ann` publishes and `root` administers. At the end nothing private may be public (faults C5)."""
    made = Community(database, rpcs, clock, gcs, queue)
    for name in ("ann", "bob", "eve", "root"):
        made.user(name)
    yield made
    made.check()
