"""The community's surroundings: people, and a Cloud Storage that is asked again without a pause."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.community.community import Community
from tests.media.servers import Gcs
from tests.support import Database, Rpcs
from tests.support.clock import Clock
from tests.support.queue import Queue


@pytest.fixture(name="gcs")
def _gcs(gcs: Gcs, monkeypatch: pytest.MonkeyPatch) -> Gcs:
    monkeypatch.setattr("studiox.media.storage.time.sleep", lambda _seconds: None)
    return gcs


@pytest.fixture
def community(database: Database, rpcs: Rpcs, clock: Clock, gcs: Gcs, queue: Queue) -> Iterator[Community]:
    """People, of whom `ann` publishes and `root` administers. At the end nothing private may be public (faults C5)."""
    made = Community(database, rpcs, clock, gcs, queue)
    for name in ("ann", "bob", "eve", "root"):
        made.user(name)
    yield made
    made.check()
