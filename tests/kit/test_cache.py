"""What a process caches for a minute: what was put, None too, no longer and no more than it should."""

from __future__ import annotations

import pytest

from studiox.kit import cache
from studiox.kit.cache import MINUTE_S, UNKNOWN, Cache


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [1000.0]

    class Clock:
        @staticmethod
        def monotonic() -> float:
            return now[0]

    monkeypatch.setattr(cache, "time", Clock)
    return now


def test_each_value_is_cached_for_a_minute_from_when_it_was_put(clock: list[float]) -> None:
    cached: Cache[str | None] = Cache(10, ttl_s=MINUTE_S)
    cached.update({"a": "1", "b": None})
    clock[0] += 30
    cached.put("a", "2")
    clock[0] += 29.9
    assert (cached.get("a"), cached.get("b"), cached.missing("abc")) == ("2", None, ["c"])
    clock[0] += 0.1
    assert cached.get("b") is UNKNOWN, "nothing there is something else than nothing known"
    assert cached.missing("abc") == ["b", "c"]
    cached.clear()
    assert cached.get("a") is UNKNOWN


@pytest.mark.parametrize("ttl_s", [None, MINUTE_S])
def test_it_does_not_grow_with_what_callers_ask_for(ttl_s: float | None) -> None:
    cached: Cache[int] = Cache(10, ttl_s=ttl_s)
    for number in range(1000):
        cached.put(str(number), number)
        assert len(cached) <= 10
        assert cached.get(str(number)) == number


def test_what_was_used_last_stays() -> None:
    cached: Cache[int] = Cache(2)
    cached.update({"a": 1, "b": 2})
    cached.get("a")
    cached.put("c", 3)
    assert cached.missing("abc") == ["b"]
    assert (cached.pop("a"), cached.pop("a")) == (1, UNKNOWN)
