"""Cloud Tasks in virtual time: names are remembered for an hour, tasks are repeated until they succeed."""

from __future__ import annotations

import base64
import json
from collections import deque
from collections.abc import Callable
from datetime import datetime
from random import Random
from typing import Any

from studiox.kit.tasks import QUEUES
from tests.simulation.shop import Time
from tests.support.queue import Enqueued, Queue

REMEMBERED_S = 3_600.0
"""For so long after a task's end its name is taken
(https://cloud.google.com/tasks/docs/reference/rest/v2/projects.locations.queues.tasks/create)."""
MIN_BACKOFF_S, MAX_BACKOFF_S = 5.0, 3_600.0
TWICE = 0.02
"""How often a task that has succeeded is run again: Cloud Tasks promises at least once."""

Dispatch = Callable[[str, dict[str, Any], int], int]
"""Runs a task: (function, data, earlier attempts) → the status of the answer, 0 if none came."""


def _at_once(function: str) -> int:
    most = QUEUES[function].at_once
    return most if isinstance(most, int) else int(most.value)


class TaskQueue(Queue):
    """All queues of the deployment. `refuse` gives the status of a request that fails, "" for none."""

    def __init__(self, random: Random, time: Time, dispatch: Dispatch, refuse: Callable[[], str]) -> None:
        super().__init__()
        self._random, self._time, self._dispatch, self._refuse = random, time, dispatch, refuse
        self.calm = False
        self.given_up: list[Enqueued] = []
        """Tasks that failed at every attempt."""
        self.waiting = 0
        """Tasks that have not ended."""
        self._taken: dict[str, float] = {}
        """{name: until when it is taken}."""
        self._running: dict[str, int] = {}
        self._ready: dict[str, deque[Callable[[], None]]] = {}

    def add(self, function: str, sent: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        now, name = self._time.now(), str(sent["name"])
        if status := self._refuse():
            return int(status), {"error": {"code": int(status), "status": "UNAVAILABLE"}}
        if function == "makeRenditions":  # it starts a process, which no virtual time governs
            return 200, {"task": {"name": "/" + name}}
        if self._taken.get(name, 0.0) > now:
            self.duplicates += 1
            return 409, {"error": {"code": 409, "status": "ALREADY_EXISTS", "message": "exists"}}
        at = sent.get("scheduleTime")
        due = max(now, datetime.fromisoformat(at).timestamp()) if at else now
        data = json.loads(base64.b64decode(sent["httpRequest"]["body"]))["data"]
        self._taken[name] = float("inf")
        self.waiting += 1
        self._start(Enqueued(function, name, data, due - now), due + self._delay(), 0)
        return 200, {"task": {"name": "/" + name}}

    def _delay(self) -> float:
        if self.calm:
            return 0.0
        return self._random.uniform(0.0, 2.0 if self._random.random() < 0.9 else 600.0)

    def _start(self, task: Enqueued, at: float, attempt: int) -> None:
        """Run it at that time, or as soon as its queue may run one more."""

        def begin() -> None:
            running = self._running.get(task.function, 0)
            if running >= _at_once(task.function):
                self._ready.setdefault(task.function, deque()).append(begin)
                return
            self._running[task.function] = running + 1
            self._run(task, attempt)

        self._time.at(at, begin)

    def _run(self, task: Enqueued, attempt: int) -> None:
        """One attempt. It ends with its answer or at its deadline, whichever comes first."""
        ended = False

        def end(status: int) -> None:
            nonlocal ended
            if not ended:
                ended = True
                self._end(task, attempt, status)

        self._time.at(self._time.now() + QUEUES[task.function].timeout_s, lambda: end(0))
        self._time.spawn(f"task {task.function}", lambda: end(self._dispatch(task.function, task.data, attempt)))

    def _end(self, task: Enqueued, attempt: int, status: int) -> None:
        now = self._time.now()
        self._running[task.function] -= 1
        if ready := self._ready.get(task.function):
            self._time.at(now, ready.popleft())
        if 200 <= status < 300:
            self.taken.append(task)
            if self.calm or self._random.random() >= TWICE:
                self._forget(task)
            else:
                self._start(task, now + self._delay(), attempt)
        elif attempt + 1 < QUEUES[task.function].attempts:
            self._start(task, now + min(MAX_BACKOFF_S, MIN_BACKOFF_S * 2.0**attempt), attempt + 1)
        else:
            self.given_up.append(task)
            self._forget(task)

    def _forget(self, task: Enqueued) -> None:
        self.waiting -= 1
        self._taken[task.name] = self._time.now() + REMEMBERED_S
