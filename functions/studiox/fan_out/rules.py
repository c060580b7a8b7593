"""How a keyspace is halved, and the states of a run and its parts. Pure.

Ids may have any form: random ones of Firebase Auth, or `user-0001`. So a range with too many is
halved and counted again, rather than cut at fixed letters (docs/decisions/0030-schedules-that-fan-out.md).
"""

from __future__ import annotations

import itertools
from bisect import bisect_left
from collections import Counter
from collections.abc import Mapping
from typing import Any

from msgspec.structs import replace

from studiox.kit.clock import UTC, datetime, timedelta
from studiox.models.schedule_runs import Progress, ScheduleRun, Shard

KEPT = timedelta(days=30)
"""How long a run's document is kept."""
ATTEMPTS = 6
"""A part is given up when so many tasks in a row made no progress. Cloud Tasks sends one up to 8 times."""
ORIGIN = datetime(2020, 1, 1, tzinfo=UTC)
"""Older than all our documents."""

# What ids are made of, in Firestore's order. Letters beyond ASCII are never part of a bound.
_LETTERS = "".join(chr(code) for code in range(0x21, 0x7F) if chr(code) != "/")
_DIGITS = 6
"""The letters after the common prefix of two ids that determine the middle between them."""


def middle(low: Any, below: Any) -> Any:
    """A key about halfway between two times or two ids; None if there is none. None as a bound: the end of the keys."""
    if isinstance(low or below, datetime):
        low = low or ORIGIN
        found = low + (below - low) / 2
        return found if low < found else None
    low, below = low or "", below or "\x7f"
    shared = sum(1 for _ in itertools.takewhile(lambda pair: pair[0] == pair[1], zip(low, below, strict=False)))
    width = shared + _DIGITS
    number = (_number(low, width) + _number(below, width)) // 2
    found = _text(number, width)
    return found if low < found < below else None


def _number(text: str, width: int) -> int:
    number = 0
    for letter in text[:width].ljust(width, _LETTERS[0]):
        number = number * len(_LETTERS) + min(bisect_left(_LETTERS, letter), len(_LETTERS) - 1)
    return number


def _text(number: int, width: int) -> str:
    letters = []
    for _ in range(width):
        number, digit = divmod(number, len(_LETTERS))
        letters.append(_LETTERS[digit])
    return "".join(reversed(letters)).rstrip(_LETTERS[0])


def divided(
    schedule: str, shards: list[Shard], counts: Mapping[str, int], about: dict[str, Any], started_at: datetime
) -> ScheduleRun:
    """A run of these parts."""
    return ScheduleRun(
        schedule=schedule,
        started_at=started_at,
        about=about,
        shards=shards,
        open=list(range(len(shards))),
        counts=dict(counts),
        expires_at=started_at + KEPT,
    )


def begun(before: Progress | None, shard: Shard, expires_at: datetime) -> Progress:
    """A part when a task begins to work at it."""
    if before is None:
        return Progress(cursor=shard.cursor, counts={}, expires_at=expires_at, attempts=1)
    return replace(before, attempts=before.attempts + 1)


def advanced(before: Progress, cursor: Any, counts: Mapping[str, int]) -> Progress:
    """A part after a page of things: the cursor behind the last of them, and what was done."""
    return replace(before, cursor=cursor, counts=added(before.counts, counts), attempts=0)


def ended(run: ScheduleRun, index: int, counts: Mapping[str, int], *, failed: bool) -> ScheduleRun:
    """The run after one of its open parts has ended. Where the part began is forgotten: it may name a user."""
    return replace(
        run,
        shards=[replace(each, cursor=None) if number == index else each for number, each in enumerate(run.shards)],
        open=[each for each in run.open if each != index],
        failed=[*run.failed, index] if failed else run.failed,
        counts=added(run.counts, counts),
    )


def added(counts: Mapping[str, int], more: Mapping[str, int]) -> dict[str, int]:
    """The sums by name."""
    total = Counter(counts)
    total.update(more)
    return dict(sorted(total.items()))
