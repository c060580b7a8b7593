"""What a process remembers for a minute: what was put, None too, no longer and no more than it should."""

from __future__ import annotations

import pytest

from studiox.kit import cache
from studiox.kit.cache import UNKNOWN, Kept


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [1000.0]

    class Clock:
        @staticmethod
        def monotonic() -> float:
            return now[0]

    monkeypatch.setattr(cache, "time", Clock)
    return now


def test_each_value_is_kept_for_a_minute_from_when_it_was_put(clock: list[float]) -> None:
    held: Kept[str | None] = Kept(10)
    held.put({"a": "1", "b": None})
    clock[0] += 30
    held.put({"a": "2"})
    clock[0] += 30
    assert (held.get("a"), held.get("b"), held.missing("abc")) == ("2", None, ["c"])
    clock[0] += 0.1
    assert held.get("b") is UNKNOWN, "nothing there is something else than nothing known"
    assert held.missing("abc") == ["b", "c"]
    held.cache_clear()
    assert held.get("a") is UNKNOWN


def test_it_does_not_grow_with_what_callers_ask_for() -> None:
    held: Kept[int] = Kept(10)
    for number in range(1000):
        held.put({str(number): number})
        assert len(held._held) <= 11
        assert held.get(str(number)) == number
