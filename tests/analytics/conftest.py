"""People who buy, order and leave; and the export of what is stored then."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import pytest

from studiox.kit import clock
from tests.analytics.warehouse import Warehouse
from tests.billing.conftest import shop, stripe  # noqa: F401 - fixtures
from tests.support import Database


@pytest.fixture
def export(database: Database) -> Callable[..., Warehouse]:
    """The dataset as an export of the database makes it now, or at a later moment."""

    def run(moment: datetime | None = None) -> Warehouse:
        return Warehouse(database.all(), moment or clock.now())

    return run
