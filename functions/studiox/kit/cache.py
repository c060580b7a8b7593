"""What a process remembers for a minute: documents and lists that many calls need and few people change."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Mapping
from typing import Any, Generic, TypeVar

KEEP_S = 60.0
UNKNOWN: Any = object()
"""What `Kept.get` answers when nothing is remembered: None may be what was found."""

T = TypeVar("T")


class Kept(Generic[T]):
    """Values by their keys, each for KEEP_S from when it was put; about `most` of them. Safe for threads."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._held: dict[str, tuple[T, float]] = {}

    def get(self, key: str) -> T:
        """The value, or UNKNOWN."""
        with self._lock:
            held = self._held.get(key)
        if held is None or time.monotonic() > held[1]:
            return UNKNOWN  # type: ignore[no-any-return]
        return held[0]

    def missing(self, keys: Iterable[str]) -> list[str]:
        """The keys of which nothing is remembered."""
        return [key for key in keys if self.get(key) is UNKNOWN]

    def put(self, found: Mapping[str, T]) -> None:
        until = time.monotonic() + KEEP_S
        with self._lock:
            if len(self._held) > self._most:
                self._held.clear()
            self._held.update({key: (value, until) for key, value in found.items()})

    def cache_clear(self) -> None:
        """Forget everything; of the name that functools gives it."""
        with self._lock:
            self._held.clear()
