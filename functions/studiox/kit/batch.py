"""Process many items, isolate the failures of each, and distinguish an outage from a bug."""

from __future__ import annotations

import enum
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Executor, ThreadPoolExecutor
from typing import Generic, NamedTuple, TypeVar

from studiox.kit.query import Found

from . import log, malformed
from .documents import MalformedDocument
from .errors import StudioxError

T = TypeVar("T")
D = TypeVar("D")

THREADS = 8
PAUSES_S = (1.0, 5.0, 20.0)
"""Pauses before the items that an outage stopped are tried again."""


class Trouble(enum.Enum):
    """Why an item has no result."""

    OUTAGE = enum.auto()  # the result is unknown: try again
    BUG = enum.auto()


class Worked(NamedTuple, Generic[T, D]):
    results: list[T]
    missing: list[Found[D]]
    """Items whose result is unknown: an outage lasted through every try."""
    broken: list[Found[D]]
    """Items that failed by a bug of ours or a malformed document."""


def passes(error: Exception) -> bool:
    """Whether the error is temporary: a service cannot be reached, or there was contention."""
    return isinstance(error, StudioxError) and error.code in ("unavailable", "aborted")


def alone(function: str, work: Callable[[], T], **about: object) -> T | Trouble:
    """The result of `work`, or why there is none, which is logged. Isolates the failures of one item."""
    try:
        return work()
    except MalformedDocument as error:
        malformed.report(error)
        return Trouble.BUG
    except Exception as error:  # noqa: BLE001 - it is logged, and the caller continues
        if passes(error):
            log.warning("postponed", function=function, error=type(error).__name__, **about)
            return Trouble.OUTAGE
        log.bug("bug", function=function, **about)
        return Trouble.BUG


def work_through(function: str, work: Callable[[Found[D]], T], items: Iterable[Found[D]]) -> Worked[T, D]:
    """Run `work` on each item alone, on THREADS threads. Items that an outage stopped are tried again after each of
    PAUSES_S."""
    worked: Worked[T, D] = Worked([], list(items), [])
    with ThreadPoolExecutor(THREADS) as pool:
        for pause_s in (0.0, *PAUSES_S):
            if worked.missing:
                time.sleep(pause_s)
                worked = _tried(pool, function, work, worked)
    return worked


def _tried(pool: Executor, function: str, work: Callable[[Found[D]], T], worked: Worked[T, D]) -> Worked[T, D]:
    outcomes = list(pool.map(lambda each: alone(function, lambda: work(each), id=each.id), worked.missing))
    met = list(zip(worked.missing, outcomes, strict=True))
    return Worked(
        worked.results + [each for each in outcomes if not isinstance(each, Trouble)],
        [item for item, outcome in met if outcome is Trouble.OUTAGE],
        worked.broken + [item for item, outcome in met if outcome is Trouble.BUG],
    )


def patiently(work: Callable[[], T], pauses_s: Iterable[float] | None = None) -> T:
    """The result of `work`. After an outage it is tried again after each pause; the last outage is raised."""
    for pause_s in PAUSES_S if pauses_s is None else pauses_s:
        try:
            return work()
        except StudioxError as error:
            if not passes(error):
                raise
            log.warning("tried_again", error=type(error).__name__)
        time.sleep(pause_s)
    return work()
