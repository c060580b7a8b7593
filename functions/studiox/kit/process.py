"""What one process keeps between calls: clients, caches and counters.

Each module declares its state by `@per_process` on the function that makes it, or by `@memoized`. Nothing is made at
import, because gunicorn forks afterwards. A test replaces the whole state by `restart`.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class Process:
    """The state of one process."""

    def __init__(self) -> None:
        self._lock = threading.RLock()  # making one value may need another
        self._made: dict[Callable[[], Any], Any] = {}

    def get(self, make: Callable[[], T]) -> T:
        """What `make` returned at its first call."""
        try:
            return self._made[make]  # type: ignore[no-any-return]
        except KeyError:
            with self._lock:
                if make not in self._made:
                    self._made[make] = make()
                return self._made[make]  # type: ignore[no-any-return]


_process = Process()


def per_process(make: Callable[[], T]) -> Callable[[], T]:
    """Call `make` at the first call, and return the same value for as long as the process lives."""

    @functools.wraps(make)
    def kept() -> T:
        return _process.get(make)

    return kept


def memoized(maxsize: int) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """As `functools.lru_cache(maxsize)`, with results that belong to the process."""

    def decorate(function: Callable[P, T]) -> Callable[P, T]:
        def make() -> Callable[P, T]:
            return functools.lru_cache(maxsize)(function)  # type: ignore[return-value] # arguments are hashable

        @functools.wraps(function)
        def memo(*args: P.args, **kwargs: P.kwargs) -> T:
            return _process.get(make)(*args, **kwargs)

        return memo

    return decorate


def restart() -> None:
    """Forget everything, as a new process has. For tests."""
    global _process
    _process = Process()
