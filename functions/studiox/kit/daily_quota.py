"""A limit for each UTC day, counted on a document that is written anyway. Pure."""

from __future__ import annotations

from typing import NoReturn, Protocol

from .clock import datetime, midnight_after
from .errors import RateLimited


class Counted(Protocol):
    """How often something happened on a day (ISO date, UTC)."""

    @property
    def date(self) -> str: ...

    @property
    def count(self) -> int: ...


def count_today(counted: Counted | None, now: datetime) -> int:
    return counted.count if counted is not None and counted.date == now.date().isoformat() else 0


def one_more_today(counted: Counted | None, most: int, now: datetime) -> int:
    """Today's count with one more. `RateLimited` until midnight when it has reached `most`."""
    count = count_today(counted, now)
    if count >= most:
        refuse_until_midnight(now)
    return count + 1


def refuse_until_midnight(now: datetime) -> NoReturn:
    """`RateLimited` until the UTC day is over."""
    raise RateLimited(retryAfterSeconds=max(1, int((midnight_after(now) - now).total_seconds())))
