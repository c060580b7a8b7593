"""The shop's fixtures: Stripe's stand-in on a port of its own."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from local.vendors.stripe.server import StandIn, stand_in
from tests.billing.shop import Shop
from tests.billing.top_ups import TopUps
from tests.conftest import SECRETS
from tests.support import Database
from tests.support.clock import Clock
from tests.support.queue import Queue


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


@pytest.fixture
def taxed(shop: Shop, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tax on top, and codes, at a time that stands still."""
    clock.stop(datetime(2026, 3, 1, 12, tzinfo=UTC))
    shop.follow(clock)
    monkeypatch.setenv("STRIPE_TAX", "exclusive")
    monkeypatch.setenv("PROMOTION_CODES", "true")


@pytest.fixture
def top_ups(shop: Shop, queue: Queue) -> TopUps:
    return TopUps(shop, queue)
