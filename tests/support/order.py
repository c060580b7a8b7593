"""The order of the tests where several processes run them: long ones begin first, so that no process ends late."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar

Item = TypeVar("Item")


def dealt(items: Sequence[Item], long: Mapping[Item, float], processes: int) -> list[Item]:
    """`items` so that each process begins with its part of the `long` ones, whose values are seconds.

    `--dist worksteal` gives each process an equal part of the list, in order, and moves later what is at a part's end.
    """
    parts: list[list[Item]] = [[] for _ in range(processes)]
    for item in sorted(long, key=lambda each: -long[each]):
        min(parts, key=lambda part: sum(long[each] for each in part)).append(item)
    others = iter([item for item in items if item not in long])
    left = len(items)
    for number, part in enumerate(parts):
        size = left // (processes - number)
        left -= size
        part += [next(others) for _ in range(size - len(part))]
    return [item for part in parts for item in part]
