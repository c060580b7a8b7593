"""A short run of `make chaos`: ten kills, and connections that are cut, on real processes and the real engine."""

from __future__ import annotations

import pytest

from tests.chaos.run import run
from tests.support import Database

KILLS = 10


@pytest.mark.long(30)
def test_ten_kills_lose_nothing(database: Database) -> None:
    report = run(16, KILLS, lambda _line: None, life=(5, 100))
    assert not report.violations, str(report)
    assert report.kills == KILLS, str(report)
    assert report.calls["answered"] > KILLS, str(report)
    assert database.all()
