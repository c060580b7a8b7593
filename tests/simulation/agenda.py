"""Virtual time in its simplest form, for tests of a single part: what is due runs in order, one after the other."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from random import Random


class Agenda:
    """As `shop.Time`."""

    def __init__(self, start: float = 1_800_000_000.0) -> None:
        self.moment = start
        self._due: list[tuple[float, int, Callable[[], object]]] = []
        self._number = 0

    def now(self) -> float:
        return self.moment

    def spawn(self, _name: str, function: Callable[[], None]) -> None:
        function()

    def at(self, moment: float, act: Callable[[], object]) -> None:
        self._number += 1
        heapq.heappush(self._due, (max(moment, self.moment), self._number, act))

    def sleep(self, seconds: float) -> None:
        """Run what is due within that time."""
        until = self.moment + seconds
        while self._due and self._due[0][0] <= until:
            self.moment, _, act = heapq.heappop(self._due)
            act()
        self.moment = until


def seeded_ids(random: Random) -> Callable[[str], str]:
    """In place of `local.vendors.stripe.objects.new_id`."""
    return lambda prefix: f"{prefix}_{random.getrandbits(96):024x}"
