"""What holds in all tests of accounts."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def _jobs_stay_under_way(monkeypatch: pytest.MonkeyPatch) -> None:
    """Orders are only a way to spend here: the mock provider does not finish them."""
    monkeypatch.setenv("MOCK_LATENCY_MS", "600000")
