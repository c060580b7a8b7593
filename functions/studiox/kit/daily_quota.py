"""A limit for each UTC day, counted on a document that is written anyway. Pure."""

from __future__ import annotations

from typing import NoReturn, Protocol

from .clock import UTC, datetime, midnight_after
from .errors import RateLimited


class Dated(Protocol):
    """What is counted on a day (ISO date, UTC)."""

    @property
    def date(self) -> str: ...


class Counted(Dated, Protocol):
    """How often something happened on that day."""

    @property
    def count(self) -> int: ...


def day_of(counted: Dated | None, now: datetime) -> str:
    """The UTC day to which a change of `counted` belongs, as an ISO date.

    The first instance to see midnight begins the day for all: one whose clock is slower counts on that day too. If it
    went back, each change of the day would make room for another limit.
    """
    today = now.astimezone(UTC).date().isoformat()
    return today if counted is None else max(counted.date, today)


def is_of_today(counted: Dated, now: datetime) -> bool:
    return counted.date == day_of(counted, now)


def count_today(counted: Counted | None, now: datetime) -> int:
    return counted.count if counted is not None and is_of_today(counted, now) else 0


def one_more_today(counted: Counted | None, most: int, now: datetime) -> int:
    """Today's count with one more. `RateLimited` until midnight when it has reached `most`."""
    count = count_today(counted, now)
    if count >= most:
        refuse_until_midnight(now)
    return count + 1


def refuse_until_midnight(now: datetime) -> NoReturn:
    """`RateLimited` until the UTC day is over."""
    raise RateLimited(retryAfterSeconds=max(1, int((midnight_after(now) - now).total_seconds())))
