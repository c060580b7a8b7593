"""So many a UTC day, counted on a document that is written anyway. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NoReturn

from .clock import datetime, timedelta
from .errors import RateLimited


def one_more_today(counted: Mapping[str, Any] | None, most: int, now: datetime) -> dict[str, Any]:
    """The day's count {date, count} with one more. `RateLimited` until midnight when it has reached `most`."""
    today = now.date().isoformat()
    count = counted["count"] if counted is not None and counted["date"] == today else 0
    if count >= most:
        refuse_until_midnight(now)
    return {"date": today, "count": count + 1}


def refuse_until_midnight(now: datetime) -> NoReturn:
    """`RateLimited` until the UTC day is over."""
    midnight = (now + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    raise RateLimited(retryAfterSeconds=max(1, int((midnight - now).total_seconds())))
