"""The rules of a streak: consecutive UTC days with a visit, and the bonus at its milestones. Pure."""

from __future__ import annotations

from datetime import date, timedelta

from studiox.models.users import Streak

# {days: bonus tokens}. After the last milestone, every further 30 days earn its bonus again.
MILESTONES = {3: 5, 7: 10, 14: 20, 30: 50}
EVERY_AFTER_LAST = 30


def visit(streak: Streak, today: date) -> tuple[Streak, int]:
    """The streak after a visit on `today`, and the tokens it earns: 0 for a second visit on the same day.

    If a clock is behind and `today` precedes the last visit, nothing changes.
    """
    last = None if streak.last_active_date is None else date.fromisoformat(streak.last_active_date)
    if last is not None and today <= last:
        return streak, 0
    current = streak.current + 1 if last is not None and today - last == timedelta(days=1) else 1
    after = Streak(current=current, longest=max(streak.longest, current), last_active_date=today.isoformat())
    return after, reward(current)


def reward(days: int) -> int:
    """The bonus of a streak that has just reached `days`."""
    last = max(MILESTONES)
    if days > last and (days - last) % EVERY_AFTER_LAST == 0:
        return MILESTONES[last]
    return MILESTONES.get(days, 0)
