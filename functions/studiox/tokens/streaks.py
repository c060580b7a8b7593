"""The rules of a streak: consecutive UTC days with a visit, and the bonus at its milestones. Pure."""

from __future__ import annotations

from datetime import date, timedelta

import msgspec

# Tokens when a streak reaches so many days; beyond the last, every further 30 days earn its bonus again.
MILESTONES = {3: 5, 7: 10, 14: 20, 30: 50}
EVERY_AFTER_LAST = 30


class Streak(msgspec.Struct, frozen=True):
    """Days in a row up to the last visit's, the most there ever were, and that day (ISO date, UTC)."""

    current: int = 0
    longest: int = 0
    last_active_date: str | None = None


def visit(streak: Streak, today: date) -> tuple[Streak, int]:
    """The streak after a visit on `today`, and the tokens it earns: none for a second visit of a day.

    A clock that is behind (a day before the last visit's) changes nothing.
    """
    last = None if streak.last_active_date is None else date.fromisoformat(streak.last_active_date)
    if last is not None and today <= last:
        return streak, 0
    current = streak.current + 1 if last is not None and today - last == timedelta(days=1) else 1
    return Streak(current, max(streak.longest, current), today.isoformat()), reward(current)


def reward(days: int) -> int:
    """The bonus of a streak that has just reached `days`."""
    last = max(MILESTONES)
    if days > last and (days - last) % EVERY_AFTER_LAST == 0:
        return MILESTONES[last]
    return MILESTONES.get(days, 0)
