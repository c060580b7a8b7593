"""The studio's surroundings: Poyo by its stand-in, and who orders."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from local.vendors.poyo.server import PoyoStandIn
from studiox.integrations.providers import wire
from tests.conftest import SECRETS
from tests.media.servers import Gcs
from tests.studio.studio import Studio
from tests.support import Database, Rpcs
from tests.support.clock import Clock
from tests.support.queue import Queue


@pytest.fixture
def poyo(monkeypatch: pytest.MonkeyPatch) -> Iterator[PoyoStandIn]:
    """Poyo: a generation takes 2 s of its clock, which `Studio.advance` moves; the test sends its callbacks."""
    key, secret = SECRETS["POYO_API_KEY"], SECRETS["POYO_WEBHOOK_SECRET"]
    with PoyoStandIn(api_key=key, secret=secret, callbacks=False, seconds=2.0) as stand_in:
        monkeypatch.setenv("POYO_BASE_URL", stand_in.url)
        monkeypatch.setenv("MEDIA_HOSTS", stand_in.host)
        yield stand_in


@pytest.fixture
def studio(
    database: Database,
    rpcs: Rpcs,
    clock: Clock,
    poyo: PoyoStandIn,
    gcs: Gcs,
    queue: Queue,
    monkeypatch: pytest.MonkeyPatch,
) -> Studio:
    made = Studio(database, rpcs, clock, poyo, gcs, queue)
    if clock.now().hour >= 20:
        made.advance(4 * 3600)  # so that waiting for a deadline does not cross midnight, when a day's limits start anew
    made.user()
    ask = wire.ask

    def counted(base: Any, path: str, headers: Any) -> Any:
        made.asked += 1
        return ask(base, path, headers)

    monkeypatch.setattr(wire, "ask", counted)
    return made
