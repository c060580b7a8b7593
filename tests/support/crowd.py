"""Many threads that start at the same moment."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar, overload

T = TypeVar("T")
E = TypeVar("E", bound=BaseException)
PATIENCE_S = 120.0


@overload
def crowd(size: int, act: Callable[[int], T]) -> list[T]: ...
@overload
def crowd(size: int, act: Callable[[int], T], *, expected: tuple[type[E], ...]) -> list[T | E]: ...
def crowd(
    size: int, act: Callable[[int], T], *, expected: tuple[type[BaseException], ...] = ()
) -> list[T] | list[T | BaseException]:
    """`act(0)` … `act(size - 1)`, each in a thread of its own, all released at once: what they answered.

    An `expected` exception counts as an answer; the first of any other is raised.
    """
    start = threading.Barrier(size)

    def one(number: int) -> T | BaseException:
        start.wait(PATIENCE_S)
        try:
            return act(number)
        except expected as error:
            return error

    with ThreadPoolExecutor(size) as pool:
        return list(pool.map(one, range(size), timeout=PATIENCE_S))
