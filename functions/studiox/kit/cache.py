"""A cache that is safe for threads: cachetools' LRU or TTL cache with a lock."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Mapping
from typing import Any, Generic, TypeVar

from cachetools import LRUCache, TTLCache

MINUTE_S = 60.0
"""How long settings and catalogues are cached: documents that many calls need and few people change."""
UNKNOWN: Any = object()
"""What `Cache.get` returns for a key that is not cached: None may be a cached value."""

V = TypeVar("V")


class Cache(Generic[V]):
    """Up to `size` values by key; the least recently used are dropped first, and each after `ttl_s` seconds."""

    def __init__(self, size: int, *, ttl_s: float | None = None) -> None:
        self.lock = threading.RLock()
        """Held by each method. Hold it to read and change the cache in one step."""
        self._values: LRUCache[str, V] | TTLCache[str, V] = (
            LRUCache(size) if ttl_s is None else TTLCache(size, ttl_s, timer=lambda: time.monotonic())
        )

    def __len__(self) -> int:
        with self.lock:
            return len(self._values)

    def get(self, key: str) -> V:
        """The value, or UNKNOWN."""
        with self.lock:
            return self._values.get(key, UNKNOWN)  # type: ignore[no-any-return]

    def missing(self, keys: Iterable[str]) -> list[str]:
        """The keys that are not cached."""
        return [key for key in keys if self.get(key) is UNKNOWN]

    def put(self, key: str, value: V) -> None:
        with self.lock:
            self._values[key] = value

    def update(self, values: Mapping[str, V]) -> None:
        with self.lock:
            self._values.update(values)

    def clear(self) -> None:
        with self.lock:
            self._values.clear()

    def pop(self, key: str) -> V:
        """Remove the value, and return it or UNKNOWN."""
        with self.lock:
            return self._values.pop(key, UNKNOWN)
