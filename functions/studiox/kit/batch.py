"""Working through many things: the trouble of one is not the others', and an outage is no bug."""

from __future__ import annotations

import enum
import functools
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Executor
from typing import Any, Generic, NamedTuple, TypeVar

from studiox.kit.query import Found

from . import log
from .errors import StudioxError

T = TypeVar("T")

PAUSES_S = (1.0, 5.0, 20.0)
"""How long a run waits before it tries again what an outage kept from it."""


class Trouble(enum.Enum):
    """Why there is no result."""

    OUTAGE = enum.auto()  # nothing is known: try again
    BUG = enum.auto()


class Worked(NamedTuple, Generic[T]):
    results: list[T]
    missing: list[Found[Any]]
    """What an outage kept from us to the end: neither right nor wrong."""
    broken: list[Found[Any]]
    """What a bug of ours, or a document that is wrong, stopped."""


def passes(error: Exception) -> bool:
    """Whether it goes away by itself: a service that cannot be reached, too much at once."""
    return isinstance(error, StudioxError) and error.code in ("unavailable", "aborted")


def alone(function: str, work: Callable[[], T], **about: object) -> T | Trouble:
    """What `work` answers, or what kept it from that, logged: one item's trouble is not the others'."""
    try:
        return work()
    except Exception as error:  # noqa: BLE001 - it is logged, and the caller goes on
        if passes(error):
            log.warning("postponed", function=function, error=type(error).__name__, **about)
            return Trouble.OUTAGE
        log.bug("bug", function=function, **about)
        return Trouble.BUG


def work_through(
    pool: Executor, function: str, work: Callable[[Found[Any]], T], items: Iterable[Found[Any]]
) -> Worked[T]:
    """`work` on each item alone; what an outage keeps from us is tried again after each of PAUSES_S."""
    worked: Worked[T] = Worked([], list(items), [])
    for pause_s in (0.0, *PAUSES_S):
        if worked.missing:
            time.sleep(pause_s)
            worked = _tried(pool, function, work, worked)
    return worked


def _tried(pool: Executor, function: str, work: Callable[[Found[Any]], T], worked: Worked[T]) -> Worked[T]:
    outcomes = list(pool.map(lambda each: alone(function, lambda: work(each), id=each.id), worked.missing))
    met = list(zip(worked.missing, outcomes, strict=True))
    return Worked(
        worked.results + [each for each in outcomes if not isinstance(each, Trouble)],
        [item for item, outcome in met if outcome is Trouble.OUTAGE],
        worked.broken + [item for item, outcome in met if outcome is Trouble.BUG],
    )


def patiently(work: Callable[[], T], pauses_s: Iterable[float] | None = None) -> T:
    """What `work` answers; after an outage it is tried again after each pause, and the last one is raised."""
    for pause_s in PAUSES_S if pauses_s is None else pauses_s:
        try:
            return work()
        except StudioxError as error:
            if not passes(error):
                raise
            log.warning("tried_again", error=type(error).__name__)
        time.sleep(pause_s)
    return work()


def resumed(run: Callable[[Any], None]) -> Callable[[Any], None]:
    """For a schedule: an outage ends the run with a warning, and the next one takes up what is left."""

    @functools.wraps(run)
    def guarded(event: Any) -> None:
        try:
            run(event)
        except StudioxError as error:
            if not passes(error):
                raise
            log.warning("schedule_interrupted", function=run.__name__, error=type(error).__name__)

    return guarded


def repeated(run: Callable[[Any], None]) -> Callable[[Any], None]:
    """For a task: an outage is answered with 503, and the queue sends the task again."""

    @functools.wraps(run)
    def guarded(request: Any) -> None:
        from firebase_functions import https_fn

        try:
            run(request)
        except StudioxError as error:
            if not passes(error):
                raise
            log.warning("task_interrupted", function=run.__name__, error=type(error).__name__)
            raise https_fn.HttpsError(https_fn.FunctionsErrorCode.UNAVAILABLE, "UNAVAILABLE") from error

    return guarded
