"""The rules of a plan's monthly song allowance: counted when a song is ordered, restored when it fails. Pure."""

from __future__ import annotations

from typing import Any

import msgspec

from studiox.kit.clock import a_month_after, datetime, iso
from studiox.kit.errors import StudioxError
from studiox.models.users import User


class AllowanceExceeded(StudioxError):
    code = "resource-exhausted"
    figures = {"limit": int, "resetsAt": datetime}
    text = "You have used all the songs that your plan includes this month."


class Allowance(msgspec.Struct, frozen=True):
    """The allowance of the current month. `limit` None is unlimited; `used` is counted even then."""

    limit: int | None
    used: int
    resets_at: datetime

    @property
    def remaining(self) -> int | None:
        return None if self.limit is None else max(0, self.limit - self.used)

    @property
    def allowed(self) -> bool:
        return self.remaining is None or self.remaining > 0


def of(user: User, limit: int | None, now: datetime) -> Allowance:
    """The user's current allowance. A new month begins with the first song after the old one ended, and ends with the
    next monthly reset.
    """
    if user.generation_reset_at is not None and now < user.generation_reset_at:
        return Allowance(limit, user.generation_count, user.generation_reset_at)
    return Allowance(limit, 0, user.credit_reset_at if now < user.credit_reset_at else a_month_after(now))


def with_one_more(allowance: Allowance) -> dict[str, Any]:
    """The user's fields after counting one song. `AllowanceExceeded`."""
    if not allowance.allowed:
        raise AllowanceExceeded(limit=allowance.limit, resetsAt=iso(allowance.resets_at))
    return {"generation_count": allowance.used + 1, "generation_reset_at": allowance.resets_at}


def with_one_less(user: User, counted_until: datetime) -> dict[str, Any]:
    """The user's fields after restoring one song; no fields if the month in which it was counted has ended."""
    if user.generation_reset_at != counted_until:
        return {}
    return {"generation_count": max(0, user.generation_count - 1)}
