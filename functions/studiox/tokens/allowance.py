"""The rules of a plan's allowance of songs: so many a month, counted at once, given back when one fails. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from studiox.kit.clock import a_month_after, datetime
from studiox.kit.errors import StudioxError


class AllowanceExceeded(StudioxError):
    code = "resource-exhausted"
    figures = {"limit": int, "resetsAt": datetime}
    text = "Your plan includes no more of these this month."


class Allowance(msgspec.Struct, frozen=True):
    """What is left of a month: `limit` None is unlimited, `used` counts also where there is no limit."""

    limit: int | None
    used: int
    resets_at: datetime

    @property
    def remaining(self) -> int | None:
        return None if self.limit is None else max(0, self.limit - self.used)

    @property
    def allowed(self) -> bool:
        return self.remaining is None or self.remaining > 0


def of(user: Mapping[str, Any], limit: int | None, now: datetime) -> Allowance:
    """The user's month as it stands. A new one begins with the first song after the last, up to the monthly reset."""
    resets_at = user.get("generationResetAt")
    if resets_at is not None and now < resets_at:
        return Allowance(limit, user.get("generationCount", 0), resets_at)
    renewed = user.get("creditResetAt")
    return Allowance(limit, 0, renewed if renewed is not None and now < renewed else a_month_after(now))


def with_one_more(allowance: Allowance) -> dict[str, Any]:
    """The fields of the user's document with one more song. `AllowanceExceeded`."""
    if not allowance.allowed:
        raise AllowanceExceeded(limit=allowance.limit, resetsAt=iso(allowance.resets_at))
    return {"generationCount": allowance.used + 1, "generationResetAt": allowance.resets_at}


def with_one_less(user: Mapping[str, Any], counted_until: datetime) -> dict[str, Any]:
    """The fields with one song given back, if the month that it was counted in is still the user's."""
    if user.get("generationResetAt") != counted_until:
        return {}
    return {"generationCount": max(0, user.get("generationCount", 0) - 1)}


def iso(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")
