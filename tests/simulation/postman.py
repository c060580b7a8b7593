"""The providers' callbacks in virtual time: late, repeated, out of order, or lost."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from random import Random
from typing import Any, Protocol

from local.vendors.poyo.callbacks import PAUSES_S, Callbacks
from local.vendors.poyo.tasks import Task
from tests.simulation.shop import Time

Deliver = Callable[[str, bytes, Mapping[str, str]], int]
"""Posts a callback: (URL, content, headers) → the status of the answer, 0 if none came."""

OTHER_PAUSES_S = (30.0, 60.0, 180.0, 330.0)
"""Poyo documents three quick attempts in one place, and five within ten minutes in another."""
STRAY = 0.05
"""How often a callback comes while the task still runs, which PiAPI does."""
LOST = 0.05


class Setting(Protocol):
    """What a postman works in: the simulated vendors."""

    random: Random
    time: Time
    deliver: Deliver
    calm: bool
    waiting: int


class Postman(Callbacks):
    """Sends a task's callbacks when they are due, each attempt in a task of its own."""

    def __init__(self, setting: Setting, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self._setting = setting

    def plan(self, task: Task) -> None:
        super().plan(task)
        if task.callback_url and not self._setting.calm and self._setting.random.random() < STRAY:
            self._post(task, self._tasks.now() + self._delay(), forged=False, left=())

    def _schedule(self, task: Task, at: float) -> None:
        setting = self._setting
        if not setting.calm and setting.random.random() < LOST:
            return
        for forged in self.planned(task):
            pauses = () if forged else PAUSES_S if setting.random.random() < 0.5 else OTHER_PAUSES_S
            for _ in range(1 if setting.calm or setting.random.random() < 0.9 else 2):
                self._post(task, at + self._delay(), forged=forged, left=pauses)

    def _delay(self) -> float:
        """Seconds; different for each, so that callbacks overtake each other."""
        if self._setting.calm:
            return 0.0
        chance = self._setting.random.random()
        longest = 2.0 if chance < 0.7 else 120.0 if chance < 0.95 else 6 * 3_600.0
        return self._setting.random.uniform(0.0, longest)

    def _post(self, task: Task, at: float, *, forged: bool, left: Sequence[float]) -> None:
        """Send it at that time, and after the pauses that are left unless it is taken."""
        setting = self._setting
        setting.waiting += 1

        def send() -> None:
            try:
                message = self.message(task, forged=forged)
                status = setting.deliver(message.url, message.content, message.headers)
            finally:
                setting.waiting -= 1
            self.note(task, 0, forged, status)
            if left and not 200 <= status < 300:
                self._post(task, setting.time.now() + left[0], forged=forged, left=left[1:])

        setting.time.at(at, lambda: setting.time.spawn(f"callback {task.kind}", send))
