"""Usage figures of past days, `users/{uid}/usage/{month}`, kept for users with more jobs than one call reads.

They repeat what jobs and ledger say, and are written when somebody asks for the figures.
"""

from __future__ import annotations

from studiox.kit.documents import Collection, Path, Stored

from .users import user_path


class DayFigures(Stored, frozen=True, kw_only=True):
    """The figures of a day that is over and whose jobs have all ended: they do not change any more."""

    jobs: int
    by_type: dict[str, int]
    by_model: dict[str, int]
    by_status: dict[str, int]
    spent: int
    refunded: int
    earned: int


class UsageMonth(Stored, frozen=True, kw_only=True):
    days: dict[str, DayFigures]
    """By ISO date (UTC)."""


USAGE = Collection("usage", UsageMonth)


def month_path(uid: str, month: str) -> Path[UsageMonth]:
    """`month`: as `2026-03`."""
    return Path(f"{user_path(uid)}/{USAGE}/{month}", UsageMonth)
