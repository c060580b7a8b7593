"""A process that dies at a chosen point: each request that leaves it, to Firestore, Poyo, Storage, the queue, is two.

The points are counted through the whole story: before a request leaves, and when its answer has come. What dies is
the call under way and all that its instance remembers; what the other side did stays done.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

from studiox.integrations.providers import wire
from studiox.kit import tasks
from studiox.media import json_api, storage
from tests.support import Rpcs

READS = ("BatchGetDocuments", "RunQuery")


class Died(BaseException):
    """The process is no more: nothing of ours may catch it."""


class Deaths:
    """Dies at point number `at` (None: never), once; `passed` are the points that were reached."""

    def __init__(self, rpcs: Rpcs, monkeypatch: pytest.MonkeyPatch) -> None:
        self.at: int | None = None
        self.passed: list[str] = []
        self._lock = threading.Lock()
        self._rpcs = rpcs
        for module, name in ((wire, "send"), (wire, "ask"), (json_api, "send"), (storage, "ask"), (tasks, "enqueue")):
            monkeypatch.setattr(module, name, self._around(getattr(module, name), f"{module.__name__}.{name}"))

    def arm(self, at: int | None) -> None:
        self.at, self.passed = at, []
        self._rpcs.heal()
        for method in READS:  # after a read is before what comes next
            self._rpcs.plan(method, times=1_000_000, before=self._firestore("to"))
        self._rpcs.plan("Commit", times=1_000_000, before=self._firestore("to"), after=self._firestore("from"))

    def disarm(self) -> None:
        self.at = None
        self._rpcs.heal()

    def _point(self, what: str) -> None:
        with self._lock:
            self.passed.append(what)
            dies = len(self.passed) - 1 == self.at
        if dies:
            raise Died(what)

    def _firestore(self, way: str) -> Callable[[str, Any], None]:
        return lambda method, _request: self._point(f"{way} {method}")

    def _around(self, real: Callable[..., Any], name: str) -> Callable[..., Any]:
        def call(*arguments: Any, **named: Any) -> Any:
            self._point(f"to {name}")
            answer = real(*arguments, **named)
            self._point(f"from {name}")
            return answer

        return call
