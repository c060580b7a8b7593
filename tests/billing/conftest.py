"""The shop's fixtures: Stripe's stand-in on a port of its own, a clock that can be moved."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from local.stripe_stand_in import StandIn, stand_in
from studiox import clock as studiox_clock
from tests.billing.shop import Shop
from tests.conftest import SECRETS
from tests.support import Database


@pytest.fixture
def stripe(monkeypatch: pytest.MonkeyPatch) -> Iterator[StandIn]:
    with stand_in(key=SECRETS["STRIPE_SECRET_KEY"]) as running:
        monkeypatch.setenv("STRIPE_API_BASE", running.url)
        yield running


@pytest.fixture
def shop(stripe: StandIn, database: Database) -> Shop:
    made = Shop(stripe, database)
    made.user()
    return made


class Clock:
    """Our clock, which a test may set forward."""

    def __init__(self) -> None:
        self.offset = timedelta()

    def now(self) -> datetime:
        return datetime.now(UTC) + self.offset


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    moved = Clock()
    monkeypatch.setattr(studiox_clock, "now", moved.now)
    return moved
