"""A Poyo stand-in per test process, fresh for each test, and a provider that talks to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from local.vendors.poyo.server import PoyoStandIn
from studiox.integrations.providers.poyo import Poyo
from studiox.integrations.providers.protocol import Order

KEY, SECRET = "canary-poyo-key-of-the-stand-in", "canary-poyo-secret-of-the-stand-in"


@pytest.fixture(scope="module")
def _running() -> Iterator[PoyoStandIn]:
    with PoyoStandIn(api_key=KEY, secret=SECRET, seconds=0) as running:
        yield running


@pytest.fixture
def poyo(_running: PoyoStandIn) -> PoyoStandIn:
    """The stand-in; generations end at once."""
    _running.reset()
    return _running


@pytest.fixture
def provider(poyo: PoyoStandIn) -> Poyo:
    return Poyo(poyo.url, KEY, SECRET)


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test waits as long as production would."""
    from studiox.integrations.providers import wire

    monkeypatch.setattr(wire, "MAX_PAUSE_S", 0.01)


@pytest.fixture
def order() -> Callable[..., Order]:
    def make(job_id: str = "job-1", *, type: str = "image", model: str = "nano-banana", **more: Any) -> Order:
        inputs = more.pop("inputs", {"prompt": "canary-prompt: a lighthouse"})
        return Order(job_id=job_id, type=type, model=model, inputs=inputs, **more)

    return make
